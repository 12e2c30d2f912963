/*
 * The search for a day with room (see slot.h).
 */
#include "ledger/slot.h"
#include "ledger/usage.h"

/* Reservations leave gaps, so an early day may have room after a full one: looks at each day in turn. */
int32_t
slot_first(int64_t limit, const struct day_usage *days, int32_t n, int64_t units)
{
	for (int32_t i = 0; i < n; i++)
		if (quota_available(limit, days[i]) >= units)
			return i;
	return -1;
}

enum status
slot_find(struct db *db, const struct organization *org, struct day today, int64_t units, struct slot *slot)
{
	struct day_usage days[SLOT_SEARCH_DAYS + 1];
	enum status st;
	int32_t first;

	*slot = (struct slot) { 0 };
	if ((st = usage_days(db, org, today, day_add(today, SLOT_SEARCH_DAYS), today, days)) != OK)
		return st;
	slot->today = days[0];
	/* A request for nothing asks for a day with any room. */
	first = slot_first(org->daily_limit, days, SLOT_SEARCH_DAYS + 1, units < 1 ? 1 : units);
	if ((slot->is_found = first >= 0)) {
		slot->day = day_add(today, first);
		slot->available = quota_available(org->daily_limit, days[first]);
	}
	return OK;
}
