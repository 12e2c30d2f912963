/*
 * Internals of the book of limits.  For limit*.c only.
 */
#ifndef LIMIT_INTERNAL_H
#define LIMIT_INTERNAL_H

#include "ledger/limit.h"

struct window {
	struct limit_window days;
	int64_t used, held;
	int64_t own;	/* what limit_book_set_aside took out of `held` */
	unsigned reading;	/* the number of the limit_book_read that made it */
	bool has_used;		/* of one longer than a day: `used` was read */
};

/* A rule with its windows that were read, in the order of their days. */
struct limit_follower {
	const struct limit_rule *rule;
	struct window *windows;
	size_t count, max;
};

struct limit_book {
	struct db *db;
	struct arena *arena;
	const struct organization *org;
	struct rollup *rollup;			/* flushed before a reading; NULL = nothing is written meanwhile */
	const struct price_list *prices;	/* the caller's, or own_prices */
	struct price_list own_prices;
	int64_t now;
	struct day today;
	unsigned reading;
	struct limit_follower *of;
	size_t count;
};

/* The first day from d on that has an instant; it is d itself unless the organization's zone skips d. */
struct day	limit_day_after_gap(const struct limit_book *b, struct day d);

/* Whether something can be scheduled on a day: the zone does not skip it, and it begins before INSTANT_MAX. */
bool		limit_day_exists(const struct limit_book *b, struct day d);

/* The window that contains a day, if it was read; else NULL. */
struct window	*limit_window_find(const struct limit_follower *f, struct day d);

#endif
