/*
 * iCalendar (RFC 5545), as far as lists of holidays use it: reads on which dates its all-day events are.
 *
 * Reads VEVENT: DTSTART, DTEND (the date after the last one) or DURATION, RRULE, RDATE, EXDATE, and RECURRENCE-ID, which replaces
 * one date of the event with the same UID.  An event is all-day if it begins with a date, or at a local midnight and lasts whole
 * days.  Other events are skipped and counted, as are cancelled ones.  Of a rule it reads FREQ (DAILY to YEARLY), INTERVAL,
 * COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYYEARDAY, BYDAY, BYSETPOS and WKST; one with anything else is refused and not guessed at.
 */
#ifndef ICAL_H
#define ICAL_H

#include "base/arena.h"
#include "base/error.h"
#include "time/day.h"

#define ICAL_SIZE_MAX (1 << 20)	/* bytes, for callers */
#define ICAL_EVENTS_MAX 5000
#define ICAL_EVENT_DAYS_MAX 366		/* of one event */
#define ICAL_NAME_MAX 200		/* bytes of a name, without its NUL; a longer one is cut */

struct ical_day {
	struct day day;
	const char *name;		/* SUMMARY; "" = none */
};

struct ical_days {
	struct ical_day *days;		/* in no order, perhaps some of them twice */
	size_t count;
	size_t skipped;			/* events that are not all-day, or cancelled */
};

/*
 * Reads text[0, n), and the days from..until (until excluded) on which its events are, at most max, in the arena.  BAD_REQUEST
 * with the number of the line that was wrong, after `label`.
 */
enum status	ical_read(struct arena *a, const char *label, const char *text, size_t n, struct day from, struct day until,
		    size_t max, struct ical_days *out, struct error *err);

#endif
