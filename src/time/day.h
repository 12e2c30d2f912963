/*
 * Civil dates (proleptic Gregorian), and an organization's own days.
 *
 * A list of spans (an organization's zone_span rows, or a zone's own) defines the days: the day of
 * an instant is the date of instant + offset.  A day starts at the first instant that has its date
 * or a later one, so a day that the zone skips has no length.
 */
#ifndef DAY_H
#define DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "time/zone.h"

#define DAY_TEXT_MAX 16	/* bytes of YYYY-MM-DD, including its NUL */

/* Days since 1970-01-01.  A struct, so that a day and an instant cannot be mixed. */
struct day {
	int32_t n;
};

/* Spans in the order of their instants, at least one; the first one also holds for all earlier instants. */
struct spans {
	const struct span *at;
	size_t count;
};

struct day	day_of(int year, int month, int dayofmonth);	/* month 1-12; the date must exist */
void		day_civil(struct day d, int *year, int *month, int *dayofmonth);
struct day	day_add(struct day d, int32_t days);
bool		day_parse(const char *text, struct day *d);	/* exactly YYYY-MM-DD, a real date, year >= 1970 */
char		*day_format(struct day d, char *out);		/* into DAY_TEXT_MAX bytes; returns out */
int		days_in_month(int year, int month);

/* The organization's day of an instant. */
struct day	day_at(struct spans s, int64_t at);

/* The first instant whose day is d or later. */
int64_t		day_start(struct spans s, struct day d);

/* The first day start after an instant. */
int64_t		day_next_start(struct spans s, int64_t at);

/* The offset in force at an instant, in seconds east of UTC. */
int32_t		span_offset_at(struct spans s, int64_t at);

/* A cell of CSV: the organization's day and time of an instant, 2026-05-20 11:00:00, which spreadsheets take for a time. */
struct csv;
void		day_put_csv_local(struct csv *c, struct spans s, int64_t at);

/*
 * The instant at which the wall clock shows d and ms_of_day (milliseconds since its midnight).  A
 * time that the day skips moves forward by the gap (02:30 becomes 03:30); of a time that occurs
 * twice it is the first occurrence.
 */
int64_t		day_wall(struct spans s, struct day d, int64_t ms_of_day);

/*
 * The spans of an organization that has used `past`, and uses the zone z from the instant from_at
 * on (a start of a day by `past`) until INSTANT_MAX.  If z would set the date back by more than a
 * day, a part of the last day is repeated in between, so that dates never go back.  Joins
 * neighbours with the same offset.  Writes at most max entries into out; returns how many, or 0 if
 * they do not fit, or if a quarter-hour of UTC would lie in two days (since 2012 no zone does
 * that).  past.count 0: all of 2012 to 2100 by z.
 */
size_t		spans_join(struct spans past, const struct zone *z, int64_t from_at, struct span *out, size_t max);

#define SPANS_MAX 2048	/* of one organization; Gaza, the zone with the most changes, has 237 */

#endif
