/*
 * Conditional events: recorded only while their day and their billing cycle have room.
 *
 * What the days and cycles hold is read once for a post and then carried along, event by event: the gate is held meanwhile,
 * so nobody else changes it.  An event needs room for what it adds less what it frees of a reservation on its own
 * day (in its own cycle).
 */
#ifndef EVENT_ENFORCE_H
#define EVENT_ENFORCE_H

#include "cap.h"
#include "event.h"
#include "segment.h"

struct enforcer;

struct enforcer	*enforcer_new(struct db *db, struct arena *a, const struct organization *org,
		    const struct price_list *prices, int64_t now);

/* What an event changes, were it recorded. */
struct enforce_change {
	struct day day;			/* its own */
	enum channel channel;
	int64_t messages, parts, cost_micros;	/* 0 of a failed one */
	bool has_segment;
	struct segment_hold before;	/* of the segment that it spends */
	int64_t left_after;		/* contacts that it still holds then */
};

/* False where enforcer_ask will read the day or its cycle: then the roll-ups must be flushed. */
bool		enforcer_knows(const struct enforcer *e, struct day d);

/* *refusal (in the arena) stays NULL where there is room. */
enum status	enforcer_ask(struct enforcer *e, const struct enforce_change *change,
		    const struct event_refusal **refusal);

/* The event was recorded. */
void		enforcer_apply(struct enforcer *e, const struct enforce_change *change);

/* Something else was: what is known is known no more. */
void		enforcer_forget(struct enforcer *e);

#endif
