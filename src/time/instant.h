/*
 * Instants: int64 milliseconds of UTC since 1970-01-01T00:00:00Z, without leap seconds.  As text:
 * RFC 3339, such as 2026-05-20T15:00:00.000Z.
 */
#ifndef INSTANT_H
#define INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define INSTANT_TEXT_MAX 32	/* bytes of an instant as text, including its NUL */

/* 2012-01-01 and 2100-01-01: days are computed for the time between them. */
#define INSTANT_MIN INT64_C(1325376000000)
#define INSTANT_MAX INT64_C(4102444800000)

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define QUARTER_MS (15 * MINUTE_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* The clock.  Read once for each request or command, and passed on. */
int64_t	instant_now(void);

/* A clock that nobody sets, in milliseconds or microseconds: for how long something takes. */
int64_t	instant_monotonic(void);
int64_t	instant_monotonic_us(void);

/*
 * Reads RFC 3339 with `Z` or a numeric offset and 0 to 9 digits of fraction (cut to the
 * millisecond).  False, without changing *at, if the text is anything else or not a real date.
 */
bool	instant_parse(const char *text, int64_t *at);

/* Writes 2026-05-20T15:00:00.000Z into out, INSTANT_TEXT_MAX bytes.  Returns out. */
char	*instant_format(int64_t at, char *out);

/* An instant as a member of JSON (name NULL inside arrays), also null for 0, or as a cell of CSV. */
struct json;
struct csv;
void	instant_put(struct json *j, const char *name, int64_t at);
void	instant_put_or_null(struct json *j, const char *name, int64_t at);
void	instant_put_csv(struct csv *c, int64_t at);

/* a / b rounded down, also for negative a; b > 0. */
int64_t	floor_div(int64_t a, int64_t b);

#endif
