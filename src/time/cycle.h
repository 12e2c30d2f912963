/*
 * Billing cycles: from local midnight of the organization's cycle day to the next one.  If a month
 * is shorter than the cycle day (29 to 31), the cycle starts on its last day; the next month that
 * is long enough uses the cycle day again.
 *
 * The cycle day may change from a date on.  That date begins a cycle, so the one that was running
 * ends there, and a short one lasts from there to the first start by the new cycle day.  So cycles
 * follow one another without a gap, and every day lies in one of them.
 */
#ifndef CYCLE_H
#define CYCLE_H

#include "time/day.h"

#define CYCLE_CHANGES_MAX 60	/* of one organization */

struct cycle_change {
	struct day from;
	int cycle_day;			/* 1 to 31 */
};

/*
 * 1. changes[0, count) are in the order of their days, no two of one day.  2. Each has another cycle
 * day than the one before it, and the first one another than first_day: a change that changes
 * nothing would only split a cycle.
 */
struct cycle_rule {
	int first_day;			/* the cycle day before the first change, 1 to 31 */
	size_t count;
	struct cycle_change changes[CYCLE_CHANGES_MAX];	/* last, so that a copy need not have those that are not there */
};

struct cycle {
	struct day from, until;		/* until is the first day of the next cycle */
	int64_t starts_at, ends_at;	/* their first instants */
};

/* The cycle that contains day d. */
struct cycle	cycle_of(struct spans s, const struct cycle_rule *rule, struct day d);

/* The cycle day that is in force on day d. */
int		cycle_day_on(const struct cycle_rule *rule, struct day d);

/* Whether the two have the same cycle days at all times. */
bool		cycle_same(const struct cycle_rule *a, const struct cycle_rule *b);

/*
 * Sets the cycle day from a day on until the next later change, which stays; takes the place of a change of that day.  False, and
 * nothing is changed, if there would be more than CYCLE_CHANGES_MAX.
 */
bool		cycle_set_from(struct cycle_rule *rule, struct day from, int cycle_day);

#endif
