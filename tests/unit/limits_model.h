/*
 * What limits are, by the arrays of make_limits.h alone: every window is looked at, one after the other.
 */
#ifndef LIMITS_MODEL_H
#define LIMITS_MODEL_H

static inline int64_t
units(int rule, const struct limit_load *l)
{
	return w.rules[rule].unit == LIMIT_MESSAGES ? l->messages : w.rules[rule].unit == LIMIT_PARTS ? l->parts : l->cost_micros;
}

static inline int64_t
amount_on(int rule, int32_t day)
{
	int64_t amount = UNLIMITED;

	for (int i = 0; i < AMOUNTS; i++)
		if (w.rules[rule].amounts[i].from.n <= day)
			amount = w.rules[rule].amounts[i].amount;
	return amount;
}

/* Whether a cycle may begin on a day because the cycle day changes there; *first is the one in force on it. */
static inline bool
begins_by_change(int32_t d, int *first)
{
	for (size_t i = 0; i < w.org.cycles.count; i++) {
		if (w.org.cycles.changes[i].from.n == d)
			return true;
		if (w.org.cycles.changes[i].from.n < d)
			*first = w.org.cycles.changes[i].cycle_day;
	}
	return false;
}

/* The first day of the window that contains a day of the organization: looked for backwards. */
static inline int32_t
window_from(int rule, int32_t d)
{
	for (;; d--) {
		int year, month, dayofmonth, first = w.rules[rule].period == LIMIT_CYCLE ? w.org.cycles.first_day : 1;

		if (w.rules[rule].period == LIMIT_CYCLE && begins_by_change(d, &first))
			return d;
		day_civil((struct day) { d }, &year, &month, &dayofmonth);
		if (dayofmonth == (first < days_in_month(year, month) ? first : days_in_month(year, month)) &&
		    (w.rules[rule].period != LIMIT_YEAR || month == 1))
			return d;
	}
}

/* Whether an item counts for a rule: a hold of a day that is over does not. */
static inline bool
counts_now(int rule, const struct limit_load *l)
{
	return counts(rule, l) && (!l->is_held || w.org_day[l->quarter - w.first] >= w.today.n);
}

/* Fills the arrays. */
static inline void
model_sum_up(void)
{
	for (int q = 0; q <= QUARTERS; q++)
		w.org_day[q] = (int32_t)floor_div((w.first + q) * QUARTER_MS + span_offset_at(w.org.days, (w.first + q) * QUARTER_MS) * SECOND_MS,
		    DAY_MS);
	for (int i = 0; i < RULES; i++) {
		const struct zone *z = w.rules[i].zone != NULL ? zone_get(w.rules[i].zone, &(struct error) { 0 }) : NULL;

		for (int q = 0; q <= QUARTERS; q++) {
			int64_t at = (w.first + q) * QUARTER_MS;

			w.day[i][q] = z == NULL ? w.org_day[q] : (int32_t)floor_div(at + zone_offset_at(z, at) * SECOND_MS, DAY_MS);
			if (w.rules[i].period == LIMIT_DAY)
				w.window[i][q] = w.day[i][q];
			else if (w.rules[i].period != LIMIT_ROLLING)
				w.window[i][q] = q > 0 && w.day[i][q - 1] == w.day[i][q] ? w.window[i][q - 1] : window_from(i, w.day[i][q]);
			w.used[i][q] = w.holds[i][q] = 0;
		}
		for (int k = 0; k < SENT; k++)
			if (counts_now(i, &w.sent[k].load))
				w.used[i][w.sent[k].load.quarter - w.first + 1] += units(i, &w.sent[k].load);
		for (int k = 0; k < SEGMENTS; k++)
			if (w.contacts[k] > 0 && counts_now(i, &w.held[k].load))
				w.holds[i][w.held[k].load.quarter - w.first + 1] += units(i, &w.held[k].load);
		for (int q = 1; q <= QUARTERS; q++) {
			w.used[i][q] += w.used[i][q - 1];
			w.holds[i][q] += w.holds[i][q - 1];
		}
	}
}

/* ---- Windows: [from, until) of numbers of quarter-hours */

struct model_window {
	int64_t from, until;
};

/* The windows of a rule that contain a quarter-hour, by their number; false after the last. */
static inline bool
window_of(int rule, int64_t q, int64_t number, struct model_window *x)
{
	if (w.rules[rule].period == LIMIT_ROLLING) {
		*x = (struct model_window) { q + number - w.rules[rule].quarters, q + number + 1 };
		return number <= w.rules[rule].quarters;
	}
	if (number > 0)
		return false;
	for (x->from = q; x->from > 0 && w.window[rule][x->from - 1] == w.window[rule][q];)
		x->from--;
	for (x->until = q + 1; x->until < QUARTERS && w.window[rule][x->until] == w.window[rule][q];)
		x->until++;
	return true;
}

static inline int64_t
used_in(int rule, struct model_window x)
{
	return w.used[rule][x.until] - w.used[rule][x.from];
}

static inline int64_t
held_in(int rule, struct model_window x)
{
	return w.holds[rule][x.until] - w.holds[rule][x.from];
}

/* What loads count in [from, until). */
static inline int64_t
load_in(int rule, const struct limit_load *loads, size_t count, int64_t from, int64_t until)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (counts_now(rule, &loads[i]) && from <= loads[i].quarter - w.first && loads[i].quarter - w.first < until)
			sum += units(rule, &loads[i]);
	return sum;
}

/* What is held or sent besides the rows: what a change adds elsewhere, and what it has taken away. */
struct aside {
	const struct limit_load *plus, *minus;
	size_t plus_count, minus_count;
	int64_t but_from, but_until;	/* what is added here is not counted */
};

static inline int64_t
aside_in(int rule, const struct aside *a, struct model_window x)
{
	int64_t sum = 0;

	if (a == NULL)
		return 0;
	for (size_t i = 0; i < a->plus_count; i++)
		if (a->plus[i].quarter - w.first < a->but_from || a->plus[i].quarter - w.first >= a->but_until)
			sum += load_in(rule, &a->plus[i], 1, x.from, x.until);
	return sum - load_in(rule, a->minus, a->minus_count, x.from, x.until);
}

/* What the fullest of the windows with one of the quarter-hours [from, until) leaves of the amounts of their days. */
static inline int64_t
room_in(int rule, int64_t from, int64_t until, const struct aside *a)
{
	int64_t room = INT64_MAX;
	struct model_window x = { 0, 0 };

	for (int64_t q = from; q < until; q++) {
		int64_t amount = amount_on(rule, w.day[rule][q]), left;

		/* Of each window once: of a rolling one, those that end with q, and at the end those that end later. */
		if (w.rules[rule].period != LIMIT_ROLLING && x.from <= q && q < x.until)
			continue;
		for (int64_t n = 0; amount != UNLIMITED && window_of(rule, q, n, &x) && (n == 0 || q == until - 1); n++) {
			left = amount - used_in(rule, x) - held_in(rule, x) - aside_in(rule, a, x);
			room = left < 0 ? 0 : left < room ? left : room;
		}
		if (w.rules[rule].period != LIMIT_ROLLING && amount == UNLIMITED)
			window_of(rule, q, 0, &x);
	}
	return room;
}

/* The quarter-hours of a day of the organization that are still to come. */
static inline struct model_window
rest_of_day(struct day d)
{
	struct model_window x;
	int64_t now = floor_div(w.now, QUARTER_MS) - w.first;

	for (x.from = now + (d.n - w.today.n - 2) * DAY_QUARTERS; w.org_day[x.from] < d.n;)
		x.from++;
	for (x.until = x.from; w.org_day[x.until] == d.n;)
		x.until++;
	if (d.n == w.today.n)
		x.from = now;
	return x;
}

#endif
