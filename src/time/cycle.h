/*
 * Billing cycles: from local midnight of the organisation's cycle day to the next one.  A cycle
 * day of 29 to 31 falls on a shorter month's last day, and comes back after it.
 */
#ifndef CYCLE_H
#define CYCLE_H

#include "time/day.h"

struct cycle {
	struct day from, until;		/* until is the first day of the next cycle */
	int64_t starts_at, ends_at;	/* their first instants */
};

/* The cycle that holds day d; cycle_day 1-31. */
struct cycle	cycle_of(struct spans s, int cycle_day, struct day d);

#endif
