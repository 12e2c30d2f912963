/*
 * iCalendar (see ical.h): lines are unfolded one by one, each is a property or begins or ends a component, and an event is
 * complete at its END.  ical_days.c works out its dates.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/name.h"
#include "base/utf8.h"
#include "time/ical_parts.h"

enum { DEPTH_MAX = 8 };

struct reader {
	struct arena *a;
	const char *label;
	struct error *err;
	int line;
	const char *components[DEPTH_MAX];
	size_t depth;
	struct ical_event *event;		/* the one that is open, and not one of its parts */
	struct ical_event *events;
	size_t count, room;
	bool has_calendar;
};

static enum status
wrong(const struct reader *r, const char *what)
{
	return error_set(r->err, BAD_REQUEST, "%s: line %d: %s", r->label, r->line, what);
}

/* ---- Values */

/* YYYYMMDD, or YYYYMMDDTHHMMSS with Z if it is of UTC. */
static bool
parse_moment(const char *text, size_t n, struct ical_moment *m)
{
	*m = (struct ical_moment) { .is_there = true };
	if (n == 8)
		return m->is_date = ical_date_parse(text, n, &m->day);
	if (n < 15 || n > 16 || text[8] != 'T' || strspn(text + 9, "0123456789") < 6 || (n == 16 && text[15] != 'Z'))
		return false;
	m->is_midnight = n == 15 && strncmp(text + 9, "000000", 6) == 0;
	return ical_date_parse(text, 8, &m->day);
}

static enum status
read_dates(struct reader *r, const char *value, struct ical_dates *dates)
{
	struct ical_moment m;

	for (;;) {
		size_t n = strcspn(value, ",");

		/* Of a period, the beginning. */
		if (!parse_moment(value, strcspn(value, ",/"), &m))
			return wrong(r, "not a list of dates (YYYYMMDD)");
		dates->days = arena_grow(r->a, dates->days, dates->count, &dates->room, sizeof(*dates->days));
		dates->days[dates->count++] = m.day;
		if (value[n] == '\0')
			return OK;
		value += n + 1;
	}
}

/* Reads a number and its unit, if it is that one; otherwise 0, and *text stays. */
static int64_t
take(const char **text, char unit, bool *is_any)
{
	size_t digits = strspn(*text, "0123456789");
	int64_t n;

	if (digits == 0 || digits > 9 || (*text)[digits] != unit)
		return 0;
	n = atoll(*text);
	*text += digits + 1;
	*is_any = true;
	return n;
}

/*
 * Reads a duration (RFC 5545, 3.3.6) that is not negative; *days is 0 if it is not one of whole days.  False if it is none, or
 * too long to be meant.
 */
static bool
parse_duration(const char *text, int *days)
{
	int64_t n, seconds = 0;
	bool is_any = false, has_time = false;

	text += text[0] == '+';
	if (*text++ != 'P')
		return false;
	n = 7 * take(&text, 'W', &is_any);
	if (!is_any) {
		n = take(&text, 'D', &is_any);
		if (*text == 'T') {
			text++;
			seconds = take(&text, 'H', &has_time) + take(&text, 'M', &has_time) + take(&text, 'S', &has_time);
			if (!has_time)
				return false;
		}
	}
	*days = seconds == 0 ? (int)n : 0;
	return (is_any || has_time) && *text == '\0' && n <= ICAL_DURATION_DAYS_MAX;
}

/* A text without its escapes, on one line and as long as a name may be; "" if no name may have its characters. */
static const char *
plain_text(struct arena *a, const char *value)
{
	char *text = arena_strdup(a, value), *to = text;
	struct error err;

	for (const char *c = value; *c != '\0'; c++) {
		bool is_escape = *c == '\\' && c[1] != '\0';

		c += is_escape;
		*to++ = (is_escape && (*c == 'n' || *c == 'N')) || *c == '\t' ? ' ' : *c;
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	text[utf8_cut(text, (size_t)(to - text), ICAL_NAME_MAX)] = '\0';
	text += strspn(text, " ");
	return name_check("SUMMARY", text, &err) == OK ? text : "";
}

/* ---- Properties */

/* A property that an event has once, of which a second one would leave open which is meant. */
static enum status
read_moment(struct reader *r, const char *value, struct ical_moment *m)
{
	if (m->is_there)
		return wrong(r, "a second DTSTART, DTEND or RECURRENCE-ID of one event");
	return parse_moment(value, strlen(value), m) ? OK : wrong(r, "not a date (YYYYMMDD) or a date and time (YYYYMMDDTHHMMSS)");
}

static enum status
read_property(struct reader *r, const char *name, const char *value)
{
	struct ical_event *e = r->event;
	const char *what;

	if (strcasecmp(name, "DTSTART") == 0)
		return read_moment(r, value, &e->start);
	if (strcasecmp(name, "DTEND") == 0)
		return read_moment(r, value, &e->end);
	if (strcasecmp(name, "RECURRENCE-ID") == 0)
		return read_moment(r, value, &e->instead_of);
	if (strcasecmp(name, "RDATE") == 0)
		return read_dates(r, value, &e->more);
	if (strcasecmp(name, "EXDATE") == 0)
		return read_dates(r, value, &e->fewer);
	if (strcasecmp(name, "EXRULE") == 0)
		return wrong(r, "EXRULE is not read; list the dates as EXDATE instead");
	if (strcasecmp(name, "RRULE") == 0) {
		if (e->has_rule)
			return wrong(r, "a second RRULE of one event");
		e->has_rule = true;
		return (what = ical_rule_parse(value, &e->rule)) == NULL ? OK : wrong(r, arena_printf(r->a, "RRULE: %s", what));
	}
	if (strcasecmp(name, "DURATION") == 0) {
		if (e->has_duration || !parse_duration(value, &e->days))
			return wrong(r, e->has_duration ? "a second DURATION of one event" : "not a duration such as P2D");
		e->has_duration = true;
	} else if (strcasecmp(name, "SUMMARY") == 0)
		e->name = plain_text(r->a, value);
	else if (strcasecmp(name, "UID") == 0)
		e->uid = arena_strdup(r->a, value);
	else if (strcasecmp(name, "STATUS") == 0)
		e->is_cancelled = strcasecmp(value, "CANCELLED") == 0;
	else if (strcasecmp(name, "X-MICROSOFT-CDO-ALLDAYEVENT") == 0)
		e->is_all_day = strcasecmp(value, "TRUE") == 0;
	return OK;
}

/* ---- Components */

static enum status
begin(struct reader *r, const char *component)
{
	if (r->depth == DEPTH_MAX)
		return wrong(r, "too many components within one another");
	if (r->depth == 0 && strcasecmp(component, "VCALENDAR") != 0)
		return wrong(r, "not iCalendar: it must begin with BEGIN:VCALENDAR");
	r->has_calendar = true;
	r->components[r->depth++] = arena_strdup(r->a, component);
	r->event = NULL;
	if (r->depth != 2 || strcasecmp(component, "VEVENT") != 0)
		return OK;
	if (r->count == ICAL_EVENTS_MAX)
		return error_set(r->err, BAD_REQUEST, "%s: line %d: more than %d events", r->label, r->line, ICAL_EVENTS_MAX);
	r->events = arena_grow(r->a, r->events, r->count, &r->room, sizeof(*r->events));
	r->event = &r->events[r->count++];
	*r->event = (struct ical_event) { .line = r->line, .name = "" };
	return OK;
}

static enum status
end(struct reader *r, const char *component)
{
	if (r->depth == 0 || strcasecmp(component, r->components[r->depth - 1]) != 0)
		return wrong(r, "END of a component that is not open");
	r->depth--;
	if (r->event != NULL && r->depth == 1 && !r->event->start.is_there)
		return wrong(r, "an event without DTSTART");
	if (r->event != NULL && r->depth == 1 && r->event->end.is_there &&
	    (r->event->has_duration || r->event->end.day.n < r->event->start.day.n))
		return wrong(r, r->event->has_duration ? "an event with both DTEND and DURATION" : "an event with DTEND before DTSTART");
	/* After a part of an event, such as an alarm, the event goes on. */
	r->event = r->depth == 2 && r->count > 0 && strcasecmp(r->components[1], "VEVENT") == 0 ? &r->events[r->count - 1] : NULL;
	return OK;
}

/* Takes apart NAME;PARAMETER=…:VALUE.  A colon in quotes belongs to a parameter. */
static enum status
read_line(struct reader *r, char *line)
{
	char *value = line, *name_end;
	bool is_quoted = false;

	for (; *value != '\0' && (*value != ':' || is_quoted); value++)
		is_quoted ^= *value == '"';
	if (*value == '\0')
		return wrong(r, r->depth == 0 ? "not iCalendar: it must begin with BEGIN:VCALENDAR" : "not NAME:VALUE");
	*value++ = '\0';
	if ((name_end = strchr(line, ';')) != NULL)
		*name_end = '\0';
	if (strcasecmp(line, "BEGIN") == 0)
		return begin(r, value);
	if (strcasecmp(line, "END") == 0)
		return end(r, value);
	if (r->depth == 0)
		return wrong(r, "not iCalendar: it must begin with BEGIN:VCALENDAR");
	return r->event != NULL ? read_property(r, line, value) : OK;
}

/*
 * Reads all lines.  One that begins with a blank continues the one before it, even in the middle of a character: so it is UTF-8
 * only once it is unfolded.
 */
static enum status
read_lines(struct reader *r, const char *text, size_t n)
{
	char *line = arena_alloc(r->a, n + 1);
	enum status st = OK;
	size_t at = 0;
	int number = 0;

	while (st == OK && at < n) {
		size_t length = 0;

		r->line = number + 1;
		do {
			const char *end_of_line = memchr(text + at, '\n', n - at);
			size_t next = end_of_line != NULL ? (size_t)(end_of_line - text) : n, stop = next;

			stop -= stop > at && text[stop - 1] == '\r';
			memcpy(line + length, text + at, stop - at);
			length += stop - at;
			at = next + 1;
			number++;
		} while (at < n && (text[at] == ' ' || text[at] == '\t') && at++ < n);
		if (memchr(line, '\0', length) != NULL || !utf8_is_valid(line, length))
			return wrong(r, memchr(line, '\0', length) != NULL ? "has a NUL character" : "not UTF-8");
		line[length] = '\0';
		if (length > 0)
			st = read_line(r, line);
	}
	if (st == OK && (r->depth > 0 || !r->has_calendar))
		return wrong(r, r->has_calendar ? "the file ends before END:VCALENDAR" : "not iCalendar: it is empty");
	return st;
}

enum status
ical_read(struct arena *a, const char *label, const char *text, size_t n, struct day from, struct day until, size_t max,
    struct ical_days *out, struct error *err)
{
	struct reader r = { .a = a, .label = label, .err = err };
	const char *what;
	enum status st;

	*out = (struct ical_days) { 0 };
	/* A mark of the byte order, which some programs write. */
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	if ((st = read_lines(&r, text, n)) != OK)
		return st;
	what = ical_events_days(a, r.events, r.count, from, until, max, out, &r.line);
	return what == NULL ? OK : wrong(&r, what);
}
