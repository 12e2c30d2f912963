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
	struct day day;		/* the first with room, if is_found */
	int64_t available;	/* room of that day; ROOM_UNLIMITED = any amount */
};

/* Finds the first of today and the 60 days after it whose available room is at least units (which count as 1 if less). */
enum status	slot_find(struct db *db, const struct organization *org, struct day today, int64_t units,
		    struct slot *slot);

#endif
