/*
 * Admission of conditional events: recorded only while their day and their billing cycle have room.
 *
 * Reads what the days and cycles hold once per post and then updates it event by event: the post holds the writers'
 * lock, so nobody else can change it.  An event needs room for what it adds less what it frees of a reservation on its
 * own day (in its own cycle).
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include "ledger/cap.h"
#include "ledger/event.h"
#include "ledger/segment.h"

struct admission;

struct admission	*admission_new(struct db *db, struct arena *a, const struct organization *org,
		    const struct price_list *prices, int64_t now);

/* What an event would change. */
struct admission_change {
	struct day day;			/* the event's own day */
	enum channel channel;
	int64_t messages, parts, cost_micros;	/* 0 for a failed event */
	bool has_segment;
	struct segment_hold before;	/* the segment that it spends */
	int64_t left_after;		/* contacts that the segment would still hold */
};

/* False if admission_check will read the day or its cycle: then flush the roll-ups first. */
bool		admission_has(const struct admission *e, struct day d);

/* Decides on one event; *refusal (in the arena) is NULL if there is room. */
enum status	admission_check(struct admission *e, const struct admission_change *change,
		    const struct event_refusal **refusal);

/* Updates the cached days and cycles after the event was recorded. */
void		admission_commit(struct admission *e, const struct admission_change *change);

/* Discards the cached days and cycles after any other change. */
void		admission_reset(struct admission *e);

#endif
