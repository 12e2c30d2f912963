/*
 * Takes on each candidate all that fits.  Since days do not depend on one another, no other plan
 * ends earlier, so there is nothing to search.
 */
#include "quota/plan.h"

size_t
plan_make(const struct plan_request *r, struct plan_segment *segments, int64_t *left)
{
	size_t count = 0;

	*left = r->contacts;
	for (int32_t i = 0; i < PLAN_DAYS_MAX && *left > 0; i++) {
		int64_t at = day_wall(r->wall, day_add(r->first, i), r->time_ms), take;
		struct day d;

		if (r->sending != NULL && !sending_next_of_date(r->sending, at, &at))
			continue;
		d = day_at(r->days, at);
		if (count > 0 && at <= segments[count - 1].scheduled_at)
			continue;	/* a date that the zone skips: its time fell on the date before */
		take = r->room.left_on(r->room.arg, d);
		if (take > *left)
			take = *left;
		if (take <= 0)
			continue;
		segments[count++] = (struct plan_segment) { .scheduled_at = at, .contacts = take, .day = d };
		r->room.take(r->room.arg, d, take);
		*left -= take;
	}
	return count;
}
