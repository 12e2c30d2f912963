/*
 * Turns of jobs (see job_turn.h).
 */
#include "ledger/job_turn.h"
#include "ledger/limit_fill.h"
#include "ledger/rebuild.h"
#include "ledger/reprice.h"
#include "time/instant.h"

/* Reads the organization's open job in a transaction of its own. */
static enum status
look(struct db *db, struct arena *a, const char *org_id, bool *found, struct job *job, struct error *err)
{
	struct organization org;
	enum status st;

	*found = false;
	if ((st = db_read_begin(db)) != OK)
		return st;
	if ((st = organization_load(db, org_id, &org, err)) == OK)
		st = job_find_open(db, a, org.key, found, job);
	db_read_end(db);
	return st;
}

enum status
job_turn_run(struct db *db, struct arena *a, const char *org_id, int64_t now, organization_work *read, organization_work *write,
    void *arg, struct error *err)
{
	struct organization org;
	enum status st;

	if ((st = db_read_begin(db)) != OK)
		return st;
	if ((st = organization_load(db, org_id, &org, err)) == OK)
		st = read(&org, arg);
	db_read_end(db);
	if (st == OK)
		st = organization_write(db, a, org_id, now, write, arg, err);
	return st == CONFLICT ? OK : st;
}

/* One turn of each kind of job. */
static enum status (*const turns[JOB_KIND_COUNT])(struct db *db, struct arena *a, const char *org, const struct job *job,
    int64_t now, struct error *err) = { [JOB_REPRICE] = reprice_turn, [JOB_REBUILD] = rebuild_turn,
	[JOB_FILL_LIMIT] = limit_fill_turn };

enum status
job_turn(struct db *db, struct arena *a, const char *org, int64_t now, bool *has_more, struct error *err)
{
	struct job job;
	enum status st;

	if ((st = look(db, a, org, has_more, &job, err)) != OK || !*has_more)
		return st;
	st = turns[job.kind](db, a, org, &job, now, err);
	return st == OK ? look(db, a, org, has_more, &job, err) : st;
}

enum status
job_finish(struct db *db, struct arena *a, const char *org, void (*progress)(const char *what, int64_t done, int64_t total),
    struct job *ended, struct error *err)
{
	static const char *const words[JOB_KIND_COUNT] = { [JOB_REPRICE] = "repricing", [JOB_REBUILD] = "rebuilding",
		[JOB_FILL_LIMIT] = "filling a limit" };
	struct arena *memory = arena_new();
	struct job job = { 0 };
	bool has_more = true;
	enum status st = look(db, memory, org, &has_more, &job, err);
	int64_t org_key = job.org_key, number = job.number;

	while (st == OK && has_more) {
		if (progress != NULL)
			progress(words[job.kind], job_done(&job), job_total(&job));
		arena_reset(memory);
		if ((st = job_turn(db, memory, org, instant_now(), &has_more, err)) == OK && has_more)
			st = look(db, memory, org, &has_more, &job, err);
	}
	arena_free(memory);
	*ended = (struct job) { 0 };
	if (st != OK || number == 0 || (st = db_read_begin(db)) != OK)
		return st;
	st = job_load(db, a, org_key, number, ended, err);
	db_read_end(db);
	return st;
}
