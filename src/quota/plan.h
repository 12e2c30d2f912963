/*
 * The planner: N contacts over the coming days, at the same time of the wall clock each day.
 *
 * Candidates are that time on each date from the first one on, in the plan's own time zone.  Each
 * takes what is left, up to the room at its instant; what it takes counts for the later ones, in every window that
 * contains both.  A candidate outside of the sending windows moves to the
 * first instant of its date that they allow; a date without one is passed over.  Taking all the room of each
 * candidate gives the earliest plan (plan.c says why).  No clock, no I/O.
 */
#ifndef PLAN_H
#define PLAN_H

#include "quota/sending_window.h"
#include "time/day.h"

#define PLAN_DAYS_MAX 366		/* candidates tried */
#define PLAN_UNLIMITED_PER_DAY 100	/* contacts a day if there is no daily limit */

/* What the planner asks of the caller, who knows the limits. */
struct plan_room {
	void *arg;
	/* Contacts that still fit at an instant. */
	int64_t (*left_at)(void *arg, int64_t at);
	/* Puts contacts there: from now on they count. */
	void (*take)(void *arg, int64_t at, int64_t contacts);
};

struct plan_request {
	struct spans wall;		/* the zone of first and time_ms */
	struct day first;		/* date of the first candidate */
	int64_t time_ms;		/* time of day, milliseconds since midnight */
	int64_t contacts;
	struct spans days;		/* the organization's */
	struct plan_room room;
	const struct sending *sending;	/* what restricts the instants, by the wall's clock; NULL = nothing does */
};

struct plan_segment {
	int64_t scheduled_at, contacts;
	struct day day;			/* the organization's */
};

/*
 * Writes the segments (at most PLAN_DAYS_MAX) and returns how many; *left is the number of contacts
 * without room.
 */
size_t	plan_make(const struct plan_request *request, struct plan_segment *segments, int64_t *left);

#endif
