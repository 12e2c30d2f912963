#include "table.h"

#include "time/cycle.h"

enum { YEARS_TESTED = 60 };

static struct spans
zone_days(const char *zone, struct span *spans)
{
	struct error err;
	const struct zone *z = zone_get(zone, &err);
	size_t count;

	assert_non_null(z);
	count = spans_join((struct spans){ NULL, 0 }, z, 0, spans, SPANS_MAX);
	assert_int_not_equal(count, 0);
	return (struct spans){ spans, count };
}

static const struct row {
	const char *name, *zone;
	int cycle_day;
	const char *day, *from, *until, *starts_at, *ends_at;
} rows[] = {
	{ "cycle day 1 is the month", "Etc/UTC", 1, "2026-05-20",
	    "2026-05-01", "2026-06-01", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z" },
	{ "the cycle day itself begins a cycle", "Etc/UTC", 15, "2026-05-15",
	    "2026-05-15", "2026-06-15", "2026-05-15T00:00:00Z", "2026-06-15T00:00:00Z" },
	{ "the day before it ends one", "Etc/UTC", 15, "2026-05-14",
	    "2026-04-15", "2026-05-15", "2026-04-15T00:00:00Z", "2026-05-15T00:00:00Z" },
	{ "a cycle goes over the new year", "Etc/UTC", 15, "2026-12-31",
	    "2026-12-15", "2027-01-15", "2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z" },
	{ "and is the same in the new year", "Etc/UTC", 15, "2027-01-01",
	    "2026-12-15", "2027-01-15", "2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z" },
	{ "December with cycle day 1 ends with the year", "Etc/UTC", 1, "2026-12-31",
	    "2026-12-01", "2027-01-01", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z" },
	{ "day 28 needs no other day in February", "Etc/UTC", 28, "2026-02-28",
	    "2026-02-28", "2026-03-28", "2026-02-28T00:00:00Z", "2026-03-28T00:00:00Z" },
	{ "day 29 is 28 February in a common year", "Etc/UTC", 29, "2026-02-28",
	    "2026-02-28", "2026-03-29", "2026-02-28T00:00:00Z", "2026-03-29T00:00:00Z" },
	{ "day 29 is 29 February in a leap year", "Etc/UTC", 29, "2028-02-29",
	    "2028-02-29", "2028-03-29", "2028-02-29T00:00:00Z", "2028-03-29T00:00:00Z" },
	{ "28 February is before day 29 in a leap year", "Etc/UTC", 29, "2028-02-28",
	    "2028-01-29", "2028-02-29", "2028-01-29T00:00:00Z", "2028-02-29T00:00:00Z" },
	{ "day 30 is 28 February in a common year", "Etc/UTC", 30, "2027-03-01",
	    "2027-02-28", "2027-03-30", "2027-02-28T00:00:00Z", "2027-03-30T00:00:00Z" },
	{ "day 30 is 29 February in a leap year", "Etc/UTC", 30, "2028-02-29",
	    "2028-02-29", "2028-03-30", "2028-02-29T00:00:00Z", "2028-03-30T00:00:00Z" },
	{ "day 31 is 28 February in a common year", "Etc/UTC", 31, "2026-02-28",
	    "2026-02-28", "2026-03-31", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z" },
	{ "and 27 February is still January's", "Etc/UTC", 31, "2026-02-27",
	    "2026-01-31", "2026-02-28", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z" },
	{ "day 31 comes back after February", "Etc/UTC", 31, "2026-03-30",
	    "2026-02-28", "2026-03-31", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z" },
	{ "day 31 is 30 April", "Etc/UTC", 31, "2026-04-30",
	    "2026-04-30", "2026-05-31", "2026-04-30T00:00:00Z", "2026-05-31T00:00:00Z" },
	{ "29 April is before it", "Etc/UTC", 31, "2026-04-29",
	    "2026-03-31", "2026-04-30", "2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z" },
	{ "a cycle over the start of summer time is an hour short", "Europe/Berlin", 15, "2026-03-29",
	    "2026-03-15", "2026-04-15", "2026-03-14T23:00:00Z", "2026-04-14T22:00:00Z" },
	{ "a cycle over its end is an hour long", "Europe/Berlin", 15, "2026-10-25",
	    "2026-10-15", "2026-11-15", "2026-10-14T22:00:00Z", "2026-11-14T23:00:00Z" },
	{ "a cycle can begin on the day of the change", "America/New_York", 8, "2026-03-08",
	    "2026-03-08", "2026-04-08", "2026-03-08T05:00:00Z", "2026-04-08T04:00:00Z" },
	{ "a cycle whose first day has no midnight starts at its first instant", "Africa/Cairo", 24, "2026-05-01",
	    "2026-04-24", "2026-05-24", "2026-04-23T22:00:00Z", "2026-05-23T21:00:00Z" },
	{ "a cycle far east", "Pacific/Kiritimati", 1, "2026-05-31",
	    "2026-05-01", "2026-06-01", "2026-04-30T10:00:00Z", "2026-05-31T10:00:00Z" },
};

static void
is_the_cycle(void **state)
{
	static struct span spans[SPANS_MAX];
	const struct row *row = *state;
	struct spans s = zone_days(row->zone, spans);
	char text[DAY_TEXT_MAX];
	struct cycle c;
	struct day d;

	assert_true(day_parse(row->day, &d));
	c = cycle_of(s, &(const struct cycle_rule) { .first_day = row->cycle_day }, d);
	assert_string_equal(day_format(c.from, text), row->from);
	assert_string_equal(day_format(c.until, text), row->until);
	assert_int_equal(c.starts_at, at(row->starts_at));
	assert_int_equal(c.ends_at, at(row->ends_at));
}

/* Every day lies in its cycle, and where a cycle ends the next begins. */
static void
cycles_follow_one_another(void **state)
{
	static struct span spans[SPANS_MAX];
	struct spans s = zone_days("America/Havana", spans);
	struct day first = day_of(2020, 1, 1), d;
	struct cycle c, before;

	(void)state;
	for (int cycle_day = 1; cycle_day <= 31; cycle_day++) {
		const struct cycle_rule rule = { .first_day = cycle_day };

		before = cycle_of(s, &rule, day_add(first, -1));
		for (d = first; d.n < first.n + YEARS_TESTED * 365; d = day_add(d, 1)) {
			c = cycle_of(s, &rule, d);
			assert_true(c.from.n <= d.n && d.n < c.until.n);
			assert_true(c.until.n - c.from.n >= 28 && c.until.n - c.from.n <= 31);
			if (c.from.n == before.from.n)
				continue;
			assert_int_equal(c.from.n, d.n);
			assert_int_equal(c.from.n, before.until.n);
			assert_int_equal(c.starts_at, before.ends_at);
			before = c;
		}
	}
}

/* ---- A cycle day that changes */

static struct day
day(const char *text)
{
	struct day d = { 0 };

	assert_true(day_parse(text, &d));
	return d;
}

/* From the 1st; the 15th from 10 December 2026; the 31st from 15 January 2027, a start of the 15th; the 5th from 28 February. */
static void
make_changes(struct cycle_rule *rule)
{
	*rule = (struct cycle_rule) { .first_day = 1 };
	assert_true(cycle_set_from(rule, day("2027-02-28"), 5));
	assert_true(cycle_set_from(rule, day("2026-12-10"), 15));
	assert_true(cycle_set_from(rule, day("2027-01-15"), 31));
}

static const struct change_row {
	const char *name, *day, *from, *until;
} change_rows[] = {
	{ "before a change nothing is different", "2026-11-30", "2026-11-01", "2026-12-01" },
	{ "the running cycle ends where the change begins", "2026-12-09", "2026-12-01", "2026-12-10" },
	{ "a short one lasts to the first new start", "2026-12-10", "2026-12-10", "2026-12-15" },
	{ "also on its last day", "2026-12-14", "2026-12-10", "2026-12-15" },
	{ "then they are whole again", "2026-12-15", "2026-12-15", "2027-01-15" },
	{ "a change on a start makes a short one to the next", "2027-01-30", "2027-01-15", "2027-01-31" },
	{ "a change on the last day of February takes the place of day 31", "2027-02-27", "2027-01-31", "2027-02-28" },
	{ "and begins a short one", "2027-02-28", "2027-02-28", "2027-03-05" },
	{ "after the last change the new day holds on", "2030-07-04", "2030-06-05", "2030-07-05" },
};

static void
is_the_cycle_of_changes(void **state)
{
	static const struct span utc[] = { { 0, 0 } };
	const struct change_row *row = *state;
	struct cycle_rule rule;
	char text[DAY_TEXT_MAX];
	struct cycle c;

	make_changes(&rule);
	c = cycle_of((struct spans) { utc, 1 }, &rule, day(row->day));
	assert_string_equal(day_format(c.from, text), row->from);
	assert_string_equal(day_format(c.until, text), row->until);
}

/* Whether a cycle begins on a day, by the definition: a change begins one, and so does the cycle day of its month. */
static bool
begins(const struct cycle_rule *rule, struct day d)
{
	int year, month, dayofmonth, cycle_day = cycle_day_on(rule, d), length;

	for (size_t i = 0; i < rule->count; i++)
		if (rule->changes[i].from.n == d.n)
			return true;
	day_civil(d, &year, &month, &dayofmonth);
	length = days_in_month(year, month);
	return dayofmonth == (cycle_day < length ? cycle_day : length);
}

/* 200 lists of changes, set in any order: each day is in one cycle, from the last start that is not after it to the next. */
static void
no_day_is_lost_or_counted_twice(void **state)
{
	static const struct span utc[] = { { 0, 0 } };
	struct day first = day("2026-01-01"), from;
	unsigned draw = 14;

	(void)state;
	for (int run = 0; run < 200; run++) {
		struct cycle_rule rule = { .first_day = 1 + run % 31 };

		for (int i = 0; i < run % 8; i++) {
			draw = draw * 1664525 + 1013904223;
			assert_true(cycle_set_from(&rule, day_add(first, 40 + (int32_t)(draw >> 16) % 300), 1 + (int)(draw >> 8) % 31));
		}
		from = day_add(first, -40);
		while (!begins(&rule, from))
			from = day_add(from, 1);
		for (struct day d = from; d.n < first.n + 500; d = day_add(d, 1)) {
			struct cycle c = cycle_of((struct spans) { utc, 1 }, &rule, d);

			if (begins(&rule, d))
				from = d;
			assert_int_equal(c.from.n, from.n);
			assert_true(c.until.n > d.n && c.until.n - c.from.n <= 31 && begins(&rule, c.until));
			for (struct day inner = day_add(d, 1); inner.n < c.until.n; inner = day_add(inner, 1))
				assert_false(begins(&rule, inner));
		}
	}
}

static void
a_change_that_changes_nothing_is_left_out(void **state)
{
	struct cycle_rule rule, same;

	(void)state;
	make_changes(&rule);
	same = rule;
	assert_true(cycle_set_from(&rule, day("2026-12-20"), 15));
	assert_true(cycle_set_from(&rule, day("2026-11-20"), 1));
	assert_true(cycle_same(&rule, &same));
	/* In the place of the first change; then the second one is of the day that is in force. */
	assert_true(cycle_set_from(&rule, day("2026-12-10"), 31));
	assert_int_equal(rule.count, 2);
	assert_int_equal(rule.changes[1].from.n, day("2027-02-28").n);
	assert_int_equal(cycle_day_on(&rule, day("2026-12-09")), 1);
	assert_int_equal(cycle_day_on(&rule, day("2026-12-10")), 31);
	/* The present day again takes a change back. */
	assert_true(cycle_set_from(&rule, day("2026-12-10"), 1));
	assert_int_equal(rule.count, 1);
	assert_false(cycle_same(&rule, &same));
}

static void
changes_have_a_limit(void **state)
{
	struct cycle_rule rule = { .first_day = 1 };

	(void)state;
	for (int i = 0; i < CYCLE_CHANGES_MAX; i++)
		assert_true(cycle_set_from(&rule, day_add(day("2026-12-10"), i), 2 + i % 2));
	assert_false(cycle_set_from(&rule, day("2026-12-01"), 30));
	assert_false(cycle_set_from(&rule, day("2030-12-01"), 30));
	assert_int_equal(rule.count, CYCLE_CHANGES_MAX);
	/* In the place of one there is room. */
	assert_true(cycle_set_from(&rule, day("2026-12-10"), 30));
}

int
main(void)
{
	TABLE(rows, is_the_cycle);
	CASE("cycles follow one another without a gap, for every cycle day", cycles_follow_one_another);
	TABLE(change_rows, is_the_cycle_of_changes);
	CASE("with changes each day is in one cycle, and no other start is in it", no_day_is_lost_or_counted_twice);
	CASE("a change that changes nothing is left out", a_change_that_changes_nothing_is_left_out);
	CASE("changes have a limit", changes_have_a_limit);
	return TABLE_RUN("cycle");
}
