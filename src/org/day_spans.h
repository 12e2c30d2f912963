/*
 * How an organisation's days are cut: its zone_span rows, read, written and re-cut.
 */
#ifndef DAY_SPANS_H
#define DAY_SPANS_H

#include "org/organization.h"

/* Fills org->days from the rows; kept in the process by (opening of the file, organisation, zone_revision). */
enum status	day_spans_load(struct db *db, struct organization *org, struct error *err);

/*
 * Replaces the rows from from_at (a day start) on by those of org->timezone, or all of them where is_whole.
 * *changed says whether they became other ones.  Inside a write transaction; reloads org->days.
 */
enum status	day_spans_replace(struct db *db, struct organization *org, int64_t from_at, bool is_whole,
		    bool *changed, struct error *err);

/* Re-dates segments from their instants: open ones, or all. */
enum status	day_spans_redate(struct db *db, struct arena *a, const struct organization *org, bool is_whole,
		    struct org_effects *effects);

/*
 * Makes usage_day anew from usage_quarter: all of it, or the days from `from` on (whose start stands).  The second is for a
 * cut in the future: an event may lie up to EVENT_AHEAD_MS ahead, behind the cut.
 */
enum status	day_spans_rebuild_days(struct db *db, const struct organization *org);
enum status	day_spans_rebuild_days_from(struct db *db, const struct organization *org, struct day from);

#endif
