/*
 * The planner: N contacts over the coming days, at the same time of the wall clock each day.
 *
 * Candidates are that time on each date from the first one on, in the plan's own time zone.  Each
 * takes what is left, up to the room of the organization's day that its instant falls on, less what
 * this plan has put there already; so two candidates on one day never count its room twice.  Taking
 * all the room of each candidate gives the earliest and shortest plan.  Pure: no clock, no I/O.
 */
#ifndef PLAN_H
#define PLAN_H

#include "time/day.h"
#include "quota/quota.h"

#define PLAN_DAYS_MAX 366		/* candidates tried */
#define PLAN_UNLIMITED_PER_DAY 100	/* contacts a day if there is no limit */

struct plan_request {
	struct spans wall;		/* the zone of first and time_ms */
	struct day first;		/* date of the first candidate */
	int64_t time_ms;		/* time of day, milliseconds since midnight */
	int64_t contacts, parts_per_contact;
	enum quota_unit unit;
	int64_t daily_limit;		/* UNLIMITED = no limit */
	struct spans days;		/* the organization's */
	struct day usage_from;		/* day of usage[0] */
	const struct day_usage *usage;	/* of usage_count days */
	size_t usage_count;
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
