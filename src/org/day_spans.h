/*
 * Day spans: the zone_span rows that define an organization's days.  Reads and replaces them, and redates
 * the segments.
 */
#ifndef DAY_SPANS_H
#define DAY_SPANS_H

#include "org/organization.h"

/* Fills org->days from the rows.  Cached in the process by opening of the file, organization and zone_revision. */
enum status	day_spans_load(struct db *db, struct organization *org, struct error *err);

/*
 * Replaces the rows from from_at (a day start) on, or all of them if is_whole, with those of org->timezone.  *changed
 * tells whether the spans are different now.  Inside a write transaction; reloads org->days.  BAD_REQUEST if the zone
 * is unknown or unusable, UNAVAILABLE if its file cannot be read just now.
 */
enum status	day_spans_replace(struct db *db, struct organization *org, int64_t from_at, bool is_whole,
		    bool *changed, struct error *err);

/* Whether the new spans define the same days as the present ones. */
bool		day_spans_is_same(struct spans old, const struct span *new, size_t count);

/*
 * Inserts the spans that start at from_at or later, those of an organization or of a limit: sql has the parameters :owner,
 * :from_at, :utc_offset_s, :zone and :tzdata_version.  The earlier ones are in the table already.  Inside a write transaction.
 */
enum status	day_spans_insert(struct db *db, const char *sql, int64_t owner, const char *zone, const struct span *spans,
		    size_t count, int64_t from_at) MUST_CHECK;

/* Records the zone file that spans were read from, so that they can be compared with it later.  Inside a write transaction. */
enum status	day_spans_note_file(struct db *db, const char *name, const struct zone *zone) MUST_CHECK;

/* How the rows from an instant on compare with the zone file. */
enum day_spans_state {
	DAY_SPANS_SAME,
	DAY_SPANS_DIFFER,	/* day_spans_replace would change them */
	DAY_SPANS_NO_ZONE,	/* the machine does not know the zone */
	DAY_SPANS_UNUSABLE,	/* its file cannot be read, or no days can be made of it */
};

/* Of two states the one to act on: differing days first, because they can be brought up to date; then the greater. */
enum day_spans_state	day_spans_worse(enum day_spans_state x, enum day_spans_state y);

/* Compares the rows from from_at (a day start) on with the zone file.  Writes the reason into *err for the last two. */
enum day_spans_state	day_spans_compare(const struct organization *org, int64_t from_at, struct error *err);

/*
 * Sets the day of each segment from its instant: of drafts and open segments or, if is_whole, of all.  Adds those that
 * moved to *effects.
 */
enum status	day_spans_redate(struct db *db, struct arena *a, const struct organization *org, bool is_whole,
		    struct org_effects *effects);

#endif
