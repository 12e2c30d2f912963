/*
 * What limits leave for a plan, and the earliest plan by it.  For auto_segment.c only.
 */
#ifndef AUTO_ROOM_H
#define AUTO_ROOM_H

#include "campaign/auto_segment.h"
#include "ledger/limit.h"

struct auto_room {
	struct limit_book *book;	/* with all days of the candidates */
	const struct organization *org;
	struct limit_contact contact;
	struct auto_plan *plan;
	/* Of the plan that is being made. */
	struct day day;			/* of the last candidate, */
	int64_t taken;			/* and what the plan has put there */
	const char *bound_by;		/* the word of the limit that bounded the last candidate, if not the daily one; else NULL */
	struct day cheap_from;		/* before this day the plan may put `before_max` contacts, and has put `before` */
	int64_t before_max, before;
};

/* Makes the plan of room->plan: count, segments, left, blocked_by and limited_by.  Adds it to the book. */
void		auto_room_plan(struct auto_room *room, struct arena *a, struct plan_request *r);

#endif
