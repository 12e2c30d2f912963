#include "zones.h"

#include <string.h>

#include "base/buf.h"
#include "time/ical.h"

/* A calendar of one event. */
#define EVENT(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"

static const struct row {
	const char *name, *text;
	const char *days;		/* from 2026-11-29 until 2029-01-01, each with its name, in the order of the file */
	size_t skipped;
} rows[] = {
	{ "a date", EVENT("DTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christmas\r\n"), "2026-12-25 Christmas;", 0 },
	{ "lines that end with LF alone", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\nEND:VCALENDAR\n", "2026-12-25 ;", 0 },
	{ "no line end at the end", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\nEND:VCALENDAR", "2026-12-25 ;", 0 },
	{ "small letters", "begin:vcalendar\nbegin:vevent\ndtstart;value=date:20261225\nend:vevent\nend:vcalendar\n", "2026-12-25 ;", 0 },
	{ "a mark of the byte order", "\xef\xbb\xbf" EVENT("DTSTART:20261225\r\n"), "2026-12-25 ;", 0 },
	{ "an end is not included", EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\n"), "2026-12-25 ;2026-12-26 ;", 0 },
	{ "an end on the same date", EVENT("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261225\r\n"), "2026-12-25 ;", 0 },
	{ "a duration", EVENT("DTSTART;VALUE=DATE:20261225\r\nDURATION:P3D\r\n"), "2026-12-25 ;2026-12-26 ;2026-12-27 ;", 0 },
	{ "a duration of weeks", EVENT("DTSTART;VALUE=DATE:20281228\r\nDURATION:P1W\r\n"), "2028-12-28 ;2028-12-29 ;2028-12-30 ;"
	    "2028-12-31 ;", 0 },
	{ "what began before the first day", EVENT("DTSTART;VALUE=DATE:20261120\r\nDTEND;VALUE=DATE:20261201\r\n"),
	    "2026-11-29 ;2026-11-30 ;", 0 },
	{ "what is over", EVENT("DTSTART;VALUE=DATE:20261128\r\n"), "", 0 },
	{ "a folded line, in the middle of a character", EVENT("DTSTART;VALUE=DATE:20261225\r\nSUMMARY:No\xc3\r\n \xabl\r\n\t!\r\n"),
	    "2026-12-25 No\xc3\xabl!;", 0 },
	{ "escapes in a name", EVENT("DTSTART;VALUE=DATE:20261225\r\nSUMMARY:a\\, b\\; c\\\\d\\ne\r\n"), "2026-12-25 a, b; c\\d e;", 0 },
	{ "a name that no name may be", EVENT("DTSTART;VALUE=DATE:20261225\r\nSUMMARY:a\xe2\x80\xae" "b\r\n"), "2026-12-25 ;", 0 },
	{ "a parameter in quotes", EVENT("DTSTART;VALUE=DATE:20261225\r\nSUMMARY;ALTREP=\"http://x:1/;y\":z\r\n"), "2026-12-25 z;", 0 },
	{ "midnight to midnight", EVENT("DTSTART;TZID=America/Toronto:20261225T000000\r\nDTEND;TZID=America/Toronto:20261226T000000\r\n"),
	    "2026-12-25 ;", 0 },
	{ "midnight of UTC is not of a local day", EVENT("DTSTART:20261225T000000Z\r\nDTEND:20261226T000000Z\r\n"), "", 1 },
	{ "a meeting is no holiday", EVENT("DTSTART:20261225T090000\r\nDTEND:20261225T100000\r\n"), "", 1 },
	{ "what is cancelled", EVENT("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED\r\n"), "", 1 },
	{ "an alarm belongs to its event", EVENT("BEGIN:VALARM\r\nSUMMARY:x\r\nDURATION:P9D\r\nEND:VALARM\r\nDTSTART:20261225\r\n"),
	    "2026-12-25 ;", 0 },
	{ "a task is no event", "BEGIN:VCALENDAR\nBEGIN:VTODO\nDTSTART:20261225\nEND:VTODO\nEND:VCALENDAR\n", "", 0 },
	{ "each year", EVENT("DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY\r\n"), "2026-12-25 ;2027-12-25 ;2028-12-25 ;", 0 },
	{ "each leap year", EVENT("DTSTART;VALUE=DATE:20200229\r\nRRULE:FREQ=YEARLY\r\n"), "2028-02-29 ;", 0 },
	{ "the fourth Thursday of November", EVENT("DTSTART;VALUE=DATE:20201126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\n"),
	    "2027-11-25 ;2028-11-23 ;", 0 },
	{ "the last Monday of May", EVENT("DTSTART;VALUE=DATE:20200525\r\nRRULE:FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5\r\n"),
	    "2027-05-31 ;2028-05-29 ;", 0 },
	{ "the second week-end of each third month", EVENT("DTSTART;VALUE=DATE:20260912\r\nRRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=2SA;"
	    "COUNT=3\r\nDURATION:P2D\r\n"), "2026-12-12 ;2026-12-13 ;2027-03-13 ;2027-03-14 ;", 0 },
	{ "the last working day of a month", EVENT("DTSTART;VALUE=DATE:20261130\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;"
	    "UNTIL=20270131\r\n"), "2026-11-30 ;2026-12-31 ;2027-01-29 ;", 0 },
	{ "an end of the rule that is a time", EVENT("DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY;UNTIL=20271225T000000Z\r\n"),
	    "2026-12-25 ;2027-12-25 ;", 0 },
	{ "a count that begins long ago", EVENT("DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY;COUNT=8\r\n"),
	    "2026-12-25 ;2027-12-25 ;", 0 },
	{ "dates besides", EVENT("DTSTART;VALUE=DATE:20261225\r\nRDATE;VALUE=DATE:20270101,20280101\r\n"),
	    "2026-12-25 ;2027-01-01 ;2028-01-01 ;", 0 },
	{ "exceptions", EVENT("DTSTART;VALUE=DATE:20201225\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20271225\r\n"),
	    "2026-12-25 ;2028-12-25 ;", 0 },
	{ "one that was moved", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20201225\nRRULE:FREQ=YEARLY\nEND:VEVENT\n"
	    "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20271225\nDTSTART:20271227\nEND:VEVENT\nEND:VCALENDAR\n",
	    "2026-12-25 ;2028-12-25 ;2027-12-27 ;", 0 },
	{ "one that was cancelled", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20201225\nRRULE:FREQ=YEARLY\nEND:VEVENT\n"
	    "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20271225\nDTSTART:20271225\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n",
	    "2026-12-25 ;2028-12-25 ;", 1 },
};

static void
has_the_days(void **state)
{
	const struct row *row = *state;
	struct arena *a = arena_new();
	struct error err = { "", "" };
	struct ical_days found;
	char text[DAY_TEXT_MAX];
	struct buf all = { 0 };

	if (ical_read(a, "body", row->text, strlen(row->text), day("2026-11-29"), day("2029-01-01"), 100, &found, &err) != OK)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < found.count; i++)
		if (i == 0 || found.days[i].day.n != found.days[i - 1].day.n)	/* the first date of a rule is there twice */
			buf_printf(&all, "%s %s;", day_format(found.days[i].day, text), found.days[i].name);
	assert_string_equal(buf_text(&all), row->days);
	assert_int_equal(found.skipped, row->skipped);
	buf_free(&all);
	arena_free(a);
}

static const struct bad {
	const char *name, *text, *error;
} bads[] = {
	{ "nothing", "", "body: line 0: not iCalendar: it is empty" },
	{ "something else", "date,name\n2026-12-25,x\n", "body: line 1: not iCalendar: it must begin with BEGIN:VCALENDAR" },
	{ "another component", "BEGIN:VEVENT\nEND:VEVENT\n", "body: line 1: not iCalendar: it must begin with BEGIN:VCALENDAR" },
	{ "an end that is missing", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\n",
	    "body: line 4: the file ends before END:VCALENDAR" },
	{ "ends in the wrong order", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VCALENDAR\n",
	    "body: line 4: END of a component that is not open" },
	{ "an event without a date", EVENT("SUMMARY:x\r\n"), "body: line 5: an event without DTSTART" },
	{ "a date that does not exist", EVENT("DTSTART:20260229\r\n"),
	    "body: line 4: not a date (YYYYMMDD) or a date and time (YYYYMMDDTHHMMSS)" },
	{ "a rule without FREQ", EVENT("DTSTART:20261225\r\nRRULE:COUNT=3\r\n"), "body: line 5: RRULE: FREQ is missing" },
	{ "a rule by weeks of the year", EVENT("DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYWEEKNO=3\r\n"),
	    "body: line 5: RRULE: it has a part that Daybook does not read (BYWEEKNO, BYHOUR \xe2\x80\xa6); list the dates instead" },
	{ "an hourly rule", EVENT("DTSTART:20261225\r\nRRULE:FREQ=HOURLY\r\n"),
	    "body: line 5: RRULE: FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY" },
	{ "a rule that is no rule", EVENT("DTSTART:20261225\r\nRRULE:yearly\r\n"), "body: line 5: RRULE: it must be NAME=VALUE;\xe2\x80\xa6" },
	{ "an interval of 0", EVENT("DTSTART:20261225\r\nRRULE:FREQ=DAILY;INTERVAL=0\r\n"),
	    "body: line 5: RRULE: INTERVAL must be from 1 to 1000" },
	{ "bytes that are not UTF-8", EVENT("DTSTART:20261225\r\nSUMMARY:\xff\r\n"), "body: line 5: not UTF-8" },
	{ "a line that is no property", EVENT("DTSTART:20261225\r\nnonsense\r\n"), "body: line 5: not NAME:VALUE" },
	{ "too many dates", EVENT("DTSTART:20261225\r\nRRULE:FREQ=DAILY\r\n"),
	    "body: line 3: too many dates; divide the file, or leave out events" },
	{ "a duration that is none", EVENT("DTSTART:20261225\r\nDURATION:zz\r\n"), "body: line 5: not a duration such as P2D" },
	{ "a negative duration", EVENT("DTSTART:20261225\r\nDURATION:-P2D\r\n"), "body: line 5: not a duration such as P2D" },
	{ "an enormous duration", EVENT("DTSTART:20261225\r\nDURATION:P99999999999999D\r\n"),
	    "body: line 5: not a duration such as P2D" },
	{ "a duration of no number", EVENT("DTSTART:20261225\r\nDURATION:PT\r\n"), "body: line 5: not a duration such as P2D" },
	{ "a duration twice", EVENT("DTSTART:20261225\r\nDURATION:P1D\r\nDURATION:P2D\r\n"),
	    "body: line 6: a second DURATION of one event" },
	{ "an end before the start", EVENT("DTSTART:20261225\r\nDTEND:20261220\r\n"),
	    "body: line 6: an event with DTEND before DTSTART" },
	{ "an end and a duration", EVENT("DTSTART:20261225\r\nDTEND:20261226\r\nDURATION:P1D\r\n"),
	    "body: line 7: an event with both DTEND and DURATION" },
	{ "a start twice", EVENT("DTSTART:20261225\r\nDTSTART:20261226\r\n"),
	    "body: line 5: a second DTSTART, DTEND or RECURRENCE-ID of one event" },
	{ "an event that is too long", EVENT("DTSTART:20261225\r\nDTEND:20291225\r\n"), "body: line 3: an event longer than 366 days" },
};

static void
is_refused(void **state)
{
	const struct bad *bad = *state;
	struct arena *a = arena_new();
	struct error err = { "", "" };
	struct ical_days found;

	assert_int_equal(ical_read(a, "body", bad->text, strlen(bad->text), day("2026-11-29"), day("2029-01-01"), 100, &found, &err),
	    BAD_REQUEST);
	assert_string_equal(err.text, bad->error);
	arena_free(a);
}

int
main(void)
{
	TABLE(rows, has_the_days);
	TABLE(bads, is_refused);
	return TABLE_RUN("ical");
}
