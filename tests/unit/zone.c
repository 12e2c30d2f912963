#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"
#include "zones.h"

#include "time/zone.h"

enum { SPANS = 2048 };

#define SYSTEM_FOLDER "/usr/share/zoneinfo"

/* ---- Names */

static const struct name {
	const char *name, *zone;
	bool is_good;
} names[] = {
	{ "a zone of the list", "Europe/Berlin", true },
	{ "a misspelt zone", "Europe/Berlinn", false },
	{ "a zone in small letters", "europe/berlin", false },
	{ "a zone with a trailing blank", "Europe/Berlin ", false },
	{ "a zone with a trailing line break", "Europe/Berlin\n", false },
	{ "a zone with a trailing slash", "Europe/Berlin/", false },
	{ "a zone with two slashes", "Europe//Berlin", false },
	{ "a zone with a leading colon", ":Europe/Berlin", false },
	{ "a zone in three parts", "America/Argentina/Buenos_Aires", true },
	{ "a folder", "America/Argentina", false },
	{ "a folder at the top", "Europe", false },
	{ "nothing", "", false },
	{ "a name with hyphens", "America/Port-au-Prince", true },
	{ "a name with a plus", "Etc/GMT+12", true },
	{ "a name with a plus that is not in the list", "Etc/GMT+13", false },
	{ "a link", "US/Eastern", true },
	{ "a link without a slash", "GB", true },
	{ "UTC", "UTC", true },
	{ "a POSIX string", "UTC+5", false },
	{ "another POSIX string", "Foo5", false },
	{ "a zone that is named like a POSIX string", "EST5EDT", true },
	{ "a POSIX string with turns", "EST5EDT,M3.2.0,M11.1.0", false },
	{ "posixrules", "posixrules", false },
	{ "localtime", "localtime", false },
	{ "Factory", "Factory", false },
	{ "a zone below posix", "posix/Europe/Berlin", false },
	{ "a zone below right, with leap seconds", "right/Europe/Berlin", false },
	{ "a path from the root", SYSTEM_FOLDER "/Europe/Berlin", false },
	{ "a path out of the folder", "../zoneinfo/Europe/Berlin", false },
	{ "a path up and down", "Europe/../Europe/Berlin", false },
	{ "a path to the same place", "./Europe/Berlin", false },
	{ "the list itself", "tzdata.zi", false },
	{ "a table", "zone1970.tab", false },
	{ "another file", "leapseconds", false },
	{ "a name of 64 bytes",
	    "Europe/Berlinnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", false },
	{ "bytes that are not ASCII", "Europe/Zürich", false },
};

static void
is_good_or_refused(void **state)
{
	const struct name *row = *state;

	assert_int_equal(is_zone(row->zone), row->is_good);
}

static void
every_name_of_the_list_is_a_zone(void **state)
{
	static struct span spans[SPANS];
	char line[1024], name[ZONE_NAME_MAX], path[128];
	size_t zones = 0;
	FILE *f = fopen(SYSTEM_FOLDER "/tzdata.zi", "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if ((sscanf(line, "Z %63s", name) != 1 && sscanf(line, "L %*s %63s", name) != 1) ||
		    strcmp(name, "Factory") == 0)
			continue;
		snprintf(path, sizeof(path), SYSTEM_FOLDER "/%s", name);
		if (access(path, F_OK) != 0)
			continue;	/* some systems have the old links in a package of their own */
		zones++;
		assert_in_range(zone_spans(zone(name), INSTANT_MIN, INSTANT_MAX, spans, SPANS), 1, SPANS);
	}
	fclose(f);
	assert_true(zones > 300);
}

/* ---- Offsets: around a change, a millisecond before and at it */

static const struct change {
	const char *name, *zone, *at;
	int32_t before_s, after_s;
} changes[] = {
	{ "Apia loses 2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z", -36000, 50400 },
	{ "Kiritimati loses 1994-12-31", "Pacific/Kiritimati", "1994-12-31T10:00:00Z", -36000, 50400 },
	{ "Lord Howe's summer begins by half an hour", "Australia/Lord_Howe", "2025-10-04T15:30:00Z", 37800, 39600 },
	{ "Lord Howe's summer ends by half an hour", "Australia/Lord_Howe", "2026-04-04T15:00:00Z", 39600, 37800 },
	{ "Sao Paulo's last summer begins at midnight", "America/Sao_Paulo", "2018-11-04T03:00:00Z", -10800, -7200 },
	{ "Sao Paulo's last summer ends at midnight", "America/Sao_Paulo", "2019-02-17T02:00:00Z", -7200, -10800 },
	{ "Beirut's summer begins at midnight", "Asia/Beirut", "2026-03-28T22:00:00Z", 7200, 10800 },
	{ "Cairo's summer begins at midnight", "Africa/Cairo", "2026-04-23T22:00:00Z", 7200, 10800 },
	{ "Cairo's summer ends at midnight", "Africa/Cairo", "2026-10-29T21:00:00Z", 10800, 7200 },
	{ "St John's went back at 00:01", "America/St_Johns", "2010-11-07T02:31:00Z", -9000, -12600 },
	{ "St John's goes back at two now", "America/St_Johns", "2026-11-01T04:30:00Z", -9000, -12600 },
	{ "Pyongyang goes half an hour back", "Asia/Pyongyang", "2015-08-14T15:00:00Z", 32400, 30600 },
	{ "Caracas goes half an hour on", "America/Caracas", "2016-05-01T07:00:00Z", -16200, -14400 },
	{ "Chatham's summer is 13:45", "Pacific/Chatham", "2026-09-26T14:00:00Z", 45900, 49500 },
	{ "Troll's summer is two hours", "Antarctica/Troll", "2026-03-29T01:00:00Z", 0, 7200 },
	{ "Dublin's summer begins", "Europe/Dublin", "2026-03-29T01:00:00Z", 0, 3600 },
	{ "Nuuk changes an hour before midnight", "America/Nuuk", "2026-03-29T01:00:00Z", -7200, -3600 },
	{ "New York in 2037, by the last step of a long file", "America/New_York", "2037-11-01T06:00:00Z", -14400, -18000 },
	{ "New York in 2038, by the rule", "America/New_York", "2038-03-14T07:00:00Z", -18000, -14400 },
	{ "New York in 2099", "America/New_York", "2099-11-01T06:00:00Z", -14400, -18000 },
	{ "New York in 1970", "America/New_York", "1970-04-26T07:00:00Z", -18000, -14400 },
	{ "New York before 1970, where instants are negative", "America/New_York", "1969-10-26T06:00:00Z", -14400, -18000 },
	{ "Monrovia leaves its 44 minutes and a half", "Africa/Monrovia", "1972-01-07T00:44:30Z", -2670, 0 },
};

static void
changes_there(void **state)
{
	const struct change *row = *state;
	const struct zone *z = zone(row->zone);

	assert_int_equal(zone_offset_at(z, at(row->at) - 1), row->before_s);
	assert_int_equal(zone_offset_at(z, at(row->at)), row->after_s);
}

static void
two_zones_stand_at_once(void **state)
{
	const struct zone *berlin = zone("Europe/Berlin"), *tokyo = zone("Asia/Tokyo");

	(void)state;
	assert_ptr_not_equal(berlin, tokyo);
	assert_int_equal(zone_offset_at(berlin, at("2026-07-01T00:00:00Z")), 7200);
	assert_int_equal(zone_offset_at(tokyo, at("2026-07-01T00:00:00Z")), 32400);
	assert_ptr_equal(zone("Europe/Berlin"), berlin);
}

/* ---- Spans */

static void
apia_skips_a_day_by_its_spans_since_1970(void **state)
{
	static struct span spans[SPANS];
	size_t count = zone_spans(zone("Pacific/Apia"), 0, at("2013-01-01T00:00:00Z"), spans, SPANS), i;

	(void)state;
	assert_int_equal(spans[0].from_at, 0);
	assert_int_equal(spans[0].utc_offset_s, -11 * 3600);
	for (i = 1; i < count && spans[i].from_at != at("2011-12-30T10:00:00Z"); i++)
		;
	assert_true(i < count);
	assert_int_equal(spans[i - 1].utc_offset_s, -10 * 3600);
	assert_int_equal(spans[i].utc_offset_s, 14 * 3600);
}

static const struct range {
	const char *name, *zone, *from, *to;
	size_t max, count;
	const char *last;	/* the start of the last span */
} ranges[] = {
	{ "the first span starts where the range does", "Europe/Berlin",
	    "2026-01-01T00:00:00.001Z", "2026-02-01T00:00:00Z", SPANS, 1, "2026-01-01T00:00:00.001Z" },
	{ "a year has three", "Europe/Berlin",
	    "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", SPANS, 3, "2026-10-25T01:00:00Z" },
	{ "a change at the start is the first span", "Europe/Berlin",
	    "2026-03-29T01:00:00Z", "2026-04-01T00:00:00Z", SPANS, 1, "2026-03-29T01:00:00Z" },
	{ "a change after the start is the second", "Europe/Berlin",
	    "2026-03-29T00:59:59.999Z", "2026-04-01T00:00:00Z", SPANS, 2, "2026-03-29T01:00:00Z" },
	{ "a change at the end is outside", "Europe/Berlin",
	    "2026-03-01T00:00:00Z", "2026-03-29T01:00:00Z", SPANS, 1, "2026-03-01T00:00:00Z" },
	{ "a change a millisecond before the end is inside", "Europe/Berlin",
	    "2026-03-01T00:00:00Z", "2026-03-29T01:00:00.001Z", SPANS, 2, "2026-03-29T01:00:00Z" },
	{ "a zone without changes has one", "Asia/Tokyo",
	    "2012-01-01T00:00:00Z", "2100-01-01T00:00:00Z", SPANS, 1, "2012-01-01T00:00:00Z" },
	{ "more than fit are counted", "Europe/Berlin",
	    "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 2, 3, "2026-03-29T01:00:00Z" },
	{ "counted also where none fits", "Europe/Berlin",
	    "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 0, 3, NULL },
	{ "an empty range has none", "Europe/Berlin",
	    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", SPANS, 0, NULL },
	{ "a backward range has none", "Europe/Berlin",
	    "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", SPANS, 0, NULL },
	{ "a change of name alone makes no span", "Europe/London",	/* British Standard Time, 1968-1971 */
	    "1970-01-01T00:00:00Z", "1971-10-31T02:00:00Z", SPANS, 1, "1970-01-01T00:00:00Z" },
};

static void
has_the_spans(void **state)
{
	static struct span spans[SPANS];
	const struct range *row = *state;
	size_t count, written;

	memset(spans, 0, sizeof(spans));
	count = zone_spans(zone(row->zone), at(row->from), at(row->to), spans, row->max);
	written = count < row->max ? count : row->max;
	assert_int_equal(count, row->count);
	if (row->last != NULL) {
		assert_int_equal(spans[0].from_at, at(row->from));
		assert_int_equal(spans[written - 1].from_at, at(row->last));
	}
	assert_int_equal(spans[written].from_at, 0);	/* nothing after them was touched */
}

int
main(void)
{
	unsetenv("TZDIR");
	TABLE(names, is_good_or_refused);
	CASE("every name of the list is a zone", every_name_of_the_list_is_a_zone);
	TABLE(changes, changes_there);
	CASE("two zones stand at once", two_zones_stand_at_once);
	CASE("Apia skips a day by its spans since 1970", apia_skips_a_day_by_its_spans_since_1970);
	TABLE(ranges, has_the_spans);
	return TABLE_RUN("zone");
}
