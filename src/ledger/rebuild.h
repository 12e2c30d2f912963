/*
 * Rebuilding what is derived from the ledger, by a job (job.h): first the roll-ups, quarter-hour by quarter-hour and day by day,
 * then the counters of segments, campaign by campaign, and at the end what these hold.
 */
#ifndef REBUILD_H
#define REBUILD_H

#include "ledger/job.h"

/*
 * Removes what lies before the first event and after the last one, and starts the job for the rest.  Inside a write transaction
 * on org.  CONFLICT if the organization has an open job.
 */
enum status	rebuild_start(struct db *db, const struct organization *org, int64_t now, const struct actor *by, int64_t *number,
		    struct error *err) MUST_CHECK;

/* One turn of a job (job_turn.h). */
enum status	rebuild_turn(struct db *db, struct arena *a, const char *org, const struct job *job, int64_t now,
		    struct error *err) MUST_CHECK;

#endif
