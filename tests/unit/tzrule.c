#include <stdlib.h>
#include <string.h>

#include "table.h"

#include "time/tzrule.h"

/* A copy without a NUL, so that a sanitizer sees reading beyond it. */
static bool
parse(const char *text, struct tzrule *rule)
{
	size_t n = strlen(text);
	char *exact = malloc(n > 0 ? n : 1);
	bool result;

	assert_non_null(exact);
	memcpy(exact, text, n);
	result = tzrule_parse(exact, n, rule);
	free(exact);
	return result;
}

/* ---- Reading and using */

static const struct good {
	const char *name, *rule, *at;
	int32_t offset_s;
} good[] = {
	{ "west is positive", "EST5", "2026-01-01T00:00:00Z", -5 * 3600 },
	{ "east is negative", "CET-1", "2026-01-01T00:00:00Z", 3600 },
	{ "an offset with a plus", "EST+5", "2026-01-01T00:00:00Z", -5 * 3600 },
	{ "an offset with minutes", "IST-5:30", "2026-01-01T00:00:00Z", 19800 },
	{ "an offset with seconds", "XXX0:25:21", "2026-01-01T00:00:00Z", -1521 },
	{ "a quoted name", "<-03>3", "2026-01-01T00:00:00Z", -3 * 3600 },
	{ "a quoted name of letters", "<EST>5", "2026-01-01T00:00:00Z", -5 * 3600 },
	{ "an offset of almost a day", "XXX-23:59:59", "2026-01-01T00:00:00Z", 86399 },
	{ "a long name", "LONGNAMEOFAZONE5", "2026-01-01T00:00:00Z", -5 * 3600 },

	{ "New York the second before summer", "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -5 * 3600 },
	{ "New York at the start of summer", "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -4 * 3600 },
	{ "New York the second before winter", "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T05:59:59Z", -4 * 3600 },
	{ "New York at the start of winter", "EST5EDT,M3.2.0,M11.1.0", "2026-11-01T06:00:00Z", -5 * 3600 },
	{ "New York on new year's eve", "EST5EDT,M3.2.0,M11.1.0", "2026-12-31T23:59:59Z", -5 * 3600 },
	{ "Sydney in January is in summer", "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z", 11 * 3600 },
	{ "Sydney the second before winter", "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T15:59:59Z", 11 * 3600 },
	{ "Sydney at the start of winter", "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T16:00:00Z", 10 * 3600 },
	{ "Lord Howe's summer is half an hour", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
	    "2026-01-01T00:00:00Z", 39600 },
	{ "Lord Howe's winter", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-07-01T00:00:00Z", 37800 },
	{ "Dublin's winter is its daylight saving", "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0 },
	{ "Dublin's summer is its standard", "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600 },
	{ "Nuuk the second before the day before", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200 },
	{ "Nuuk changes the day before, at 23", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600 },
	{ "Gaza the second before hour 50", "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200 },
	{ "Gaza changes 50 hours after a Thursday's midnight", "EET-2EEST,M3.4.4/50,M10.4.4/50",
	    "2026-03-28T00:00:00Z", 10800 },
	{ "Santiago before hour 24", "<-04>4<-03>,M9.1.6/24,M4.1.6/24", "2026-09-06T03:59:59Z", -4 * 3600 },
	{ "Santiago changes at hour 24", "<-04>4<-03>,M9.1.6/24,M4.1.6/24", "2026-09-06T04:00:00Z", -3 * 3600 },

	{ "week 5 is the fourth where there is no fifth", "AAA0BBB,M2.5.0/0,M9.1.0/0", "2026-02-22T00:00:00Z", 3600 },
	{ "and not a week before", "AAA0BBB,M2.5.0/0,M9.1.0/0", "2026-02-21T23:59:59Z", 0 },
	{ "week 5 is the fifth where there is one", "AAA0BBB,M3.5.0/0,M9.1.0/0", "2026-03-28T23:59:59Z", 0 },
	{ "a month that begins on the weekday", "AAA0BBB,M3.1.0/0,M9.1.0/0", "2026-03-01T00:00:00Z", 3600 },
	{ "J59 is 28 February in a leap year", "AAA0BBB,J59/0,J300/0", "2028-02-28T00:00:00Z", 3600 },
	{ "J60 is 1 March in a leap year", "AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0 },
	{ "J60 is 1 March, at its midnight", "AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600 },
	{ "J60 is 1 March in a common year", "AAA0BBB,J60/0,J300/0", "2026-03-01T00:00:00Z", 3600 },
	{ "J60 is not 28 February", "AAA0BBB,J60/0,J300/0", "2026-02-28T23:59:59Z", 0 },
	{ "J365 is 31 December in a leap year", "AAA0BBB,J100/0,J365/0", "2028-12-30T22:59:59Z", 3600 },
	{ "J365 is 31 December by the summer's clock", "AAA0BBB,J100/0,J365/0", "2028-12-30T23:00:00Z", 0 },
	{ "day 59 is 29 February in a leap year", "AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3600 },
	{ "and not 28 February", "AAA0BBB,59/0,300/0", "2028-02-28T23:59:59Z", 0 },
	{ "day 59 is 1 March in a common year", "AAA0BBB,59/0,300/0", "2026-03-01T00:00:00Z", 3600 },
	{ "day 0 is 1 January", "AAA0BBB,0/0,300/0", "2026-01-01T00:00:00Z", 3600 },

	{ "summer all year: at new year", "EST5EDT,0/0,J365/25", "2026-01-01T05:00:00Z", -4 * 3600 },
	{ "summer all year: the second before", "EST5EDT,0/0,J365/25", "2026-01-01T04:59:59Z", -4 * 3600 },
	{ "summer all year: in winter", "EST5EDT,0/0,J365/25", "2026-12-20T00:00:00Z", -4 * 3600 },
	{ "summer all year, west of standard: at new year", "XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -4 * 3600 },
	{ "summer all year, west of standard: in winter", "XXX3EDT4,0/0,J365/23", "2026-12-31T23:00:00Z", -4 * 3600 },
	{ "a turn 167 hours late falls into the next year", "AAA0BBB,J365/167,J100/0", "2027-01-06T22:59:59Z", 0 },
	{ "and holds from there", "AAA0BBB,J365/167,J100/0", "2027-01-06T23:00:00Z", 3600 },
	{ "a turn 167 hours early falls into the year before", "AAA0BBB,J1/-167,J100/0", "2026-12-25T01:00:00Z", 3600 },
	{ "and not before", "AAA0BBB,J1/-167,J100/0", "2026-12-25T00:59:59Z", 0 },
	{ "both turns late: the year begins as the one before last left it", "AAA0BBB,J365/167,J365/160",
	    "2027-01-03T00:00:00Z", 3600 },
	{ "a time with minutes and seconds", "AAA0BBB,J100/1:02:03,J200/0", "2026-04-10T01:02:03Z", 3600 },
	{ "and not the second before", "AAA0BBB,J100/1:02:03,J200/0", "2026-04-10T01:02:02Z", 0 },
	{ "without a time it is two o'clock", "AAA0BBB,J100,J200", "2026-04-10T02:00:00Z", 3600 },
	{ "and not the second before two", "AAA0BBB,J100,J200", "2026-04-10T01:59:59Z", 0 },

	{ "before 1970", "EST5EDT,M3.2.0,M11.1.0", "1900-07-01T00:00:00Z", -4 * 3600 },
	{ "in 2400", "EST5EDT,M3.2.0,M11.1.0", "2400-07-01T00:00:00Z", -4 * 3600 },
	{ "in 9999", "EST5EDT,M3.2.0,M11.1.0", "9999-12-31T00:00:00Z", -5 * 3600 },
};

static void
has_the_offset(void **state)
{
	const struct good *row = *state;
	struct tzrule rule;

	assert_true(parse(row->rule, &rule));
	assert_int_equal(tzrule_offset_at(&rule, floor_div(at(row->at), SECOND_MS)), row->offset_s);
}

static const struct bad {
	const char *name, *rule;
} bad[] = {
	{ "nothing is no rule", "" },
	{ "a name of two letters", "ES5" },
	{ "a name without an offset", "EST" },
	{ "a digit in a bare name", "E1T5" },
	{ "a quoted name of two characters", "<+3>-3" },
	{ "an endless quoted name", "<-03" },
	{ "a blank in a quoted name", "<- 03>3" },
	{ "an offset of a day", "EST24" },
	{ "an offset of 25 hours", "EST25" },
	{ "an offset of minute 60", "EST5:60" },
	{ "an offset of second 60", "EST5:00:60" },
	{ "an offset with a colon and nothing", "EST5:" },
	{ "an offset with two signs", "EST--5" },
	{ "a trailing blank", "EST5 " },
	{ "a NUL's place taken by junk", "EST5\x01" },
	{ "daylight saving without its turns", "EST5EDT" },
	{ "daylight saving with one turn", "EST5EDT,M3.2.0" },
	{ "a third turn", "EST5EDT,M3.2.0,M11.1.0,M12.1.0" },
	{ "a comma at the end", "EST5EDT,M3.2.0,M11.1.0," },
	{ "daylight saving a day ahead", "XXX-23:30YYY,M3.2.0,M11.1.0" },
	{ "month 0", "EST5EDT,M0.2.0,M11.1.0" },
	{ "month 13", "EST5EDT,M13.2.0,M11.1.0" },
	{ "week 0", "EST5EDT,M3.0.0,M11.1.0" },
	{ "week 6", "EST5EDT,M3.6.0,M11.1.0" },
	{ "weekday 7", "EST5EDT,M3.2.7,M11.1.0" },
	{ "a month without a week", "EST5EDT,M3,M11.1.0" },
	{ "J0", "EST5EDT,J0,J300" },
	{ "J366", "EST5EDT,J366,J300" },
	{ "day 366", "EST5EDT,366,300" },
	{ "a day of four digits", "EST5EDT,0001,300" },
	{ "a turn without a day", "EST5EDT,/2,J300" },
	{ "168 hours", "EST5EDT,M3.2.0/168,M11.1.0" },
	{ "-168 hours", "EST5EDT,M3.2.0/-168,M11.1.0" },
	{ "a turn with a slash and nothing", "EST5EDT,M3.2.0/,M11.1.0" },
	{ "a leading colon", ":America/New_York" },
};

static void
is_refused(void **state)
{
	const struct bad *row = *state;
	struct tzrule rule;

	assert_false(parse(row->rule, &rule));
}

/* ---- Turn after turn */

static const struct turn {
	const char *name, *rule, *after, *next;
} turns[] = {
	{ "from winter the next turn is spring's", "EST5EDT,M3.2.0,M11.1.0",
	    "2026-01-01T00:00:00Z", "2026-03-08T07:00:00Z" },
	{ "a turn is not its own next one", "EST5EDT,M3.2.0,M11.1.0",
	    "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z" },
	{ "the second before a turn it is next", "EST5EDT,M3.2.0,M11.1.0",
	    "2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z" },
	{ "after autumn the next is in the next year", "EST5EDT,M3.2.0,M11.1.0",
	    "2026-11-01T06:00:00Z", "2027-03-14T07:00:00Z" },
	{ "a turn of the year before, in this one's first days", "AAA0BBB,J365/167,J365/160",
	    "2027-01-01T00:00:00Z", "2027-01-06T15:00:00Z" },
	{ "a turn late in the next year's first days", "AAA0BBB,J365/167,J365/160",
	    "2027-01-07T00:00:00Z", "2028-01-06T15:00:00Z" },
	{ "a turn early in the last year's last days", "AAA0BBB,J1/-167,J1/-160",
	    "2026-12-26T00:00:00Z", "2027-12-25T01:00:00Z" },
	{ "far away", "EST5EDT,M3.2.0,M11.1.0", "9990-12-01T00:00:00Z", "9991-03-10T07:00:00Z" },
};

static void
is_the_next_turn(void **state)
{
	const struct turn *row = *state;
	struct tzrule rule;
	int64_t next_s;

	assert_true(parse(row->rule, &rule));
	assert_true(tzrule_next(&rule, floor_div(at(row->after), SECOND_MS), &next_s));
	assert_int_equal(next_s, floor_div(at(row->next), SECOND_MS));
}

static void
a_fixed_offset_has_no_turns(void **state)
{
	struct tzrule rule;
	int64_t next_s;

	(void)state;
	assert_true(parse("EST5", &rule));
	assert_false(tzrule_next(&rule, 0, &next_s));
}

static void
no_instant_is_too_far(void **state)
{
	static const int64_t far[] = { -(INT64_C(1) << 59), -1, 0, INT64_C(1) << 59 };
	struct tzrule rule;
	int64_t next_s;

	(void)state;
	assert_true(parse("EST5EDT,M3.2.0,M11.1.0", &rule));
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		assert_true(tzrule_next(&rule, far[i], &next_s));
		assert_true(next_s > far[i] && next_s < far[i] + 300 * 86400);
		assert_int_not_equal(tzrule_offset_at(&rule, next_s), tzrule_offset_at(&rule, next_s - 1));
	}
}

int
main(void)
{
	TABLE(good, has_the_offset);
	TABLE(bad, is_refused);
	TABLE(turns, is_the_next_turn);
	CASE("a fixed offset has no turns", a_fixed_offset_has_no_turns);
	CASE("no instant is too far", no_instant_is_too_far);
	return TABLE_RUN("tzrule");
}
