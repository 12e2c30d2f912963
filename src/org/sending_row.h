/*
 * The sending window of an organization: organization.sending_window and its rows of closed_day.
 */
#ifndef SENDING_ROW_H
#define SENDING_ROW_H

#include "org/organization.h"
#include "quota/sending_window.h"

/* Reads it, in the arena.  Without one, *w allows everything.  Inside a transaction. */
enum status	sending_row_load(struct db *db, struct arena *a, const struct organization *org, struct sending_window *w)
		    MUST_CHECK;

/*
 * What may go out by the organization's window, and by `own` besides: the window of a campaign as JSON, NULL for none.  In the
 * arena.  The clock is `wall`.
 */
enum status	sending_row_all(struct db *db, struct arena *a, const struct organization *org, const char *own,
		    struct spans wall, struct sending *s) MUST_CHECK;

/* The spans of a time zone of a request, in the arena; the organization's if timezone is NULL.  BAD_REQUEST. */
enum status	sending_row_wall(struct arena *a, const struct organization *org, const char *timezone, struct spans *wall,
		    struct error *err) MUST_CHECK;

/* Replaces it, inside a write transaction on the organization, and writes an audit row if it is another one. */
enum status	sending_row_replace(struct db *db, struct arena *a, const struct organization *org, const struct sending_window *w,
		    int64_t now, const struct actor *by) MUST_CHECK;

/*
 * The dates of an iCalendar file (time/ical.h), from today on and for SENDING_IMPORT_YEARS, in the arena.  BAD_REQUEST, after
 * `label`.  A large file takes a while, so this is not for a write transaction.
 */
struct ical_days;
enum status	sending_row_read_file(struct arena *a, const struct organization *org, const char *label, const char *text, size_t n,
		    int64_t now, struct ical_days *found, struct error *err) MUST_CHECK;

/*
 * Closes these dates besides those that are closed already: *w is the window with them, not yet written.  BAD_REQUEST, after
 * `label`.
 */
struct sending_import {
	size_t imported;		/* dates that were not closed before, or not by that name */
	size_t skipped;			/* events that are not all-day, or cancelled */
};
enum { SENDING_IMPORT_YEARS = 10 };
enum status	sending_row_import(struct db *db, struct arena *a, const struct organization *org, const char *label,
		    const struct ical_days *found, struct sending_window *w, struct sending_import *counts, struct error *err) MUST_CHECK;

/* The window as JSON, {"hours":[…],"closed":[…]}. */
void		sending_row_text(const struct sending_window *w, struct buf *text);

/* Open segments that are still to come and lie outside of the window, by their times: a new window moves none. */
struct segment_outside {
	const char *campaign;
	int64_t segment, scheduled_at;
};
enum { SEGMENTS_OUTSIDE_MAX = 100, SEGMENTS_LOOKED_AT_MAX = 5000 };
enum status	sending_row_outside(struct db *db, struct arena *a, const struct organization *org, const struct sending_window *w,
		    int64_t now, struct segment_outside **list, size_t *count) MUST_CHECK;

#endif
