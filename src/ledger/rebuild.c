/*
 * Rebuilding (see rebuild.h): the start, and the turns over the roll-ups.  rebuild_segments.c does those over segments.
 */
#include <string.h>

#include "ledger/job_stretch.h"
#include "ledger/job_turn.h"
#include "ledger/limit_fill.h"
#include "ledger/limit_row.h"
#include "ledger/rebuild.h"
#include "ledger/rebuild_segments.h"
#include "ledger/usage.h"
#include "time/instant.h"

/* ---- Sums of quarter-hours */

struct sum {
	int64_t quarter;
	const char *channel;
	int64_t messages, parts, cost_micros;
};

struct sums {
	struct sum *of;
	size_t count, max;
};

static void
bind_stretch(struct query *q, const struct organization *org, const struct job_stretch *s)
{
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":first", s->first);
	query_bind_int(q, ":end", s->end);
}

/* Makes a sum of nothing at a place in the list. */
static struct sum *
insert_sum(struct arena *a, struct sums *sums, size_t at, int64_t quarter, const char *channel)
{
	sums->of = arena_grow(a, sums->of, sums->count, &sums->max, sizeof(*sums->of));
	memmove(&sums->of[at + 1], &sums->of[at], (sums->count++ - at) * sizeof(*sums->of));
	sums->of[at] = (struct sum) { .quarter = quarter, .channel = arena_strdup(a, channel) };
	return &sums->of[at];
}

/* The sum of a quarter-hour, none of which is later in the list, and a channel: the last ones are by channel. */
static struct sum *
find_sum(struct arena *a, struct sums *sums, int64_t quarter, const char *channel)
{
	size_t at = sums->count;
	int order = 1;

	while (at > 0 && sums->of[at - 1].quarter == quarter && (order = strcmp(sums->of[at - 1].channel, channel)) > 0)
		at--;
	return at > 0 && order == 0 ? &sums->of[at - 1] : insert_sum(a, sums, at, quarter, channel);
}

/*
 * What the ledger says, row by row in the order of time: a GROUP BY of an expression would sort them all.  Failed events count
 * nothing; voids and adjustments are differences, so a plain sum is right.
 */
static enum status
read_ledger(struct db *db, struct arena *a, const struct organization *org, const struct job_stretch *s, struct sums *sums)
{
	struct query *q = db_query(db, "SELECT occurred_at, channel, messages, parts, cost_micros FROM event WHERE org = :org "
	    "AND occurred_at >= :first * 900000 AND occurred_at < :end * 900000 AND status <> 'failed' ORDER BY occurred_at");

	sums->count = 0;
	bind_stretch(q, org, s);
	while (query_step(q)) {
		struct sum *sum = find_sum(a, sums, floor_div(query_int(q, 0), QUARTER_MS), query_text(q, 1));

		sum->messages += query_int(q, 2);
		sum->parts += query_int(q, 3);
		sum->cost_micros += query_int(q, 4);
	}
	return query_done(q);
}

static enum status
read_rollup(struct db *db, struct arena *a, const struct organization *org, const struct job_stretch *s, struct sums *sums)
{
	struct query *q = db_query(db, "SELECT quarter, channel, messages, parts, cost_micros FROM usage_quarter WHERE org = :org "
	    "AND quarter >= :first AND quarter < :end ORDER BY quarter, channel");

	sums->count = 0;
	bind_stretch(q, org, s);
	while (query_step(q)) {
		sums->of = arena_grow(a, sums->of, sums->count, &sums->max, sizeof(*sums->of));
		sums->of[sums->count++] = (struct sum) { query_int(q, 0), arena_strdup(a, query_text(q, 1)), query_int(q, 2),
			query_int(q, 3), query_int(q, 4) };
	}
	return query_done(q);
}

static bool
is_same_sum(const struct sum *x, const struct sum *y)
{
	return x->quarter == y->quarter && strcmp(x->channel, y->channel) == 0 && x->messages == y->messages &&
	    x->parts == y->parts && x->cost_micros == y->cost_micros;
}

/* The number of quarter-hours in which the two differ: at least one if they do. */
static int64_t
count_differences(const struct sums *x, const struct sums *y)
{
	int64_t n = 0, last = INT64_MIN;

	for (size_t i = 0; i < x->count || i < y->count; i++) {
		const struct sum *at = i < x->count ? &x->of[i] : &y->of[i];

		if (i < x->count && i < y->count && is_same_sum(&x->of[i], &y->of[i]))
			continue;
		n += at->quarter != last;
		last = at->quarter;
	}
	return n;
}

/* ---- Writing roll-ups */

static enum status
replace_quarters(struct db *db, const struct organization *org, const struct job_stretch *s, const struct sums *sums)
{
	struct query *q = db_query(db, "DELETE FROM usage_quarter WHERE org = :org AND quarter >= :first AND quarter < :end");
	enum status st;

	bind_stretch(q, org, s);
	st = query_run(q);
	for (size_t i = 0; st == OK && i < sums->count; i++) {
		q = db_query(db, "INSERT INTO usage_quarter (org, quarter, channel, messages, parts, cost_micros) "
		    "VALUES (:org, :quarter, :channel, :messages, :parts, :cost)");
		query_bind_int(q, ":org", org->key);
		query_bind_int(q, ":quarter", sums->of[i].quarter);
		query_bind_text(q, ":channel", sums->of[i].channel);
		query_bind_int(q, ":messages", sums->of[i].messages);
		query_bind_int(q, ":parts", sums->of[i].parts);
		query_bind_int(q, ":cost", sums->of[i].cost_micros);
		st = query_run(q);
	}
	return st;
}

/* Sums a local day from its quarter-hours: also those of a stretch that comes later, which then sums it again. */
static enum status
replace_day(struct db *db, const struct organization *org, struct day d)
{
	struct query *q = db_query(db, "DELETE FROM usage_day WHERE org = :org AND day = :day");
	enum status st;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":day", d.n);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(db, "INSERT INTO usage_day (org, day, channel, messages, parts, cost_micros) SELECT org, :day, channel, "
	    "sum(messages), sum(parts), sum(cost_micros) FROM usage_quarter WHERE org = :org AND quarter >= :first "
	    "AND quarter < :end GROUP BY org, channel");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":day", d.n);
	query_bind_int(q, ":first", day_start(org->days, d) / QUARTER_MS);
	query_bind_int(q, ":end", day_start(org->days, day_add(d, 1)) / QUARTER_MS);
	return query_run(q);
}

/* ---- Turns over quarter-hours */

struct turn {
	struct db *db;
	struct arena *arena;
	const struct job *job;
	struct stretch {
		struct job_stretch at;
		struct sums sums;	/* by the ledger */
		struct limit_fill limits;
	} *of;
	size_t count, max;
};

/* Reads for JOB_READ_MS, one stretch at least. */
static enum status
read_stretches(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t until_ms = instant_monotonic() + JOB_READ_MS, next = t->job->next;
	enum status st = limit_row_load(t->db, t->arena, org);

	while (st == OK && next < t->job->end && (t->count == 0 || instant_monotonic() < until_ms)) {
		struct stretch *s;

		t->of = arena_grow(t->arena, t->of, t->count, &t->max, sizeof(*t->of));
		s = &t->of[t->count++];
		*s = (struct stretch) { .sums = { 0 } };
		if ((st = job_stretch_from(t->db, org, next, t->job->end, &s->at)) == OK &&
		    (st = read_ledger(t->db, t->arena, org, &s->at, &s->sums)) == OK)
			st = limit_fill_read(t->db, t->arena, org, 0, &s->at, &s->limits);
		next = s->at.end;
	}
	return st;
}

/* Reads a stretch again if its day was written to meanwhile; then makes the roll-ups what the ledger says. */
static enum status
write_stretch(struct turn *t, const struct organization *org, struct stretch *s, int64_t *changed)
{
	struct sums present = { 0 };
	struct day d, last;
	bool is_same;
	enum status st;
	int64_t n;

	if ((st = job_stretch_is_same(t->db, org, &s->at, &is_same)) != OK ||
	    (!is_same && (st = read_ledger(t->db, t->arena, org, &s->at, &s->sums)) != OK) ||
	    (st = read_rollup(t->db, t->arena, org, &s->at, &present)) != OK)
		return st;
	n = count_differences(&s->sums, &present);
	*changed += n;
	if (n > 0)
		st = replace_quarters(t->db, org, &s->at, &s->sums);
	d = day_at(org->days, s->at.first * QUARTER_MS);
	last = day_at(org->days, (s->at.end - 1) * QUARTER_MS);
	for (; st == OK && d.n <= last.n; d = day_add(d, 1))
		st = replace_day(t->db, org, d);
	if (st == OK && (!is_same || !limit_fill_is_current(&s->limits, org, 0)))
		st = limit_fill_read(t->db, t->arena, org, 0, &s->at, &s->limits);
	return st == OK ? limit_fill_write(t->db, &s->at, &s->limits, changed) : st;
}

/* Inside the write transaction: writes until JOB_WRITE_MS have passed. */
static enum status
write_turn(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t until_ms = instant_monotonic() + JOB_WRITE_MS, next = t->job->next, changed = 0;
	enum status st = job_check_turn(t->db, t->job);

	for (size_t i = 0; st == OK && i < t->count && (i == 0 || instant_monotonic() < until_ms); i++) {
		st = write_stretch(t, org, &t->of[i], &changed);
		next = t->of[i].at.end;
	}
	/* Any of the days may be one of which processes keep sums; `changed` counts quarter-hours, and each day was summed again. */
	if (st == OK)
		st = usage_forget_old(t->db, org);
	return st == OK ? job_advance(t->db, t->job, next, next == t->job->end ? 1 : 0, changed, instant_now()) : st;
}

enum status
rebuild_turn(struct db *db, struct arena *a, const char *org_id, const struct job *job, int64_t now, struct error *err)
{
	struct turn t = { .db = db, .arena = a, .job = job };

	if (job->next_campaign > 0)
		return rebuild_segments_turn(db, a, org_id, job, now, err);
	return job_turn_run(db, a, org_id, now, read_stretches, write_turn, &t, err);
}

/* ---- The start */

/* Runs a DELETE over :org, :first and :end. */
static enum status
delete_outside(struct query *q, const struct organization *org, int64_t first, int64_t end)
{
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":first", first);
	query_bind_int(q, ":end", end);
	return query_run(q);
}

enum status
rebuild_start(struct db *db, const struct organization *org, int64_t now, const struct actor *by, int64_t *number,
    struct error *err)
{
	struct query *q = db_query(db, "SELECT (SELECT min(occurred_at) FROM event WHERE org = :org) / 900000, "
	    "(SELECT max(occurred_at) FROM event WHERE org = :org) / 900000 + 1");
	struct job_order order = { .kind = JOB_REBUILD };
	int64_t first = 0, end = 0;
	enum status st;

	query_bind_int(q, ":org", org->key);
	if (query_step(q) && !query_is_null(q, 0)) {
		first = order.first = query_int(q, 0);
		end = order.end = query_int(q, 1);
	}
	if ((st = query_done(q)) != OK ||
	    (st = delete_outside(db_query(db, "DELETE FROM usage_quarter WHERE org = :org AND (quarter < :first OR quarter >= :end)"),
	    org, first, end)) != OK ||
	    (st = delete_outside(db_query(db, "DELETE FROM limit_usage WHERE rule IN (SELECT key FROM limit_rule WHERE org = :org) "
	    "AND (quarter < :first OR quarter >= :end)"), org, first, end)) != OK ||
	    (st = delete_outside(db_query(db, "DELETE FROM usage_day WHERE org = :org AND (day < :first OR day >= :end)"), org,
	    first < end ? day_at(org->days, first * QUARTER_MS).n : 0,
	    first < end ? day_at(org->days, (end - 1) * QUARTER_MS).n + 1 : 0)) != OK)
		return st;
	if ((st = usage_forget_old(db, org)) != OK)
		return st;
	return job_start(db, org, &order, now, by, number, err);
}
