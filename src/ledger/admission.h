/*
 * Conditional events: recorded only while their day and their billing cycle have room.
 *
 * What the days and cycles hold is read once for a post and then carried along, event by event: the post holds the writers'
 * lock, so nobody else changes it.  An event needs room for what it adds less what it frees of a reservation on its own
 * day (in its own cycle).
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include "ledger/cap.h"
#include "ledger/event.h"
#include "ledger/segment.h"

struct admission;

struct admission	*admission_new(struct db *db, struct arena *a, const struct organization *org,
		    const struct price_list *prices, int64_t now);

/* What an event changes, were it recorded. */
struct admission_change {
	struct day day;			/* its own */
	enum channel channel;
	int64_t messages, parts, cost_micros;	/* 0 of a failed one */
	bool has_segment;
	struct segment_hold before;	/* of the segment that it spends */
	int64_t left_after;		/* contacts that it still holds then */
};

/* False where enforcer_ask will read the day or its cycle: then the roll-ups must be flushed. */
bool		admission_has(const struct admission *e, struct day d);

/* *refusal (in the arena) stays NULL where there is room. */
enum status	admission_check(struct admission *e, const struct admission_change *change,
		    const struct event_refusal **refusal);

/* The event was recorded. */
void		admission_commit(struct admission *e, const struct admission_change *change);

/* Something else was: what is known is known no more. */
void		admission_reset(struct admission *e);

#endif
