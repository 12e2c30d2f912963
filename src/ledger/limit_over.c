/* The coming days that are over a limit (see limit_change.h). */
#include "ledger/held.h"
#include "ledger/limit_change.h"
#include "ledger/limit_fill.h"
#include "ledger/limit_internal.h"
#include "time/instant.h"

enum {
	QUARTERS_A_DAY = 96,
	FILLED_MAX = 20000	/* events that a preview looks at, inside the writers' lock */
};

/* The last day that is looked at: on later ones no window has anything, or they are too many. */
static enum status
last_day(struct db *db, const struct organization *org, const struct limit_rule *rule, struct day today, struct day *last)
{
	enum status st;

	*last = today;
	if ((st = held_last(db, org, last)) != OK)
		return st;
	if (last->n < today.n)
		*last = today;
	/* A limit's day of another zone may begin a day later than the organization's, and a rolling window ends later. */
	*last = day_add(*last, 1 + (rule->quarters + QUARTERS_A_DAY - 1) / QUARTERS_A_DAY);
	if (last->n > today.n + LIMIT_OVER_MAX)
		*last = day_add(today, LIMIT_OVER_MAX);
	return OK;
}

static bool
is_over(const struct limit_state *s)
{
	return s->amount != UNLIMITED && quota_sum(s->used, s->held) > s->amount;
}

/* What is still to come of a limit's day. */
static struct stretch
rest_of_day(const struct limit_book *b, const struct limit_rule *rule, struct day d, int64_t now)
{
	struct stretch s = { limit_day_from(b, rule, d), limit_day_from(b, rule, day_add(d, 1)) };
	int64_t quarter = floor_div(now, QUARTER_MS);

	return (struct stretch) { s.from < quarter ? quarter : s.from, s.until };
}

/* What the fullest window of a day has: a rolling one that ends on it.  *until is the first day after a calendar window. */
static struct limit_state
fullest(const struct limit_follower *f, struct day d, struct stretch where, struct day *until)
{
	struct limit_state s = { .amount = limit_rule_amount(f->rule, d) };
	const struct window *w;
	struct limit_sums sums;
	int64_t last;

	*until = day_add(d, 1);
	if (f->rule->period == LIMIT_ROLLING) {
		sums = limit_rolling_fullest(f, where.from, where.until, &last);
		s.used = sums.used;
		s.held = sums.held;
	} else if ((w = limit_window_find(f, where.from)) != NULL) {
		s.used = w->used;
		s.held = w->held;
		*until = w->days.until;
	}
	return s;
}

/* Lists the days of a limit that was read. */
static void
list_over(const struct limit_book *b, const struct limit_follower *f, struct day today, struct day last, int64_t now,
    struct limit_over *over, size_t *count)
{
	for (struct day d = today; d.n <= last.n && *count < LIMIT_OVER_MAX;) {
		struct stretch where = rest_of_day(b, f->rule, d, now);
		struct limit_state s;
		struct day until;

		/* A zone may skip a day. */
		if (where.from >= where.until) {
			d = day_add(d, 1);
			continue;
		}
		s = fullest(f, d, where, &until);
		if (is_over(&s))
			over[(*count)++] = (struct limit_over) { d, s };
		/* A window of several days is named once; if it is not over today, it may be over by a lower amount later. */
		d = is_over(&s) && until.n > d.n ? until : day_add(d, 1);
	}
}

enum status
limit_over_list(struct db *db, struct arena *a, const struct organization *org, const struct limit_rule *rule, bool is_filled,
    int64_t now, struct limit_over **over, size_t *count)
{
	struct day today = day_at(limit_rule_days(rule, org->days), now), last;
	struct limit_follower *f;
	struct limit_book *b;
	enum status st;

	*over = NULL;
	*count = 0;
	if (rule->is_building && !is_filled)
		return OK;
	*over = arena_alloc(a, LIMIT_OVER_MAX * sizeof(**over));
	if ((st = last_day(db, org, rule, today, &last)) != OK ||
	    (st = limit_book_new(db, a, org, NULL, LIMIT_FOLLOW_ALL, now, &b)) != OK)
		return st;
	f = limit_follower_of(b, rule);
	limit_want_one(b, f);
	if ((st = limit_read(b, floor_div(now, QUARTER_MS), limit_day_from(b, rule, day_add(last, 1)))) == OK)
		list_over(b, f, today, last, now, *over, count);
	return st;
}

/* ---- A preview of a limit that must be filled */

/* Whether no more events than that are in a stretch. */
static enum status
has_few(struct db *db, const struct organization *org, const struct job_stretch *s, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND occurred_at >= :first * 900000 "
	    "AND occurred_at < :end * 900000 LIMIT 1 OFFSET :max");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":first", s->first);
	query_bind_int(q, ":end", s->end);
	query_bind_int(q, ":max", FILLED_MAX);
	*has = !query_step(q);
	return query_done(q);
}

enum status
limit_over_fill(struct db *db, struct arena *a, const struct organization *org, const struct limit_rule *rule, int64_t now,
    bool *is_filled)
{
	struct spans days = limit_rule_days(rule, org->days);
	/* No event is later than tomorrow.  What is before today's windows is not asked. */
	struct job_stretch s = { .first = day_start(days, day_at(days, now)) / QUARTER_MS - rule->quarters,
		.end = floor_div(now, QUARTER_MS) + QUARTERS_A_DAY };
	struct limit_fill fill;
	int64_t changed = 0;
	enum status st;

	*is_filled = false;
	if (!rule->is_building)
		return OK;
	if ((st = has_few(db, org, &s, is_filled)) != OK || !*is_filled)
		return st;
	if ((st = limit_fill_read(db, a, org, rule->key, &s, &fill)) != OK)
		return st;
	return limit_fill_write(db, &s, &fill, &changed);
}
