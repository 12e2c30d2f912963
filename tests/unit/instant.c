#include "table.h"

/* ---- Reading */

static const struct good {
	const char *name, *text;
	int64_t at;
} good[] = {
	{ "the epoch is zero", "1970-01-01T00:00:00Z", 0 },
	{ "a UTC time without a fraction", "2026-05-20T15:00:00Z", 1779289200000 },
	{ "a fraction of three digits", "2026-05-20T15:00:00.123Z", 1779289200123 },
	{ "a fraction of one digit", "2026-05-20T15:00:00.5Z", 1779289200500 },
	{ "a fraction of two digits", "2026-05-20T15:00:00.05Z", 1779289200050 },
	{ "a fraction of six digits is cut", "2026-05-20T15:00:00.123999Z", 1779289200123 },
	{ "a fraction of nine digits is cut", "2026-05-20T15:00:00.999999999Z", 1779289200999 },
	{ "a fraction below a millisecond is nothing", "2026-05-20T15:00:00.000999999Z", 1779289200000 },
	{ "an offset east is taken away", "2026-05-20T17:00:00+02:00", 1779289200000 },
	{ "an offset west is added", "2026-05-20T00:30:00-14:30", 1779289200000 },
	{ "an offset with a fraction", "2026-05-20T17:00:00.250+02:00", 1779289200250 },
	{ "the offset +00:00", "2026-05-20T15:00:00+00:00", 1779289200000 },
	{ "the offset -00:00", "2026-05-20T15:00:00-00:00", 1779289200000 },
	{ "the largest offset", "2026-05-21T14:59:00+23:59", 1779289200000 },
	{ "small t and z", "2026-05-20t15:00:00z", 1779289200000 },
	{ "the first instant that is accepted as an event's", "2012-01-01T00:00:00Z", INSTANT_MIN },
	{ "the last instant that has a day", "2100-01-01T00:00:00Z", INSTANT_MAX },
	{ "the last millisecond of a leap day", "2024-02-29T23:59:59.999Z", 1709251199999 },
	{ "29 February of a leap century", "2000-02-29T00:00:00Z", 951782400000 },
	{ "the millisecond before the epoch", "1969-12-31T23:59:59.999Z", -1 },
	{ "the year 1", "0001-01-01T00:00:00Z", -62135596800000 },
	{ "the first instant that can be written", "0000-01-01T00:00:00Z", -62167219200000 },
	{ "the last instant that can be written", "9999-12-31T23:59:59.999Z", 253402300799999 },
};

static void
is_read(void **state)
{
	const struct good *row = *state;
	int64_t result = 42;

	assert_true(instant_parse(row->text, &result));
	assert_int_equal(result, row->at);
}

static const struct bad {
	const char *name, *text;
} bad[] = {
	{ "nothing", "" },
	{ "a date alone", "2026-05-20" },
	{ "no zone", "2026-05-20T15:00:00" },
	{ "a blank for the T", "2026-05-20 15:00:00Z" },
	{ "a blank before", " 2026-05-20T15:00:00Z" },
	{ "a trailing blank", "2026-05-20T15:00:00Z " },
	{ "a trailing line break", "2026-05-20T15:00:00Z\n" },
	{ "no seconds", "2026-05-20T15:00Z" },
	{ "a year of two digits", "26-05-20T15:00:00Z" },
	{ "a year of five digits", "12026-05-20T15:00:00Z" },
	{ "a signed year", "+2026-05-20T15:00:00Z" },
	{ "a month of one digit", "2026-5-20T15:00:00Z" },
	{ "month 0", "2026-00-20T15:00:00Z" },
	{ "month 13", "2026-13-20T15:00:00Z" },
	{ "day 0", "2026-05-00T15:00:00Z" },
	{ "31 April", "2026-04-31T15:00:00Z" },
	{ "29 February of a common year", "2026-02-29T00:00:00Z" },
	{ "29 February of a common century", "2100-02-29T00:00:00Z" },
	{ "hour 24", "2026-05-20T24:00:00Z" },
	{ "minute 60", "2026-05-20T15:60:00Z" },
	{ "a leap second", "2016-12-31T23:59:60Z" },
	{ "a point without digits", "2026-05-20T15:00:00.Z" },
	{ "a fraction of ten digits", "2026-05-20T15:00:00.1234567890Z" },
	{ "a comma for the point", "2026-05-20T15:00:00,123Z" },
	{ "an offset without a colon", "2026-05-20T15:00:00+0200" },
	{ "an offset of hours", "2026-05-20T15:00:00+02" },
	{ "an offset of 24 hours", "2026-05-20T15:00:00+24:00" },
	{ "an offset with minute 60", "2026-05-20T15:00:00+02:60" },
	{ "an offset without a sign", "2026-05-20T15:00:00 02:00" },
	{ "both Z and an offset", "2026-05-20T15:00:00Z+02:00" },
	{ "an abbreviation for the zone", "2026-05-20T15:00:00UTC" },
	{ "a negative hour", "2026-05-20T-1:00:00Z" },
	{ "digits that are not ASCII", "２０２６-05-20T15:00:00Z" },
	{ "milliseconds since 1970", "1779289200000" },
	{ "before the year 0 by its offset", "0000-01-01T00:00:00+00:01" },
	{ "after the year 9999 by its offset", "9999-12-31T23:59:59-00:01" },
};

static void
is_refused(void **state)
{
	const struct bad *row = *state;
	int64_t result = 42;

	assert_false(instant_parse(row->text, &result));
	assert_int_equal(result, 42);	/* untouched */
}

/* ---- Writing */

static const struct written {
	const char *name;
	int64_t at;
	const char *text;
} written[] = {
	{ "the epoch is written", 0, "1970-01-01T00:00:00.000Z" },
	{ "milliseconds are always written", 1779289200005, "2026-05-20T15:00:00.005Z" },
	{ "the millisecond before the epoch is written", -1, "1969-12-31T23:59:59.999Z" },
	{ "the last millisecond of a leap day is written", 1709251199999, "2024-02-29T23:59:59.999Z" },
	{ "the last instant of RFC 3339 is written", 253402300799999, "9999-12-31T23:59:59.999Z" },
	{ "the first instant of RFC 3339 is written", -62167219200000, "0000-01-01T00:00:00.000Z" },
	{ "the largest int64 fits", INT64_MAX, "292278994-08-17T07:12:55.807Z" },
	{ "the smallest int64 fits", INT64_MIN, "-292275055-05-16T16:47:04.192Z" },
};

static void
is_written(void **state)
{
	const struct written *row = *state;
	char text[INSTANT_TEXT_MAX];

	assert_ptr_equal(instant_format(row->at, text), text);
	assert_string_equal(text, row->text);
}

static void
every_day_is_read_as_it_was_written(void **state)
{
	char text[INSTANT_TEXT_MAX];

	(void)state;
	for (int64_t instant = at("1900-01-01T00:00:00Z"); instant < at("2400-01-01T00:00:00Z");
	    instant += DAY_MS + 1)
		assert_int_equal(at(instant_format(instant, text)), instant);
}

/* ---- Arithmetic and the clock */

static const struct division {
	const char *name;
	int64_t a, b, result;
} divisions[] = {
	{ "7 / 2 is 3", 7, 2, 3 },
	{ "-7 / 2 is -4", -7, 2, -4 },
	{ "-8 / 2 is -4", -8, 2, -4 },
	{ "-1 / a day is -1", -1, DAY_MS, -1 },
	{ "0 / a day is 0", 0, DAY_MS, 0 },
	{ "the smallest int64 / 1 is itself", INT64_MIN, 1, INT64_MIN },
};

static void
rounds_down(void **state)
{
	const struct division *row = *state;

	assert_int_equal(floor_div(row->a, row->b), row->result);
}

static void
the_clock_goes(void **state)
{
	int64_t first = instant_now();

	(void)state;
	assert_true(first > at("2025-01-01T00:00:00Z") && first < INSTANT_MAX);
}

int
main(void)
{
	TABLE(good, is_read);
	TABLE(bad, is_refused);
	TABLE(written, is_written);
	CASE("every day is read as it was written", every_day_is_read_as_it_was_written);
	TABLE(divisions, rounds_down);
	CASE("the clock shows milliseconds since 1970", the_clock_goes);
	return TABLE_RUN("instant");
}
