/*
 * Repricing (see reprice.h).
 */
#include "ledger/event_row.h"
#include "ledger/job_stretch.h"
#include "ledger/job_turn.h"
#include "ledger/reprice.h"
#include "ledger/usage.h"
#include "base/money.h"
#include "time/instant.h"

/* ---- What quarter-hours cost */

/* The events of one quarter-hour with the same number of parts.  They cost the same, so one multiplication serves all. */
struct group {
	int64_t quarter, parts, events, cost_micros;
};

struct groups {
	struct group *of;
	size_t count, max;
};

/* The settlements of the event that e is about, with a source without the prefix of statements. */
#define SETTLES_SAME "a.org = e.org AND a.source IN (" SOURCE ", '" EVENT_SETTLE_PREFIX "' || " SOURCE ") " \
	"AND a.settles_id = coalesce(e.voids_id, e.settles_id, e.id)"
#define SOURCE "CASE WHEN substr(e.source, 1, 15) = '" EVENT_SETTLE_PREFIX "' THEN substr(e.source, 16) ELSE e.source END"
/* The parts of an event after its settlements; rows of differences have none of their own, a void what it takes back. */
#define PRICED_PARTS "CASE e.status WHEN 'adjust' THEN 0 WHEN 'void' THEN e.parts ELSE " \
	"CASE e.status WHEN 'sent' THEN e.parts ELSE 0 END + CASE WHEN :has_settlements = 0 THEN 0 ELSE " \
	"coalesce((SELECT sum(a.parts) FROM event a WHERE " SETTLES_SAME "), 0) END END"

/* Whether the organization has any settlements; if not, there is no need to look for those of each event. */
static enum status
has_settlements(struct db *db, const struct organization *org, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND settles_id IS NOT NULL LIMIT 1");

	query_bind_int(q, ":org", org->key);
	*has = query_step(q);
	return query_done(q);
}

/*
 * Adds what the quarter-hours [first, end) of a channel have cost so far, in their order; looks at `budget` rows at most.
 *
 * Earlier reprice rows are among them, with no parts: they add to the present cost and cost nothing themselves, so repricing
 * again takes them back.  So are settlements of parts alone.  Failed events have no parts and no cost, unless a settlement gave
 * them some.  Leaves out given costs, and events to which a settlement gave one, with all their rows: a price no longer
 * determines those.
 */
static enum status
read_groups(struct db *db, struct arena *a, const struct organization *org, enum channel c, int64_t first, int64_t end,
    int64_t budget, struct groups *groups)
{
	struct query *q;
	enum status st;
	bool has;

	if ((st = has_settlements(db, org, &has)) != OK)
		return st;
	q = db_query(db, "SELECT e.occurred_at / :quarter_ms AS quarter, " PRICED_PARTS " AS priced_parts, count(*), "
	    "sum(e.cost_micros) FROM (SELECT * FROM event WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :until_at "
	    "ORDER BY occurred_at LIMIT :budget) AS e WHERE e.channel = :channel "
	    "AND (e.cost_given = 0 OR e.status = 'failed') AND (:has_settlements = 0 "
	    "OR NOT EXISTS (SELECT 1 FROM event a WHERE " SETTLES_SAME " AND a.cost_given = 1)) "
	    "GROUP BY quarter, priced_parts ORDER BY quarter");
	query_bind_int(q, ":has_settlements", has);
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", first * QUARTER_MS);
	query_bind_int(q, ":until_at", end * QUARTER_MS);
	query_bind_int(q, ":budget", budget);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":quarter_ms", QUARTER_MS);
	while (query_step(q)) {
		groups->of = arena_grow(a, groups->of, groups->count, &groups->max, sizeof(*groups->of));
		groups->of[groups->count++] = (struct group) { query_int(q, 0), query_int(q, 1), query_int(q, 2), query_int(q, 3) };
	}
	return query_done(q);
}

/*
 * Moves *g past the groups of one quarter-hour, and says by how much its cost differs from that of the price list.  A
 * quarter-hour lies in one day, so one price, *nanos, applies to all its groups; rounded per event, as when they were posted.
 */
static int64_t
difference(const struct organization *org, const struct price_list *prices, enum channel c, const struct group **g,
    const struct group *end, int64_t *nanos)
{
	int64_t quarter = (*g)->quarter, sum = 0;

	*nanos = price_nanos(prices, c, day_at(org->days, quarter * QUARTER_MS));
	for (; *g < end && (*g)->quarter == quarter; (*g)++)
		sum += (*g)->events * money_cost((*g)->parts, *nanos) - (*g)->cost_micros;
	return sum;
}

/* ---- Before a price is set */

enum status
reprice_is_needed(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    enum channel c, struct day from, int64_t *budget, bool *is, bool *is_unknown)
{
	struct groups groups = { 0 };
	const struct group *g, *end;
	struct query *q;
	int64_t first, until, rows, nanos;
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
	if ((st = query_done(q)) != OK || (st = read_groups(db, a, org, c, first, until, *budget, &groups)) != OK)
		return st;
	*is_unknown = rows > *budget;
	g = groups.of;
	end = groups.of + groups.count;
	/* The quarter-hour in which the budget ended is not complete, so it says nothing. */
	while (g < end && !*is && (!*is_unknown || g->quarter < end[-1].quarter))
		*is = difference(org, prices, c, &g, end, &nanos) != 0;
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
	struct stretch {
		struct job_stretch at;
		struct groups groups;
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
		    (st = read_groups(t->db, t->arena, org, t->job->channel, s->at.first, s->at.end, INT64_MAX, &s->groups)) != OK)
			return st;
		next = s->at.end;
	}
	return st;
}

/* Adjusts each quarter-hour of these groups that costs something else, and counts them. */
static enum status
adjust(struct turn *t, const struct organization *org, const struct price_list *prices, const struct groups *groups,
    struct rollup *rollup, int64_t *adjusted)
{
	const struct group *g = groups->of, *end = groups->of + groups->count;
	enum status st = OK;

	while (st == OK && g < end) {
		int64_t quarter = g->quarter, nanos, micros = difference(org, prices, t->job->channel, &g, end, &nanos);

		if (micros == 0)
			continue;
		++*adjusted;
		st = event_adjust_quarter(t->db, org, quarter, t->job->channel, micros, nanos, rollup, &t->options);
	}
	return st;
}

/* Writes the stretches until JOB_WRITE_MS have passed; one whose day was written to meanwhile is read again first. */
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
			st = read_groups(t->db, t->arena, org, t->job->channel, s->at.first, s->at.end, INT64_MAX, &s->groups);
		}
		if (st == OK)
			st = adjust(t, org, prices, &s->groups, rollup, adjusted);
		*next = s->at.end;
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
	struct groups groups = { 0 };
	int64_t adjusted = 0;
	enum status st;

	if (job->kind != JOB_REPRICE || job->channel != c || quarter < job->next || quarter >= job->end)
		return OK;
	st = read_groups(db, a, org, c, quarter, quarter + 1, INT64_MAX, &groups);
	return st == OK ? adjust(&t, org, prices, &groups, rollup, &adjusted) : st;
}
