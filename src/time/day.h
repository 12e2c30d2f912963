/*
 * Civil dates (proleptic Gregorian), and an organisation's own days.
 *
 * An organisation's days are cut by a list of spans (its zone_span rows, or a zone's own):
 * the day of an instant is the date of instant + offset.  A day starts at the first instant that
 * bears its date or a later one, so that a day that the zone skips has no length.
 */
#ifndef DAY_H
#define DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "time/zone.h"

#define DAY_TEXT_MAX 16	/* bytes of YYYY-MM-DD, its NUL with it */

/* Days since 1970-01-01.  A struct, so that a day and an instant cannot be mixed. */
struct day {
	int32_t n;
};

/* Spans in the order of their instants, at least one; the first holds for all earlier instants too. */
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

/* The organisation's day of an instant. */
struct day	day_at(struct spans s, int64_t at);

/* The first instant whose day is d or later. */
int64_t		day_start(struct spans s, struct day d);

/* The offset in force at an instant, in seconds east of UTC. */
int32_t		span_offset_at(struct spans s, int64_t at);

/*
 * The instant at which the wall clock shows d and ms_of_day (milliseconds since its midnight).  A
 * time that the day skips moves forward by the gap (02:30 becomes 03:30); one that occurs twice is
 * its first occurrence.
 */
int64_t		day_wall(struct spans s, struct day d, int64_t ms_of_day);

/*
 * The spans of an organisation that has lived by `past` and lives by the zone z from the instant
 * from_at on (a start of a day by `past`), until INSTANT_MAX.  Where z would set the date back by
 * more than a day, a stretch of the last day is put between, so that days never go back.
 * Equal neighbours become one.  Writes into out (max entries); returns how many, or 0 where they
 * do not fit, or a quarter-hour of UTC would lie in two days (since 2012 it does so in no zone).
 * past.count 0: all of 2012 to 2100 by z.
 */
size_t		spans_join(struct spans past, const struct zone *z, int64_t from_at, struct span *out, size_t max);

#define SPANS_MAX 2048	/* of one organisation; Gaza, the busiest zone, has 237 */

#endif
