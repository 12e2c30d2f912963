#include "table.h"

#include <string.h>

#include "quota/plan.h"

enum { CASES = 20000, DAYS = 4, CANDIDATES_MAX = 7, UNITS_MAX = 4, FIRST = 20000 /* a day */ };

/* ---- Tables: an organization and a wall clock in UTC */

static const struct row {
	const char *name;
	int64_t limit, contacts, parts_per_contact;
	enum quota_unit unit;
	int64_t used[DAYS];
	int64_t expected[DAYS], left;	/* contacts on each day */
} rows[] = {
	{ "what fits the first day is one segment", 10, 10, 1, UNIT_MESSAGE, { 0 }, { 10 }, 0 },
	{ "one more is a second", 10, 11, 1, UNIT_MESSAGE, { 0 }, { 10, 1 }, 0 },
	{ "a full day is skipped", 10, 11, 1, UNIT_MESSAGE, { 0, 10 }, { 10, 0, 1 }, 0 },
	{ "a day over its limit is skipped", 10, 11, 1, UNIT_MESSAGE, { 0, 25 }, { 10, 0, 1 }, 0 },
	{ "a partly booked day gives what is left", 10, 20, 1, UNIT_MESSAGE, { 7, 9 }, { 3, 1, 10, 6 }, 0 },
	{ "a small day is used though a later one had room for all", 10, 10, 1, UNIT_MESSAGE, { 9 }, { 1, 9 }, 0 },
	{ "what finds no room is left", 10, 45, 1, UNIT_MESSAGE, { 0 }, { 10, 10, 10, 10 }, 5 },
	{ "a limit of 0 leaves all", 0, 5, 1, UNIT_MESSAGE, { 0 }, { 0 }, 5 },
	{ "parts divide a day, rounded down", 10, 7, 3, UNIT_PART, { 0, 2 }, { 3, 2, 2 }, 0 },
	{ "a contact of more parts than the limit never fits", 10, 1, 11, UNIT_PART, { 0 }, { 0 }, 1 },
	{ "parts do not matter where the unit is the message", 10, 11, 3, UNIT_MESSAGE, { 0 }, { 10, 1 }, 0 },
	{ "no contacts are no segments", 10, 0, 1, UNIT_MESSAGE, { 0 }, { 0 }, 0 },
};

static void
is_the_plan(void **state)
{
	static struct plan_segment segments[PLAN_DAYS_MAX];
	static const struct span utc[] = { { 0, 0 } };
	const struct row *row = *state;
	struct day_usage usage[DAYS];
	int64_t left, planned[DAYS] = { 0 };
	size_t count;

	for (size_t i = 0; i < DAYS; i++)
		usage[i] = (struct day_usage) { .sent = row->used[i] / 2, .reserved = row->used[i] - row->used[i] / 2 };
	count = plan_make(&(const struct plan_request) { .wall = { utc, 1 }, .first = { FIRST }, .time_ms = 10 * HOUR_MS,
	    .contacts = row->contacts, .parts_per_contact = row->parts_per_contact, .unit = row->unit,
	    .daily_limit = row->limit, .days = { utc, 1 }, .usage_from = { FIRST }, .usage = usage, .usage_count = DAYS },
	    segments, &left);
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

/* The instants at which the wall clock shows that time, on days of the organization that have any usage row. */
static bool
find_candidates(const struct plan_request *r, struct search *s)
{
	int64_t before = INT64_MIN;

	for (int32_t i = 0; i < DAYS + 4; i++) {
		int64_t when = day_wall(r->wall, day_add(r->first, i), r->time_ms);
		int day = day_at(r->days, when).n - r->usage_from.n;

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
			assert_int_equal(segments[n].day.n - r->usage_from.n, s.day[i]);
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
		struct day_usage usage[DAYS];
		struct search s = { 0 };
		struct plan_request r = { .wall = { wall, (size_t)chance(1) + 1 }, .first = { FIRST - (int32_t)chance(1) },
			.time_ms = chance(95) * QUARTER_MS, .contacts = chance(12), .parts_per_contact = chance(2) + 1,
			.unit = chance(1) == 0 ? UNIT_MESSAGE : UNIT_PART, .daily_limit = UNITS_MAX,
			.days = { days, (size_t)chance(1) + 1 }, .usage_from = { FIRST }, .usage = usage, .usage_count = DAYS };

		for (size_t d = 0; d < DAYS; d++) {
			usage[d] = (struct day_usage) { .sent = chance(3), .reserved = chance(2) };
			s.room[d] = quota_available(r.daily_limit, usage[d]) / (r.unit == UNIT_PART ? r.parts_per_contact : 1);
		}
		s.contacts = r.contacts;
		if (!find_candidates(&r, &s))
			continue;
		for (size_t c = 1; c < s.count; c++)
			repeated += s.day[c] == s.day[c - 1] && s.room[s.day[c]] > 0;
		is_best(&r, &s);
	}
	assert_true(repeated > CASES / 100);	/* days with two candidates did come up */
}

/* Without a limit each day of the organization takes a hundred, however many candidates lie on it. */
static void
unlimited_is_a_hundred_a_day(void **state)
{
	static struct plan_segment segments[PLAN_DAYS_MAX];
	static const struct span utc[] = { { 0, 0 } };
	const struct span days[] = { { 0, 0 }, { FIRST * DAY_MS + 23 * HOUR_MS, -20 * 3600 } };
	struct plan_request r = { .wall = { utc, 1 }, .first = { FIRST }, .time_ms = 10 * HOUR_MS, .contacts = 250,
		.parts_per_contact = 1, .daily_limit = UNLIMITED, .days = { days, 2 }, .usage_from = { FIRST } };
	int64_t left;

	(void)state;
	assert_int_equal(plan_make(&r, segments, &left), 3);
	assert_int_equal(left, 0);
	assert_int_equal(segments[0].day.n, FIRST);
	assert_int_equal(segments[1].day.n, FIRST + 1);
	assert_int_equal(segments[1].scheduled_at, (FIRST + 2) * DAY_MS + 10 * HOUR_MS);
	assert_int_equal(segments[2].contacts, 50);
	r.contacts = PLAN_DAYS_MAX * PLAN_UNLIMITED_PER_DAY;
	assert_int_equal(plan_make(&r, segments, &left), PLAN_DAYS_MAX - 1);
	assert_int_equal(left, PLAN_UNLIMITED_PER_DAY);
}

int
main(void)
{
	TABLE(rows, is_the_plan);
	CASE("no plan is earlier or shorter, whatever the clocks do", no_plan_is_earlier_or_shorter);
	CASE("unlimited is a hundred a day of the organization", unlimited_is_a_hundred_a_day);
	return TABLE_RUN("plan");
}
