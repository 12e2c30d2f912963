/*
 * Billing cycles: from local midnight of the organization's cycle day to the next one.  If a month
 * is shorter than the cycle day (29 to 31), the cycle starts on its last day; the next month that
 * is long enough uses the cycle day again.
 */
#ifndef CYCLE_H
#define CYCLE_H

#include "time/day.h"

struct cycle {
	struct day from, until;		/* until is the first day of the next cycle */
	int64_t starts_at, ends_at;	/* their first instants */
};

/* The cycle that contains day d; cycle_day is 1 to 31. */
struct cycle	cycle_of(struct spans s, int cycle_day, struct day d);

#endif
