/*
 * The earliest plan under limits (see auto_room.h).  plan.c makes it, if a contact counts the same on each day.  Under a limit of
 * cost it may count less from a day on, because its price falls: then a plan that puts fewer contacts before that day may end
 * earlier.  With a given number before it plan.c is right again, so that number is searched for.
 */
#include <string.h>

#include "campaign/auto_room.h"

enum {
	PLANS_MAX = 80,		/* that are tried for prices that fall */
	MARGIN_DAYS = 3		/* as in auto_segment.c */
};

/* Without a daily limit a day takes PLAN_UNLIMITED_PER_DAY contacts, unless another limit leaves less. */
static int64_t
left_at(void *arg, int64_t at)
{
	struct auto_room *room = arg;
	const struct limit_rule *by;
	int64_t left = limit_book_room_at(room->book, at, &room->contact, &by), most = INT64_MAX;
	struct day d = day_at(room->org->days, at);

	/* The planner asks again only if contacts were left after the last candidate. */
	if (room->bound_by != NULL)
		room->plan->limited_by = room->bound_by;
	if (d.n != room->day.n) {
		room->day = d;
		room->taken = 0;
	}
	if (limit_rules_daily(&room->org->limits, d) == UNLIMITED)
		most = PLAN_UNLIMITED_PER_DAY - room->taken;
	room->bound_by = by != NULL && strcmp(by->word, "dailyLimit") != 0 && left < most ? by->word : NULL;
	left = left < most ? left : most;
	if (left == 0 && by != NULL && limit_rule_amount(by, d) == 0 && room->plan->blocked_by == NULL)
		room->plan->blocked_by = by->word;
	if (d.n < room->cheap_from.n && room->before_max - room->before < left)
		return room->before_max - room->before;
	return left;
}

static void
take(void *arg, int64_t at, int64_t contacts)
{
	struct auto_room *room = arg;
	struct limit_load load = limit_book_hold(room->book, at, &room->contact, contacts);

	limit_book_add(room->book, &load);
	room->taken += contacts;
	if (day_at(room->org->days, at).n < room->cheap_from.n)
		room->before += contacts;
}

static void
make(struct auto_room *room, struct plan_request *r, struct day cheap_from, int64_t before_max)
{
	struct auto_plan *p = room->plan;

	room->day.n = INT32_MIN;
	room->bound_by = p->limited_by = p->blocked_by = NULL;
	room->cheap_from = cheap_from;
	room->before_max = before_max;
	room->before = 0;
	r->room = (struct plan_room) { room, left_at, take };
	p->count = plan_make(r, p->segments, &p->left);
}

/* Takes a plan out of the book again, or puts it there. */
static void
put(struct auto_room *room, const struct auto_plan *p, bool is_added)
{
	for (size_t i = 0; i < p->count; i++) {
		struct limit_load load = limit_book_hold(room->book, p->segments[i].scheduled_at, &room->contact,
		    p->segments[i].contacts);

		(is_added ? limit_book_add : limit_book_subtract)(room->book, &load);
	}
}

/* ---- Prices that fall */

/* The search: the best plan so far, where it ends, and how many plans may still be tried. */
struct search {
	struct auto_plan best;
	int64_t best_last;
	int plans_left;
};

/* Makes a plan, and keeps it if it is better.  Returns how many contacts it places before the best one ends. */
static int64_t
try(struct auto_room *room, struct plan_request *r, struct search *s, struct day cheap_from, int64_t before_max)
{
	struct auto_plan *p = room->plan;
	int64_t placed = 0, last;

	s->plans_left--;
	make(room, r, cheap_from, before_max);
	put(room, p, false);
	for (size_t i = 0; i < p->count && p->segments[i].scheduled_at < s->best_last; i++)
		placed += p->segments[i].contacts;
	last = p->count > 0 ? p->segments[p->count - 1].scheduled_at : INT64_MAX;
	if (p->left == 0 && last < s->best_last) {
		memcpy(s->best.segments, p->segments, p->count * sizeof(*p->segments));
		s->best.count = p->count;
		s->best.left = 0;
		s->best.limited_by = p->limited_by;
		s->best.blocked_by = NULL;
		s->best_last = last;
	}
	return placed;
}

/*
 * Searches for how many contacts to put before a day: the fewer, the more money is left for cheap ones; the more, the less is
 * left to the other limits.  What is placed in time rises with their number up to the best, and then falls.
 */
static void
search_before(struct auto_room *room, struct plan_request *r, struct search *s, struct day cheap_from, int64_t most)
{
	int64_t low = 0, high = most, last = s->best_last;

	try(room, r, s, cheap_from, 0);
	while (low < high && s->plans_left > 1) {
		int64_t middle = low + (high - low) / 2, step = (high - low) / 8 + 1;
		int64_t here = try(room, r, s, cheap_from, middle), there;

		/* A better plan: go on with where that one ends. */
		if (s->best_last < last) {
			last = s->best_last;
			low = 0;
			high = most;
			continue;
		}
		there = try(room, r, s, cheap_from, middle + step <= high ? middle + step : high);
		if (there > here)
			low = middle + 1;
		else
			high = middle;
	}
}

/* How many contacts of the best plan are before a day. */
static int64_t
placed_before(const struct auto_plan *p, struct day d)
{
	int64_t placed = 0;

	for (size_t i = 0; i < p->count; i++)
		placed += p->segments[i].day.n < d.n ? p->segments[i].contacts : 0;
	return placed;
}

static int64_t
cost_on(const struct auto_room *room, struct day d)
{
	return limit_book_hold(room->book, day_start(room->org->days, d), &room->contact, 1).cost_micros;
}

/* Without a limit of cost the book knows no prices, and so none that falls. */
void
auto_room_plan(struct auto_room *room, struct arena *a, struct plan_request *r)
{
	struct search s = { .plans_left = PLANS_MAX };
	struct day d = day_add(r->first, 1 - MARGIN_DAYS), end = day_add(r->first, PLAN_DAYS_MAX + MARGIN_DAYS);
	struct auto_plan *p = room->plan;
	bool has_tried = false;

	make(room, r, (struct day) { INT32_MIN }, INT64_MAX);
	s.best = *p;
	s.best_last = p->left > 0 || p->count == 0 ? INT64_MAX : p->segments[p->count - 1].scheduled_at;
	for (; d.n <= end.n && s.plans_left > 1; d = day_add(d, 1)) {
		int64_t before = cost_on(room, d) < cost_on(room, day_add(d, -1)) ? placed_before(&s.best, d) : 0;

		if (before == 0 || day_start(room->org->days, d) >= s.best_last)
			continue;
		if (!has_tried) {
			s.best.segments = arena_alloc(a, PLAN_DAYS_MAX * sizeof(*s.best.segments));
			memcpy(s.best.segments, p->segments, p->count * sizeof(*p->segments));
			put(room, p, false);
		}
		has_tried = true;
		search_before(room, r, &s, d, before);
	}
	if (!has_tried)
		return;
	memcpy(p->segments, s.best.segments, s.best.count * sizeof(*p->segments));
	s.best.segments = p->segments;
	*p = s.best;
	put(room, p, true);
}
