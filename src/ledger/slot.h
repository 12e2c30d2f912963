/*
 * The next day with room.
 */
#ifndef SLOT_H
#define SLOT_H

#include "org/organization.h"

#define SLOT_SEARCH_DAYS 60	/* today and so many days after it */

struct slot {
	struct day_usage today;
	bool is_found;
	struct day day;		/* the first with room, where is_found */
	int64_t available;	/* its room; INT64_MAX where unlimited */
};

/* The first of today and the 60 days after it whose available room is >= units (at least 1). */
enum status	slot_find(struct db *db, const struct organization *org, struct day today, int64_t units,
		    struct slot *slot);

#endif
