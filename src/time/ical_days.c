/*
 * On which dates the events of an iCalendar file are (see ical_parts.h).
 */
#include <string.h>

#include "time/ical_parts.h"

/* How many days an all-day event lasts; 0 if it is not all-day. */
static int
days_of(const struct ical_event *e)
{
	const struct ical_moment *start = &e->start, *until = &e->end;

	if (!start->is_date && !(start->is_midnight && (e->is_all_day || e->days > 0 || (until->is_there && until->is_midnight))))
		return 0;
	if (until->is_there && until->day.n > start->day.n)
		return until->day.n - start->day.n;
	return e->days > 0 ? e->days : start->is_date || e->is_all_day;
}

struct collector {
	struct arena *a;
	const struct ical_event *event;
	int days;
	struct day from, until;
	size_t max, room;
	struct ical_days *out;
	int64_t steps;			/* that are left */
	bool is_full;
};

/* Adds the days of an event that begins on d, unless an exception takes it away. */
static bool
collect(void *arg, struct day d)
{
	struct collector *c = arg;
	struct ical_days *out = c->out;

	if ((c->steps -= (int64_t)c->event->fewer.count) < 0)
		return false;
	for (size_t i = 0; i < c->event->fewer.count; i++)
		if (c->event->fewer.days[i].n == d.n)
			return true;
	for (int i = 0; i < c->days; i++) {
		struct day of = day_add(d, i);

		if (of.n < c->from.n || of.n >= c->until.n)
			continue;
		if ((c->is_full = out->count == c->max))
			return false;
		out->days = arena_grow(c->a, out->days, out->count, &c->room, sizeof(*out->days));
		out->days[out->count++] = (struct ical_day) { of, c->event->name };
	}
	return true;
}

/*
 * An event with RECURRENCE-ID takes the place of one date of the event with its UID.  False if the file has too many: it may have
 * many events of one UID, for each of which each is an exception.
 */
static bool
replace_one(struct collector *c, struct ical_event *events, size_t count, const struct ical_event *instead)
{
	for (struct ical_event *e = events; e < events + count; e++) {
		if (e->instead_of.is_there || e->uid == NULL || instead->uid == NULL || strcmp(e->uid, instead->uid) != 0)
			continue;
		if ((c->steps -= ICAL_REPLACE_STEPS) < 0)
			return false;
		e->fewer.days = arena_grow(c->a, e->fewer.days, e->fewer.count, &e->fewer.room, sizeof(*e->fewer.days));
		e->fewer.days[e->fewer.count++] = instead->instead_of.day;
	}
	return true;
}

static const char *
collect_event(struct collector *c)
{
	const struct ical_event *e = c->event;
	bool is_done = true;

	if ((c->days = days_of(e)) == 0 || e->is_cancelled) {
		c->out->skipped++;
		return NULL;
	}
	if (c->days > ICAL_EVENT_DAYS_MAX)
		return "an event longer than 366 days";
	if (collect(c, e->start.day) && e->has_rule)
		is_done = ical_rule_walk(&e->rule, e->start.day, day_add(c->from, -ICAL_EVENT_DAYS_MAX), c->until, &c->steps, collect, c);
	for (size_t i = 0; i < e->more.count; i++)
		collect(c, e->more.days[i]);
	if (!is_done || c->steps < 0)
		return "too many events that recur since long ago; divide the file";
	return c->is_full ? "too many dates; divide the file, or leave out events" : NULL;
}

const char *
ical_events_days(struct arena *a, struct ical_event *events, size_t count, struct day from, struct day until, size_t max,
    struct ical_days *out, int *line)
{
	struct collector c = { .a = a, .from = from, .until = until, .max = max, .out = out, .steps = ICAL_STEPS_MAX };
	const char *what;

	for (size_t i = 0; i < count; i++) {
		*line = events[i].line;
		if (events[i].instead_of.is_there && !replace_one(&c, events, count, &events[i]))
			return "too many changes of single dates (RECURRENCE-ID) of events with one UID; divide the file";
	}
	for (size_t i = 0; i < count; i++) {
		c.event = &events[i];
		*line = events[i].line;
		if ((what = collect_event(&c)) != NULL)
			return what;
	}
	return NULL;
}
