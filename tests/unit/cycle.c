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
	c = cycle_of(s, row->cycle_day, d);
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
		before = cycle_of(s, cycle_day, day_add(first, -1));
		for (d = first; d.n < first.n + YEARS_TESTED * 365; d = day_add(d, 1)) {
			c = cycle_of(s, cycle_day, d);
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

int
main(void)
{
	TABLE(rows, is_the_cycle);
	CASE("cycles follow one another without a gap, for every cycle day", cycles_follow_one_another);
	return TABLE_RUN("cycle");
}
