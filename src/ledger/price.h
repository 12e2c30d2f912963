/*
 * Prices: billionths of a currency per part, by channel, from a local day on.  An organization's own price takes precedence over
 * the common one, whatever their dates.  A common price is for the organizations of its currency; an organization's own is in
 * that of the organization.
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
	const char *currency;		/* NULL, to price_set and price_remove: that of the organization, or USD if it is for all */
};

/* The prices that apply to an organization, for one transaction. */
struct price_list {
	struct price *prices;		/* its own first, and of each channel the latest first */
	size_t count;
};

enum status	price_load(struct db *db, struct arena *a, const struct organization *org, struct price_list *list);

/* What a part costs on a day; 0 if there is no price. */
int64_t		price_nanos(const struct price_list *list, enum channel c, struct day d);

/* The first day on which the channel has a price; false if it never has one. */
bool		price_first_day(const struct price_list *list, enum channel c, struct day *first);

struct price_options {
	bool reprice;			/* events since that day get the new price, by a job */
	bool is_remote;			/* asked for by a request */
	int64_t now;
	const struct actor *by;
};

struct price_outcome {
	int64_t jobs;			/* the number of organizations whose events are repriced */
	int64_t job;			/* the last one's number; 0 = none */
};

/*
 * Sets a price from a day on, for price->org or, if that is NULL, all; replaces one from the same day.  Inside a write
 * transaction.  BAD_REQUEST if price->currency is unknown, or not that of the organization.  CONFLICT, naming the organization,
 * if it has an open job, or if events since that day would cost something else and options->reprice is not set.  With it, an
 * organization that has events on that channel since gets a job (reprice.h).
 */
enum status	price_set(struct db *db, struct arena *a, const struct price *price, const struct price_options *options,
		    struct price_outcome *outcome, struct error *err) MUST_CHECK;

/*
 * Removes the price of price->channel that price->org, or all if NULL, has from exactly that day on; NOT_FOUND if there is none.
 * From then on the price applies that would have without it: an earlier one, the common one, or none at all.  Otherwise as
 * price_set, with the same conflicts and jobs; price->nanos_per_part becomes the one that was removed.
 */
enum status	price_remove(struct db *db, struct arena *a, struct price *price, const struct price_options *options,
		    struct price_outcome *outcome, struct error *err) MUST_CHECK;

/* Calls each for every price, ordered by channel, organization and day.  Inside a read transaction. */
enum status	price_each(struct db *db, struct arena *a, void (*each)(const struct price *p, void *arg), void *arg);

#endif
