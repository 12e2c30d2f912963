/*
 * Campaigns, written (see campaign.h).  Each change first checks whether there is room for what it will hold, then
 * writes its rows.
 */
#include <inttypes.h>
#include <stdio.h>

#include "campaign/campaign_rows.h"
#include "time/instant.h"
#include "store/idempotency.h"

/* ---- Rows */

/*
 * Refuses an instant in the past if it is new: of a segment that is added or moved, or of a draft that is scheduled.
 * Other segments may be past already and remain as they are.
 */
static enum status
check_instants(const struct campaign *was, const struct campaign *c, const struct campaign_change *change, struct error *err)
{
	char text[INSTANT_TEXT_MAX];

	for (size_t i = 0; i < c->count; i++) {
		bool is_moved = was == NULL || was->segments[i].scheduled_at != c->segments[i].scheduled_at;
		bool is_begun = was != NULL && was->segments[i].state == CAMPAIGN_DRAFT &&
		    c->segments[i].state == CAMPAIGN_SCHEDULED;

		if ((is_moved || is_begun) && c->segments[i].scheduled_at < change->now)
			return error_set(err, BAD_REQUEST, "scheduledISO: %s is in the past; choose a later time",
			    instant_format(c->segments[i].scheduled_at, text));
		if (is_moved && c->segments[i].scheduled_at >= INSTANT_MAX)
			return error_set(err, BAD_REQUEST, "scheduledISO: must not be after 2099");
	}
	return OK;
}

/* Checks for room, then adds the rows, their digest and the audit row. */
enum status
campaign_add(struct db *db, struct arena *a, const struct organization *org, struct campaign *c,
    const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct query *q;
	enum status st;

	if ((st = check_instants(NULL, c, change, err)) != OK)
		return st;
	for (size_t i = 0; i < c->count; i++) {
		c->segments[i].number = (int64_t)i + 1;
		c->segments[i].day = day_at(org->days, c->segments[i].scheduled_at);
	}
	if ((st = campaign_reserve(db, a, org, NULL, c, change, refusal, err)) != OK)
		return st;
	q = db_query(db, "INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) "
	    "VALUES (:org, :id, :name, :is_segmented, :now, :now) RETURNING key");
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":id", c->id);
	query_bind_text(q, ":name", c->name);
	query_bind_int(q, ":is_segmented", c->is_segmented);
	query_bind_int(q, ":now", change->now);
	if (query_step(q))
		c->key = query_int(q, 0);
	query_step(q);	/* to its end: RETURNING yields one row */
	st = query_done(q);
	for (size_t i = 0; st == OK && i < c->count; i++)
		st = campaign_write_segment(db, org, c, &c->segments[i]);
	if (st != OK || (st = campaign_seal(db, c)) != OK)
		return st;
	return campaign_audit(db, org, c, change, "campaign.add");
}

/* Closes a segment whose contacts are all done, as an event that spends does: the change may have lowered its contacts. */
static void
close_if_done(struct segment *s)
{
	if ((s->state == CAMPAIGN_SCHEDULED || s->state == CAMPAIGN_SENDING) && s->spent > 0 && s->sent + s->failed >= s->contacts)
		s->state = s->sent > 0 ? CAMPAIGN_SENT : CAMPAIGN_FAILED;
}

enum status
campaign_update(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
    struct campaign *c, const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct query *q;
	enum status st;

	if ((st = check_instants(was, c, change, err)) != OK)
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
		/* A segment that was not moved keeps its day, even if the zone has changed since. */
		if (s->scheduled_at != was->segments[i].scheduled_at)
			s->day = day_at(org->days, s->scheduled_at);
		close_if_done(s);
	}
	if ((st = campaign_reserve(db, a, org, was, c, change, refusal, err)) != OK)
		return st;
	q = db_query(db, "UPDATE campaign SET name = :name, revision = revision + 1, updated_at = :now WHERE key = :key");
	query_bind_text(q, ":name", c->name);
	query_bind_int(q, ":now", change->now);
	query_bind_int(q, ":key", c->key);
	st = query_run(q);
	for (size_t i = 0; st == OK && i < c->count; i++)
		st = campaign_write_segment(db, org, c, &c->segments[i]);
	if (st != OK || (st = campaign_seal(db, c)) != OK)
		return st;
	return campaign_audit_change(db, org, was, c, change);
}

/* ---- Cancel, pause, resume */

static const struct {
	const char *name, *to;
} transitions[] = { [CANCEL] = { "cancel", "cancelled" }, [PAUSE] = { "pause", "paused" }, [RESUME] = { "resume", "scheduled" } };

/*
 * The state that a transition gives to a segment, or its present one if the transition does not concern it.  Decides by
 * the state today, so a segment that has ended stays as it is.  Resuming returns to `sending` what had begun to send.
 */
static enum campaign_state
step(enum campaign_verb verb, const struct segment *s)
{
	if (verb == CANCEL && (s->reads == CAMPAIGN_DRAFT || campaign_is_open(s->reads)))
		return CAMPAIGN_CANCELLED;
	if (verb == PAUSE && (s->reads == CAMPAIGN_SCHEDULED || s->reads == CAMPAIGN_SENDING))
		return CAMPAIGN_PAUSED;
	if (verb == RESUME && s->reads == CAMPAIGN_PAUSED)
		return s->spent > 0 ? CAMPAIGN_SENDING : CAMPAIGN_SCHEDULED;
	return s->state;
}

/*
 * Moves each segment that the transition concerns and writes the result like any other change, so that one path checks
 * for room.
 */
enum status
campaign_transition(struct db *db, struct arena *a, const struct organization *org, struct campaign *c, enum campaign_verb verb,
    const struct campaign_change *change, struct campaign_refusal *refusal, struct error *err)
{
	struct campaign was = campaign_copy(a, c);
	bool is_changed = false;

	for (size_t i = 0; i < c->count; i++) {
		struct segment *s = &c->segments[i];
		enum campaign_state to = step(verb, s);

		/*
		 * A segment that has begun continues even if its time is past; one that has not must be moved to a
		 * later time first.
		 */
		if (verb == RESUME && to == CAMPAIGN_SCHEDULED && s->state == CAMPAIGN_PAUSED && s->scheduled_at < change->now)
			return error_set(err, BAD_REQUEST, "segment %" PRId64 ": its time is in the past; move it first", s->number);
		is_changed |= to != s->state;
		s->state = to;
	}
	if (!is_changed)
		return error_set(err, CONFLICT, "a campaign that is %s cannot be %s", campaign_state_name(c->state),
		    verb == RESUME ? "resumed (only a paused one can go back to scheduled or sending)" : transitions[verb].to);
	return campaign_update(db, a, org, &was, c, change, refusal, err);
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
	if (c->state != CAMPAIGN_DRAFT)
		return error_set(err, CONFLICT, "a campaign that is %s cannot be deleted, only a draft; cancel it instead",
		    campaign_state_name(c->state));
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
