/*
 * Campaigns: reservations of quota on the coming days.
 *
 * A campaign consists of its segments; its state is derived from theirs.  Reservations grow only here, and only in a
 * transaction that found room: campaign_reserve compares what the campaign holds before and after, for each day and
 * each cycle.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include "ledger/limit.h"
#include "ledger/segment_state.h"
#include "org/organization.h"

#define CAMPAIGN_NAME_MAX 200		/* bytes */
#define CAMPAIGN_SEGMENTS_MAX 366
#define CAMPAIGN_CONTACTS_MAX INT64_C(1000000000)
#define PARTS_PER_CONTACT_MAX 1000

/* A time that is at most so long past means now: clocks differ, and a request takes time. */
#define CAMPAIGN_NOW_MS (5 * MINUTE_MS)

struct campaign {
	int64_t key, revision;
	const char *id, *name;
	bool is_segmented;
	int64_t parts_per_contact, created_at, updated_at;
	enum channel channel;
	const char *sender, *tag;	/* from whom its messages will be, and their cost centre; NULL = not said */
	const char *sending_window;	/* JSON (quota/sending_window.h): when it may go out; NULL = whenever the organization may */
	struct segment *segments;
	size_t count;
	enum segment_state state;	/* derived from what its segments read today */
};

/* [A-Za-z0-9._-]{1,64}, but no word of a route, as for organizations. */
#define campaign_id_ok organization_id_ok

/* Loads the campaign with that id, in the arena; NOT_FOUND.  Inside a transaction. */
enum status	campaign_load(struct db *db, struct arena *a, const struct organization *org, const char *id,
		    struct day today, struct campaign *c, struct error *err);

/* The contacts left of segments whose day is over. */
int64_t		campaign_unfinished(const struct campaign *c, struct day today);

/* Whether an instant that is past still means now: by CAMPAIGN_NOW_MS, and on the organization's present day. */
bool		campaign_means_now(const struct organization *org, int64_t at, int64_t now);

/* What the campaign holds of limits, in the arena: a load for each segment that holds something. */
struct limit_load	*campaign_holds(const struct limit_book *b, struct arena *a, const struct campaign *c, struct day today,
			    size_t *count);

/* A copy with segments of its own, in the arena: a change needs the campaign as it was. */
struct campaign	campaign_copy(struct arena *a, const struct campaign *c);

/* ---- Writing: inside a write transaction on org (organization_write) */

struct campaign_change {
	int64_t now;
	const struct actor *by;
	struct day today;
	bool is_exact;		/* no instant that is past means now: those of dated segments are exact */
	const char *timezone;	/* whose clock sending windows are about; NULL = the organization's */
	const char *action;	/* what the audit calls a change that has a word of its own, as campaign.cancel; else NULL */
};

/* Why a reservation was refused: for the reply. */
struct campaign_refusal {
	bool is_set;
	struct limit_refusal limit;
	bool is_outside;		/* of a sending window */
	int64_t next_allowed_at;	/* the first instant after it that all windows allow; 0 = none in SENDING_SEARCH_DAYS */
};

/*
 * Reads the member sendingWindow of a checked body (quota/sending_window.h); *is_there tells whether there is one.  *window, in
 * the arena, is NULL if it is null or allows everything, and stays as it is if it is absent.  BAD_REQUEST.
 */
enum status	campaign_read_window(struct arena *a, const char *body, size_t n, bool *is_there, const char **window,
		    struct error *err);

/*
 * Adds the campaign (id, name, is_segmented, parts_per_contact, channel, sender, tag, and segments with scheduled_at, contacts
 * and state SEGMENT_DRAFT or SEGMENT_SCHEDULED).  Sets key, numbers and days.
 * Without room (*refusal has the limit): OVER_CAP if its window is longer than a day, else CONFLICT.  BAD_REQUEST for an
 * instant that is past, or outside of a sending window (*refusal has the next allowed one).
 */
enum status	campaign_add(struct db *db, struct arena *a, const struct organization *org, struct campaign *c,
		    const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err);

/*
 * Changes the campaign from `was` to `c`: name, parts_per_contact, channel (CONFLICT if something is spent), sender, tag, and of
 * each segment scheduled_at, contacts and state.  Errors as campaign_add, and CONFLICT for contacts below what is spent.  An
 * overdue segment moves with what is left of it (CONFLICT if nothing is), and is resized only while it moves (BAD_REQUEST).
 */
enum status	campaign_update(struct db *db, struct arena *a, const struct organization *org,
		    const struct campaign *was, struct campaign *c, const struct campaign_change *change,
		    struct campaign_refusal *refusal, struct error *err);

/*
 * Cancels, pauses or resumes the campaign (SEGMENT_CANCEL, …).  When it is resumed, `c` may have new instants of paused
 * and overdue segments; a paused one that is overdue needs one (BAD_REQUEST).  CONFLICT if the states do not allow the
 * action: err names both states.
 */
enum status	campaign_transition(struct db *db, struct arena *a, const struct organization *org,
		    const struct campaign *was, struct campaign *c, enum segment_action action,
		    const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err);

/* Deletes a draft without events, and frees its id; anything else is a CONFLICT. */
enum status	campaign_delete(struct db *db, const struct organization *org, const struct campaign *c,
		    const struct campaign_change *change, struct error *err);

/* Closes an open segment whatever is left of it: for `results` with done. */
enum status	campaign_close_segment(struct db *db, const struct campaign *c, int64_t number);

/* Counts the revision up after a change that was not made by campaign_update. */
enum status	campaign_bump_revision(struct db *db, const struct campaign *c, int64_t now);

#endif
