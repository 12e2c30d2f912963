/*
 * The days of limits with a time zone of their own, written: limit_span as org/day_spans.h has zone_span.  limit_span.h reads
 * them.
 */
#ifndef LIMIT_ZONE_H
#define LIMIT_ZONE_H

#include "org/day_spans.h"
#include "ledger/limit_row.h"

/*
 * Writes the days of a limit that is new, or has another zone than before: all of them, past ones too (zone NULL: none).  In a
 * write transaction; limit_row_load must follow.  BAD_REQUEST if the zone is unknown or unusable, UNAVAILABLE if its file
 * cannot be read just now.
 */
enum status	limit_zone_write(struct db *db, struct organization *org, int64_t rule, const char *zone, struct error *err)
		    MUST_CHECK;

/*
 * Brings the coming days of all limits of an organization up to date with the files of their zones, each from its next day start
 * on, with an audit row.  In a write transaction on org.  Trouble with a file is logged, and leaves the days as they are.
 */
enum status	limit_zone_follow(struct db *db, struct arena *a, struct organization *org, int64_t now) MUST_CHECK;

/* How the coming days of an organization's limits compare with the files of their zones: the worse of their states. */
enum day_spans_state	limit_zone_compare(const struct organization *org, int64_t now, struct error *err);

#endif
