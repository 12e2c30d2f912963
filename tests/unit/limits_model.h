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

/* What was sent in addition. */
static inline void
model_add(const struct limit_load *l)
{
	for (int i = 0; i < RULES; i++)
		for (int64_t q = l->quarter - w.first + 1; counts(i, l) && q <= QUARTERS; q++)
			w.used[i][q] += units(i, l);
}

/* ---- Admission, by the definition in limit.h */

/* The place of a quarter-hour: the limit's day, or itself under a rolling window. */
static inline struct model_window
place_of(int rule, int64_t q)
{
	struct model_window x = { q, q + 1 };

	while (w.rules[rule].period != LIMIT_ROLLING && w.day[rule][x.from - 1] == w.day[rule][q])
		x.from--;
	while (w.rules[rule].period != LIMIT_ROLLING && w.day[rule][x.until] == w.day[rule][q])
		x.until++;
	return x;
}

/* What was there in later places of a window, and still will be. */
static inline int64_t
stays_after(int rule, const struct limit_change *c, struct model_window x, int64_t from)
{
	int64_t stays = 0, is, was;

	for (int64_t q = from; q < x.until; q = place_of(rule, q).until) {
		is = load_in(rule, c->plus, c->plus_count, q, place_of(rule, q).until);
		was = load_in(rule, c->minus, c->minus_count, q, place_of(rule, q).until);
		stays += is < was ? is : was;
		if (c->minus_count == 0 || (q > c->minus[0].quarter - w.first))
			break;	/* no place after the only one that has something already */
	}
	return stays;
}

struct refused {
	struct model_window place, window;
	int64_t used, held, needed;
};

/* Whether a window refuses what a change adds in a place, by the definition in limit.h. */
static inline bool
is_over(int rule, const struct limit_change *c, struct model_window place, struct model_window x, int64_t amount, struct refused *r)
{
	int64_t plus = load_in(rule, c->plus, c->plus_count, x.from, x.until), minus = load_in(rule, c->minus, c->minus_count, x.from, x.until),
	    to_plus = load_in(rule, c->plus, c->plus_count, x.from, place.until);

	if (plus <= minus || to_plus <= load_in(rule, c->minus, c->minus_count, x.from, place.until) ||
	    load_in(rule, c->plus, c->plus_count, place.from, place.until) <= load_in(rule, c->minus, c->minus_count, place.from, place.until) ||
	    used_in(rule, x) + held_in(rule, x) - minus + to_plus + stays_after(rule, c, x, place.until) <= amount)
		return false;
	*r = (struct refused) { place, x, used_in(rule, x), held_in(rule, x) - (c->replaces_own ? minus : 0),
		c->replaces_own ? plus : plus - minus };
	return true;
}

/* Whether a rule refuses a change: in its first place in time, by its fullest window. */
static inline bool
refuses(int rule, const struct limit_change *c, struct refused *r)
{
	bool is_refused = false;

	for (size_t i = 0; w.rules[rule].refuses && i < c->plus_count; i++) {
		int64_t q = c->plus[i].quarter - w.first, amount = amount_on(rule, w.day[rule][q]);
		struct model_window place = place_of(rule, q), x;
		bool is_earlier = !is_refused || place.from < r->place.from;
		struct refused one;

		if (!counts_now(rule, &c->plus[i]) || amount == UNLIMITED || !is_earlier)
			continue;
		for (int64_t n = 0; window_of(rule, q, n, &x); n++)
			if (is_over(rule, c, place, x, amount, &one) && (is_earlier || one.used + one.held > r->used + r->held)) {
				*r = one;
				is_refused = true;
				is_earlier = false;
			}
	}
	return is_refused;
}

/*
 * The first quarter-hour from which the rule would have room for what was needed: not before now, and in another window, under
 * another amount, or later than what was refused.
 */
static inline bool
frees_at(int rule, const struct limit_change *c, const struct refused *r, int64_t *free)
{
	struct aside a = { c->plus, c->minus, c->plus_count, c->replaces_own ? c->minus_count : 0, r->window.from, r->window.until };
	int64_t now = floor_div(w.now, QUARTER_MS) - w.first, from = r->place.until > now ? r->place.until : now, length = w.rules[rule].quarters;
	bool is_rolling = w.rules[rule].period == LIMIT_ROLLING;
	int64_t over = -1;	/* the last end of a rolling window that was looked at and had no room */
	struct model_window x = { 0, 0 };

	if (is_rolling ? r->place.from + length < now : r->window.until <= now)
		return false;
	for (*free = from; *free < QUARTERS - length - 1; ++*free) {
		int64_t amount = amount_on(rule, w.day[rule][*free]);

		if (amount == UNLIMITED)
			return true;
		if (!is_rolling) {
			if (x.until <= *free)
				window_of(rule, *free, 0, &x);
			if (amount - used_in(rule, x) - held_in(rule, x) - aside_in(rule, &a, x) >= r->needed)
				return true;
			continue;
		}
		for (int64_t n = length; n >= 0 && over < *free; n--) {
			window_of(rule, *free, n, &x);
			if (amount - used_in(rule, x) - held_in(rule, x) - aside_in(rule, &a, x) < r->needed)
				over = *free + n;
		}
		if (over < *free)
			return true;
		/* Under the same amount none fits before that window has been left. */
		while (*free < over && amount_on(rule, w.day[rule][*free + 1]) == amount)
			++*free;
		over = -1;
	}
	return false;
}

/* The first day to which what was refused could go, by all limits. */
static inline bool
next_date(const struct limit_change *c, const struct limit_refusal *r, struct day *d)
{
	struct aside a = { c->plus, c->minus, c->plus_count, c->replaces_own ? c->minus_count : 0, r->place_from - w.first,
		r->place_until - w.first };
	struct day end;

	*d = c->replaces_own && r->day.n > w.today.n ? r->day : w.today;
	for (end = day_add(*d, LIMIT_SEARCH_DAYS); d->n <= end.n; *d = day_add(*d, 1)) {
		struct model_window where = rest_of_day(*d);
		bool fits = where.from < where.until;

		for (int i = 0; fits && i < RULES; i++) {
			int64_t moved = 0;

			for (size_t k = 0; k < c->plus_count; k++) {
				struct limit_load l = c->plus[k];

				if (l.quarter < r->place_from || l.quarter >= r->place_until || !counts_now(i, &l))
					continue;
				if (l.is_held)
					l = hold(where.from + w.first, l.sender, l.messages, l.parts / l.messages);
				moved += units(i, &l);
			}
			fits = !w.rules[i].refuses || moved == 0 || room_in(i, where.from, where.until, &a) >= moved;
		}
		if (fits)
			return true;
	}
	return false;
}

/* ---- Questions at which limits are just reached, and windows just entered or left */

/* A quarter-hour, often one at which now, or what lies in another one, enters or leaves a rolling window. */
static inline int64_t
some_end(int from, int until)
{
	int64_t q = some_quarter(from, until), near;
	int i = LIMIT_BASE_COUNT, k = (int)below(SENT + SEGMENTS);

	for (int tries = 0; tries < 4 && w.rules[i].period != LIMIT_ROLLING; tries++)
		i = LIMIT_BASE_COUNT + (int)below(RULES - LIMIT_BASE_COUNT);
	if (w.rules[i].period != LIMIT_ROLLING || below(2) == 0)
		return q;
	near = below(3) == 0 ? floor_div(w.now, QUARTER_MS) : k < SENT ? w.sent[k].load.quarter : w.held[k - SENT].load.quarter;
	near += (w.rules[i].quarters + below(3) - 1) * (below(2) == 0 ? 1 : -1);
	return near / DAY_QUARTERS < w.today.n + from || near / DAY_QUARTERS >= w.today.n + until ? q : near;
}

/* Makes a load as much as one limit just has room for, or one more: at its own instant, or at a later one to which it could go. */
static inline void
fit_exactly(struct limit_load *l)
{
	int i = below(3) == 0 ? (int)below(RULES) : LIMIT_BASE_COUNT + (int)below(RULES - LIMIT_BASE_COUNT);
	int64_t q = l->quarter - w.first + (below(2) == 0 ? 0 : below(2 * DAY_QUARTERS)), room = room_in(i, q, q + 1, NULL), more = below(2);

	if (!counts(i, l) || room == INT64_MAX || room == 0)
		return;
	if (l->is_held)
		*l = hold(l->quarter, l->sender, w.rules[i].unit == LIMIT_COST ? l->messages : room + more, 1);
	else if (w.rules[i].unit == LIMIT_MESSAGES)
		l->messages = room + more;
	else if (w.rules[i].unit == LIMIT_PARTS)
		l->parts = room + more;
	else
		l->cost_micros = room + more;
}

#endif
