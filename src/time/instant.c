/*
 * Reads and writes instants without the C library's time functions, which depend on the process's
 * zone and locale and accept too much.  Only instant_now and instant_monotonic_us read a clock.
 */
#include <stdio.h>
#include <time.h>

#include "time/day.h"
#include "base/csv.h"
#include "base/json.h"
#include "time/instant.h"

/* The Gregorian calendar repeats after so many years and days. */
enum { CALENDAR_YEARS = 400, CALENDAR_DAYS = 146097 };

/* 0000-01-01 and 10000-01-01: RFC 3339 can write the instants in between. */
#define YEAR_0_AT (-62167219200 * SECOND_MS)
#define YEAR_10000_AT (253402300800 * SECOND_MS)

int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
instant_monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
instant_monotonic(void)
{
	return instant_monotonic_us() / 1000;
}

int64_t
instant_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

/* Each reader below takes what it reads from the front of *p, or returns false. */

static bool
take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* Exactly n digits, a number from min to max. */
static bool
take_number(const char **p, int n, int min, int max, int *value)
{
	*value = 0;
	for (; n > 0; n--, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		*value = *value * 10 + (**p - '0');
	}
	return *value >= min && *value <= max;
}

/* A date that exists: the month's length is checked too. */
static bool
take_date(const char **p, struct day *d)
{
	int year, month, dayofmonth;

	if (!take_number(p, 4, 0, 9999, &year) || !take_char(p, '-') ||
	    !take_number(p, 2, 1, 12, &month) || !take_char(p, '-') ||
	    !take_number(p, 2, 1, days_in_month(year, month), &dayofmonth))
		return false;
	*d = day_of(year, month, dayofmonth);
	return true;
}

/* hh:mm:ss.  Refuses second 60, because instants do not count leap seconds. */
static bool
take_time(const char **p, int64_t *ms)
{
	int hour, minute, second;

	if (!take_number(p, 2, 0, 23, &hour) || !take_char(p, ':') ||
	    !take_number(p, 2, 0, 59, &minute) || !take_char(p, ':') ||
	    !take_number(p, 2, 0, 59, &second))
		return false;
	*ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
	return true;
}

/* Nothing, or a point and 1 to 9 digits, of which the first three count; `worth` becomes 0 after them. */
static bool
take_fraction(const char **p, int64_t *ms)
{
	int64_t worth = SECOND_MS;
	int n = 0;

	*ms = 0;
	if (!take_char(p, '.'))
		return true;
	for (; **p >= '0' && **p <= '9'; ++*p, n++) {
		worth /= 10;
		*ms += (**p - '0') * worth;
	}
	return n >= 1 && n <= 9;
}

/* Z, +hh:mm or -hh:mm.  Lower-case z is RFC 3339 too, as is t before the time. */
static bool
take_offset(const char **p, int64_t *ms)
{
	int hours, minutes;
	bool is_west;

	*ms = 0;
	if (take_char(p, 'Z') || take_char(p, 'z'))
		return true;
	is_west = take_char(p, '-');
	if ((!is_west && !take_char(p, '+')) || !take_number(p, 2, 0, 23, &hours) ||
	    !take_char(p, ':') || !take_number(p, 2, 0, 59, &minutes))
		return false;
	*ms = hours * HOUR_MS + minutes * MINUTE_MS;
	if (is_west)
		*ms = -*ms;
	return true;
}

bool
instant_parse(const char *text, int64_t *at)
{
	const char *p = text;
	int64_t time, fraction, offset, result;
	struct day d;

	if (!take_date(&p, &d) || (!take_char(&p, 'T') && !take_char(&p, 't')) ||
	    !take_time(&p, &time) || !take_fraction(&p, &fraction) || !take_offset(&p, &offset) ||
	    *p != '\0')
		return false;
	result = d.n * DAY_MS + time + fraction - offset;
	if (result < YEAR_0_AT || result >= YEAR_10000_AT)
		return false;	/* its offset moved it out of the years that instant_format can write */
	*at = result;
	return true;
}

char *
instant_format(int64_t at, char *out)
{
	int64_t days = floor_div(at, DAY_MS), ms = (at % DAY_MS + DAY_MS) % DAY_MS;
	int64_t calendars = floor_div(days, CALENDAR_DAYS);
	int year, month, dayofmonth;

	/* Moves the days into the first round of the calendar, so that no int64 is too far for a struct day. */
	day_civil((struct day){ (int32_t)(days - calendars * CALENDAR_DAYS) }, &year, &month, &dayofmonth);
	/* The remainders of 100 let the compiler prove that the text fits. */
	snprintf(out, INSTANT_TEXT_MAX, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ",
	    (long long)(year + calendars * CALENDAR_YEARS), (unsigned)month % 100, (unsigned)dayofmonth % 100,
	    (unsigned)(ms / HOUR_MS) % 100, (unsigned)(ms / MINUTE_MS % 60), (unsigned)(ms / SECOND_MS % 60),
	    (unsigned)(ms % SECOND_MS));
	return out;
}

void
instant_put(struct json *j, const char *name, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	json_put_text(j, name, instant_format(at, text));
}

void
instant_put_or_null(struct json *j, const char *name, int64_t at)
{
	if (at != 0)
		instant_put(j, name, at);
	else
		json_put_null(j, name);
}

void
instant_put_csv(struct csv *c, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	csv_put_text(c, instant_format(at, text));
}
