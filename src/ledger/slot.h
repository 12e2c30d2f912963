/*
 * The next available slot: the first day with enough room.
 */
#ifndef SLOT_H
#define SLOT_H

#include "org/organization.h"

#define SLOT_SEARCH_DAYS 60	/* searched: today and this many days after it */

struct slot {
	struct day_usage today;
	bool is_found;
	struct day day;		/* if is_found: the first with room */
	int64_t available;	/* room of that day; ROOM_UNLIMITED = any amount */
};

/* The index of the first of n days with room for so many units; -1 if there is none. */
int32_t		slot_first(int64_t limit, const struct day_usage *days, int32_t n, int64_t units);

/* Finds the first of today and the 60 days after it whose available room is at least units (which count as 1 if less). */
enum status	slot_find(struct db *db, const struct organization *org, struct day today, int64_t units,
		    struct slot *slot);

#endif
