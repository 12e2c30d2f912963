#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"
#include "make_tzif.h"
#include "zones.h"

#include "time/day.h"

/* ---- An organization that moves */

enum { MOVES_MAX = 4 };

static const struct move {
	const char *name;
	const char *zones[MOVES_MAX], *days[MOVES_MAX];	/* the first from the beginning, each other from its day */
	const char *day, *at;				/* a day, and where it starts now */
} moves[] = {
	{ "Toronto before it moves", { "America/Toronto", "Pacific/Auckland", "Pacific/Honolulu" },
	    { NULL, "2026-07-01", "2026-08-01" }, "2026-06-30", "2026-06-30T04:00:00.000Z" },
	{ "the day of the move to Auckland starts by Toronto", { "America/Toronto", "Pacific/Auckland", "Pacific/Honolulu" },
	    { NULL, "2026-07-01", "2026-08-01" }, "2026-07-01", "2026-07-01T04:00:00.000Z" },
	{ "the day after starts by Auckland", { "America/Toronto", "Pacific/Auckland", "Pacific/Honolulu" },
	    { NULL, "2026-07-01", "2026-08-01" }, "2026-07-02", "2026-07-01T12:00:00.000Z" },
	{ "Auckland's last day", { "America/Toronto", "Pacific/Auckland", "Pacific/Honolulu" },
	    { NULL, "2026-07-01", "2026-08-01" }, "2026-07-31", "2026-07-30T12:00:00.000Z" },
	{ "which lasts until Honolulu's midnight", { "America/Toronto", "Pacific/Auckland", "Pacific/Honolulu" },
	    { NULL, "2026-07-01", "2026-08-01" }, "2026-08-01", "2026-08-01T10:00:00.000Z" },
	{ "and goes on by Honolulu", { "America/Toronto", "Pacific/Auckland", "Pacific/Honolulu" },
	    { NULL, "2026-07-01", "2026-08-01" }, "2026-08-02", "2026-08-02T10:00:00.000Z" },
	{ "Kiritimati's last day", { "Pacific/Kiritimati", "Etc/GMT+12" },
	    { NULL, "2026-07-01" }, "2026-06-30", "2026-06-29T10:00:00.000Z" },
	{ "which lasts 50 hours", { "Pacific/Kiritimati", "Etc/GMT+12" },
	    { NULL, "2026-07-01" }, "2026-07-01", "2026-07-01T12:00:00.000Z" },
	{ "the other way a day is skipped", { "Etc/GMT+12", "Pacific/Kiritimati" },
	    { NULL, "2026-07-01" }, "2026-07-02", "2026-07-01T12:00:00.000Z" },
	{ "and the next is a common one", { "Etc/GMT+12", "Pacific/Kiritimati" },
	    { NULL, "2026-07-01" }, "2026-07-03", "2026-07-02T10:00:00.000Z" },
	{ "there and back on following days", { "Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Kiritimati" },
	    { NULL, "2026-07-01", "2026-07-02" }, "2026-07-03", "2026-07-02T12:00:00.000Z" },
	{ "a move on a day without midnight", { "Africa/Cairo", "UTC" },
	    { NULL, "2026-04-24" }, "2026-04-24", "2026-04-24T00:00:00.000Z" },
	{ "a move to a zone in summer time", { "UTC", "Europe/Berlin" },
	    { NULL, "2026-07-01" }, "2026-07-02", "2026-07-01T22:00:00.000Z" },
	{ "which has its winter later", { "UTC", "Europe/Berlin" },
	    { NULL, "2026-07-01" }, "2026-12-01", "2026-11-30T23:00:00.000Z" },
};

/* Lives through the moves; spans and next have SPANS_MAX each. */
static struct spans
live(const char *const *zones, const char *const *days, struct span *spans, struct span *next)
{
	struct spans s = { spans, 0 };

	for (size_t i = 0; i < MOVES_MAX && zones[i] != NULL; i++) {
		int64_t from_at = i == 0 ? 0 : day_start(s, day(days[i]));
		size_t count = spans_join(s, zone(zones[i]), from_at, next, SPANS_MAX);

		assert_int_not_equal(count, 0);
		memcpy(spans, next, count * sizeof(*spans));
		s.count = count;
	}
	return s;
}

static void
starts_there_after_the_moves(void **state)
{
	static struct span spans[SPANS_MAX], next[SPANS_MAX];
	const struct move *row = *state;
	struct spans s = live(row->zones, row->days, spans, next);

	assert_instant(day_start(s, day(row->day)), row->at);
}

static void
kiritimati_goes_to_gmt_12_over_a_bridge(void **state)
{
	static struct span spans[SPANS_MAX], next[SPANS_MAX];
	struct spans s = live((const char *const[MOVES_MAX]){ "Pacific/Kiritimati", "Etc/GMT+12" },
	    (const char *const[MOVES_MAX]){ NULL, "2026-07-01" }, spans, next);

	(void)state;
	assert_int_equal(s.count, 3);
	assert_int_equal(s.at[0].from_at, INSTANT_MIN);
	assert_int_equal(s.at[0].utc_offset_s, 14 * 3600);
	assert_instant(s.at[1].from_at, "2026-06-30T10:00:00.000Z");
	assert_int_equal(s.at[1].utc_offset_s, -10 * 3600);	/* 30 June begins once more */
	assert_instant(s.at[2].from_at, "2026-06-30T12:00:00.000Z");
	assert_int_equal(s.at[2].utc_offset_s, -12 * 3600);	/* 30 June begins there too */
}

static void
gmt_minus_12_goes_to_honolulu_without_one(void **state)
{
	static struct span spans[SPANS_MAX], next[SPANS_MAX];
	struct spans s = live((const char *const[MOVES_MAX]){ "Etc/GMT-12", "Pacific/Honolulu" },
	    (const char *const[MOVES_MAX]){ NULL, "2026-08-01" }, spans, next);

	(void)state;
	assert_int_equal(s.count, 2);
	assert_instant(s.at[1].from_at, "2026-07-31T12:00:00.000Z");
	assert_int_equal(s.at[1].utc_offset_s, -10 * 3600);
}

static void
a_new_organization_has_the_zone_from_2012_on(void **state)
{
	static struct span spans[SPANS_MAX], expected[SPANS_MAX];
	size_t count = spans_join((struct spans){ NULL, 0 }, zone("Europe/Berlin"), at("2026-07-01T00:00:00Z"),
	    spans, SPANS_MAX);

	(void)state;
	assert_int_equal(count, zone_spans(zone("Europe/Berlin"), INSTANT_MIN, INSTANT_MAX, expected, SPANS_MAX));
	assert_int_equal(spans[0].from_at, INSTANT_MIN);
	assert_memory_equal(spans, expected, count * sizeof(spans[0]));
}

static void
joining_the_same_zone_changes_nothing(void **state)
{
	static struct span spans[SPANS_MAX], again[SPANS_MAX];
	size_t count = spans_join((struct spans){ NULL, 0 }, zone("Africa/Cairo"), 0, spans, SPANS_MAX);
	struct spans s = { spans, count };

	(void)state;
	for (struct day d = day("2026-01-01"); d.n < day("2027-01-01").n; d = day_add(d, 1)) {
		assert_int_equal(spans_join(s, zone("Africa/Cairo"), day_start(s, d), again, SPANS_MAX), count);
		assert_memory_equal(spans, again, count * sizeof(spans[0]));
	}
}

static void
a_join_after_the_last_day_changes_nothing(void **state)
{
	static struct span spans[SPANS_MAX], again[SPANS_MAX];
	size_t count = spans_join((struct spans){ NULL, 0 }, zone("Asia/Tokyo"), 0, spans, SPANS_MAX);

	(void)state;
	assert_int_equal(count, 1);
	assert_int_equal(spans_join((struct spans){ spans, 1 }, zone("UTC"), INSTANT_MAX, again, SPANS_MAX), 1);
	assert_int_equal(again[0].utc_offset_s, 9 * 3600);
}

static void
spans_that_do_not_fit_are_refused(void **state)
{
	static struct span spans[SPANS_MAX], next[SPANS_MAX];
	size_t count = spans_join((struct spans){ NULL, 0 }, zone("Pacific/Kiritimati"), 0, spans, SPANS_MAX);
	struct spans s = { spans, count };
	int64_t from_at = day_start(s, day("2026-07-01"));

	(void)state;
	assert_int_equal(count, 1);
	assert_int_equal(spans_join(s, zone("Etc/GMT+12"), from_at, next, 3), 3);
	assert_int_equal(spans_join(s, zone("Etc/GMT+12"), from_at, next, 2), 0);
	assert_int_equal(spans_join(s, zone("Etc/GMT+12"), from_at, next, 1), 0);
	assert_int_equal(spans_join(s, zone("Etc/GMT+12"), from_at, next, 0), 0);
	assert_int_equal(spans_join((struct spans){ NULL, 0 }, zone("Europe/Berlin"), 0, next, 20), 0);
}

/* Days never go back, whatever zone an organization leaves, whichever it goes to, on whatever day. */
static void
days_never_go_back_at_a_move(void **state)
{
	static const char *const zones[] = { "Etc/GMT+12", "Pacific/Pago_Pago", "Pacific/Honolulu", "Pacific/Marquesas",
		"America/Anchorage", "America/Los_Angeles", "America/St_Johns", "America/Havana", "America/Santiago",
		"America/Nuuk", "Atlantic/Azores", "UTC", "Europe/London", "Europe/Berlin", "Africa/Cairo",
		"Asia/Beirut", "Asia/Gaza", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe",
		"Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Etc/GMT-14", "Pacific/Kiritimati" };
	static const char *const days[] = { "2026-01-01", "2026-03-29", "2026-04-24", "2026-07-01", "2026-09-27",
		"2026-10-30", "2026-11-01" };
	static struct span spans[SPANS_MAX], next[SPANS_MAX];
	struct day before, now;

	(void)state;
	for (size_t a = 0; a < sizeof(zones) / sizeof(zones[0]); a++) {
		struct spans s = { spans, spans_join((struct spans){ NULL, 0 }, zone(zones[a]), 0, spans, SPANS_MAX) };

		for (size_t b = 0; b < sizeof(zones) / sizeof(zones[0]); b++)
			for (size_t d = 0; d < sizeof(days) / sizeof(days[0]); d++) {
				int64_t from_at = day_start(s, day(days[d]));
				struct spans n = { next, spans_join(s, zone(zones[b]), from_at, next, SPANS_MAX) };

				assert_int_not_equal(n.count, 0);
				before = day_at(n, from_at - 2 * DAY_MS);
				for (int64_t t = from_at - 2 * DAY_MS; t < from_at + 4 * DAY_MS; t += QUARTER_MS) {
					now = day_at(n, t);
					assert_true(now.n >= before.n && now.n <= before.n + 2);
					if (t < from_at)
						assert_int_equal(now.n, day_at(s, t).n);
					else if (t >= from_at + 26 * HOUR_MS)
						assert_int_equal(span_offset_at(n, t), zone_offset_at(zone(zones[b]), t));
					before = now;
				}
			}
	}
}

/* ---- Off the quarter-hour */

static const struct quarter {
	const char *name;
	int32_t offset_s, later_offset_s;
	const char *later;	/* when the later offset begins */
	size_t count;
} quarters[] = {
	{ "an offset and a change on the quarter-hour are accepted", 20700, 900, "2026-07-01T00:15:00Z", 2 },
	{ "an offset off it is refused", 20701, 900, "2026-07-01T00:15:00Z", 0 },
	{ "a later offset off it is refused", 20700, 960, "2026-07-01T00:15:00Z", 0 },
	{ "a change off it that leaves the date alone is accepted", 20700, 900, "2026-07-01T00:01:00Z", 2 },
	{ "a change off it that sets the date back is refused", 900, -900, "2026-07-01T00:01:00Z", 0 },
	{ "a change off it that sets the date on is refused", -900, 900, "2026-07-01T00:14:59Z", 0 },
	{ "what was before 2012 does not count", 20701, 900, "2011-12-31T23:59:59Z", 1 },
	{ "nor what comes after 2100", 20700, 901, "2100-01-01T00:00:00Z", 1 },
};

static void
is_joined_or_refused(void **state)
{
	const struct quarter *row = *state;
	const int32_t offsets[] = { row->offset_s, row->later_offset_s };
	const struct made_step step = { floor_div(at(row->later), SECOND_MS), 1 };
	struct span spans[8];
	uint8_t bytes[MADE_SIZE];
	char folder[] = "/tmp/daybook-day-XXXXXX", path[64];
	size_t n = make_tzif(bytes, offsets, 2, &step, 1, ""), count;
	FILE *f;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/Home", folder);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
	setenv("TZDIR", folder, 1);
	count = spans_join((struct spans){ NULL, 0 }, zone("Home"), 0, spans, 8);
	unsetenv("TZDIR");
	unlink(path);
	rmdir(folder);
	assert_int_equal(count, row->count);
}

/* Casey's too, whose summer time began at 00:01 in 2020, 2021 and 2022. */
static void
every_zone_cuts_days(void **state)
{
	static struct span spans[SPANS_MAX];
	char line[1024], name[ZONE_NAME_MAX];
	struct error err;
	const struct zone *z;
	size_t zones = 0;
	FILE *f = fopen("/usr/share/zoneinfo/tzdata.zi", "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if ((sscanf(line, "Z %63s", name) != 1 && sscanf(line, "L %*s %63s", name) != 1) ||
		    (z = zone_get(name, &err)) == NULL)
			continue;
		zones++;
		if (spans_join((struct spans){ NULL, 0 }, z, 0, spans, SPANS_MAX) == 0)
			fail_msg("%s", name);
	}
	fclose(f);
	assert_true(zones > 300);
}

int
main(void)
{
	unsetenv("TZDIR");
	TABLE(moves, starts_there_after_the_moves);
	CASE("Kiritimati goes to GMT+12 over a bridge", kiritimati_goes_to_gmt_12_over_a_bridge);
	CASE("GMT-12 goes to Honolulu without one", gmt_minus_12_goes_to_honolulu_without_one);
	CASE("a new organization has the zone from 2012 on", a_new_organization_has_the_zone_from_2012_on);
	CASE("joining the same zone changes nothing", joining_the_same_zone_changes_nothing);
	CASE("a join after the last day changes nothing", a_join_after_the_last_day_changes_nothing);
	CASE("spans that do not fit are refused", spans_that_do_not_fit_are_refused);
	CASE("days never go back at a move", days_never_go_back_at_a_move);
	TABLE(quarters, is_joined_or_refused);
	CASE("every zone cuts days", every_zone_cuts_days);
	return TABLE_RUN("spans_join");
}
