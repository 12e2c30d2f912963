/*
 * Prices: nano-USD per part, by channel, from a local day on.  An organisation's own price wins
 * over the common one, whatever their dates.
 */
#ifndef PRICE_H
#define PRICE_H

#include "quota/channel.h"
#include "org/organization.h"

struct price {
	enum channel channel;
	const char *org;		/* NULL = common */
	struct day valid_from;
	int64_t nanos_per_part;
};

/* The prices that concern an organisation, for one transaction. */
struct price_list {
	struct price *prices;		/* own ones first, then latest first */
	size_t count;
};

enum status	price_load(struct db *db, struct arena *a, const struct organization *org, struct price_list *list);

/* What a part costs on a day; 0 where no price holds. */
int64_t		price_nanos(const struct price_list *list, enum channel c, struct day d);

/*
 * Sets a price, for org (NULL = common), from a day on; the same day again replaces it.  Inside a write transaction.
 * CONFLICT, naming the organisation, where events of such days would be priced anew and reprice is not set;
 * with it they are: one `adjust` row per quarter and channel in the ledger.  *adjusted counts them.
 */
enum status	price_set(struct db *db, struct arena *a, const char *org, enum channel c, struct day from,
		    int64_t nanos_per_part, bool reprice, int64_t now, const char *credential, int64_t *adjusted,
		    struct error *err);

/* Every price, by channel, organisation and day.  Inside a read transaction. */
enum status	price_each(struct db *db, struct arena *a, void (*each)(const struct price *p, void *arg), void *arg);

#endif
