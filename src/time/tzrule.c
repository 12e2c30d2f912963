/*
 * Reads and applies a zone's rule for all later years: when daylight saving time begins and ends.
 *
 * A transition is computed from its year on demand.  It is given in local time, on the clock as it
 * is before the transition, so its instant depends on the offset in force until then.
 */
#include <string.h>

#include "time/day.h"
#include "time/tzrule.h"

enum {
	MINUTE_S = 60,
	HOUR_S = 60 * MINUTE_S,
	DAY_S = 24 * HOUR_S,
	WEEK_DAYS = 7,
	TURN_HOURS_MAX = 167,		/* a week less an hour: RFC 9636, 3.3.1 */
	DEFAULT_TURN_S = 2 * HOUR_S,
	DEFAULT_DST_S = HOUR_S,		/* ahead of standard time */
};

/* The Gregorian calendar, including its weekdays, repeats after 400 years. */
#define CALENDAR_S (INT64_C(146097) * DAY_S)

/* ---- Reading: each function takes what it reads from the front of the text, or returns false. */

struct text {
	const char *p;
	size_t n;
};

static bool
take_char(struct text *t, char c)
{
	if (t->n == 0 || *t->p != c)
		return false;
	t->p++;
	t->n--;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A decimal number from min to max, of up to three digits; a fourth one is left, and what follows fails. */
static bool
take_number(struct text *t, int min, int max, int *value)
{
	int digits = 0;

	*value = 0;
	for (; t->n > 0 && is_digit(*t->p) && digits < 3; digits++, t->p++, t->n--)
		*value = *value * 10 + (*t->p - '0');
	return digits > 0 && *value >= min && *value <= max;
}

/*
 * An abbreviation of at least three letters, or of at least three of [A-Za-z0-9+-] between < and >.
 * The name itself is not used.
 */
static bool
take_name(struct text *t)
{
	bool is_quoted = take_char(t, '<');
	size_t length = 0;

	while (t->n > 0 && (is_letter(*t->p) ||
	    (is_quoted && (is_digit(*t->p) || *t->p == '+' || *t->p == '-')))) {
		t->p++;
		t->n--;
		length++;
	}
	return length >= 3 && (!is_quoted || take_char(t, '>'));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool
take_hms(struct text *t, int hours_max, int32_t *seconds)
{
	bool is_negative = take_char(t, '-');
	int hours, minutes = 0, secs = 0;

	if (!is_negative)
		take_char(t, '+');
	if (!take_number(t, 0, hours_max, &hours))
		return false;
	if (take_char(t, ':')) {
		if (!take_number(t, 0, 59, &minutes))
			return false;
		if (take_char(t, ':') && !take_number(t, 0, 59, &secs))
			return false;
	}
	*seconds = hours * HOUR_S + minutes * MINUTE_S + secs;
	if (is_negative)
		*seconds = -*seconds;
	return true;
}

/* An offset, which POSIX counts west of UTC and we count east: EST5 is -5 hours. */
static bool
take_offset(struct text *t, int32_t *offset_s)
{
	int32_t west_s;

	if (!take_hms(t, 24, &west_s) || west_s > TZ_OFFSET_MAX_S || west_s < -TZ_OFFSET_MAX_S)
		return false;
	*offset_s = -west_s;
	return true;
}

/* A transition's day, in one of three forms, and its time of day, which is 02:00 unless it is given. */
static bool
take_turn(struct text *t, struct tzrule_turn *turn)
{
	*turn = (struct tzrule_turn){ .time_s = DEFAULT_TURN_S };
	if (!take_char(t, ','))
		return false;
	if (take_char(t, 'M')) {
		turn->form = TURN_WEEKDAY;
		if (!take_number(t, 1, 12, &turn->month) || !take_char(t, '.') ||
		    !take_number(t, 1, 5, &turn->week) || !take_char(t, '.') ||
		    !take_number(t, 0, 6, &turn->weekday))
			return false;
	} else if (take_char(t, 'J')) {
		turn->form = TURN_DAY_NO_LEAP;
		if (!take_number(t, 1, 365, &turn->day))
			return false;
	} else {
		turn->form = TURN_DAY;
		if (!take_number(t, 0, 365, &turn->day))
			return false;
	}
	return !take_char(t, '/') || take_hms(t, TURN_HOURS_MAX, &turn->time_s);
}

bool
tzrule_parse(const char *text, size_t n, struct tzrule *rule)
{
	struct text t = { text, n };

	memset(rule, 0, sizeof(*rule));
	if (!take_name(&t) || !take_offset(&t, &rule->std_offset_s))
		return false;
	if (t.n == 0)
		return true;
	rule->has_dst = true;
	if (!take_name(&t))
		return false;
	/* Without an offset of its own, daylight saving time is an hour ahead. */
	rule->dst_offset_s = rule->std_offset_s + DEFAULT_DST_S;
	if (t.n > 0 && *t.p != ',' && !take_offset(&t, &rule->dst_offset_s))
		return false;
	return rule->dst_offset_s <= TZ_OFFSET_MAX_S && take_turn(&t, &rule->to_dst) &&
	    take_turn(&t, &rule->to_std) && t.n == 0;
}

/* ---- Using the rule */

/* The date of a transition in a year. */
static struct day
turn_day(const struct tzrule_turn *turn, int year)
{
	struct day first;
	int weekday, later;

	if (turn->form == TURN_DAY)
		return day_add(day_of(year, 1, 1), turn->day);
	if (turn->form == TURN_DAY_NO_LEAP) {
		later = turn->day - 1;
		/* Jn does not count 29 February, so every later day of a leap year is one further on. */
		if (turn->day > 31 + 28 && days_in_month(year, 2) == 29)
			later++;
		return day_add(day_of(year, 1, 1), later);
	}
	first = day_of(year, turn->month, 1);
	weekday = (first.n + 4) % WEEK_DAYS;	/* 1970-01-01 was a Thursday; moved_near() keeps days positive */
	/*
	 * The first such weekday of the month, then whole weeks; week 5 is the last, also in a
	 * month with four.
	 */
	later = (turn->weekday - weekday + WEEK_DAYS) % WEEK_DAYS + (turn->week - 1) * WEEK_DAYS;
	if (later >= days_in_month(year, turn->month))
		later -= WEEK_DAYS;
	return day_add(first, later);
}

/* The instant, in seconds of UTC, of a transition in a year, on a clock that has had this offset. */
static int64_t
turn_at(const struct tzrule_turn *turn, int year, int32_t offset_s)
{
	return (int64_t)turn_day(turn, year).n * DAY_S + turn->time_s - offset_s;
}

/*
 * Moves an instant by whole rounds of the calendar into 2370 to 2769, so that every day number near
 * it is a small positive one; *year is its year (of UTC) there.  A transition can lie up to nine
 * days outside its own year.  So the last one before an instant belongs to the year two before at
 * the earliest, and the next one to the year two after at the latest.
 */
static int64_t
moved_near(int64_t at_s, int *year)
{
	int month, dayofmonth;

	at_s = at_s % CALENDAR_S + (at_s < 0 ? 2 : 1) * CALENDAR_S;
	day_civil((struct day){ (int32_t)(at_s / DAY_S) }, year, &month, &dayofmonth);
	return at_s;
}

int32_t
tzrule_offset_at(const struct tzrule *rule, int64_t at_s)
{
	int64_t to_dst, to_std, latest = INT64_MIN;
	int32_t offset_s = rule->std_offset_s;
	int this_year;

	if (!rule->has_dst)
		return offset_s;
	at_s = moved_near(at_s, &this_year);
	/*
	 * The last transition at or before the instant decides.  If two fall on one instant, the
	 * later year's holds: `XXX3EDT4,0/0,J365/23` ends each summer when the next begins, and so
	 * has no winter.
	 */
	for (int year = this_year - 2; year <= this_year + 1; year++) {
		to_dst = turn_at(&rule->to_dst, year, rule->std_offset_s);
		to_std = turn_at(&rule->to_std, year, rule->dst_offset_s);
		if (to_dst <= at_s && to_dst >= latest) {
			latest = to_dst;
			offset_s = rule->dst_offset_s;
		}
		if (to_std <= at_s && to_std >= latest) {
			latest = to_std;
			offset_s = rule->std_offset_s;
		}
	}
	return offset_s;
}

bool
tzrule_next(const struct tzrule *rule, int64_t at_s, int64_t *next_s)
{
	int64_t near_s, to_dst, to_std, next = INT64_MAX;
	int this_year;

	if (!rule->has_dst)
		return false;
	near_s = moved_near(at_s, &this_year);
	for (int year = this_year - 1; year <= this_year + 2; year++) {
		to_dst = turn_at(&rule->to_dst, year, rule->std_offset_s);
		to_std = turn_at(&rule->to_std, year, rule->dst_offset_s);
		if (to_dst > near_s && to_dst < next)
			next = to_dst;
		if (to_std > near_s && to_std < next)
			next = to_std;
	}
	/* Moves the answer back by the same number of rounds. */
	*next_s = at_s + (next - near_s);
	return true;
}
