/*
 * The roll-up of limits with a sender or a network, limit_usage, made from the ledger: by a job for a limit that is new or counts
 * something else than before (limit_rule.is_building), and by a rebuild for all.
 *
 * Whoever writes to the ledger adds to these rows too, whether they are complete or not, so the job replaces them quarter-hour by
 * quarter-hour, and what lies after its end is complete from the beginning.
 */
#ifndef LIMIT_FILL_H
#define LIMIT_FILL_H

#include "ledger/job.h"
#include "ledger/job_stretch.h"

/*
 * Begins the job that fills the next limit of the organization that is being built, if there is one and no other job is open;
 * *number is 0 otherwise.  Without any events, there is nothing to fill.  Inside a write transaction.
 */
enum status	limit_fill_start(struct db *db, int64_t org_key, bool is_remote, int64_t now, const struct actor *by,
		    int64_t *number) MUST_CHECK;

/* One turn of such a job (job_turn.h). */
enum status	limit_fill_turn(struct db *db, struct arena *a, const char *org, const struct job *job, int64_t now,
		    struct error *err) MUST_CHECK;

/* What a stretch of the ledger says of each limit that has a roll-up. */
struct limit_fill {
	struct limit_fill_sums {
		struct limit_rule rule;		/* as it was then */
		struct limit_fill_sum {
			int64_t quarter, messages, parts, cost_micros;
		} *of;
		size_t count, max;
	} *rules;
	size_t count;
};

/* Reads it, in the arena: for the limit with that key, or all if it is 0.  org's limits are loaded.  Inside a transaction. */
enum status	limit_fill_read(struct db *db, struct arena *a, const struct organization *org, int64_t rule,
		    const struct job_stretch *s, struct limit_fill *fill) MUST_CHECK;

/* Whether it was read by the limits that the organization has now. */
bool		limit_fill_is_current(const struct limit_fill *fill, const struct organization *org, int64_t rule);

/* Makes the rows of the stretch what was read, and adds to *changed how many were different.  Inside a write transaction. */
enum status	limit_fill_write(struct db *db, const struct job_stretch *s, const struct limit_fill *fill,
		    int64_t *changed) MUST_CHECK;

#endif
