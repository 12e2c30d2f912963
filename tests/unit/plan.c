#include "table.h"

#include <string.h>

#include "quota/plan.h"

enum { CASES = 20000, DAYS = 4, CANDIDATES_MAX = 7, UNITS_MAX = 4, FIRST = 20000 /* a day */ };

/* ---- Room: so many contacts on each of the first days, and in all of them together */

struct rooms {
	int64_t on[DAYS];
	int64_t in_all;		/* a longer window */
	struct spans days;	/* the organization's */
};

static int64_t
left_at(void *arg, int64_t at)
{
	const struct rooms *r = arg;
	struct day d = day_at(r->days, at);
	int64_t on = d.n >= FIRST && d.n < FIRST + DAYS ? r->on[d.n - FIRST] : 0;

	return on < r->in_all ? on : r->in_all;
}

static void
take(void *arg, int64_t at, int64_t contacts)
{
	struct rooms *r = arg;
	struct day d = day_at(r->days, at);

	assert_true(contacts <= left_at(arg, at));
	r->on[d.n - FIRST] -= contacts;
	r->in_all -= contacts;
}

/* ---- Tables: an organization and a wall clock in UTC */

static const struct row {
	const char *name;
	int64_t contacts;
	struct rooms room;
	int64_t expected[DAYS], left;	/* contacts on each day */
} rows[] = {
	{ "what fits the first day is one segment", 10, { { 10, 10, 10, 10 }, 99 }, { 10 }, 0 },
	{ "one more is a second", 11, { { 10, 10, 10, 10 }, 99 }, { 10, 1 }, 0 },
	{ "a full day is skipped", 11, { { 10, 0, 10, 10 }, 99 }, { 10, 0, 1 }, 0 },
	{ "a day over its limit is skipped", 11, { { 10, -15, 10, 10 }, 99 }, { 10, 0, 1 }, 0 },
	{ "a partly booked day gives what is left", 20, { { 3, 1, 10, 10 }, 99 }, { 3, 1, 10, 6 }, 0 },
	{ "a small day is used though a later one had room for all", 10, { { 1, 10, 10, 10 }, 99 }, { 1, 9 }, 0 },
	{ "what finds no room is left", 45, { { 10, 10, 10, 10 }, 99 }, { 10, 10, 10, 10 }, 5 },
	{ "no room leaves all", 5, { { 0 }, 99 }, { 0 }, 5 },
	{ "a window of all days ends the plan before the days are full", 30, { { 10, 10, 10, 10 }, 15 }, { 10, 5 }, 15 },
	{ "no contacts are no segments", 0, { { 10, 10, 10, 10 }, 99 }, { 0 }, 0 },
};

static void
is_the_plan(void **state)
{
	static struct plan_segment segments[PLAN_DAYS_MAX];
	static const struct span utc[] = { { 0, 0 } };
	const struct row *row = *state;
	struct rooms room = row->room;
	int64_t left, planned[DAYS] = { 0 };
	size_t count;

	room.days = (struct spans) { utc, 1 };
	count = plan_make(&(const struct plan_request) { .wall = { utc, 1 }, .first = { FIRST }, .time_ms = 10 * HOUR_MS,
	    .contacts = row->contacts, .days = { utc, 1 }, .room = { &room, left_at, take } }, segments, &left);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(segments[i].scheduled_at, segments[i].day.n * DAY_MS + 10 * HOUR_MS);
		assert_in_range(segments[i].day.n, FIRST, FIRST + DAYS - 1);
		planned[segments[i].day.n - FIRST] += segments[i].contacts;
	}
	assert_memory_equal(planned, row->expected, sizeof(planned));
	assert_int_equal(left, row->left);
}

/* ---- Against every plan that there is */

static uint64_t seed = 1;

/* 0 to n. */
static int64_t
chance(int64_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t)((seed >> 33) % (uint64_t)(n + 1));
}

/*
 * What is known of all plans together: over the candidates in their order, the most that any plan has placed by each.
 */
struct search {
	size_t count;
	int64_t at[CANDIDATES_MAX];
	int day[CANDIDATES_MAX];
	int64_t room[DAYS];		/* contacts */
	int64_t best[CANDIDATES_MAX];
	int64_t contacts;
};

static void
try_all(struct search *s, size_t i, int64_t placed)
{
	int64_t *room = &s->room[s->day[i]];

	if (i == s->count)
		return;
	for (int64_t take = 0; take <= *room && placed + take <= s->contacts; take++) {
		if (placed + take > s->best[i])
			s->best[i] = placed + take;
		*room -= take;
		try_all(s, i + 1, placed + take);
		*room += take;
	}
}

/* The instants at which the wall clock shows that time, on days of the organization that have room. */
static bool
find_candidates(const struct plan_request *r, struct search *s)
{
	int64_t before = INT64_MIN;

	for (int32_t i = 0; i < DAYS + 4; i++) {
		int64_t when = day_wall(r->wall, day_add(r->first, i), r->time_ms);
		int day = day_at(r->days, when).n - FIRST;

		if (when > before && day >= 0 && day < DAYS) {
			if (s->count == CANDIDATES_MAX - 1)
				return false;
			s->at[s->count] = when;
			s->day[s->count++] = day;
		}
		before = when > before ? when : before;
	}
	return true;
}

static void
is_best(const struct plan_request *r, const struct search *found)
{
	static struct plan_segment segments[PLAN_DAYS_MAX];
	struct search s = *found;
	int64_t left, placed = 0, on_day[DAYS] = { 0 };
	size_t count = plan_make(r, segments, &left), n = 0;

	try_all(&s, 0, 0);
	for (size_t i = 0; i < s.count; i++) {
		if (n < count && segments[n].scheduled_at == s.at[i]) {
			assert_true(segments[n].contacts > 0);	/* no more segments than needed */
			assert_int_equal(segments[n].day.n - FIRST, s.day[i]);
			placed += segments[n].contacts;
			on_day[s.day[i]] += segments[n].contacts;
			n++;
		}
		assert_int_equal(placed, s.best[i]);	/* no plan is earlier, nowhere */
	}
	assert_int_equal(n, count);
	assert_int_equal(placed + left, r->contacts);
	for (size_t d = 0; d < DAYS; d++)
		assert_true(on_day[d] <= s.room[d]);
	assert_true(left == 0 || (s.count > 0 && s.best[s.count - 1] < r->contacts) || s.count == 0);
}

/* Odd clocks: a day of the organization up to 46 hours long, a wall clock that goes forward or back by up to a day. */
static void
no_plan_is_earlier_or_shorter(void **state)
{
	int64_t repeated = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct span days[2] = { { 0, 0 }, { (FIRST + chance(DAYS)) * DAY_MS + 23 * HOUR_MS,
		    (int32_t)(-900 * chance(4 * 22)) } };
		struct span wall[2] = { { 0, (int32_t)(900 * (chance(96) - 48)) }, { FIRST * DAY_MS + chance(96 * DAYS) * QUARTER_MS,
		    (int32_t)(900 * (chance(96) - 48)) } };
		struct rooms room = { .in_all = INT64_MAX, .days = { days, (size_t)chance(1) + 1 } };
		struct search s = { 0 };
		struct plan_request r = { .wall = { wall, (size_t)chance(1) + 1 }, .first = { FIRST - (int32_t)chance(1) },
			.time_ms = chance(95) * QUARTER_MS, .contacts = chance(12), .days = room.days,
			.room = { &room, left_at, take } };

		for (size_t d = 0; d < DAYS; d++)
			s.room[d] = room.on[d] = chance(UNITS_MAX);
		s.contacts = r.contacts;
		if (!find_candidates(&r, &s))
			continue;
		for (size_t c = 1; c < s.count; c++)
			repeated += s.day[c] == s.day[c - 1] && s.room[s.day[c]] > 0;
		is_best(&r, &s);
	}
	assert_true(repeated > CASES / 100);	/* days with two candidates did come up */
}

/* ---- Windows that overlap: up to five limits, each of a kind of its own */

enum { LIMITS = 5, MOMENTS = 12, HELD = 4, TRIES = 4000 };

/*
 * A limit over moments, of which the candidates are the even ones: groups of so many moments that follow one another from an
 * offset on, or the last so many.  What is held counts in it; the amount is that of the moment's own day.
 */
struct bound {
	bool is_rolling;
	int length, offset;
	int64_t amount[MOMENTS];
	int64_t load[3 * MOMENTS];	/* of each moment, and of those after the last candidate */
};

struct bounds {
	struct bound of[LIMITS];
	int count;
};

static int64_t
sum_of(const struct bound *b, int from, int until)
{
	int64_t sum = 0;

	for (int i = from < 0 ? 0 : from; i < until && i < 3 * MOMENTS; i++)
		sum += b->load[i];
	return sum;
}

/* What a moment may still take: of every window that contains it, also of rolling ones that end later. */
static int64_t
free_at(const struct bounds *all, int moment)
{
	int64_t room = 99;

	for (const struct bound *b = all->of; b < all->of + all->count; b++) {
		int first = (moment + b->offset) / b->length * b->length - b->offset;

		for (int last = moment; b->is_rolling && last < moment + b->length; last++) {
			int64_t left = b->amount[moment] - sum_of(b, last - b->length + 1, last + 1);

			room = left < room ? left : room;
		}
		if (!b->is_rolling && b->amount[moment] - sum_of(b, first, first + b->length) < room)
			room = b->amount[moment] - sum_of(b, first, first + b->length);
	}
	return room > 0 ? room : 0;
}

static void
put(struct bounds *all, int moment, int64_t contacts)
{
	for (struct bound *b = all->of; b < all->of + all->count; b++)
		b->load[moment] += contacts;
}

static int64_t
left_of_bounds(void *arg, int64_t at)
{
	int moment = 2 * (int)(at / DAY_MS - FIRST);

	return moment < MOMENTS ? free_at(arg, moment) : 0;
}

static void
take_of_bounds(void *arg, int64_t at, int64_t contacts)
{
	put(arg, 2 * (int)(at / DAY_MS - FIRST), contacts);
}

/* The most that any plan has placed by each candidate: all plans are tried. */
static void
try_bounds(struct bounds *all, int moment, int64_t placed, int64_t contacts, int64_t *best)
{
	int64_t room = moment < MOMENTS ? free_at(all, moment) : 0;

	if (moment >= MOMENTS)
		return;
	for (int64_t n = 0; n <= room && placed + n <= contacts; n++) {
		if (placed + n > best[moment / 2])
			best[moment / 2] = placed + n;
		put(all, moment, n);
		try_bounds(all, moment + 2, placed + n, contacts, best);
		put(all, moment, -n);
	}
}

static void
make_bounds(struct bounds *all)
{
	*all = (struct bounds) { .count = 1 + (int)chance(LIMITS - 1) };
	for (struct bound *b = all->of; b < all->of + all->count; b++) {
		int64_t amount = 1 + chance(5), changes_at = chance(2 * MOMENTS), later = chance(6);

		b->is_rolling = chance(1) == 0;
		b->length = 1 + (int)chance(MOMENTS);
		b->offset = (int)chance(b->length - 1);
		for (int i = 0; i < MOMENTS; i++)
			b->amount[i] = i < changes_at ? amount : later;
		for (int64_t k = chance(HELD); k > 0; k--)
			b->load[chance(2 * MOMENTS)] += 1 + chance(1);
	}
}

static void
no_plan_is_earlier_under_five_limits(void **state)
{
	static struct plan_segment segments[PLAN_DAYS_MAX];
	static const struct span utc[] = { { 0, 0 } };
	int64_t bounded = 0;

	(void)state;
	for (int i = 0; i < TRIES; i++) {
		int64_t best[MOMENTS / 2] = { 0 }, contacts = 1 + chance(9), left, placed = 0;
		struct bounds all, copy;
		size_t count, n = 0;

		make_bounds(&all);
		copy = all;
		count = plan_make(&(const struct plan_request) { .wall = { utc, 1 }, .first = { FIRST }, .time_ms = 10 * HOUR_MS,
		    .contacts = contacts, .days = { utc, 1 }, .room = { &copy, left_of_bounds, take_of_bounds } }, segments, &left);
		try_bounds(&all, 0, 0, contacts, best);
		for (int c = 0; c < MOMENTS / 2; c++) {
			if (n < count && segments[n].day.n == FIRST + c)
				placed += segments[n++].contacts;
			assert_int_equal(placed, best[c]);
		}
		assert_int_equal(n, count);
		bounded += count > 1;
	}
	assert_true(bounded > TRIES / 10);
}

/* 20000 is Thursday, 4 October 2024.  A candidate before the hours moves to their beginning; a closed date is passed over. */
static void
sending_windows_move_candidates(void **state)
{
	static struct plan_segment segments[PLAN_DAYS_MAX];
	static const struct span utc[] = { { 0, 0 } };
	struct closed_day closed = { { FIRST + 1 }, "" };
	struct sending_window window = { .hours = { { 0xfe, 12 * 60, 17 * 60 } }, .hours_count = 1, .closed = &closed,
		.closed_count = 1 };
	struct sending sending = { .wall = { utc, 1 } };
	struct rooms room = { { 10, 10, 10, 10 }, 99, { utc, 1 } };
	int64_t left;
	size_t count;

	(void)state;
	sending_add(&sending, &window);
	count = plan_make(&(const struct plan_request) { .wall = { utc, 1 }, .first = { FIRST }, .time_ms = 10 * HOUR_MS,
	    .contacts = 15, .days = { utc, 1 }, .room = { &room, left_at, take }, .sending = &sending }, segments, &left);
	assert_int_equal(count, 2);
	assert_int_equal(segments[0].scheduled_at, FIRST * DAY_MS + 12 * HOUR_MS);
	assert_int_equal(segments[1].scheduled_at, (FIRST + 2) * DAY_MS + 12 * HOUR_MS);
	assert_int_equal(segments[1].contacts, 5);
	/* A time after the hours finds nothing on any date. */
	count = plan_make(&(const struct plan_request) { .wall = { utc, 1 }, .first = { FIRST }, .time_ms = 17 * HOUR_MS,
	    .contacts = 15, .days = { utc, 1 }, .room = { &room, left_at, take }, .sending = &sending }, segments, &left);
	assert_int_equal(count, 0);
	assert_int_equal(left, 15);
}

int
main(void)
{
	TABLE(rows, is_the_plan);
	CASE("no plan is earlier or shorter, whatever the clocks do", no_plan_is_earlier_or_shorter);
	CASE("no plan is earlier under five limits whose windows overlap", no_plan_is_earlier_under_five_limits);
	CASE("sending windows move candidates within their date, or pass them over", sending_windows_move_candidates);
	return TABLE_RUN("plan");
}
