/*
 * Turns of jobs.  A turn reads in a snapshot, without the writers' lock; then it takes the lock, checks that what it has read
 * still holds, and writes.  So other writers wait for JOB_WRITE_MS and little more.
 */
#ifndef JOB_TURN_H
#define JOB_TURN_H

#include "ledger/job.h"

enum { JOB_READ_MS = 50, JOB_WRITE_MS = 150 };

/* Does one turn of the organization's open job; *has_more unless there is none, or it has ended.  Not inside a transaction. */
enum status	job_turn(struct db *db, struct arena *a, const char *org, int64_t now, bool *has_more, struct error *err) MUST_CHECK;

/*
 * The one shape of a turn, for the kinds of jobs: `read` in a snapshot, then `write` in a write transaction, both with the
 * organization and arg.  `write` begins with job_check_turn; if another process has taken the turn, nothing is written, and that
 * is no error.
 */
enum status	job_turn_run(struct db *db, struct arena *a, const char *org, int64_t now, organization_work *read,
		    organization_work *write, void *arg, struct error *err) MUST_CHECK;

/*
 * Does turns of that job until it has ended, and reports each (progress may be NULL); other writers get the lock in between.
 * *ended, in the arena, is the job then; its number is 0 if there was none.
 */
enum status	job_finish(struct db *db, struct arena *a, const char *org,
		    void (*progress)(const char *what, int64_t done, int64_t total), struct job *ended, struct error *err) MUST_CHECK;

#endif
