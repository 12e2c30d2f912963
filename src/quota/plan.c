/*
 * Takes on each candidate all that fits.  Since days do not depend on one another, no other plan
 * ends earlier, so there is nothing to search.
 */
#include "quota/plan.h"

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Contacts that still fit on an organization's day, before this plan.  A day outside the caller's
 * usage has no room, because what is sent and reserved on it is not known.
 */
static int64_t
room_on(const struct plan_request *r, struct day d)
{
	int64_t index = (int64_t)d.n - r->usage_from.n, available;

	if (r->daily_limit == UNLIMITED)
		return PLAN_UNLIMITED_PER_DAY;
	if (index < 0 || index >= (int64_t)r->usage_count)
		return 0;
	available = quota_available(r->daily_limit, r->usage[index]);
	/* Rounds down: a contact whose last part does not fit does not fit. */
	return r->unit == UNIT_PART ? available / r->parts_per_contact : available;
}

size_t
plan_make(const struct plan_request *r, struct plan_segment *segments, int64_t *left)
{
	size_t count = 0;
	int64_t taken = 0;	/* by this plan on the day of the last segment */

	*left = r->contacts;
	for (int32_t i = 0; i < PLAN_DAYS_MAX && *left > 0; i++) {
		int64_t at = day_wall(r->wall, day_add(r->first, i), r->time_ms), room, take;
		struct day d = day_at(r->days, at);

		if (count > 0 && at <= segments[count - 1].scheduled_at)
			continue;	/* a date that the zone skips: its time fell on the date before */
		/*
		 * The wall clock's zone may differ from the organization's, so two candidates can
		 * fall on one of its days.
		 */
		if (count == 0 || segments[count - 1].day.n != d.n)
			taken = 0;
		room = room_on(r, d) - taken;
		/* Negative if a day is over its limit already. */
		if ((take = min64(*left, room)) <= 0)
			continue;
		segments[count++] = (struct plan_segment) { .scheduled_at = at, .contacts = take, .day = d };
		taken += take;
		*left -= take;
	}
	return count;
}
