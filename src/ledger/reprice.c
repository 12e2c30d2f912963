/*
 * Repricing (see reprice.h).
 */
#include "base/money.h"
#include "ledger/event_row.h"
#include "ledger/job_stretch.h"
#include "ledger/job_turn.h"
#include "ledger/reprice.h"
#include "ledger/reprice_groups.h"
#include "ledger/usage.h"
#include "time/instant.h"

/* ---- Before a price is set */

static int64_t
nanos_of(const struct organization *org, const struct price_list *prices, enum channel c, int64_t quarter)
{
	return price_nanos(prices, c, day_at(org->days, quarter * QUARTER_MS));
}

/* Moves *g past the groups of one quarter-hour, and says by how much its cost differs from that of the price list. */
static int64_t
difference(const struct organization *org, const struct price_list *prices, enum channel c, const struct reprice_group **g,
    const struct reprice_group *end)
{
	int64_t quarter = (*g)->quarter, nanos = nanos_of(org, prices, c, quarter), sum = 0;

	while (*g < end && (*g)->quarter == quarter)
		sum += reprice_groups_difference(nanos, g, end);
	return sum;
}

enum status
reprice_is_needed(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    enum channel c, struct day from, int64_t *budget, bool *is, bool *is_unknown)
{
	struct reprice_groups groups = { 0 };
	const struct reprice_group *g, *end;
	struct query *q;
	int64_t first, until, rows;
	enum status st;

	*is = *is_unknown = false;
	if ((st = reprice_range(db, org, c, from, &first, &until)) != OK || first == until)
		return st;
	q = db_query(db, "SELECT count(*) FROM (SELECT 1 FROM event WHERE org = :org AND occurred_at >= :from_at "
	    "AND occurred_at < :until_at LIMIT :budget + 1)");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", first * QUARTER_MS);
	query_bind_int(q, ":until_at", until * QUARTER_MS);
	query_bind_int(q, ":budget", *budget);
	rows = query_step(q) ? query_int(q, 0) : 0;
	if ((st = query_done(q)) != OK || (st = reprice_groups_read(db, a, org, c, first, until, *budget, &groups)) != OK)
		return st;
	*is_unknown = rows > *budget;
	g = groups.of;
	end = groups.of + groups.count;
	/* The quarter-hour in which the budget ended is not complete, so it says nothing. */
	while (g < end && !*is && (!*is_unknown || g->quarter < end[-1].quarter))
		*is = difference(org, prices, c, &g, end) != 0;
	*budget -= rows < *budget ? rows : *budget;
	return OK;
}

enum status
reprice_range(struct db *db, const struct organization *org, enum channel c, struct day from, int64_t *first, int64_t *end)
{
	struct query *q = db_query(db, "SELECT max(quarter) FROM usage_quarter WHERE org = :org AND quarter >= :first "
	    "AND channel = :channel AND EXISTS (SELECT 1 FROM usage_day WHERE org = :org AND day >= :from AND channel = :channel)");

	*first = *end = day_start(org->days, from) / QUARTER_MS;
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":first", *first);
	query_bind_int(q, ":from", from.n);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	if (query_step(q) && !query_is_null(q, 0))
		*end = query_int(q, 0) + 1;
	return query_done(q);
}

/* Whether a local day has so many parts in all: otherwise no event of it has, and none need be looked at. */
static enum status
has_large_day(struct db *db, const struct organization *org, enum channel c, struct day from, int64_t parts, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM usage_day WHERE org = :org AND day >= :from AND channel = :channel "
	    "AND parts > :parts LIMIT 1");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":parts", parts);
	*has = query_step(q);
	return query_done(q);
}

enum status
reprice_check_amounts(struct db *db, const struct organization *org, enum channel c, int64_t first, int64_t end,
    int64_t nanos_per_part, int64_t budget, struct error *err)
{
	int64_t parts_max = nanos_per_part > 0 ? MONEY_MICROS_MAX * 1000 / nanos_per_part : INT64_MAX, rows, most;
	struct query *q;
	enum status st;
	bool has;

	if ((st = has_large_day(db, org, c, day_at(org->days, first * QUARTER_MS), parts_max, &has)) != OK || !has)
		return st;
	q = db_query(db, "SELECT count(*), max(CASE WHEN channel = :channel AND cost_given = 0 THEN parts ELSE 0 END) FROM "
	    "(SELECT channel, cost_given, parts FROM event WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :until_at "
	    "LIMIT :budget + 1)");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", first * QUARTER_MS);
	query_bind_int(q, ":until_at", end * QUARTER_MS);
	query_bind_int(q, ":budget", budget);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_step(q);
	rows = query_int(q, 0);
	most = query_int(q, 1);
	if ((st = query_done(q)) != OK)
		return st;
	if (most > parts_max)
		return error_set(err, BAD_REQUEST, "price: an event of %lld parts would cost more than a million",
		    (long long)most);
	return rows <= budget ? OK : error_set(err, BAD_REQUEST, "price: %s has too many events to see whether one would cost more "
	    "than a million", org->id);
}

/* ---- Turns */

/* What a turn has read without the writers' lock: stretches one behind the other, and all their groups. */
struct turn {
	struct db *db;
	struct arena *arena;
	const struct job *job;
	int64_t now;
	struct event_options options;
	struct actor by;
	bool has_written;	/* an adjustment at least */
	struct stretch {
		struct job_stretch at;
		struct reprice_groups groups;
	} *of;
	size_t count, max;
};

/* Reads for JOB_READ_MS, one stretch at least. */
static enum status
read_stretches(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t until_ms = instant_monotonic() + JOB_READ_MS, next = t->job->next;
	enum status st = OK;

	while (st == OK && next < t->job->end && (t->count == 0 || instant_monotonic() < until_ms)) {
		struct stretch *s;

		t->of = arena_grow(t->arena, t->of, t->count, &t->max, sizeof(*t->of));
		s = &t->of[t->count++];
		*s = (struct stretch) { .groups = { 0 } };
		if ((st = job_stretch_from(t->db, org, next, t->job->end, &s->at)) != OK ||
		    (st = reprice_groups_read(t->db, t->arena, org, t->job->channel, s->at.first, s->at.end, INT64_MAX,
		    &s->groups)) != OK)
			return st;
		next = s->at.end;
	}
	return st;
}

/*
 * Writes an adjustment for each sender and network of a quarter-hour, from *g on, that costs something else.  Stops when the time
 * is over, but not before it has written one: what it leaves still differs, so that another turn finds it.  *is_done unless it
 * has stopped; *is_adjusted if it has written something.
 */
static enum status
adjust_quarter(struct turn *t, const struct organization *org, int64_t nanos, const struct reprice_group **g,
    const struct reprice_group *end, int64_t until_ms, struct rollup *rollup, bool *is_done, bool *is_adjusted)
{
	struct event_adjustment adjustment = { .quarter = (*g)->quarter, .channel = t->job->channel, .nanos_per_part = nanos };
	int64_t numbered = -1;
	enum status st = OK;

	*is_done = true;
	*is_adjusted = false;
	while (st == OK && *g < end && (*g)->quarter == adjustment.quarter) {
		adjustment.sender = (*g)->sender;
		adjustment.network = (*g)->network;
		if ((adjustment.cost_micros = reprice_groups_difference(nanos, g, end)) == 0)
			continue;
		if (t->has_written && instant_monotonic() >= until_ms) {
			*is_done = false;
			break;
		}
		t->has_written = *is_adjusted = true;
		st = event_adjust(t->db, org, &adjustment, &numbered, rollup, &t->options);
	}
	return st;
}

/* Adjusts the quarter-hours of these groups, and counts them.  If the time is over, *next is the one that is not complete. */
static enum status
adjust(struct turn *t, const struct organization *org, const struct price_list *prices, const struct reprice_groups *groups,
    int64_t until_ms, struct rollup *rollup, int64_t *next, int64_t *adjusted)
{
	const struct reprice_group *g = groups->of, *end = groups->of + groups->count;
	enum status st = OK;
	bool is_done = true, is_adjusted;

	while (st == OK && is_done && g < end) {
		int64_t quarter = g->quarter;

		st = adjust_quarter(t, org, nanos_of(org, prices, t->job->channel, quarter), &g, end, until_ms, rollup, &is_done,
		    &is_adjusted);
		if (!is_done)
			*next = quarter;
		else if (is_adjusted)
			++*adjusted;
	}
	return st;
}

/*
 * Writes the stretches until JOB_WRITE_MS have passed; one whose day was written to meanwhile is read again first.  *next is
 * where the next turn goes on.
 */
static enum status
write_stretches(struct turn *t, const struct organization *org, const struct price_list *prices, struct rollup *rollup,
    int64_t *next, int64_t *adjusted)
{
	int64_t until_ms = instant_monotonic() + JOB_WRITE_MS;
	enum status st = OK;
	bool is_same;

	for (size_t i = 0; st == OK && i < t->count && (i == 0 || instant_monotonic() < until_ms); i++) {
		struct stretch *s = &t->of[i];

		if ((st = job_stretch_is_same(t->db, org, &s->at, &is_same)) == OK && !is_same) {
			s->groups.count = 0;
			st = reprice_groups_read(t->db, t->arena, org, t->job->channel, s->at.first, s->at.end, INT64_MAX,
			    &s->groups);
		}
		*next = s->at.end;
		if (st == OK)
			st = adjust(t, org, prices, &s->groups, until_ms, rollup, next, adjusted);
		if (*next < s->at.end)
			break;
	}
	return st;
}

/* Inside the write transaction.  The prices are read again: another one may have been set meanwhile. */
static enum status
write_turn(struct organization *org, void *arg)
{
	struct turn *t = arg;
	struct rollup *rollup = rollup_new(org);
	struct price_list prices;
	int64_t next = t->job->next, adjusted = 0;
	enum status st;

	if ((st = job_check_turn(t->db, t->job)) == OK && (st = price_load(t->db, t->arena, org, &prices)) == OK &&
	    (st = write_stretches(t, org, &prices, rollup, &next, &adjusted)) == OK && (st = rollup_flush(rollup, t->db)) == OK)
		st = job_advance(t->db, t->job, next, 0, adjusted, instant_now());
	rollup_free(rollup);
	if (st != OK)
		return st;
	return next == t->job->end ? job_end(t->db, t->job, t->job->changed + adjusted, t->now) : OK;
}

enum status
reprice_turn(struct db *db, struct arena *a, const char *org_id, const struct job *job, int64_t now, struct error *err)
{
	struct turn t = { .db = db, .arena = a, .job = job, .now = now, .by = { job->credential, job->actor } };

	t.options = (struct event_options) { .now = now, .by = &t.by };
	return job_turn_run(db, a, org_id, now, read_stretches, write_turn, &t, err);
}

enum status
reprice_quarter_of(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    const struct job *job, enum channel c, int64_t at, struct rollup *rollup, const struct event_options *options)
{
	int64_t quarter = floor_div(at, QUARTER_MS);
	struct turn t = { .db = db, .arena = a, .job = job, .options = *options };
	struct reprice_groups groups = { 0 };
	int64_t adjusted = 0, next = quarter;
	enum status st;

	if (job->kind != JOB_REPRICE || job->channel != c || quarter < job->next || quarter >= job->end)
		return OK;
	st = reprice_groups_read(db, a, org, c, quarter, quarter + 1, INT64_MAX, &groups);
	return st == OK ? adjust(&t, org, prices, &groups, INT64_MAX, rollup, &next, &adjusted) : st;
}
