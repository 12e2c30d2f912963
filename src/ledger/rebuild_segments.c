/*
 * The counters of segments, by the rules of segment_spend and segment_correct: a void of a sent event lowers `sent`, a void of a
 * failed one lowers `failed`, and neither lowers `spent`.  A settlement with a message has moved it from `failed` to `sent`.
 * A segment's contacts and status remain: they are no sums over the ledger.
 */
#include "ledger/held.h"
#include "ledger/job_turn.h"
#include "ledger/rebuild_segments.h"
#include "time/instant.h"

struct counters {
	int64_t number, sent, failed, spent;
};

/* A campaign as it was read: the counters of its segments, and what they are by the ledger. */
struct plan {
	int64_t key;
	struct counters *is, *should;	/* in the order of their numbers */
	size_t count;
};

struct turn {
	struct db *db;
	struct arena *arena;
	const struct job *job;
	int64_t now;
	struct plan *of;
	size_t count, max;
	bool is_last;			/* no campaigns are left */
};

/* Reads the segments of a campaign. */
static enum status
read_is(struct turn *t, struct plan *p)
{
	struct query *q = db_query(t->db, "SELECT number, sent, failed, spent FROM segment WHERE campaign = :campaign "
	    "ORDER BY number");
	size_t max = 0;

	p->is = NULL;
	p->count = 0;
	query_bind_int(q, ":campaign", p->key);
	while (query_step(q)) {
		p->is = arena_grow(t->arena, p->is, p->count, &max, sizeof(*p->is));
		p->is[p->count++] = (struct counters) { query_int(q, 0), query_int(q, 1), query_int(q, 2), query_int(q, 3) };
	}
	return query_done(q);
}

/* Reads what the ledger says of them.  The join tells whether a void is of a sent or of a failed event. */
static enum status
read_should(struct turn *t, struct plan *p)
{
	struct query *q = db_query(t->db, "SELECT e.segment, sum(CASE WHEN e.status = 'failed' THEN 0 ELSE e.messages END), "
	    "sum(CASE WHEN e.status = 'failed' THEN 1 WHEN e.status = 'adjust' THEN -e.messages "
	    "WHEN t.status = 'failed' AND e.messages = 0 THEN -1 ELSE 0 END), "
	    "sum(CASE WHEN e.status IN ('sent', 'failed') THEN e.messages ELSE 0 END) FROM event e "
	    "LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE e.campaign = :campaign AND e.segment IS NOT NULL GROUP BY e.segment ORDER BY e.segment");
	size_t i = 0;

	p->should = arena_alloc(t->arena, (p->count + 1) * sizeof(*p->should));
	for (size_t k = 0; k < p->count; k++)
		p->should[k].number = p->is[k].number;
	query_bind_int(q, ":campaign", p->key);
	while (query_step(q)) {
		while (i < p->count && p->should[i].number < query_int(q, 0))
			i++;
		if (i < p->count && p->should[i].number == query_int(q, 0))
			p->should[i] = (struct counters) { query_int(q, 0), query_int(q, 1), query_int(q, 2), query_int(q, 3) };
	}
	return query_done(q);
}

/* The first campaign of the organization from a key on; *key 0 = none. */
static enum status
next_campaign(struct db *db, int64_t org_key, int64_t from, int64_t *key)
{
	struct query *q = db_query(db, "SELECT key FROM campaign WHERE org = :org AND key >= :from ORDER BY key LIMIT 1");

	query_bind_int(q, ":org", org_key);
	query_bind_int(q, ":from", from);
	*key = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

/* Reads for JOB_READ_MS, one campaign at least. */
static enum status
read_plans(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t until_ms = instant_monotonic() + JOB_READ_MS, key, from = t->job->next_campaign;
	enum status st = OK;

	while (st == OK && (t->count == 0 || instant_monotonic() < until_ms)) {
		struct plan *p;

		if ((st = next_campaign(t->db, org->key, from, &key)) != OK || key == 0) {
			t->is_last = st == OK;
			return st;
		}
		t->of = arena_grow(t->arena, t->of, t->count, &t->max, sizeof(*t->of));
		p = &t->of[t->count++];
		p->key = key;
		if ((st = read_is(t, p)) == OK)
			st = read_should(t, p);
		from = key + 1;
	}
	return st;
}

/* ---- Writing */

static bool
is_equal(const struct counters *x, const struct counters *y)
{
	return x->sent == y->sent && x->failed == y->failed && x->spent == y->spent;
}

/*
 * Adds what was missing when the plan was read.  Events that came meanwhile have changed the counters by the same rules as the
 * ledger, so the difference still holds.  A segment whose events add up to something impossible is left alone: `verify` names it.
 */
static enum status
write_plan(struct turn *t, const struct plan *p, int64_t *changed)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < p->count; i++) {
		struct query *q;

		if (is_equal(&p->is[i], &p->should[i]))
			continue;
		q = db_query(t->db, "UPDATE segment SET sent = sent + :sent, failed = failed + :failed, spent = spent + :spent "
		    "WHERE campaign = :campaign AND number = :number AND sent + :sent >= 0 AND failed + :failed >= 0 "
		    "AND spent + :spent >= sent + :sent + failed + :failed");
		query_bind_int(q, ":sent", p->should[i].sent - p->is[i].sent);
		query_bind_int(q, ":failed", p->should[i].failed - p->is[i].failed);
		query_bind_int(q, ":spent", p->should[i].spent - p->is[i].spent);
		query_bind_int(q, ":campaign", p->key);
		query_bind_int(q, ":number", p->should[i].number);
		if ((st = query_run(q)) == OK)
			*changed += db_changes(t->db);
	}
	return st;
}

/* Inside the write transaction: writes until JOB_WRITE_MS have passed. */
static enum status
write_turn(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t until_ms = instant_monotonic() + JOB_WRITE_MS, next = t->job->next_campaign, changed = 0;
	size_t i;
	enum status st = job_check_turn(t->db, t->job);

	for (i = 0; st == OK && i < t->count && (i == 0 || instant_monotonic() < until_ms); i++) {
		st = write_plan(t, &t->of[i], &changed);
		next = t->of[i].key + 1;
	}
	if (st != OK || (st = job_advance(t->db, t->job, t->job->next, next, changed, instant_now())) != OK)
		return st;
	if (!t->is_last || i < t->count)
		return OK;
	/* What segments hold follows from their counters, so it comes last, and in one transaction. */
	if ((st = held_rebuild(t->db, org)) != OK)
		return st;
	return job_end(t->db, t->job, t->job->changed + changed, t->now);
}

enum status
rebuild_segments_turn(struct db *db, struct arena *a, const char *org_id, const struct job *job, int64_t now, struct error *err)
{
	struct turn t = { .db = db, .arena = a, .job = job, .now = now };

	return job_turn_run(db, a, org_id, now, read_plans, write_turn, &t, err);
}
