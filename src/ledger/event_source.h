/*
 * The sources of an organization's events: which there are, and under which one an id stands.
 */
#ifndef EVENT_SOURCE_H
#define EVENT_SOURCE_H

#include "org/organization.h"

/* The sources of clients that have rows in the ledger, but for one; by name, in the arena. */
enum status	event_source_list(struct db *db, struct arena *a, const struct organization *org, const char *except,
		    const char ***sources, size_t *count) MUST_CHECK;

/*
 * Whether the id stands in the ledger under one of the sources, and not under `own`: *which is the first of them, `count` if
 * there is none.
 */
enum status	event_source_of(struct db *db, const struct organization *org, const char *own, const char *id,
		    const char *const *sources, size_t count, size_t *which) MUST_CHECK;

#endif
