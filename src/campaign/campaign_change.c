/*
 * Campaigns, written (see campaign.h).  Each change first checks whether there is room for what it will hold, then
 * writes its rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "campaign/campaign_rows.h"
#include "time/instant.h"
#include "store/idempotency.h"

/* ---- Instants */

/* Whether the change gives a segment an instant: every segment of a new campaign, or one that is moved. */
static bool
is_moved(const struct campaign *was, const struct campaign *c, size_t i)
{
	return was == NULL || was->segments[i].scheduled_at != c->segments[i].scheduled_at;
}

/* Dates what was moved.  Another segment keeps its day, even if the zone has changed since. */
static void
date_segments(const struct organization *org, const struct campaign *was, struct campaign *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (is_moved(was, c, i))
			c->segments[i].day = day_at(org->days, c->segments[i].scheduled_at);
}

/*
 * Refuses an instant in the past if it is new: of a segment that is added or moved, or that is scheduled again after it
 * was a draft or paused.  One that means now becomes now, which is on the same day.  Other segments may be past already
 * and remain as they are.
 */
static enum status
settle_instants(const struct organization *org, const struct campaign *was, struct campaign *c,
    const struct campaign_change *change, struct error *err)
{
	char text[INSTANT_TEXT_MAX];

	for (size_t i = 0; i < c->count; i++) {
		struct segment *s = &c->segments[i];
		bool moved = is_moved(was, c, i), begins = was != NULL && s->state == SEGMENT_SCHEDULED &&
		    (was->segments[i].state == SEGMENT_DRAFT || was->segments[i].state == SEGMENT_PAUSED);

		if (moved && s->scheduled_at >= INSTANT_MAX)
			return error_set(err, BAD_REQUEST, "scheduledISO: must not be after 2099");
		if ((!moved && !begins) || s->scheduled_at >= change->now)
			continue;
		if (change->is_exact || !campaign_means_now(org, s->scheduled_at, change->now)) {
			if (moved || was->segments[i].state == SEGMENT_DRAFT)
				return error_set(err, BAD_REQUEST, "scheduledISO: %s is in the past; choose a later time",
				    instant_format(s->scheduled_at, text));
			return error_set(err, BAD_REQUEST, "segment %" PRId64 ": its time is in the past; give it a new scheduledISO",
			    s->number);
		}
		s->scheduled_at = change->now;
	}
	return OK;
}

static enum status
needs_instant(const struct segment *s, struct error *err)
{
	return error_set(err, BAD_REQUEST, "segment %" PRId64 ": its day is over, so it needs a new scheduledISO", s->number);
}

/* An overdue segment holds nothing until it moves, and only what is left of it can move. */
static enum status
check_overdue(const struct campaign *was, const struct campaign *c, size_t i, struct day today, struct error *err)
{
	const struct segment *s = &c->segments[i];

	if (!segment_is_overdue(&was->segments[i], today))
		return OK;
	if (!is_moved(was, c, i))
		return s->contacts == was->segments[i].contacts ? OK : needs_instant(s, err);
	return segment_left(s) > 0 ? OK : error_set(err, CONFLICT, "segment %" PRId64 ": all of its contacts are spent", s->number);
}

/* What is spent was spent of the limits of its channel, so another one would leave counters that no event explains. */
static enum status
check_channel(const struct campaign *was, const struct campaign *c, struct error *err)
{
	for (size_t i = 0; was->channel != c->channel && i < was->count; i++)
		if (was->segments[i].spent > 0)
			return error_set(err, CONFLICT, "channel: segment %" PRId64 " has already spent %" PRId64 " contacts as %s",
			    was->segments[i].number, was->segments[i].spent, channel_facts(was->channel)->name);
	return OK;
}

/* ---- Rows */

/* Checks for room, then adds the rows, their digest and the audit row. */
enum status
campaign_add(struct db *db, struct arena *a, const struct organization *org, struct campaign *c,
    const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct query *q;
	enum status st;

	for (size_t i = 0; i < c->count; i++)
		c->segments[i].number = (int64_t)i + 1;
	date_segments(org, NULL, c);
	if ((st = name_check("name", c->name, err)) != OK || (st = settle_instants(org, NULL, c, change, err)) != OK ||
	    (st = campaign_check_window(db, a, org, NULL, c, change, refusal, err)) != OK ||
	    (st = campaign_reserve(db, a, org, NULL, c, change, refusal, err)) != OK)
		return st;
	q = db_query(db, "INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at, tag, sending_window) "
	    "VALUES (:org, :id, :name, :is_segmented, :now, :now, :tag, :window) RETURNING key");
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":id", c->id);
	query_bind_text(q, ":name", c->name);
	query_bind_int(q, ":is_segmented", c->is_segmented);
	query_bind_text(q, ":window", c->sending_window);
	query_bind_int(q, ":now", change->now);
	query_bind_text(q, ":tag", c->tag);
	if (query_step(q))
		c->key = query_int(q, 0);
	query_step(q);	/* to its end: RETURNING yields one row */
	st = query_done(q);
	for (size_t i = 0; st == OK && i < c->count; i++)
		st = campaign_write_segment(db, org, NULL, c, i);
	if (st != OK || (st = campaign_seal(db, c)) != OK)
		return st;
	return campaign_audit(db, org, c, change, "campaign.add");
}

enum status
campaign_update(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
    struct campaign *c, const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct query *q;
	enum status st;

	/* A name that an older version took must not keep the campaign from being cancelled. */
	if (strcmp(was->name, c->name) != 0 && (st = name_check("name", c->name, err)) != OK)
		return st;
	date_segments(org, was, c);
	if ((st = check_channel(was, c, err)) != OK || (st = settle_instants(org, was, c, change, err)) != OK)
		return st;
	for (size_t i = 0; i < c->count; i++) {
		struct segment *s = &c->segments[i];

		/*
		 * Events are facts, so contacts cannot go below what is spent.  They may already be below, if more was
		 * sent than planned; then they only must not shrink further.
		 */
		if (s->contacts < s->spent && s->contacts < was->segments[i].contacts)
			return error_set(err, CONFLICT, "contactCount: less than the %" PRId64 " that segment %" PRId64 " has already spent",
			    s->spent, s->number);
		if ((st = check_overdue(was, c, i, change->today, err)) != OK)
			return st;
		s->state = segment_after(s, SEGMENT_RESIZE, false);
	}
	if ((st = campaign_check_window(db, a, org, was, c, change, refusal, err)) != OK ||
	    (st = campaign_reserve(db, a, org, was, c, change, refusal, err)) != OK)
		return st;
	q = db_query(db, "UPDATE campaign SET name = :name, tag = :tag, sending_window = :window, revision = revision + 1, "
	    "updated_at = :now WHERE key = :key");
	query_bind_text(q, ":window", c->sending_window);
	query_bind_text(q, ":name", c->name);
	query_bind_text(q, ":tag", c->tag);
	query_bind_int(q, ":now", change->now);
	query_bind_int(q, ":key", c->key);
	st = query_run(q);
	for (size_t i = 0; st == OK && i < c->count; i++)
		st = campaign_write_segment(db, org, was, c, i);
	if (st != OK || (st = campaign_seal(db, c)) != OK)
		return st;
	return campaign_audit_change(db, org, was, c, change);
}

/* ---- Cancel, pause, resume */

static const char *const audit_actions[SEGMENT_ACTION_COUNT] = { [SEGMENT_CANCEL] = "campaign.cancel",
	[SEGMENT_PAUSE] = "campaign.pause", [SEGMENT_RESUME] = "campaign.resume" };

/* What a refusal says that the campaign cannot become. */
static const char *const participles[SEGMENT_ACTION_COUNT] = { [SEGMENT_CANCEL] = "cancelled", [SEGMENT_PAUSE] = "paused",
	[SEGMENT_RESUME] = "resumed (only a paused one can go back to scheduled or sending)" };

/*
 * Whether a segment can be resumed as the request says.  A new instant is for what is paused or overdue: the rest moves
 * by PUT.  What is paused and overdue has no day that could hold what is left of it.
 */
static enum status
check_resume(const struct campaign *was, const struct campaign *c, size_t i, struct day today, struct error *err)
{
	const struct segment *old = &was->segments[i], *s = &c->segments[i];

	if (is_moved(was, c, i) && old->state != SEGMENT_PAUSED && !segment_is_overdue(old, today))
		return error_set(err, CONFLICT, "segment %" PRId64 " is %s and cannot be %s", s->number,
		    segment_state_name(old->state), participles[SEGMENT_RESUME]);
	if (s->state == SEGMENT_PAUSED && segment_unfinished(s, today) > 0)
		return needs_instant(s, err);
	return OK;
}

/* Why a transition changed nothing: a segment is overdue and was given no instant, or no segment was in the right state. */
static enum status
refuse(const struct campaign *was, enum segment_action action, struct day today, struct error *err)
{
	for (size_t i = 0; action == SEGMENT_RESUME && i < was->count; i++)
		if (segment_unfinished(&was->segments[i], today) > 0)
			return needs_instant(&was->segments[i], err);
	return error_set(err, CONFLICT, "a campaign that is %s cannot be %s", segment_state_name(was->state), participles[action]);
}

/*
 * Moves each segment that the transition concerns and writes the result like any other change, so that one path checks
 * for room.
 */
enum status
campaign_transition(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
    struct campaign *c, enum segment_action action, const struct campaign_change *change, struct campaign_refusal *refusal,
    struct error *err)
{
	struct campaign_change named = *change;
	bool is_changed = false;
	enum status st;

	named.action = audit_actions[action];
	date_segments(org, was, c);
	for (size_t i = 0; i < c->count; i++) {
		struct segment *s = &c->segments[i];
		enum segment_state to = segment_after(s, action, segment_is_overdue(s, change->today));

		if (action == SEGMENT_RESUME && (st = check_resume(was, c, i, change->today, err)) != OK)
			return st;
		is_changed |= to != s->state || is_moved(was, c, i);
		s->state = to;
	}
	if (!is_changed)
		return refuse(was, action, change->today, err);
	return campaign_update(db, a, org, was, c, &named, refusal, err);
}

enum status
campaign_delete(struct db *db, const struct organization *org, const struct campaign *c,
    const struct campaign_change *change, struct error *err)
{
	struct query *q;
	enum status st;
	bool has_events;

	/*
	 * Deleting must leave no trace in the figures: a draft holds nothing, and without events nothing in the ledger
	 * refers to it.
	 */
	if (c->state != SEGMENT_DRAFT)
		return error_set(err, CONFLICT, "a campaign that is %s cannot be deleted, only a draft; cancel it instead",
		    segment_state_name(c->state));
	q = db_query(db, "SELECT 1 FROM event WHERE campaign = :campaign LIMIT 1");
	query_bind_int(q, ":campaign", c->key);
	has_events = query_step(q);
	if ((st = query_done(q)) != OK)
		return st;
	if (has_events)
		return error_set(err, CONFLICT, "a draft with events cannot be deleted; cancel it instead");
	/*
	 * Free the ids of the campaign and of its results, so that they can be used again.  The segments go with the
	 * campaign's row.
	 */
	if ((st = idempotency_forget(db, org->key, c->id)) != OK)
		return st;
	q = db_query(db, "DELETE FROM campaign WHERE key = :key");
	query_bind_int(q, ":key", c->key);
	if ((st = query_run(q)) != OK)
		return st;
	return campaign_audit(db, org, c, change, "campaign.delete");
}
