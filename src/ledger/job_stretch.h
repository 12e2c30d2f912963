/*
 * Stretches of the ledger that a job reads without the writers' lock: quarter-hours of one day of UTC, and the digest of that
 * day, which changes with every row that is added to it.  Under the lock an equal digest proves that what was read still holds.
 */
#ifndef JOB_STRETCH_H
#define JOB_STRETCH_H

#include "org/organization.h"

struct job_stretch {
	int64_t first, end;		/* quarter-hours of UTC, the second one left out */
	int64_t events, digest;		/* of the day: ledger_day */
};

/* The stretch that begins at a quarter-hour and ends before `end` at the latest: short where a day has many events. */
enum status	job_stretch_from(struct db *db, const struct organization *org, int64_t first, int64_t end, struct job_stretch *s)
		    MUST_CHECK;

/* Whether no row was added to its day since. */
enum status	job_stretch_is_same(struct db *db, const struct organization *org, const struct job_stretch *s, bool *is) MUST_CHECK;

#endif
