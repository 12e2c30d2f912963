/*
 * Jobs: work on the ledger of an organization that takes longer than other writers should wait.  A row says how far it is, so
 * it is done in short turns (job_turn.h), by whichever process comes next, and a kill costs one turn.
 *
 * An organization has at most one open job.
 */
#ifndef JOB_H
#define JOB_H

#include "base/json.h"
#include "org/organization.h"
#include "quota/channel.h"

enum job_kind {
	JOB_REPRICE,		/* the events of one channel cost what the price list says now */
	JOB_REBUILD,		/* roll-ups and counters of segments are what the ledger says */
	JOB_FILL_LIMIT,		/* a limit with a sender or a network has its roll-up */
	JOB_KIND_COUNT
};

struct job {
	int64_t org_key;
	int64_t number;			/* 1, 2 … in its organization */
	enum job_kind kind;
	enum channel channel;		/* of a reprice */
	int64_t rule;			/* the limit that it fills; 0 = none */
	const char *limit;		/* that limit's name while the job is open; else NULL */
	int64_t first, next, end;	/* quarter-hours of UTC: the first, where it continues, and the first that it leaves out */
	int64_t next_campaign;		/* of a rebuild: continues with this campaign's segments; 0 = the quarter-hours are not done */
	int64_t changed;		/* quarter-hours and segments that were different */
	int64_t started_at, updated_at, ended_at;	/* ended_at 0 = open */
	const char *credential, *actor;	/* who started it; "" = no name */
};

const char	*job_kind_name(enum job_kind kind);

/* A job that is to be started, over the quarter-hours [first, end). */
struct job_order {
	enum job_kind kind;
	enum channel channel;		/* of a reprice */
	int64_t rule;			/* of a limit that is filled; else 0 */
	int64_t first, end;
	bool is_remote;			/* asked for by a request */
};

/* Starts a job, inside a write transaction on org.  CONFLICT, naming the open one, if the organization has one. */
enum status	job_start(struct db *db, const struct organization *org, const struct job_order *order, int64_t now,
		    const struct actor *by, int64_t *number, struct error *err) MUST_CHECK;

/* The same, but starts nothing if the organization has an open job: *number is 0 then. */
enum status	job_start_if_none(struct db *db, int64_t org_key, const struct job_order *order, int64_t now,
		    const struct actor *by, int64_t *number) MUST_CHECK;

/* The organization's open job, in the arena.  Inside a transaction. */
enum status	job_find_open(struct db *db, struct arena *a, int64_t org_key, bool *found, struct job *job) MUST_CHECK;

/* CONFLICT, naming it, if the organization has an open job. */
enum status	job_check_none(struct db *db, const struct organization *org, struct error *err) MUST_CHECK;

/* One job, in the arena.  NOT_FOUND. */
enum status	job_load(struct db *db, struct arena *a, int64_t org_key, int64_t number, struct job *job, struct error *err)
		    MUST_CHECK;

/* The newest jobs of an organization, at most max, newest first, in the arena. */
enum status	job_list(struct db *db, struct arena *a, int64_t org_key, size_t max, struct job **jobs, size_t *count) MUST_CHECK;

/* How many jobs of a kind were asked for by requests since an instant, and when the first of them was. */
enum status	job_count_remote(struct db *db, int64_t org_key, enum job_kind kind, int64_t since, int64_t *count,
		    int64_t *first_at) MUST_CHECK;

/* CONFLICT if another process has taken the turn that begins where `was` is: asked under the lock, before the work. */
enum status	job_check_turn(struct db *db, const struct job *was) MUST_CHECK;

/* After a turn that failed: the others are next. */
enum status	job_postpone(struct db *db, const char *org, int64_t now) MUST_CHECK;

/* Records in the transaction of a turn, after job_check_turn, how far the job is and what that changed. */
enum status	job_advance(struct db *db, const struct job *was, int64_t next, int64_t next_campaign, int64_t changed, int64_t now)
		    MUST_CHECK;

/* Ends the open job, with an audit row.  If a limit waits to be filled (limit_fill.h), the job for that begins. */
enum status	job_end(struct db *db, const struct job *job, int64_t changed, int64_t now) MUST_CHECK;

/*
 * The id, in the arena, of an organization with an open job of which no process has done a turn in the last JOB_PAUSE_MS: the one
 * that has waited longest; NULL = none.  So processes do not do the same turn, and other writers come in between.
 */
enum { JOB_PAUSE_MS = 100 };
enum status	job_waiting(struct db *db, struct arena *a, int64_t now, const char **org) MUST_CHECK;

/*
 * Writes the member `repricing` into an open object of JSON while costs are being repriced: sums of cost are then partly those
 * of the old price.  Otherwise, writes nothing.
 */
enum status	job_put_repricing(struct db *db, int64_t org_key, struct json *j) MUST_CHECK;

/* How much of it is done, in quarter-hours. */
int64_t		job_done(const struct job *job);
int64_t		job_total(const struct job *job);

/* Writes a job as an object of JSON: number, kind, state, and how far it is. */
void		job_put(struct json *j, const char *name, const struct job *job);

#endif
