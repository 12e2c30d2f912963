/*
 * Internals of the book of limits.  For limit*.c only.
 */
#ifndef LIMIT_INTERNAL_H
#define LIMIT_INTERNAL_H

#include "ledger/limit.h"

struct window {
	struct limit_window days;
	int64_t used, held;
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
	const struct price_list *prices;	/* the caller's, or own_prices */
	struct price_list own_prices;
	int64_t now;
	struct day today;
	unsigned reading;
	struct limit_follower *of;
	size_t count;
};

/* The window that contains a day, if it was read; else NULL. */
struct window	*limit_window_find(const struct limit_follower *f, struct day d);

#endif
