/*
 * The days of limits with a time zone of their own: the rows of limit_span.
 *
 * A process caches them for each organization, because every request needs them.  Whoever writes these rows calls
 * organization_forget_kept, and loads the limits again with limit_row_load.
 */
#ifndef LIMIT_SPAN_H
#define LIMIT_SPAN_H

#include "org/organization.h"

/*
 * Sets `days` of each rule that has a zone; they are valid as long as org->days.  INTERNAL if one has no rows.  Rows that may yet
 * be undone (db_may_cache) are read into the arena, past the cache.
 */
enum status	limit_span_load(struct db *db, struct arena *a, const struct organization *org, struct limit_rule *rules,
		    size_t count) MUST_CHECK;

#endif
