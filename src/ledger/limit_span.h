/*
 * The days of limits with a time zone of their own: the rows of limit_span.
 *
 * A process caches them for each organization, because every request needs them.  Whoever writes these rows increments the
 * organization's zone_revision, and loads the limits again with limit_row_reload: rows that are not committed must not be cached.
 */
#ifndef LIMIT_SPAN_H
#define LIMIT_SPAN_H

#include "org/organization.h"

/*
 * Sets `days` of each rule that has a zone; they are valid as long as org->days.  INTERNAL if one has no rows.  Without is_cached
 * the rows are read past the cache, into the arena.
 */
enum status	limit_span_load(struct db *db, struct arena *a, const struct organization *org, bool is_cached,
		    struct limit_rule *rules, size_t count) MUST_CHECK;

#endif
