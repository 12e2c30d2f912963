#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "zones.h"

#include "time/day.h"

/* A zone's own days since 1970. */
static struct spans
days_of_zone(const char *name)
{
	static struct span spans[SPANS_MAX];
	size_t count = zone_spans(zone(name), 0, INSTANT_MAX, spans, SPANS_MAX);

	assert_in_range(count, 1, SPANS_MAX);
	return (struct spans){ spans, count };
}

/* ---- Civil dates */

static const struct civil {
	const char *name;
	int year, month, dayofmonth;
	int32_t n;
} civils[] = {
	{ "1970-01-01 is day 0", 1970, 1, 1, 0 },
	{ "1969-12-31 is day -1", 1969, 12, 31, -1 },
	{ "2000-02-29 is day 11016", 2000, 2, 29, 11016 },
	{ "2000-03-01 is the next", 2000, 3, 1, 11017 },
	{ "2012-01-01 is the first that organizations have", 2012, 1, 1, 15340 },
	{ "2100-01-01 is the last", 2100, 1, 1, 47482 },
	{ "2100-02-28 is before", 2100, 2, 28, 47540 },
	{ "2100-03-01, without a leap day", 2100, 3, 1, 47541 },
	{ "1600-02-29 is long ago", 1600, 2, 29, -135081 },
	{ "0000-03-01 begins an era", 0, 3, 1, -719468 },
	{ "-0001-12-31 is before the year 0", -1, 12, 31, -719529 },
};

static void
is_that_day(void **state)
{
	const struct civil *row = *state;
	int year, month, dayofmonth;

	assert_int_equal(day_of(row->year, row->month, row->dayofmonth).n, row->n);
	day_civil((struct day){ row->n }, &year, &month, &dayofmonth);
	assert_int_equal(year, row->year);
	assert_int_equal(month, row->month);
	assert_int_equal(dayofmonth, row->dayofmonth);
}

static void
days_count_up_through_months_and_years(void **state)
{
	int32_t n = day_of(-800, 1, 1).n;
	int y, m, d;

	(void)state;
	for (int year = -800; year <= 2800; year++)
		for (int month = 1; month <= 12; month++)
			for (int dayofmonth = 1; dayofmonth <= days_in_month(year, month); dayofmonth++, n++) {
				assert_int_equal(day_of(year, month, dayofmonth).n, n);
				day_civil((struct day){ n }, &y, &m, &d);
				assert_true(y == year && m == month && d == dayofmonth);
			}
}

static void
months_have_their_lengths(void **state)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	(void)state;
	for (int month = 1; month <= 12; month++)
		assert_int_equal(days_in_month(2026, month), lengths[month - 1]);
	assert_int_equal(days_in_month(2024, 2), 29);
	assert_int_equal(days_in_month(2000, 2), 29);
	assert_int_equal(days_in_month(2100, 2), 28);
}

static void
the_farthest_days_can_be_written(void **state)
{
	(void)state;
	assert_day((struct day){ INT32_MAX }, "5881580-07-11");
	assert_day((struct day){ INT32_MIN }, "-5877641-06-23");
}

static void
days_are_added(void **state)
{
	(void)state;
	assert_day(day_add(day("2024-02-28"), 2), "2024-03-01");
	assert_day(day_add(day("2024-03-01"), -1), "2024-02-29");
	assert_day(day_add(day("2026-12-31"), 1), "2027-01-01");
}

static const struct text {
	const char *name, *text;
	bool is_day;
} texts[] = {
	{ "a date", "2026-05-20", true },
	{ "the first date", "1970-01-01", true },
	{ "the day before it", "1969-12-31", false },
	{ "the last date", "9999-12-31", true },
	{ "the year 0", "0000-01-01", false },
	{ "a leap day", "2024-02-29", true },
	{ "no leap day", "2025-02-29", false },
	{ "30 April", "2026-04-30", true },
	{ "31 April", "2026-04-31", false },
	{ "month 0", "2026-00-10", false },
	{ "month 13", "2026-13-10", false },
	{ "day 0", "2026-05-00", false },
	{ "nothing", "", false },
	{ "a month alone", "2026-05", false },
	{ "no hyphens", "20260520", false },
	{ "slashes", "2026/05/20", false },
	{ "one digit", "2026-5-20", false },
	{ "one digit for the day", "2026-05-2", false },
	{ "a day of three digits", "2026-05-020", false },
	{ "a year of five digits", "12026-05-20", false },
	{ "a sign", "+026-05-20", false },
	{ "a blank before", " 2026-05-2", false },
	{ "a trailing blank", "2026-05-20 ", false },
	{ "an instant", "2026-05-20T00:00:00Z", false },
};

static void
is_read_and_written_or_refused(void **state)
{
	const struct text *row = *state;
	struct day d = { 42 };

	assert_int_equal(day_parse(row->text, &d), row->is_day);
	if (row->is_day)
		assert_day(d, row->text);
	else
		assert_int_equal(d.n, 42);	/* untouched */
}

/* ---- Where days start */

static const struct start {
	const char *name, *zone, *day, *at;
} starts[] = {
	{ "a day of UTC starts at midnight", "UTC", "2026-05-20", "2026-05-20T00:00:00.000Z" },
	{ "a day in Toronto starts later", "America/Toronto", "2026-05-20", "2026-05-20T04:00:00.000Z" },
	{ "a day in Auckland starts earlier", "Pacific/Auckland", "2026-05-20", "2026-05-19T12:00:00.000Z" },
	{ "a day with quarters", "Asia/Kathmandu", "2026-05-20", "2026-05-19T18:15:00.000Z" },
	{ "the day of a change at two starts before it", "Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z" },
	{ "the day after starts after it", "Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00.000Z" },
	{ "Sao Paulo has no midnight when summer begins", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z" },
	{ "Sao Paulo's day before is an hour longer when it ends", "America/Sao_Paulo", "2019-02-17",
	    "2019-02-17T03:00:00.000Z" },
	{ "Beirut has no midnight", "Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z" },
	{ "Cairo has no midnight", "Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z" },
	{ "Cairo has its last midnight twice and starts at the second", "Africa/Cairo", "2026-10-30",
	    "2026-10-29T22:00:00.000Z" },
	{ "Havana has midnight twice and starts at the first", "America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z" },
	{ "Lord Howe starts before its half hour", "Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00.000Z" },
	{ "Lord Howe starts after its half hour", "Australia/Lord_Howe", "2026-04-06", "2026-04-05T13:30:00.000Z" },
	{ "St John's comes to the day, and goes back at 00:01", "America/St_Johns", "2010-11-07", "2010-11-07T02:30:00.000Z" },
	{ "Apia's day before the missing one", "Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00.000Z" },
	{ "Apia's missing day starts as the next one", "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000Z" },
	{ "Apia's day after it", "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z" },
	{ "Apia's first day of 2012", "Pacific/Apia", "2012-01-01", "2011-12-31T10:00:00.000Z" },
	{ "the first span holds before itself", "Asia/Tokyo", "1970-01-01", "1969-12-31T15:00:00.000Z" },
	{ "the last span holds permanently", "Asia/Tokyo", "2500-01-01", "2499-12-31T15:00:00.000Z" },
};

static void
starts_there(void **state)
{
	const struct start *row = *state;
	struct spans s = days_of_zone(row->zone);
	struct day d = day(row->day);

	assert_instant(day_start(s, d), row->at);
	assert_true(day_at(s, day_start(s, d)).n >= d.n);
	assert_true(day_at(s, day_start(s, d) - 1).n < d.n);
}

static const struct dated {
	const char *name, *zone, *at, *day;
} dated[] = {
	{ "the last millisecond of a day", "America/Toronto", "2026-05-20T03:59:59.999Z", "2026-05-19" },
	{ "the first of the next", "America/Toronto", "2026-05-20T04:00:00Z", "2026-05-20" },
	{ "St John's the second before its midnight", "America/St_Johns", "2010-11-07T02:29:59.999Z", "2010-11-06" },
	{ "St John's at its midnight", "America/St_Johns", "2010-11-07T02:30:00Z", "2010-11-07" },
	{ "St John's at 00:01 is the day before once more", "America/St_Johns", "2010-11-07T02:31:00Z", "2010-11-06" },
	{ "St John's at its second midnight", "America/St_Johns", "2010-11-07T03:30:00Z", "2010-11-07" },
	{ "Apia before its missing day", "Pacific/Apia", "2011-12-30T09:59:59.999Z", "2011-12-29" },
	{ "Apia after its missing day", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31" },
	{ "the millisecond before 1970", "UTC", "1969-12-31T23:59:59.999Z", "1969-12-31" },
};

static void
has_the_day(void **state)
{
	const struct dated *row = *state;

	assert_day(day_at(days_of_zone(row->zone), at(row->at)), row->day);
}

static void
offsets_are_those_of_the_spans(void **state)
{
	struct spans s = days_of_zone("Europe/Berlin");

	(void)state;
	assert_int_equal(span_offset_at(s, at("1969-01-01T00:00:00Z")), 3600);
	assert_int_equal(span_offset_at(s, at("2026-03-29T00:59:59.999Z")), 3600);
	assert_int_equal(span_offset_at(s, at("2026-03-29T01:00:00Z")), 7200);
	assert_int_equal(span_offset_at(s, at("2200-07-01T00:00:00Z")), 3600);
}

/* ---- Wall clocks */

static const struct wall {
	const char *name, *zone, *day;
	int hour, minute;
	const char *at;
} walls[] = {
	{ "an ordinary time", "Europe/Berlin", "2026-05-20", 9, 30, "2026-05-20T07:30:00.000Z" },
	{ "midnight", "Europe/Berlin", "2026-05-20", 0, 0, "2026-05-19T22:00:00.000Z" },
	{ "the minute before a gap", "Europe/Berlin", "2026-03-29", 1, 59, "2026-03-29T00:59:00.000Z" },
	{ "the start of a gap moves to its end", "Europe/Berlin", "2026-03-29", 2, 0, "2026-03-29T01:00:00.000Z" },
	{ "02:30 in a gap becomes 03:30", "Europe/Berlin", "2026-03-29", 2, 30, "2026-03-29T01:30:00.000Z" },
	{ "the end of a gap", "Europe/Berlin", "2026-03-29", 3, 0, "2026-03-29T01:00:00.000Z" },
	{ "before a time that comes twice", "Europe/Berlin", "2026-10-25", 1, 59, "2026-10-24T23:59:00.000Z" },
	{ "a time that comes twice is its first", "Europe/Berlin", "2026-10-25", 2, 30, "2026-10-25T00:30:00.000Z" },
	{ "its end is once again ordinary", "Europe/Berlin", "2026-10-25", 3, 0, "2026-10-25T02:00:00.000Z" },
	{ "Lord Howe's gap is half an hour: 02:15 becomes 02:45", "Australia/Lord_Howe", "2026-10-04", 2, 15,
	    "2026-10-03T15:45:00.000Z" },
	{ "Lord Howe's 02:30 is after its gap", "Australia/Lord_Howe", "2026-10-04", 2, 30, "2026-10-03T15:30:00.000Z" },
	{ "Lord Howe's 01:45 comes twice", "Australia/Lord_Howe", "2026-04-05", 1, 45, "2026-04-04T14:45:00.000Z" },
	{ "Lord Howe's 02:00 comes once", "Australia/Lord_Howe", "2026-04-05", 2, 0, "2026-04-04T15:30:00.000Z" },
	{ "Cairo's missing midnight becomes 01:00", "Africa/Cairo", "2026-04-24", 0, 0, "2026-04-23T22:00:00.000Z" },
	{ "Cairo's missing 00:30 becomes 01:30", "Africa/Cairo", "2026-04-24", 0, 30, "2026-04-23T22:30:00.000Z" },
	{ "Havana's midnight comes twice", "America/Havana", "2026-11-01", 0, 0, "2026-11-01T04:00:00.000Z" },
	{ "St John's midnight comes twice", "America/St_Johns", "2010-11-07", 0, 0, "2010-11-07T02:30:00.000Z" },
	{ "St John's 00:01 comes once, an hour later", "America/St_Johns", "2010-11-07", 0, 1, "2010-11-07T03:31:00.000Z" },
	{ "St John's 23:30 of the day before comes twice", "America/St_Johns", "2010-11-06", 23, 30,
	    "2010-11-07T02:00:00.000Z" },
	{ "Apia's missing 10:00 becomes the next day's", "Pacific/Apia", "2011-12-30", 10, 0, "2011-12-30T20:00:00.000Z" },
	{ "Troll's gap is two hours: 01:30 becomes 03:30", "Antarctica/Troll", "2026-03-29", 1, 30, "2026-03-29T01:30:00.000Z" },
	{ "before the first span", "Asia/Tokyo", "1970-01-01", 8, 0, "1969-12-31T23:00:00.000Z" },
};

static void
shows_that_time(void **state)
{
	const struct wall *row = *state;
	struct spans s = days_of_zone(row->zone);

	assert_instant(day_wall(s, day(row->day), row->hour * HOUR_MS + row->minute * MINUTE_MS), row->at);
}

static void
milliseconds_of_the_wall_are_kept(void **state)
{
	(void)state;
	assert_instant(day_wall(days_of_zone("Europe/Berlin"), day("2026-03-29"), 2 * HOUR_MS + 1),
	    "2026-03-29T01:00:00.001Z");
}

/* A span goes on and the next goes back over the gap: what was skipped first comes after all. */
static void
a_time_that_comes_after_its_gap_is_not_moved(void **state)
{
	static const struct span spans[] = { { 0, 0 }, { 10 * HOUR_MS, 7200 }, { 11 * HOUR_MS, -7200 } };
	struct spans s = { spans, 3 };

	(void)state;
	assert_int_equal(day_wall(s, (struct day){ 0 }, 11 * HOUR_MS), 13 * HOUR_MS);
	assert_int_equal(day_wall(s, (struct day){ 0 }, 12 * HOUR_MS), 10 * HOUR_MS);
}

/* By the slowest means: every minute of UTC around each change, in the order in which it comes. */
static void
each_minute_around_a_change_is_found(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns",
		"Pacific/Apia", "Africa/Cairo", "America/Havana", "Antarctica/Troll", "Antarctica/Casey" };
	static int64_t first[6 * 24 * 60];

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		struct spans s = days_of_zone(zones[z]);

		for (size_t i = 1; i < s.count; i++) {
			int64_t change = s.at[i].from_at, base = floor_div(change, DAY_MS) * DAY_MS - 3 * DAY_MS;

			if (change < at("2005-01-01T00:00:00Z") || change > at("2028-01-01T00:00:00Z"))
				continue;
			memset(first, 0, sizeof(first));
			for (int64_t t = base; t < base + 6 * DAY_MS; t += MINUTE_MS) {
				int64_t local = (t + span_offset_at(s, t) * SECOND_MS - base) / MINUTE_MS;

				if (local >= 0 && local < 6 * 24 * 60 && first[local] == 0)
					first[local] = t;
			}
			for (int64_t m = 24 * 60; m < 5 * 24 * 60; m++) {
				struct day d = { (int32_t)((base + m * MINUTE_MS) / DAY_MS) };
				int64_t expected = first[m];

				if (expected == 0)	/* skipped: as the clock went before the change */
					expected = base + m * MINUTE_MS - s.at[i - 1].utc_offset_s * SECOND_MS;
				assert_int_equal(day_wall(s, d, base + m * MINUTE_MS - d.n * DAY_MS), expected);
			}
		}
	}
}

int
main(void)
{
	unsetenv("TZDIR");
	TABLE(civils, is_that_day);
	CASE("days count up through months and years", days_count_up_through_months_and_years);
	CASE("months have their lengths", months_have_their_lengths);
	CASE("the farthest days can be written", the_farthest_days_can_be_written);
	CASE("days are added", days_are_added);
	TABLE(texts, is_read_and_written_or_refused);
	TABLE(starts, starts_there);
	TABLE(dated, has_the_day);
	CASE("offsets are those of the spans", offsets_are_those_of_the_spans);
	TABLE(walls, shows_that_time);
	CASE("milliseconds of the wall are kept", milliseconds_of_the_wall_are_kept);
	CASE("a time that comes after its gap is not moved", a_time_that_comes_after_its_gap_is_not_moved);
	CASE("each minute around a change is found", each_minute_around_a_change_is_found);
	return TABLE_RUN("day");
}
