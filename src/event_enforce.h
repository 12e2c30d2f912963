/*
 * Conditional events: recorded only while their day and their billing cycle have room.
 *
 * The question is put before and after the event was written, inside a savepoint: so what it frees of a
 * reservation on its own day counts for it, by the same arithmetic that everybody sees.
 */
#ifndef EVENT_ENFORCE_H
#define EVENT_ENFORCE_H

#include "cap.h"
#include "event.h"

struct enforcement {
	struct day day, today;
	struct day_usage before;
	bool has_caps;
	struct cap_usage caps_before;
};

/* How the event's day and cycle stand before it. */
enum status	enforce_begin(struct db *db, const struct organization *org, const struct price_list *prices,
		    const struct event *e, int64_t now, struct enforcement *enforcement);

/* *refusal (in the arena) stays NULL where there was room. */
enum status	enforce_end(struct db *db, struct arena *a, const struct organization *org,
		    const struct price_list *prices, const struct event *e, const struct enforcement *enforcement,
		    const struct event_refusal **refusal);

#endif
