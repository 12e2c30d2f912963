/*
 * The parts of iCalendar that ical*.c share: recurrence rules (RFC 5545, 3.3.10) over whole dates, and events.
 */
#ifndef ICAL_PARTS_H
#define ICAL_PARTS_H

#include "time/ical.h"

enum ical_freq { ICAL_DAILY, ICAL_WEEKLY, ICAL_MONTHLY, ICAL_YEARLY };

enum { ICAL_LIST_MAX = 64 };

struct ical_rule {
	enum ical_freq freq;
	int interval;
	int64_t count;			/* 0 = any number */
	struct day until;		/* included; INT32_MAX = always */
	unsigned months;		/* bits 1-12; 0 = all */
	int monthdays[ICAL_LIST_MAX], yeardays[ICAL_LIST_MAX], setpos[ICAL_LIST_MAX];
	struct ical_weekday {
		int weekday;		/* 1 Monday … 7 Sunday */
		int nth;		/* 0 = each; negative: from the end of the month or year */
	} weekdays[ICAL_LIST_MAX];
	size_t monthday_count, yearday_count, setpos_count, weekday_count;
	int week_start;
};

/* Reads the value of RRULE.  Returns NULL, or what is wrong with it. */
const char	*ical_rule_parse(const char *text, struct ical_rule *rule);

/*
 * Calls each(arg, d) for the dates of the rule that begins on `first`, in their order, until `until` (excluded); false from it
 * ends the walk.  Those before `from` may be left out.  *steps is how many dates may still be looked at: it goes down, and false
 * is returned if it does not suffice.
 */
bool		ical_rule_walk(const struct ical_rule *rule, struct day first, struct day from, struct day until, int64_t *steps,
		    bool (*each)(void *arg, struct day d), void *arg);

/* Exactly YYYYMMDD, a real date. */
bool		ical_date_parse(const char *text, size_t n, struct day *d);

/* ---- Events */

/* A date, or a date and time, as it was written. */
struct ical_moment {
	bool is_there, is_date, is_midnight;	/* midnight of the local clock, not of UTC */
	struct day day;
};

/* Dates that RDATE or EXDATE list. */
struct ical_dates {
	struct day *days;
	size_t count, room;
};

struct ical_event {
	int line;			/* of its BEGIN */
	struct ical_moment start, end, instead_of;	/* RECURRENCE-ID */
	int days;			/* of DURATION; 0 = not given */
	bool is_cancelled, is_all_day, has_rule, has_duration;
	struct ical_rule rule;
	const char *name, *uid;
	struct ical_dates more, fewer;
};

#define ICAL_DURATION_DAYS_MAX 100000	/* a longer DURATION is a mistake */
#define ICAL_STEPS_MAX 4000000	/* dates that the rules and exceptions of one file may look at */
#define ICAL_REPLACE_STEPS 20	/* of these, for an exception that is added: it takes memory */

/*
 * Adds the days of all events that lie in from..until, at most max.  Returns NULL, or what was wrong with the event that
 * begins in *line.  Events that take the place of one date of another change that one's exceptions.
 */
const char	*ical_events_days(struct arena *a, struct ical_event *events, size_t count, struct day from, struct day until,
		    size_t max, struct ical_days *out, int *line);

#endif
