/*
 * Prices: nano-USD per part, by channel, from a local day on.  An organization's own price takes precedence over the
 * common one, whatever their dates.
 */
#ifndef PRICE_H
#define PRICE_H

#include "quota/channel.h"
#include "org/organization.h"
#include "store/actor.h"

struct price {
	enum channel channel;
	const char *org;		/* NULL = common */
	struct day valid_from;
	int64_t nanos_per_part;
};

/* The prices that apply to an organization, for one transaction. */
struct price_list {
	struct price *prices;		/* its own first, then the latest first */
	size_t count;
};

enum status	price_load(struct db *db, struct arena *a, const struct organization *org, struct price_list *list);

/* What a part costs on a day; 0 if there is no price. */
int64_t		price_nanos(const struct price_list *list, enum channel c, struct day d);

/*
 * Sets a price for org (NULL = common) from a day on; replaces one from the same day.  Inside a write transaction.
 * CONFLICT, naming the organization, if events since that day would cost something else and reprice is not set.  With
 * it, each quarter and channel that differs gets one `adjust` row in the ledger; *adjusted is their number.
 */
enum status	price_set(struct db *db, struct arena *a, const char *org, enum channel c, struct day from,
		    int64_t nanos_per_part, bool reprice, int64_t now, const struct actor *by, int64_t *adjusted,
		    struct error *err);

/* Calls each for every price, ordered by channel, organization and day.  Inside a read transaction. */
enum status	price_each(struct db *db, struct arena *a, void (*each)(const struct price *p, void *arg), void *arg);

#endif
