/*
 * Admission (see limit.h): whether a change fits, and which limit answers if not.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/limit_internal.h"
#include "time/instant.h"

enum {
	READ_AT_ONCE = 400 * (DAY_MS / QUARTER_MS),	/* quarter-hours: more than most campaigns last */
	NEAR_DAYS = 4		/* that the search for a day with room reads first */
};

/* ---- What a change does to one limit, place by place */

/* The place of a quarter-hour: under a rolling window itself, else the limit's day. */
static struct limit_place
place_of(const struct limit_book *b, const struct limit_rule *rule, int64_t quarter)
{
	struct day d;

	if (rule->period == LIMIT_ROLLING)
		return (struct limit_place) { .from = quarter, .until = quarter + 1 };
	d = limit_day_of(b, rule, quarter);
	return (struct limit_place) { .from = limit_day_from(b, rule, d), .until = limit_day_from(b, rule, day_add(d, 1)) };
}

static int
by_time(const void *a, const void *b)
{
	const struct limit_place *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void
add_loads(struct limit_book *b, const struct limit_rule *rule, const struct limit_load *loads, size_t count, bool is_plus)
{
	for (const struct limit_load *l = loads; l < loads + count; l++) {
		struct limit_place p;

		if (!limit_counts(b, rule, l))
			continue;
		p = place_of(b, rule, l->quarter);
		p.first = is_plus ? l->quarter : INT64_MAX;
		*(is_plus ? &p.plus : &p.minus) = limit_load_units(rule, l);
		b->places = arena_grow(b->arena, b->places, b->place_count, &b->place_max, sizeof(*b->places));
		b->places[b->place_count++] = p;
	}
}

/* Collects the places of a change, each once, in the order of time, with the sums of those before it; one more ends them. */
static void
collect(struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c)
{
	struct limit_place *p, end = { .from = INT64_MAX, .until = INT64_MAX };
	size_t n = 0;

	b->place_count = 0;
	add_loads(b, rule, c->plus, c->plus_count, true);
	add_loads(b, rule, c->minus, c->minus_count, false);
	b->places = arena_grow(b->arena, b->places, b->place_count, &b->place_max, sizeof(*b->places));
	p = b->places;
	qsort(p, b->place_count, sizeof(*p), by_time);
	for (size_t i = 0; i < b->place_count; i++)
		if (n > 0 && p[n - 1].from == p[i].from) {
			p[n - 1].first = p[i].first < p[n - 1].first ? p[i].first : p[n - 1].first;
			p[n - 1].plus = quota_sum(p[n - 1].plus, p[i].plus);
			p[n - 1].minus = quota_sum(p[n - 1].minus, p[i].minus);
		} else
			p[n++] = p[i];
	p[n] = end;
	b->place_count = n;
	for (size_t i = 1; i <= n; i++) {
		p[i].plus_before = quota_sum(p[i - 1].plus_before, p[i - 1].plus);
		p[i].minus_before = quota_sum(p[i - 1].minus_before, p[i - 1].minus);
		p[i].stays_before = quota_sum(p[i - 1].stays_before, p[i - 1].plus < p[i - 1].minus ? p[i - 1].plus : p[i - 1].minus);
	}
}

/* The place among the places of the first that begins at a quarter-hour or later. */
static size_t
first_from(const struct limit_book *b, int64_t quarter)
{
	size_t low = 0, high = b->place_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (b->places[middle].from >= quarter)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* ---- One window */

/* A window that is judged, with what it has. */
struct judged {
	int64_t from, until;
	int64_t used, held;
};

/*
 * Whether a window refuses what the change adds in its k-th place: it raises the window, the window up to this place, and this
 * place, and the sum is over the amount.  A change of several places is judged as if they came one after the other, each by its
 * own amount: the sum has all that the change adds up to this place, and what stays in later ones: of each as much as was there
 * already and will still be there.
 */
static bool
is_over(const struct limit_book *b, const struct limit_change *c, const struct judged *w, size_t k, int64_t amount,
    int64_t *needed)
{
	const struct limit_place *p = b->places, *on = p + k, *first = p + first_from(b, w->from), *end = p + first_from(b, w->until);
	int64_t plus = end->plus_before - first->plus_before, minus = end->minus_before - first->minus_before;
	int64_t to_plus = on[1].plus_before - first->plus_before, to_minus = on[1].minus_before - first->minus_before;
	int64_t load = quota_sum(w->used, w->held);

	if (plus <= minus || to_plus <= to_minus || on->plus <= on->minus)
		return false;
	/* The book has what the change takes away, unless limit_check has taken it out. */
	if (!c->replaces_own)
		load = quota_sum(load, -minus);
	*needed = c->replaces_own ? plus : plus - minus;
	return quota_sum(quota_sum(load, to_plus), end->stays_before - on[1].stays_before) > amount;
}

/* Judges a place by the window that contains it. */
static bool
judge_window(const struct limit_book *b, const struct limit_follower *f, const struct limit_change *c, size_t k, int64_t amount,
    struct judged *w, int64_t *needed)
{
	const struct window *found = limit_window_find(f, b->places[k].from);

	if (found == NULL)
		return false;	/* a place in which the change adds nothing */
	*w = (struct judged) { found->from, found->until, found->used, found->held };
	return is_over(b, c, w, k, amount, needed);
}

/* Judges a place by the rolling window that ends with a quarter-hour; the fullest that refuses is reported. */
static void
judge_end(const struct limit_book *b, const struct limit_follower *f, const struct limit_change *c, size_t k, int64_t amount,
    int64_t last, bool *is_refused, struct judged *fullest, int64_t *needed)
{
	struct limit_sums s = limit_rolling_sums(f, last);
	struct judged w = { last - f->rule->quarters, last + 1, s.used, s.held };
	int64_t units, load = quota_sum(s.used, s.held), most = quota_sum(fullest->used, fullest->held);

	if (!is_over(b, c, &w, k, amount, &units) ||
	    (*is_refused && (load < most || (load == most && w.from >= fullest->from))))
		return;
	*is_refused = true;
	*fullest = w;
	*needed = units;
}

/*
 * Judges a place by all rolling windows that contain it.  The sum of a window that moves on grows only with what enters it; what
 * the change does to it changes also when a place of the change leaves it, if it takes something away.  Windows in which all that
 * the change may add still fits need no look, nor do those with less than the fullest that refuses.
 */
static bool
judge_rolling(const struct limit_book *b, const struct limit_follower *f, const struct limit_change *c, size_t k, int64_t amount,
    struct judged *w, int64_t *needed)
{
	const struct limit_place *p = b->places, *from, *until;
	int64_t first = p[k].from, end = first + f->rule->quarters, last = first, load;
	bool is_refused = false;

	from = p + first_from(b, first - f->rule->quarters);
	until = p + first_from(b, end + 1);
	/* Beyond the amount less the most that is_over adds to what a window has. */
	load = amount - quota_sum(p[k + 1].plus_before - from->plus_before, until->stays_before - p[k + 1].stays_before);
	judge_end(b, f, c, k, amount, first, &is_refused, w, needed);
	while (limit_rolling_next(f, last, end, is_refused ? quota_sum(w->used, w->held) : load, &last))
		judge_end(b, f, c, k, amount, last, &is_refused, w, needed);
	if (until->minus_before == from->minus_before)
		return is_refused;
	for (const struct limit_place *on = p + k + 1; on < until; on++)
		judge_end(b, f, c, k, amount, on->from, &is_refused, w, needed);
	for (const struct limit_place *on = from; on < p + k; on++)
		judge_end(b, f, c, k, amount, on->from + f->rule->quarters + 1, &is_refused, w, needed);
	return is_refused;
}

/* ---- One limit */

/* Reports a refusal: the state of the window leaves out what the change has not yet done. */
static void
report(const struct limit_book *b, const struct limit_rule *rule, const struct limit_place *on, const struct judged *w,
    int64_t amount, struct limit_refusal *r)
{
	struct limit_state s = { .from_at = w->from * QUARTER_MS, .until_at = w->until * QUARTER_MS, .amount = amount,
		.used = w->used, .held = w->held, .available = quota_available(amount, (struct day_usage) { w->used, w->held }) };

	s.window = (struct limit_window) { limit_day_of(b, rule, w->from), day_add(limit_day_of(b, rule, w->until - 1), 1) };
	*r = (struct limit_refusal) { .rule = rule, .state = s, .day = day_at(b->org->days, on->first * QUARTER_MS),
		.limit_day = limit_day_of(b, rule, on->first), .is_long = limit_rule_is_long(rule), .place_from = on->from,
		.place_until = on->until };
}

/* Whether a rule refuses the change; its first place in time that is refused speaks for it. */
static bool
is_refused_by(struct limit_book *b, const struct limit_follower *f, const struct limit_change *c, struct limit_refusal *found)
{
	struct judged w = { 0 };
	int64_t needed = 0;

	for (size_t k = 0; k < b->place_count; k++) {
		const struct limit_place *on = &b->places[k];
		int64_t amount = limit_rule_amount(f->rule, limit_day_of(b, f->rule, on->from));

		if (amount == UNLIMITED || on->plus <= on->minus)
			continue;
		if (f->rule->period == LIMIT_ROLLING ? judge_rolling(b, f, c, k, amount, &w, &needed) :
		    judge_window(b, f, c, k, amount, &w, &needed)) {
			report(b, f->rule, on, &w, amount, found);
			found->needed = needed;
			return true;
		}
	}
	return false;
}

/* ---- The check */

/* Whether a refusal answers before another: longer windows first, then what frees last, then the name. */
static bool
answers_before(const struct limit_refusal *x, const struct limit_refusal *y)
{
	if (x->is_long != y->is_long)
		return x->is_long;
	if (x->frees != y->frees)
		return !x->frees;
	if (x->frees && x->frees_at != y->frees_at)
		return x->frees_at > y->frees_at;
	return strcmp(x->rule->name, y->rule->name) < 0;
}

/* The rules that can refuse something of the change; the others need not be read. */
void
limit_want_counting(struct limit_book *b, const struct limit_change *c)
{
	for (size_t i = 0; i < b->count; i++) {
		struct limit_follower *f = &b->of[i];

		f->is_wanted = false;
		for (size_t k = 0; !f->is_wanted && f->rule->refuses && k < c->plus_count; k++)
			f->is_wanted = limit_counts(b, f->rule, &c->plus[k]);
	}
}

/* Reads the windows of the quarter-hours of loads, those that are missing: of a long campaign at once. */
static enum status
read_loads(struct limit_book *b, const struct limit_load *loads, size_t count)
{
	int64_t from = INT64_MAX, until = INT64_MIN;
	enum status st = OK;

	for (size_t i = 0; i < count; i++) {
		from = loads[i].quarter < from ? loads[i].quarter : from;
		until = loads[i].quarter >= until ? loads[i].quarter + 1 : until;
	}
	if (count > 1 && until - from <= READ_AT_ONCE)
		return limit_read(b, from, until);
	for (size_t i = 0; st == OK && i < count; i++)
		if (i == 0 || loads[i].quarter != loads[i - 1].quarter)
			st = limit_read(b, loads[i].quarter, loads[i].quarter + 1);
	return st;
}

/* Finds the limit that answers, of those that refuse. */
static enum status
judge_all(struct limit_book *b, const struct limit_change *c, bool *is_refused, struct limit_refusal *refusal)
{
	struct limit_refusal found;
	enum status st;

	for (size_t i = 0; i < b->count; i++) {
		struct limit_follower *f = &b->of[i];

		if (!f->rule->refuses)
			continue;
		collect(b, f->rule, c);
		if (!is_refused_by(b, f, c, &found))
			continue;
		if ((st = limit_find_frees(b, f, c, &found)) != OK)
			return st;
		if (!*is_refused || answers_before(&found, refusal))
			*refusal = found;
		*is_refused = true;
	}
	return OK;
}

enum status
limit_check(struct limit_book *b, const struct limit_change *c, bool *is_refused, struct limit_refusal *refusal)
{
	enum status st;

	*is_refused = false;
	limit_want_counting(b, c);
	if ((st = read_loads(b, c->plus, c->plus_count)) != OK)
		return st;
	/* What a campaign holds is taken out of every window that has it, so that no later answer counts it. */
	if (c->replaces_own && (st = read_loads(b, c->minus, c->minus_count)) != OK)
		return st;
	for (size_t i = 0; c->replaces_own && i < c->minus_count; i++)
		limit_book_subtract(b, &c->minus[i]);
	if ((st = judge_all(b, c, is_refused, refusal)) != OK)
		return st;
	for (size_t i = 0; !*is_refused && c->replaces_own && i < c->minus_count; i++)
		limit_book_add(b, &c->minus[i]);
	return *is_refused ? limit_find_next(b, c, refusal) : OK;
}

enum status
limit_next_day(struct limit_book *b, struct day from, const struct limit_contact *contact, int64_t contacts, bool *is_found,
    struct day *day, int64_t *room)
{
	const struct limit_rule *by;
	enum status st;

	/* Reservations leave gaps, so an early day may have room after a full one: look at each day in turn. */
	*is_found = false;
	for (int32_t i = 0; !*is_found && i <= LIMIT_SEARCH_DAYS; i++) {
		/* Mostly one of the first days has room, so the windows of the others are read only if they are needed. */
		if ((i == 0 || i == NEAR_DAYS) && (st = limit_book_read(b, day_add(from, i),
		    day_add(from, i == 0 ? NEAR_DAYS - 1 : LIMIT_SEARCH_DAYS))) != OK)
			return st;
		*day = day_add(from, i);
		*room = limit_book_room(b, *day, contact, &by);
		*is_found = *room >= contacts;
	}
	return OK;
}
