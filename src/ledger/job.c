/*
 * The rows of jobs (see job.h).
 */
#include <inttypes.h>
#include <string.h>

#include "ledger/job.h"
#include "ledger/limit_fill.h"
#include "store/actor.h"
#include "store/audit.h"
#include "store/channel_column.h"
#include "store/installation.h"
#include "time/instant.h"

static const char *const kinds[JOB_KIND_COUNT] = { [JOB_REPRICE] = "reprice", [JOB_REBUILD] = "rebuild",
	[JOB_FILL_LIMIT] = "fill-limit" };

#define COLUMNS "j.org, j.number, j.kind, j.channel, j.first_quarter, j.next_quarter, j.end_quarter, j.next_campaign, " \
	"j.changed, j.started_at, j.updated_at, j.ended_at, w.credential, w.name, j.rule, r.name"
/* The key of a limit that was removed may be that of another one later, so only an open job names its limit. */
#define FROM " FROM job j JOIN actor w ON w.key = j.actor " \
	"LEFT JOIN limit_rule r ON r.key = j.rule AND r.org = j.org AND j.ended_at IS NULL "

const char *
job_kind_name(enum job_kind kind)
{
	return kinds[kind];
}

static enum status
read_kind(struct query *q, struct job *job)
{
	for (enum job_kind k = 0; k < JOB_KIND_COUNT; k++)
		if (strcmp(kinds[k], query_text(q, 2)) == 0) {
			job->kind = k;
			return query_is_null(q, 3) ? OK : channel_column(q, 3, &job->channel);
		}
	return INTERNAL;
}

static enum status
read_row(struct query *q, struct arena *a, struct job *job)
{
	*job = (struct job) { .org_key = query_int(q, 0), .number = query_int(q, 1), .first = query_int(q, 4),
		.next = query_int(q, 5), .end = query_int(q, 6), .next_campaign = query_int(q, 7), .changed = query_int(q, 8),
		.started_at = query_int(q, 9), .updated_at = query_int(q, 10), .ended_at = query_int(q, 11),
		.credential = arena_strdup(a, query_text(q, 12)), .actor = arena_strdup(a, query_text(q, 13)),
		.rule = query_int(q, 14), .limit = query_is_null(q, 15) ? NULL : arena_strdup(a, query_text(q, 15)) };
	return read_kind(q, job);
}

/* Ends a query of one row at most. */
static enum status
read_one(struct query *q, struct arena *a, bool *found, struct job *job)
{
	enum status st = OK, done;

	if ((*found = query_step(q)))
		st = read_row(q, a, job);
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
job_find_open(struct db *db, struct arena *a, int64_t org_key, bool *found, struct job *job)
{
	struct query *q = db_query(db, "SELECT " COLUMNS FROM "WHERE j.org = :org AND j.ended_at IS NULL");

	query_bind_int(q, ":org", org_key);
	return read_one(q, a, found, job);
}

enum status
job_load(struct db *db, struct arena *a, int64_t org_key, int64_t number, struct job *job, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS FROM "WHERE j.org = :org AND j.number = :number");
	enum status st;
	bool found;

	query_bind_int(q, ":org", org_key);
	query_bind_int(q, ":number", number);
	if ((st = read_one(q, a, &found, job)) == OK && !found)
		return error_set(err, NOT_FOUND, "job: there is no job %" PRId64, number);
	return st;
}

enum status
job_list(struct db *db, struct arena *a, int64_t org_key, size_t max, struct job **jobs, size_t *count)
{
	struct query *q = db_query(db, "SELECT " COLUMNS FROM "WHERE j.org = :org ORDER BY j.number DESC LIMIT :max");
	enum status st = OK, done;

	*jobs = arena_alloc(a, max * sizeof(**jobs));
	*count = 0;
	query_bind_int(q, ":org", org_key);
	query_bind_int(q, ":max", (int64_t)max);
	while (st == OK && query_step(q))
		st = read_row(q, a, &(*jobs)[(*count)++]);
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
job_check_none(struct db *db, const struct organization *org, struct error *err)
{
	struct query *q = db_query(db, "SELECT number, kind FROM job WHERE org = :org AND ended_at IS NULL");
	enum status st = OK, done;

	query_bind_int(q, ":org", org->key);
	if (query_step(q)) {
		st = error_set(err, CONFLICT, "job %" PRId64 " of %s, a %s, has not ended", query_int(q, 0), org->id,
		    query_text(q, 1));
		error_hint(err, "Wait until it has ended; `daybook maintenance` finishes it.");
	}
	done = query_done(q);
	return done != OK ? done : st;
}

static enum status
insert(struct db *db, int64_t org_key, const struct job_order *o, int64_t now, const struct actor *by, int64_t *number)
{
	struct query *q;
	enum status st;
	int64_t actor;

	if ((st = actor_key(db, by, &actor)) != OK)
		return st;
	q = db_query(db, "INSERT INTO job (org, number, kind, channel, rule, first_quarter, next_quarter, end_quarter, actor, "
	    "is_remote, started_at, updated_at) VALUES (:org, (SELECT coalesce(max(number), 0) + 1 FROM job WHERE org = :org), "
	    ":kind, :channel, :rule, :first, :first, :end, :actor, :is_remote, :now, :now) RETURNING number");
	query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":kind", kinds[o->kind]);
	if (o->kind == JOB_REPRICE)
		query_bind_text(q, ":channel", channel_facts(o->channel)->name);
	if (o->rule != 0)
		query_bind_int(q, ":rule", o->rule);
	query_bind_int(q, ":first", o->first);
	query_bind_int(q, ":end", o->end);
	query_bind_int(q, ":actor", actor);
	query_bind_int(q, ":is_remote", o->is_remote);
	query_bind_int(q, ":now", now);
	*number = query_step(q) ? query_int(q, 0) : 0;
	return (st = query_done(q)) == OK ? installation_touch(db) : st;
}

enum status
job_start(struct db *db, const struct organization *org, const struct job_order *order, int64_t now, const struct actor *by,
    int64_t *number, struct error *err)
{
	enum status st = job_check_none(db, org, err);

	return st == OK ? insert(db, org->key, order, now, by, number) : st;
}

enum status
job_start_if_none(struct db *db, int64_t org_key, const struct job_order *order, int64_t now, const struct actor *by,
    int64_t *number)
{
	struct query *q = db_query(db, "SELECT 1 FROM job WHERE org = :org AND ended_at IS NULL");
	enum status st;
	bool has_one;

	*number = 0;
	query_bind_int(q, ":org", org_key);
	has_one = query_step(q);
	return (st = query_done(q)) != OK || has_one ? st : insert(db, org_key, order, now, by, number);
}

enum status
job_count_remote(struct db *db, int64_t org_key, enum job_kind kind, int64_t since, int64_t *count, int64_t *first_at)
{
	struct query *q = db_query(db, "SELECT count(*), min(started_at) FROM job WHERE org = :org AND kind = :kind "
	    "AND is_remote = 1 AND started_at > :since");

	query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":kind", kinds[kind]);
	query_bind_int(q, ":since", since);
	query_step(q);
	*count = query_int(q, 0);
	*first_at = query_int(q, 1);
	return query_done(q);
}

enum status
job_check_turn(struct db *db, const struct job *was)
{
	struct query *q = db_query(db, "SELECT 1 FROM job WHERE org = :org AND number = :number AND ended_at IS NULL "
	    "AND next_quarter = :next AND coalesce(next_campaign, 0) = :campaign");
	enum status st;
	bool is_mine;

	query_bind_int(q, ":org", was->org_key);
	query_bind_int(q, ":number", was->number);
	query_bind_int(q, ":next", was->next);
	query_bind_int(q, ":campaign", was->next_campaign);
	is_mine = query_step(q);
	return (st = query_done(q)) != OK || is_mine ? st : CONFLICT;
}

enum status
job_postpone(struct db *db, const char *org, int64_t now)
{
	struct query *q = db_query(db, "UPDATE job SET updated_at = :now WHERE ended_at IS NULL "
	    "AND org = (SELECT key FROM organization WHERE id = :org)");

	query_bind_int(q, ":now", now);
	query_bind_text(q, ":org", org);
	return query_run(q);
}

enum status
job_advance(struct db *db, const struct job *was, int64_t next, int64_t next_campaign, int64_t changed, int64_t now)
{
	struct query *q = db_query(db, "UPDATE job SET next_quarter = :next, next_campaign = nullif(:campaign, 0), "
	    "changed = changed + :changed, updated_at = :now WHERE org = :org AND number = :number");

	query_bind_int(q, ":next", next);
	query_bind_int(q, ":campaign", next_campaign);
	query_bind_int(q, ":changed", changed);
	query_bind_int(q, ":now", now);
	query_bind_int(q, ":org", was->org_key);
	query_bind_int(q, ":number", was->number);
	return query_run(q);
}

enum status
job_end(struct db *db, const struct job *job, int64_t changed, int64_t now)
{
	static const struct actor waiting = { "system", "" };
	const struct actor by = { job->credential, job->actor };
	struct query *q = db_query(db, "UPDATE job SET ended_at = :now, updated_at = :now WHERE org = :org AND number = :number");
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	int64_t number;
	enum status st;

	query_bind_int(q, ":now", now);
	query_bind_int(q, ":org", job->org_key);
	query_bind_int(q, ":number", job->number);
	if ((st = query_run(q)) != OK || (st = installation_touch(db)) != OK)
		return st;
	json_open_object(j, NULL);
	json_put_int(j, "job", job->number);
	json_put_text(j, "kind", kinds[job->kind]);
	if (job->kind == JOB_REPRICE)
		json_put_text(j, "channel", channel_facts(job->channel)->name);
	if (job->limit != NULL)
		json_put_text(j, "limit", job->limit);
	json_put_int(j, "changed", changed);
	json_close_object(j);
	st = audit(db, now, job->org_key, &by, "job.end", buf_text(&detail));
	buf_free(&detail);
	return st == OK ? limit_fill_start(db, job->org_key, false, now, &waiting, &number) : st;
}

/* A turn that was done at this very instant does not count, so that a clock that stands still stops no job. */
enum status
job_waiting(struct db *db, struct arena *a, int64_t now, const char **org)
{
	struct query *q = db_query(db, "SELECT o.id FROM job j JOIN organization o ON o.key = j.org WHERE j.ended_at IS NULL "
	    "AND NOT (j.updated_at > j.started_at AND j.updated_at < :now AND j.updated_at > :now - :pause) "
	    "ORDER BY j.updated_at LIMIT 1");

	query_bind_int(q, ":now", now);
	query_bind_int(q, ":pause", JOB_PAUSE_MS);
	*org = query_step(q) ? arena_strdup(a, query_text(q, 0)) : NULL;
	return query_done(q);
}

enum status
job_put_repricing(struct db *db, int64_t org_key, struct json *j)
{
	struct query *q = db_query(db, "SELECT 1 FROM job WHERE org = :org AND ended_at IS NULL AND kind = 'reprice'");

	query_bind_int(q, ":org", org_key);
	if (query_step(q))
		json_put_bool(j, "repricing", true);
	return query_done(q);
}

int64_t
job_done(const struct job *job)
{
	return job->next - job->first;
}

int64_t
job_total(const struct job *job)
{
	return job->end - job->first;
}

void
job_put(struct json *j, const char *name, const struct job *job)
{
	json_open_object(j, name);
	json_put_int(j, "job", job->number);
	json_put_text(j, "kind", kinds[job->kind]);
	json_put_text_or_null(j, "channel", job->kind == JOB_REPRICE ? channel_facts(job->channel)->name : NULL);
	if (job->kind == JOB_FILL_LIMIT)
		json_put_text_or_null(j, "limit", job->limit);
	json_put_text(j, "state", job->ended_at == 0 ? "running" : "done");
	json_put_int(j, "quartersDone", job_done(job));
	json_put_int(j, "quartersTotal", job_total(job));
	json_put_int(j, "changed", job->changed);
	instant_put(j, "startedAt", job->started_at);
	instant_put(j, "updatedAt", job->updated_at);
	instant_put_or_null(j, "endedAt", job->ended_at);
	json_put_text(j, "credential", job->credential);
	json_put_text_or_null(j, "actor", job->actor[0] != '\0' ? job->actor : NULL);
	json_close_object(j);
}
