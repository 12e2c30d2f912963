/*
 * The roll-up of limits with a sender or a network (see limit_fill.h).
 */
#include <string.h>

#include "ledger/job_turn.h"
#include "ledger/limit_fill.h"
#include "ledger/limit_row.h"
#include "store/channel_column.h"
#include "time/instant.h"

enum { QUARTERS_A_DAY = 96 };

/* ---- A stretch */

static bool
is_wanted(const struct limit_rule *rule, int64_t key)
{
	return limit_rule_has_usage(rule) && (key == 0 || rule->key == key);
}

static bool
is_same_text(const char *x, const char *y)
{
	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

bool
limit_fill_is_current(const struct limit_fill *fill, const struct organization *org, int64_t key)
{
	size_t n = 0;

	for (const struct limit_rule *r = org->limits.of; r < org->limits.of + org->limits.count; r++) {
		const struct limit_rule *was = n < fill->count ? &fill->rules[n].rule : NULL;

		if (!is_wanted(r, key))
			continue;
		if (was == NULL || was->key != r->key || was->channels != r->channels || !is_same_text(was->sender, r->sender) ||
		    !is_same_text(was->network, r->network))
			return false;
		n++;
	}
	return n == fill->count;
}

/* Adds to the last sum if it is of the same quarter-hour: they come in order. */
static void
add_sum(struct arena *a, struct limit_fill_sums *s, const struct limit_fill_sum *more)
{
	struct limit_fill_sum *last = s->count > 0 ? &s->of[s->count - 1] : NULL;

	if (last == NULL || last->quarter != more->quarter) {
		s->of = arena_grow(a, s->of, s->count, &s->max, sizeof(*s->of));
		s->of[s->count++] = *more;
		return;
	}
	last->messages += more->messages;
	last->parts += more->parts;
	last->cost_micros += more->cost_micros;
}

/* Failed events count nothing; voids and adjustments are differences, with the sender and network of what they correct. */
static enum status
read_events(struct db *db, struct arena *a, const struct organization *org, const struct job_stretch *s, struct limit_fill *fill)
{
	struct query *q = db_query(db, "SELECT occurred_at / 900000 AS quarter, channel, sender, network, sum(messages), sum(parts), "
	    "sum(cost_micros) FROM event WHERE org = :org AND occurred_at >= :first * 900000 AND occurred_at < :end * 900000 "
	    "AND status <> 'failed' AND (sender IS NOT NULL OR network IS NOT NULL) "
	    "GROUP BY quarter, channel, sender, network ORDER BY quarter");
	enum status st = OK, done;
	enum channel c;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":first", s->first);
	query_bind_int(q, ":end", s->end);
	while (st == OK && query_step(q)) {
		const char *sender = query_is_null(q, 2) ? NULL : query_text(q, 2);
		const char *network = query_is_null(q, 3) ? NULL : query_text(q, 3);
		struct limit_fill_sum sum = { query_int(q, 0), query_int(q, 4), query_int(q, 5), query_int(q, 6) };

		st = channel_column(q, 1, &c);
		for (size_t i = 0; st == OK && i < fill->count; i++)
			if (limit_rule_counts_event(&fill->rules[i].rule, c, sender, network))
				add_sum(a, &fill->rules[i], &sum);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
limit_fill_read(struct db *db, struct arena *a, const struct organization *org, int64_t key, const struct job_stretch *s,
    struct limit_fill *fill)
{
	*fill = (struct limit_fill) { .rules = arena_alloc(a, (org->limits.count + 1) * sizeof(*fill->rules)) };
	for (size_t i = 0; i < org->limits.count; i++)
		if (is_wanted(&org->limits.of[i], key))
			fill->rules[fill->count++].rule = org->limits.of[i];
	/* Most organizations have no such limit, and need not be read for it. */
	return fill->count > 0 ? read_events(db, a, org, s, fill) : OK;
}

/* Counts in how many quarter-hours the rows differ from the sums. */
static enum status
count_differences(struct db *db, const struct job_stretch *s, const struct limit_fill_sums *sums, int64_t *n)
{
	struct query *q = db_query(db, "SELECT quarter, messages, parts, cost_micros FROM limit_usage WHERE rule = :rule "
	    "AND quarter >= :first AND quarter < :end ORDER BY quarter");
	size_t i = 0;

	*n = 0;
	query_bind_int(q, ":rule", sums->rule.key);
	query_bind_int(q, ":first", s->first);
	query_bind_int(q, ":end", s->end);
	while (query_step(q)) {
		for (; i < sums->count && sums->of[i].quarter < query_int(q, 0); i++)
			++*n;
		if (i == sums->count || sums->of[i].quarter > query_int(q, 0)) {
			++*n;
			continue;
		}
		*n += sums->of[i].messages != query_int(q, 1) || sums->of[i].parts != query_int(q, 2) ||
		    sums->of[i].cost_micros != query_int(q, 3);
		i++;
	}
	*n += (int64_t)(sums->count - i);
	return query_done(q);
}

static enum status
replace(struct db *db, const struct job_stretch *s, const struct limit_fill_sums *sums)
{
	struct query *q = db_query(db, "DELETE FROM limit_usage WHERE rule = :rule AND quarter >= :first AND quarter < :end");
	enum status st;

	query_bind_int(q, ":rule", sums->rule.key);
	query_bind_int(q, ":first", s->first);
	query_bind_int(q, ":end", s->end);
	st = query_run(q);
	for (size_t i = 0; st == OK && i < sums->count; i++) {
		q = db_query(db, "INSERT INTO limit_usage (rule, quarter, messages, parts, cost_micros) "
		    "VALUES (:rule, :quarter, :messages, :parts, :cost)");
		query_bind_int(q, ":rule", sums->rule.key);
		query_bind_int(q, ":quarter", sums->of[i].quarter);
		query_bind_int(q, ":messages", sums->of[i].messages);
		query_bind_int(q, ":parts", sums->of[i].parts);
		query_bind_int(q, ":cost", sums->of[i].cost_micros);
		st = query_run(q);
	}
	return st;
}

enum status
limit_fill_write(struct db *db, const struct job_stretch *s, const struct limit_fill *fill, int64_t *changed)
{
	enum status st = OK;
	int64_t n;

	for (size_t i = 0; st == OK && i < fill->count; i++) {
		if ((st = count_differences(db, s, &fill->rules[i], &n)) == OK && n > 0)
			st = replace(db, s, &fill->rules[i]);
		*changed += n;
	}
	return st;
}

/* ---- The job */

/* The first limit that is being built; 0 = none. */
static enum status
find_building(struct db *db, int64_t org_key, int64_t *rule)
{
	struct query *q = db_query(db, "SELECT key FROM limit_rule WHERE org = :org AND is_building = 1 ORDER BY key LIMIT 1");

	query_bind_int(q, ":org", org_key);
	*rule = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

/* Its roll-up is complete: from now on the limit is in force. */
static enum status
end_building(struct db *db, int64_t org_key, int64_t rule)
{
	struct query *q = db_query(db, "UPDATE limit_rule SET is_building = 0 WHERE key = :rule");
	enum status st;

	query_bind_int(q, ":rule", rule);
	return (st = query_run(q)) == OK ? organization_forget_kept(db, org_key) : st;
}

/* The quarter-hours from the first event to the last one; *first == *end if there is none. */
static enum status
find_range(struct db *db, int64_t org_key, int64_t *first, int64_t *end)
{
	struct query *q = db_query(db, "SELECT (SELECT min(occurred_at) FROM event WHERE org = :org) / 900000, "
	    "(SELECT max(occurred_at) FROM event WHERE org = :org) / 900000 + 1");

	*first = *end = 0;
	query_bind_int(q, ":org", org_key);
	if (query_step(q) && !query_is_null(q, 0)) {
		*first = query_int(q, 0);
		*end = query_int(q, 1);
	}
	return query_done(q);
}

enum status
limit_fill_start(struct db *db, int64_t org_key, bool is_remote, int64_t now, const struct actor *by, int64_t *number)
{
	struct job_order order = { .kind = JOB_FILL_LIMIT, .is_remote = is_remote };
	enum status st;

	*number = 0;
	for (;;) {
		if ((st = find_building(db, org_key, &order.rule)) != OK || order.rule == 0 ||
		    (st = find_range(db, org_key, &order.first, &order.end)) != OK)
			return st;
		if (order.first < order.end)
			break;
		if ((st = end_building(db, org_key, order.rule)) != OK)
			return st;
	}
	return job_start_if_none(db, org_key, &order, now, by, number);
}

struct turn {
	struct db *db;
	struct arena *arena;
	const struct job *job;
	struct stretch {
		struct job_stretch at;
		struct limit_fill fill;
	} *of;
	size_t count, max;
	int64_t next;		/* where the next turn goes on, if all of them are written */
};

/* The next quarter-hour of a day with events; the job's end if there is none.  Days without any have no rows. */
static enum status
skip_empty(struct turn *t, const struct organization *org, int64_t *quarter)
{
	struct query *q = db_query(t->db, "SELECT min(day) FROM ledger_day WHERE org = :org AND day >= :day");
	int64_t day = floor_div(*quarter, QUARTERS_A_DAY), found = INT64_MAX / QUARTERS_A_DAY;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":day", day);
	if (query_step(q) && !query_is_null(q, 0))
		found = query_int(q, 0);
	if (found > day)
		*quarter = found * QUARTERS_A_DAY < t->job->end ? found * QUARTERS_A_DAY : t->job->end;
	return query_done(q);
}

/* Reads for JOB_READ_MS, one stretch at least. */
static enum status
read_stretches(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t until_ms = instant_monotonic() + JOB_READ_MS;
	enum status st;

	t->next = t->job->next;
	if ((st = limit_row_load(t->db, t->arena, org)) == OK)
		st = skip_empty(t, org, &t->next);
	while (st == OK && t->next < t->job->end && (t->count == 0 || instant_monotonic() < until_ms)) {
		struct stretch *s;

		t->of = arena_grow(t->arena, t->of, t->count, &t->max, sizeof(*t->of));
		s = &t->of[t->count++];
		*s = (struct stretch) { .fill = { 0 } };
		if ((st = job_stretch_from(t->db, org, t->next, t->job->end, &s->at)) != OK ||
		    (st = limit_fill_read(t->db, t->arena, org, t->job->rule, &s->at, &s->fill)) != OK)
			break;
		t->next = s->at.end;
		st = skip_empty(t, org, &t->next);
	}
	return st;
}

/* Writes the stretches until JOB_WRITE_MS have passed; one whose day was written to meanwhile is read again first. */
static enum status
write_stretches(struct turn *t, const struct organization *org, int64_t *next, int64_t *changed)
{
	int64_t until_ms = instant_monotonic() + JOB_WRITE_MS, key = t->job->rule;
	enum status st = OK;
	bool is_same;

	*next = t->next;
	for (size_t i = 0; st == OK && i < t->count; i++) {
		struct stretch *s = &t->of[i];

		if (i > 0 && instant_monotonic() >= until_ms) {
			*next = s->at.first;
			break;
		}
		if ((st = job_stretch_is_same(t->db, org, &s->at, &is_same)) == OK &&
		    (!is_same || !limit_fill_is_current(&s->fill, org, key)))
			st = limit_fill_read(t->db, t->arena, org, key, &s->at, &s->fill);
		if (st == OK)
			st = limit_fill_write(t->db, &s->at, &s->fill, changed);
	}
	return st;
}

/* Inside the write transaction.  A change or removal of the limit has ended the job before. */
static enum status
write_turn(struct organization *org, void *arg)
{
	struct turn *t = arg;
	int64_t next, changed = 0, now = instant_now();
	enum status st;

	if ((st = job_check_turn(t->db, t->job)) != OK || (st = write_stretches(t, org, &next, &changed)) != OK ||
	    (st = job_advance(t->db, t->job, next, 0, changed, now)) != OK || next < t->job->end)
		return st;
	if ((st = end_building(t->db, org->key, t->job->rule)) != OK)
		return st;
	return job_end(t->db, t->job, t->job->changed + changed, now);
}

enum status
limit_fill_turn(struct db *db, struct arena *a, const char *org_id, const struct job *job, int64_t now, struct error *err)
{
	struct turn t = { .db = db, .arena = a, .job = job };

	return job_turn_run(db, a, org_id, now, read_stretches, write_turn, &t, err);
}
