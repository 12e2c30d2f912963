/*
 * Takes at each candidate all that fits.  No plan has placed more by any candidate, so none ends earlier:
 *
 * Every limit bounds sums over candidates that follow one another: of a day, a cycle, or a rolling window up to the candidate
 * that is judged; a candidate that takes nothing is not judged.  Take any plan, and the first candidate at which it takes less
 * than this one does.  Move a contact there from the next candidate at which it takes some.  A sum that contains both stays as it
 * is, and one that contains the first alone has nothing of the plan between the two, so it is at most what fitted here.  So the
 * plan stays possible and is earlier; in the end it is this one.  (A contact must count the same at both candidates:
 * campaign/auto_room.c has what follows if its price falls in between.)
 */
#include "quota/plan.h"

size_t
plan_make(const struct plan_request *r, struct plan_segment *segments, int64_t *left)
{
	size_t count = 0;

	*left = r->contacts;
	for (int32_t i = 0; i < PLAN_DAYS_MAX && *left > 0; i++) {
		int64_t at = day_wall(r->wall, day_add(r->first, i), r->time_ms), take;

		if (r->sending != NULL && !sending_next_of_date(r->sending, at, &at))
			continue;
		if (count > 0 && at <= segments[count - 1].scheduled_at)
			continue;	/* a date that the zone skips: its time fell on the date before */
		take = r->room.left_at(r->room.arg, at);
		if (take > *left)
			take = *left;
		if (take <= 0)
			continue;
		segments[count++] = (struct plan_segment) { .scheduled_at = at, .contacts = take, .day = day_at(r->days, at) };
		r->room.take(r->room.arg, at, take);
		*left -= take;
	}
	return count;
}
