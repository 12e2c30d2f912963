#include "zones.h"

#include <string.h>

#include "quota/sending_window.h"

/* ---- Reading */

static enum status
read_window(struct arena *a, const char *label, const char *text, struct sending_window *w, struct error *err)
{
	*err = (struct error) { .text = "" };
	assert_int_equal(json_check("body", text, strlen(text), err), OK);
	return sending_window_read(a, label, text, strlen(text), 3, w, err);
}

#define DAYS(...) "{\"hours\":[{\"weekdays\":[" #__VA_ARGS__ "]"

static const struct bad {
	const char *name, *text, *error;
} bads[] = {
	{ "nothing", "{}", "hours: required, unless closed is given; [] allows all hours" },
	{ "no hours, said with null", "{\"hours\":null}", "hours: required, unless closed is given; [] allows all hours" },
	{ "both null", "{\"hours\":null,\"closed\":null}", "hours: required, unless closed is given; [] allows all hours" },
	{ "an unknown member", "{\"hour\":[]}", "hour: unknown field; did you mean hours?" },
	{ "hours that are an object", "{\"hours\":{}}", "hours: not an array" },
	{ "closed dates that are a text", "{\"closed\":\"2026-12-25\"}", "closed: not an array" },
	{ "hours without weekdays", "{\"hours\":[{\"from\":\"09:00\",\"until\":\"17:00\"}]}", "hours[0].weekdays: required" },
	{ "no weekday", DAYS() ",\"from\":\"09:00\",\"until\":\"17:00\"}]}", "hours[0].weekdays: empty" },
	{ "weekday 0", DAYS(0) ",\"from\":\"09:00\",\"until\":\"17:00\"}]}",
	    "hours[0].weekdays: must be integers from 1 (Monday) to 7 (Sunday)" },
	{ "weekday 8", DAYS(1, 8) ",\"from\":\"09:00\",\"until\":\"17:00\"}]}",
	    "hours[0].weekdays: must be integers from 1 (Monday) to 7 (Sunday)" },
	{ "a weekday that is a text", DAYS("mon") ",\"from\":\"09:00\",\"until\":\"17:00\"}]}",
	    "hours[0].weekdays: must be integers from 1 (Monday) to 7 (Sunday)" },
	{ "a weekday twice", DAYS(1, 1) ",\"from\":\"09:00\",\"until\":\"17:00\"}]}", "hours[0].weekdays: 1 is given twice" },
	{ "no beginning", DAYS(1) ",\"until\":\"17:00\"}]}", "hours[0].from: required" },
	{ "no end", DAYS(1) ",\"from\":\"17:00\"}]}", "hours[0].until: required" },
	{ "a beginning at 24:00", DAYS(1) ",\"from\":\"24:00\",\"until\":\"17:00\"}]}",
	    "hours[0].from: not a time (HH:MM, from 00:00 to 23:59)" },
	{ "an end after midnight", DAYS(1) ",\"from\":\"09:00\",\"until\":\"24:01\"}]}",
	    "hours[0].until: not a time (HH:MM, from 00:00 to 24:00)" },
	{ "a time of one digit", DAYS(1) ",\"from\":\"9:00\",\"until\":\"17:00\"}]}",
	    "hours[0].from: not a time (HH:MM, from 00:00 to 23:59)" },
	{ "a time with seconds", DAYS(1) ",\"from\":\"09:00:00\",\"until\":\"17:00\"}]}",
	    "hours[0].from: not a time (HH:MM, from 00:00 to 23:59)" },
	{ "minute 60", DAYS(1) ",\"from\":\"09:60\",\"until\":\"17:00\"}]}", "hours[0].from: not a time (HH:MM, from 00:00 to 23:59)" },
	{ "a time that is a number", DAYS(1) ",\"from\":9,\"until\":\"17:00\"}]}", "hours[0].from: not a string" },
	{ "an end that is the beginning", DAYS(1) ",\"from\":\"09:00\",\"until\":\"09:00\"}]}",
	    "hours[0].until: the same as from; a whole day is from 00:00 until 24:00" },
	{ "a closed date without a date", "{\"closed\":[{\"name\":\"x\"}]}", "closed[0].date: required" },
	{ "a date that does not exist", "{\"closed\":[{\"date\":\"2026-02-29\"}]}", "closed[0].date: not a date (YYYY-MM-DD)" },
	{ "a closed date that is a text", "{\"closed\":[\"2026-12-25\"]}", NULL },
	{ "a closed date twice", "{\"closed\":[{\"date\":\"2026-12-25\"},{\"date\":\"2026-12-25\"}]}",
	    "closed[1].date: given twice" },
	{ "a name with a control character", "{\"closed\":[{\"date\":\"2026-12-25\",\"name\":\"a\\nb\"}]}",
	    "closed[0].name: contains U+000A, a control character; leave it out" },
	{ "too many closed dates", "{\"closed\":[{\"date\":\"2026-12-04\"},{\"date\":\"2026-12-03\"},{\"date\":\"2026-12-02\"},"
	    "{\"date\":\"2026-12-01\"}]}", "closed[3]: more than 3 closed dates" },
};

static void
is_refused(void **state)
{
	const struct bad *bad = *state;
	struct arena *a = arena_new();
	struct sending_window w;
	struct error err;

	assert_int_equal(read_window(a, "", bad->text, &w, &err), BAD_REQUEST);
	if (bad->error != NULL)
		assert_string_equal(err.text, bad->error);
	assert_int_equal(read_window(a, "sendingWindow", bad->text, &w, &err), BAD_REQUEST);
	assert_int_equal(strncmp(err.text, "sendingWindow", strlen("sendingWindow")), 0);
	arena_free(a);
}

/* What is written is what was read, with the closed dates in order. */
static void
is_written_as_it_was_read(void **state)
{
	struct arena *a = arena_new();
	struct sending_window w;
	struct buf to = { 0 };
	struct json *j = json_on(&to);
	struct error err;

	(void)state;
	assert_int_equal(read_window(a, "", "{\"hours\":[{\"weekdays\":[5,1],\"from\":\"22:00\",\"until\":\"06:30\"}],\"closed\":["
	    "{\"date\":\"2026-12-25\",\"name\":\"No\xc3\xabl\"},{\"date\":\"2026-01-01\",\"name\":\"\"}]}", &w, &err), OK);
	json_open_object(j, NULL);
	sending_window_put_hours(j, &w);
	sending_window_put_closed(j, &w);
	json_close_object(j);
	assert_string_equal(buf_text(&to), "{\"hours\":[{\"weekdays\":[1,5],\"from\":\"22:00\",\"until\":\"06:30\"}],\"closed\":["
	    "{\"date\":\"2026-01-01\"},{\"date\":\"2026-12-25\",\"name\":\"No\xc3\xabl\"}]}");
	assert_true(sending_window_open(&w, day("2026-01-01")));
	assert_false(sending_window_open(&w, day("2026-01-01")));
	assert_int_equal(w.closed_count, 1);
	buf_free(&to);
	arena_free(a);
}

/* ---- Hours as people write them */

static const struct spelling {
	const char *name, *text, *shown;	/* shown NULL = refused */
} spellings[] = {
	{ "all hours", "always", "always" },
	{ "office hours", "mon-fri 09:00-17:00", "mon-fri 09:00-17:00" },
	{ "two entries", "mon-fri 09:00-17:00, sat 10:00-14:00", "mon-fri 09:00-17:00, sat 10:00-14:00" },
	{ "single days", "mon+wed+fri 09:00-17:00", "mon+wed+fri 09:00-17:00" },
	{ "days and a range", "mon+wed-fri 09:00-24:00", "mon+wed-fri 09:00-24:00" },
	{ "a range over Sunday", "sat-mon 09:00-17:00", "mon+sat+sun 09:00-17:00" },
	{ "every day, over midnight", "daily 22:00-06:00", "daily 22:00-06:00" },
	{ "a whole week is daily", "mon-sun 08:00-21:00", "daily 08:00-21:00" },
	{ "two days are no range", "sat-sun 08:00-21:00", "sat+sun 08:00-21:00" },
	{ "nothing", "", NULL },
	{ "no days", "09:00-17:00", NULL },
	{ "no hours", "mon", NULL },
	{ "no end", "mon 09:00", NULL },
	{ "no length", "mon 09:00-09:00", NULL },
	{ "an unknown day", "monday 09:00-17:00", NULL },
	{ "a range without an end", "mon- 09:00-17:00", NULL },
	{ "an entry too much", "mon 09:00-17:00,", NULL },
	{ "something after the hours", "mon 09:00-17:00 x", NULL },
};

static void
is_spelled(void **state)
{
	const struct spelling *s = *state;
	struct sending_window w = { 0 };
	struct buf to = { 0 };
	struct error err = { "", "" };

	assert_int_equal(sending_hours_parse("--hours", s->text, &w, &err), s->shown != NULL ? OK : BAD_REQUEST);
	sending_hours_format(&to, &w);
	if (s->shown != NULL)
		assert_string_equal(buf_text(&to), s->shown);
	else
		assert_int_equal(strncmp(err.text, "--hours: ", 9), 0);
	buf_free(&to);
}

/* ---- The next allowed instant */

#define OFFICE DAYS(1, 2, 3, 4, 5) ",\"from\":\"09:00\",\"until\":\"17:00\"}]"
#define NIGHT DAYS(5) ",\"from\":\"22:00\",\"until\":\"06:00\"}]"
#define TWO_TO_THREE DAYS(1, 2, 3, 4, 5, 6, 7) ",\"from\":\"02:00\",\"until\":\"03:00\"}]"
#define ONE_TO_TWO DAYS(1, 2, 3, 4, 5, 6, 7) ",\"from\":\"01:00\",\"until\":\"02:00\"}]"

static const struct next_row {
	const char *name, *window, *zone, *at, *next;	/* next NULL = none */
} nexts[] = {
	{ "inside is allowed at once", OFFICE "}", "America/Toronto", "2026-11-30T15:00:00.123Z", "2026-11-30T15:00:00.123Z" },
	{ "the beginning is inside", OFFICE "}", "America/Toronto", "2026-11-30T14:00:00.000Z", "2026-11-30T14:00:00.000Z" },
	{ "the end is outside", OFFICE "}", "America/Toronto", "2026-11-30T22:00:00.000Z", "2026-12-01T14:00:00.000Z" },
	{ "the last millisecond is inside", OFFICE "}", "America/Toronto", "2026-11-30T21:59:59.999Z", "2026-11-30T21:59:59.999Z" },
	{ "before the beginning", OFFICE "}", "America/Toronto", "2026-11-30T13:59:59.999Z", "2026-11-30T14:00:00.000Z" },
	{ "a week-end", OFFICE "}", "America/Toronto", "2026-11-28T15:00:00.000Z", "2026-11-30T14:00:00.000Z" },
	{ "a closed Monday too", OFFICE ",\"closed\":[{\"date\":\"2026-11-30\"}]}", "America/Toronto", "2026-11-28T15:00:00.000Z",
	    "2026-12-01T14:00:00.000Z" },
	{ "only closed dates", "{\"closed\":[{\"date\":\"2026-12-25\"},{\"date\":\"2026-12-26\"}]}", "America/Toronto",
	    "2026-12-25T12:00:00.000Z", "2026-12-27T05:00:00.000Z" },
	{ "a night begins on Friday", NIGHT "}", "UTC", "2026-11-27T12:00:00.000Z", "2026-11-27T22:00:00.000Z" },
	{ "and lasts into Saturday", NIGHT "}", "UTC", "2026-11-28T05:59:59.999Z", "2026-11-28T05:59:59.999Z" },
	{ "and not longer", NIGHT "}", "UTC", "2026-11-28T06:00:00.000Z", "2026-12-04T22:00:00.000Z" },
	{ "Friday morning is not of that night", NIGHT "}", "UTC", "2026-11-27T05:00:00.000Z", "2026-11-27T22:00:00.000Z" },
	{ "a closed Saturday ends the night at midnight", NIGHT ",\"closed\":[{\"date\":\"2026-11-28\"}]}", "UTC",
	    "2026-11-28T00:00:00.000Z", "2026-12-04T22:00:00.000Z" },
	{ "a closed Friday leaves the hours of Saturday", NIGHT ",\"closed\":[{\"date\":\"2026-11-27\"}]}", "UTC",
	    "2026-11-27T22:00:00.000Z", "2026-11-28T00:00:00.000Z" },
	{ "a whole day lasts until midnight", DAYS(1) ",\"from\":\"00:00\",\"until\":\"24:00\"}]}", "UTC", "2026-11-30T23:59:59.999Z",
	    "2026-11-30T23:59:59.999Z" },
	{ "and midnight is of the next day", DAYS(1) ",\"from\":\"00:00\",\"until\":\"24:00\"}]}", "UTC", "2026-12-01T00:00:00.000Z",
	    "2026-12-07T00:00:00.000Z" },
	/* 8 March 2026: at 02:00 the clock of Toronto goes to 03:00. */
	{ "hours that the clock skips do not occur", TWO_TO_THREE "}", "America/Toronto", "2026-03-08T05:00:00.000Z",
	    "2026-03-09T06:00:00.000Z" },
	{ "what begins in the gap begins after it", DAYS(7) ",\"from\":\"02:30\",\"until\":\"04:00\"}]}", "America/Toronto",
	    "2026-03-08T05:00:00.000Z", "2026-03-08T07:00:00.000Z" },
	/* 1 November 2026: at 02:00 it goes back to 01:00. */
	{ "a repeated hour the first time", ONE_TO_TWO "}", "America/Toronto", "2026-11-01T04:00:00.000Z", "2026-11-01T05:00:00.000Z" },
	{ "the second time too", ONE_TO_TWO "}", "America/Toronto", "2026-11-01T06:00:00.000Z", "2026-11-01T06:00:00.000Z" },
	{ "and not after it", ONE_TO_TWO "}", "America/Toronto", "2026-11-01T07:00:00.000Z", "2026-11-02T06:00:00.000Z" },
	{ "the end of a repeated hour is outside and then inside", DAYS(7) ",\"from\":\"00:00\",\"until\":\"01:30\"}]}",
	    "America/Toronto", "2026-11-01T05:30:00.000Z", "2026-11-01T06:00:00.000Z" },
	{ "nothing is allowed after 2099", OFFICE "}", "UTC", "2099-12-31T17:00:00.000Z", NULL },
};

static struct spans
spans_of(const char *name)
{
	static struct span spans[SPANS_MAX];
	size_t count = spans_join((struct spans) { 0 }, zone(name), INSTANT_MIN, spans, SPANS_MAX);

	assert_true(count > 0);
	return (struct spans) { spans, count };
}

static void
is_the_next(void **state)
{
	const struct next_row *row = *state;
	struct arena *a = arena_new();
	struct sending_window w;
	struct sending s = { .wall = spans_of(row->zone) };
	struct error err;
	int64_t next;

	assert_int_equal(read_window(a, "", row->window, &w, &err), OK);
	sending_add(&s, &w);
	assert_int_equal(sending_next(&s, at(row->at), &next), row->next != NULL);
	if (row->next != NULL) {
		assert_instant(next, row->next);
		assert_true(sending_allows(&s, next));
		assert_int_equal(sending_allows(&s, at(row->at)), strcmp(row->at, row->next) == 0);
	}
	arena_free(a);
}

static void
a_window_without_anything_allows_everything(void **state)
{
	struct sending_window w = { 0 };
	struct sending s = { .wall = spans_of("UTC") };

	(void)state;
	sending_add(&s, &w);
	assert_int_equal(s.count, 0);
	assert_true(sending_allows(&s, at("2026-11-29T03:00:00.000Z")));
}

/* ---- Against a search minute by minute, by tables of the week */

enum { WEEK = 7 * 24 * 60, CASES = 300, CLOSED = 6 };

static uint64_t seed = 1;

/* 0 to n. */
static int
chance(int n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((seed >> 33) % (uint64_t)(n + 1));
}

struct model {
	bool week[WEEK];	/* minutes from Monday */
	int32_t closed[CLOSED];
	int closed_count;
};

static void
make_window(struct arena *a, struct day around, struct sending_window *w, struct model *m)
{
	int entries = chance(3);

	*w = (struct sending_window) { 0 };
	memset(m, 0, sizeof(*m));
	memset(m->week, entries == 0, sizeof(m->week));
	for (int i = 0; i < entries; i++) {
		struct sending_hours *h = &w->hours[w->hours_count++];
		int length;

		*h = (struct sending_hours) { (unsigned)chance(126) * 2 + 2, chance(95) * 15, chance(96) * 15 };
		if (h->from == h->until)
			h->until = h->from + 15;
		length = (h->until - h->from + 24 * 60) % (24 * 60);
		for (int d = 0; d < 7; d++)
			for (int k = 0; h->weekdays & 2u << d && k < (length == 0 ? 24 * 60 : length); k++)
				m->week[(d * 24 * 60 + h->from + k) % WEEK] = true;
	}
	for (m->closed_count = 0; m->closed_count < chance(CLOSED); m->closed_count++) {
		m->closed[m->closed_count] = around.n + chance(6) - 1;
		sending_window_close(a, w, (struct closed_day) { { m->closed[m->closed_count] }, "" }, CLOSED);
	}
}

static bool
model_allows(const struct model *m, struct spans wall, int64_t instant)
{
	int64_t minutes = floor_div(instant + span_offset_at(wall, instant) * SECOND_MS, MINUTE_MS);
	int64_t date = floor_div(minutes, 24 * 60);

	for (int i = 0; i < m->closed_count; i++)
		if (m->closed[i] == date)
			return false;
	/* 5 January 1970 was a Monday. */
	return m->week[(minutes - 4 * 24 * 60) % WEEK];
}

/* Two random windows around a change of the zone's clock. */
static void
try_one(struct arena *a, struct spans wall, int64_t change)
{
	struct sending_window windows[2];
	struct model models[2];
	struct sending s = { .wall = wall };
	int64_t from = floor_div(change, MINUTE_MS) * MINUTE_MS + (chance(2 * 24 * 60) - 24 * 60) * MINUTE_MS;
	int64_t until = from + 3 * DAY_MS, expected = from, next = 0;

	for (int i = 0; i < 2; i++) {
		make_window(a, day_at(wall, from), &windows[i], &models[i]);
		sending_add(&s, &windows[i]);
	}
	while (expected < until && !(model_allows(&models[0], wall, expected) && model_allows(&models[1], wall, expected)))
		expected += MINUTE_MS;
	assert_int_equal(sending_next_before(&s, from, until, &next), expected < until);
	if (expected < until)
		assert_int_equal(next, expected);
	assert_int_equal(sending_allows(&s, from), expected == from);
}

static void
a_search_minute_by_minute_finds_the_same(void **state)
{
	static const char *const names[] = { "America/Toronto", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
		"Asia/Kathmandu", "America/Havana", "Asia/Gaza", "Pacific/Apia" };
	struct arena *a = arena_new();

	(void)state;
	for (size_t z = 0; z < sizeof(names) / sizeof(names[0]); z++) {
		struct spans wall = spans_of(names[z]);

		for (int i = 0; i < CASES; i++)
			try_one(a, wall, wall.count > 1 ? wall.at[1 + chance((int)wall.count - 2)].from_at : at("2026-05-20T15:00:00Z"));
		arena_reset(a);
	}
	arena_free(a);
}

int
main(void)
{
	TABLE(bads, is_refused);
	CASE("what was read is written", is_written_as_it_was_read);
	TABLE(spellings, is_spelled);
	TABLE(nexts, is_the_next);
	CASE("a window without anything allows everything", a_window_without_anything_allows_everything);
	CASE("a search minute by minute finds the same around changes of clocks", a_search_minute_by_minute_finds_the_same);
	return TABLE_RUN("sending_window");
}
