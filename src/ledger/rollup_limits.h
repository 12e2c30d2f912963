/*
 * The part of a rollup (usage.h) that goes to limit_usage: what limits with a sender or a network count.  For rollup*.c only.
 */
#ifndef ROLLUP_LIMITS_H
#define ROLLUP_LIMITS_H

#include "ledger/usage.h"

struct limit_deltas {
	struct limit_delta *of;
	size_t count, max;
};

/* Adds to what each such limit counts in a quarter-hour, if it counts this entry. */
void		rollup_limits_add(struct limit_deltas *d, const struct limit_rules *rules, int64_t quarter,
		    const struct rollup_entry *e);
/* Writes one row for each limit and quarter-hour. */
enum status	rollup_limits_flush(struct limit_deltas *d, struct db *db) MUST_CHECK;
void		rollup_limits_free(struct limit_deltas *d);

#endif
