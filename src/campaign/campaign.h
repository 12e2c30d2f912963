/*
 * Campaigns: what holds quota of the coming days.
 *
 * A campaign is its segments; its state is derived from theirs.  Reserved goes up only here, and only in a transaction that
 * found room: campaign_reserve compares what the campaign holds before and after, day by day and cycle by cycle.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include "org/organization.h"

#define CAMPAIGN_NAME_MAX 200		/* bytes */
#define CAMPAIGN_SEGMENTS_MAX 366
#define CAMPAIGN_CONTACTS_MAX INT64_C(1000000000)
#define PARTS_PER_CONTACT_MAX 1000

enum campaign_state {
	CAMPAIGN_DRAFT, CAMPAIGN_SCHEDULED, CAMPAIGN_SENDING, CAMPAIGN_PAUSED, CAMPAIGN_SENT, CAMPAIGN_FAILED, CAMPAIGN_CANCELLED
};

const char	*campaign_state_name(enum campaign_state s);
bool		 campaign_state_parse(const char *name, enum campaign_state *s);
bool		 campaign_is_open(enum campaign_state s);	/* scheduled, sending or paused: it holds its day */

struct segment {
	int64_t number, scheduled_at, contacts, sent, failed, spent;
	struct day day;
	enum campaign_state state;	/* as it stands */
	enum campaign_state reads;	/* as it reads today: an open one whose day is over has ended */
};

struct campaign {
	int64_t key, revision;
	const char *id, *name;
	bool is_segmented;
	int64_t parts_per_contact, created_at, updated_at;
	struct segment *segments;
	size_t count;
	enum campaign_state state;	/* derived, as it reads today */
};

/* [A-Za-z0-9._-]{1,64} and no word of a route, as for organisations. */
#define campaign_id_ok organization_id_ok

/* The campaign of that id, in the arena; NOT_FOUND.  Inside a transaction. */
enum status	campaign_load(struct db *db, struct arena *a, const struct organization *org, const char *id,
		    struct day today, struct campaign *c, struct error *err);

/* What it still holds of a day, in quota units. */
int64_t		campaign_held(const struct organization *org, const struct campaign *c, struct day d, struct day today);

/* ---- Writing: inside a write transaction on org (organization_load_for_write) */

struct campaign_change {
	int64_t now;
	const char *credential;
	struct day today;
};

/* Why a reservation was refused: for the reply. */
struct campaign_refusal {
	bool is_set;
	struct day day;			/* the first day without room */
	int64_t needed, available;	/* quota units: asked for on it; free on it */
	bool has_next;
	struct day next;		/* the next date with room for as much */
};

/*
 * Adds the campaign (id, name, is_segmented, parts_per_contact, and segments with scheduled_at, contacts
 * and state CAMPAIGN_DRAFT or CAMPAIGN_SCHEDULED).  Sets key, numbers and days.
 * CONFLICT without room (*refusal says where), OVER_CAP where a cap refuses, BAD_REQUEST for an instant that is past.
 */
enum status	campaign_add(struct db *db, struct arena *a, const struct organization *org, struct campaign *c,
		    const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err);

/*
 * Makes the campaign `was` what `c` says: name, parts_per_contact, and of each segment scheduled_at, contacts
 * and state.  Errors as campaign_add, and CONFLICT for contacts below what is spent.
 */
enum status	campaign_update(struct db *db, struct arena *a, const struct organization *org,
		    const struct campaign *was, struct campaign *c, const struct campaign_change *change,
		    struct campaign_refusal *refusal, struct error *err);

/* The verbs.  CONFLICT where the state does not allow it: why names both states. */
enum campaign_verb { CANCEL, PAUSE, RESUME };
enum status	campaign_transition(struct db *db, struct arena *a, const struct organization *org, struct campaign *c,
		    enum campaign_verb verb, const struct campaign_change *change, struct campaign_refusal *refusal,
		    struct error *err);

/* Only a draft without events; else CONFLICT.  Its id is free again. */
enum status	campaign_delete(struct db *db, const struct organization *org, const struct campaign *c,
		    const struct campaign_change *change, struct error *err);

/* Closes an open segment whatever is left of it: `results` with done. */
enum status	campaign_close_segment(struct db *db, const struct campaign *c, int64_t number);

/* Counts the revision up after a change that campaign_update did not make. */
enum status	campaign_bump_revision(struct db *db, const struct campaign *c, int64_t now);

#endif
