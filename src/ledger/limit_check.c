/*
 * Admission (see limit.h): whether a change fits, which limit answers if not, and when it would fit.
 */
#include <string.h>

#include "ledger/limit_internal.h"
#include "time/instant.h"

enum { FREES_NEAR = LIMIT_SEARCH_DAYS + 1, FREES_FAR = 400 };	/* days that the search for freesAt reads, first and at most */

/* ---- One window */

static bool
is_in(const struct limit_window *w, struct day d)
{
	return w->from.n <= d.n && d.n < w->until.n;
}

/* What the loads amount to in one window of a rule, or on some days of it.  A hold on a day that is over counts nothing. */
static int64_t
sum_in(const struct limit_book *b, const struct limit_rule *rule, const struct limit_window *w, const struct limit_load *loads,
    size_t count)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (limit_rule_counts(rule, loads[i].channel) && is_in(w, loads[i].day) &&
		    !(loads[i].is_held && loads[i].day.n < b->today.n))
			sum = quota_sum(sum, limit_rule_units(rule, loads[i].messages, loads[i].parts, loads[i].cost_micros));
	return sum;
}

/* Whether the change adds more than it takes away, on some days. */
static bool
is_raised(const struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c, struct limit_window days)
{
	return sum_in(b, rule, &days, c->plus, c->plus_count) > sum_in(b, rule, &days, c->minus, c->minus_count);
}

/* Whether an earlier load of the change is on the same day. */
static bool
is_repeated(const struct limit_load *loads, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (loads[k].day.n == loads[i].day.n)
			return true;
	return false;
}

/* What stays on the later days of a window: of each day as much as was there already and will still be there. */
static int64_t
stays_after(const struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c, struct limit_window w,
    struct day d)
{
	int64_t stays = 0, plus, minus;

	for (size_t i = 0; i < c->plus_count; i++) {
		struct limit_window on = { c->plus[i].day, day_add(c->plus[i].day, 1) };

		if (on.from.n <= d.n || !is_in(&w, on.from) || is_repeated(c->plus, i))
			continue;
		plus = sum_in(b, rule, &on, c->plus, c->plus_count);
		minus = sum_in(b, rule, &on, c->minus, c->minus_count);
		stays = quota_sum(stays, plus < minus ? plus : minus);
	}
	return stays;
}

/*
 * Whether the rule refuses what the change adds on one day: it raises the window, the window up to this day, and this day,
 * and the sum is over the day's amount.  A change of several days is judged as if its days came one after the other, each
 * by its own amount: the sum has all that the change adds up to this day, and what stays on later ones.
 */
static bool
is_refused_on(const struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c, struct day d,
    struct limit_refusal *refusal)
{
	struct limit_state s = limit_book_state(b, rule, d);
	struct limit_window to_d = { s.window.from, day_add(d, 1) }, on_d = { d, day_add(d, 1) };
	int64_t plus, minus, load = quota_sum(s.used, s.held);

	if (s.amount == UNLIMITED)
		return false;
	plus = sum_in(b, rule, &s.window, c->plus, c->plus_count);
	minus = sum_in(b, rule, &s.window, c->minus, c->minus_count);
	/* The book has what the change takes away, unless limit_check has taken it out. */
	if (!c->replaces_own)
		load = quota_sum(load, -minus);
	if (!is_raised(b, rule, c, s.window) || !is_raised(b, rule, c, to_d) || !is_raised(b, rule, c, on_d) ||
	    quota_sum(quota_sum(load, sum_in(b, rule, &to_d, c->plus, c->plus_count)), stays_after(b, rule, c, s.window, d)) <=
	    s.amount)
		return false;
	*refusal = (struct limit_refusal) { .rule = rule, .state = s, .day = d, .is_long = s.window.until.n - s.window.from.n > 1,
		.needed = c->replaces_own ? plus : plus - minus };
	return true;
}

/* Whether a rule refuses the change; its first day in time that is refused speaks for it. */
static bool
is_refused_by(const struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c,
    struct limit_refusal *found)
{
	struct limit_refusal one;
	bool is_refused = false;

	for (size_t i = 0; rule->refuses && i < c->plus_count; i++)
		if (limit_rule_counts(rule, c->plus[i].channel) && (!is_refused || c->plus[i].day.n < found->day.n) &&
		    is_refused_on(b, rule, c, c->plus[i].day, &one)) {
			*found = one;
			is_refused = true;
		}
	return is_refused;
}

/* ---- When it would fit */

/* Adds to the book, or takes away again, what the change adds outside some days: that stays where it is. */
static void
add_others(struct limit_book *b, const struct limit_change *c, struct limit_window days, bool is_added)
{
	for (size_t i = 0; i < c->plus_count; i++)
		if (is_in(&days, c->plus[i].day))
			continue;
		else if (is_added)
			limit_book_add(b, &c->plus[i]);
		else
			limit_book_subtract(b, &c->plus[i]);
}

/* Whether the window of a day would hold so much. */
static bool
fits(const struct limit_book *b, const struct limit_rule *rule, struct day d, int64_t needed)
{
	struct limit_state s = limit_book_state(b, rule, d);

	return s.amount == UNLIMITED || s.available >= needed;
}

/* The first day after d on which the rule has another window or another amount. */
static struct day
next_change(const struct limit_book *b, const struct limit_rule *rule, struct day d)
{
	struct day next = limit_book_state(b, rule, d).window.until;

	for (size_t i = 0; i < rule->amount_count; i++)
		if (rule->amounts[i].from.n > d.n && rule->amounts[i].from.n < next.n)
			next = rule->amounts[i].from;
	return limit_day_after_gap(b, next);
}

/*
 * Finds the first later window, or later amount, with room for what was refused.  Most often that is the next one, so a
 * short stretch of days is read first.
 */
static enum status
find_frees(struct limit_book *b, const struct limit_change *c, struct limit_refusal *r)
{
	static const int32_t stretches[] = { FREES_NEAR, FREES_FAR };
	/* A day that is over may have had less than today has. */
	struct day d = r->day.n < b->today.n ? b->today : next_change(b, r->rule, r->day), end;
	enum status st;

	if (r->state.window.until.n <= b->today.n)
		return OK;	/* the window is over: waiting does not change it */
	add_others(b, c, r->state.window, true);
	for (size_t i = 0; !r->frees && i < sizeof(stretches) / sizeof(stretches[0]); i++) {
		end = day_add(r->state.window.until, stretches[i]);
		if ((st = limit_book_read(b, d, end)) != OK)
			return st;
		for (; !r->frees && d.n <= end.n; d = next_change(b, r->rule, d))
			if (fits(b, r->rule, d, r->needed)) {
				r->frees = true;
				r->frees_at = day_start(b->org->days, d);
				if (r->frees_at < b->now)
					r->frees_at = b->now;
			}
	}
	add_others(b, c, r->state.window, false);
	return OK;
}

/* What was refused on one day would be on another: contacts are held at that day's price, events keep their cost. */
static int64_t
moved_units(const struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c, struct day refused,
    struct day d)
{
	int64_t sum = 0;

	for (size_t i = 0; i < c->plus_count; i++) {
		struct limit_load l = c->plus[i];

		if (l.day.n != refused.n || !limit_rule_counts(rule, l.channel))
			continue;
		if (l.is_held && l.messages > 0)
			l = limit_book_hold(b, d, l.channel, l.messages, l.parts / l.messages);
		sum = quota_sum(sum, limit_rule_units(rule, l.messages, l.parts, l.cost_micros));
	}
	return sum;
}

/* Whether all limits that refuse have room on a day for what the change adds on the refused one. */
static bool
all_fit(const struct limit_book *b, const struct limit_change *c, struct day refused, struct day d)
{
	if (!limit_day_exists(b, d))
		return false;
	for (size_t i = 0; i < b->count; i++) {
		const struct limit_rule *rule = b->of[i].rule;
		int64_t units = rule->refuses ? moved_units(b, rule, c, refused, d) : 0;

		if (units > 0 && !fits(b, rule, d, units))
			return false;
	}
	return true;
}

/* Finds the next date for what was refused: from today on or, for a reservation, from its day on. */
static enum status
find_next(struct limit_book *b, const struct limit_change *c, struct limit_refusal *r)
{
	struct day d = c->replaces_own && r->day.n > b->today.n ? r->day : b->today, end = day_add(d, LIMIT_SEARCH_DAYS);
	struct limit_window one = { r->day, day_add(r->day, 1) };
	enum status st;

	add_others(b, c, one, true);
	if ((st = limit_book_read(b, d, end)) != OK)
		return st;
	for (; d.n <= end.n && !r->has_next; d = day_add(d, 1))
		if (all_fit(b, c, r->day, d)) {
			r->has_next = true;
			r->next = d;
		}
	add_others(b, c, one, false);
	return OK;
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

/* Reads the windows of the days of loads, those that are missing. */
static enum status
read_days(struct limit_book *b, const struct limit_load *loads, size_t count)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < count; i++)
		if (!limit_book_has(b, loads[i].day))
			st = limit_book_read(b, loads[i].day, loads[i].day);
	return st;
}

enum status
limit_check(struct limit_book *b, const struct limit_change *c, bool *is_refused, struct limit_refusal *refusal)
{
	struct limit_refusal found;
	enum status st;

	*is_refused = false;
	if ((st = read_days(b, c->plus, c->plus_count)) != OK)
		return st;
	/* What a campaign holds is taken out of every window that has it, so that no later answer counts it. */
	if (c->replaces_own && (st = read_days(b, c->minus, c->minus_count)) != OK)
		return st;
	for (size_t i = 0; c->replaces_own && i < c->minus_count; i++)
		limit_book_subtract(b, &c->minus[i]);
	for (size_t i = 0; i < b->count; i++) {
		if (!is_refused_by(b, b->of[i].rule, c, &found))
			continue;
		if ((st = find_frees(b, c, &found)) != OK)
			return st;
		if (!*is_refused || answers_before(&found, refusal))
			*refusal = found;
		*is_refused = true;
	}
	for (size_t i = 0; !*is_refused && c->replaces_own && i < c->minus_count; i++)
		limit_book_add(b, &c->minus[i]);
	return *is_refused ? find_next(b, c, refusal) : OK;
}

enum status
limit_next_day(struct limit_book *b, struct day from, enum channel c, int64_t contacts, int64_t parts_per_contact,
    bool *is_found, struct day *day, int64_t *room)
{
	const struct limit_rule *by;
	enum status st;

	*is_found = false;
	if ((st = limit_book_read(b, from, day_add(from, LIMIT_SEARCH_DAYS))) != OK)
		return st;
	/* Reservations leave gaps, so an early day may have room after a full one: look at each day in turn. */
	for (int32_t i = 0; !*is_found && i <= LIMIT_SEARCH_DAYS; i++) {
		*day = day_add(from, i);
		*room = limit_book_room(b, *day, c, parts_per_contact, &by);
		*is_found = *room >= contacts;
	}
	return OK;
}
