/*
 * The rule in the footer of a TZif file: a POSIX TZ string with RFC 9636's hours of -167 to 167,
 * such as `EST5EDT,M3.2.0,M11.1.0`.  It gives the offset for all later times.
 */
#ifndef TZRULE_H
#define TZRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets are shorter than a day, so that no two clocks are more than two days apart. */
#define TZ_OFFSET_MAX_S (24 * 60 * 60 - 1)

/* One of the two transitions of a year. */
struct tzrule_turn {
	enum {
		TURN_WEEKDAY,		/* Mm.w.d: the week'th weekday of the month; week 5 is the last */
		TURN_DAY_NO_LEAP,	/* Jn: day 1 to 365; 29 February has no number */
		TURN_DAY,		/* n: day 0 to 365; 29 February has one */
	} form;
	int month, week, weekday;	/* 1-12; 1-5; 0-6, Sunday is 0 */
	int day;
	int32_t time_s;			/* from that day's midnight, on the clock as it is before the transition */
};

struct tzrule {
	int32_t std_offset_s, dst_offset_s;	/* seconds east of UTC */
	bool has_dst;				/* else only std_offset_s counts */
	struct tzrule_turn to_dst, to_std;
};

/* Reads text[0, n).  False if it is not such a string. */
bool	tzrule_parse(const char *text, size_t n, struct tzrule *rule);

/* The offset in seconds east of UTC at an instant, given in seconds since 1970. */
int32_t	tzrule_offset_at(const struct tzrule *rule, int64_t at_s);

/* The first transition after an instant.  False if there is none. */
bool	tzrule_next(const struct tzrule *rule, int64_t at_s, int64_t *next_s);

#endif
