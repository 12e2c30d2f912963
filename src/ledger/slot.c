/*
 * The search for a day with room (see slot.h).
 */
#include "ledger/slot.h"
#include "ledger/usage.h"

enum status
slot_find(struct db *db, const struct organization *org, struct day today, int64_t units, struct slot *slot)
{
	struct day_usage days[SLOT_SEARCH_DAYS + 1];
	enum status st;

	*slot = (struct slot) { 0 };
	if ((st = usage_days(db, org, today, day_add(today, SLOT_SEARCH_DAYS), today, days)) != OK)
		return st;
	slot->today = days[0];
	/* A request for nothing asks for a day with any room. */
	if (units < 1)
		units = 1;
	/* Reservations leave gaps, so an early day may have room after a full one: look at each day in turn. */
	for (int32_t i = 0; i <= SLOT_SEARCH_DAYS; i++) {
		slot->available = quota_available(org->daily_limit, days[i]);
		if (slot->available >= units) {
			slot->is_found = true;
			slot->day = day_add(today, i);
			return OK;
		}
	}
	return OK;
}
