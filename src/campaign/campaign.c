/*
 * Campaigns, read (see campaign.h).  The database has the segments' states as they were last written; what they are
 * today follows from the date, and the campaign's state from theirs.
 */
#include <string.h>

#include "campaign/campaign.h"
#include "time/instant.h"
#include "ledger/segment.h"
#include "store/channel_column.h"

/*
 * Derives a campaign's state from what its segments read today.
 *
 * Cancelled if one is, because cancelling takes all that have not ended; draft if one is, because a campaign is
 * scheduled as a whole.  Otherwise the liveliest segment decides: paused, sending, scheduled.  A campaign of which some
 * segments have ended and others are scheduled has begun, so it is sending.
 */
static enum segment_state
derive(const struct campaign *c, struct day today)
{
	size_t n[SEGMENT_STATE_COUNT] = { 0 };

	for (size_t i = 0; i < c->count; i++)
		n[segment_reads(&c->segments[i], today)]++;
	if (n[SEGMENT_CANCELLED] > 0)
		return SEGMENT_CANCELLED;
	if (n[SEGMENT_DRAFT] > 0)
		return SEGMENT_DRAFT;
	if (n[SEGMENT_PAUSED] > 0)
		return SEGMENT_PAUSED;
	if (n[SEGMENT_SENDING] > 0 || (n[SEGMENT_SCHEDULED] > 0 && n[SEGMENT_SENT] + n[SEGMENT_FAILED] > 0))
		return SEGMENT_SENDING;
	if (n[SEGMENT_SCHEDULED] > 0)
		return SEGMENT_SCHEDULED;
	return n[SEGMENT_SENT] > 0 ? SEGMENT_SENT : SEGMENT_FAILED;
}

/*
 * Loads the segments and derives the states.  parts_per_contact, channel and sender are the same in every segment, so the
 * campaign takes them from any.
 */
static enum status
load_segments(struct db *db, struct arena *a, struct day today, struct campaign *c)
{
	struct query *q = db_query(db, "SELECT number, scheduled_at, day, contacts, parts_per_contact, sent, failed, spent, "
	    "status, channel, sender FROM segment WHERE campaign = :campaign ORDER BY number");
	enum status st = OK, done;
	size_t max = 0;

	query_bind_int(q, ":campaign", c->key);
	while (st == OK && c->count < CAMPAIGN_SEGMENTS_MAX && query_step(q)) {
		struct segment *s;

		c->segments = arena_grow(a, c->segments, c->count, &max, sizeof(*c->segments));
		s = &c->segments[c->count++];
		*s = (struct segment) { .number = query_int(q, 0), .scheduled_at = query_int(q, 1),
			.day = { (int32_t)query_int(q, 2) }, .contacts = query_int(q, 3), .sent = query_int(q, 5),
			.failed = query_int(q, 6), .spent = query_int(q, 7) };
		c->parts_per_contact = query_int(q, 4);
		if ((st = segment_state_column(q, 8, &s->state)) == OK)
			st = channel_column(q, 9, &c->channel);
		if (c->sender == NULL && !query_is_null(q, 10))
			c->sender = arena_strdup(a, query_text(q, 10));
	}
	c->state = derive(c, today);
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
campaign_load(struct db *db, struct arena *a, const struct organization *org, const char *id, struct day today,
    struct campaign *c, struct error *err)
{
	struct query *q = db_query(db, "SELECT key, id, name, is_segmented, revision, created_at, updated_at, tag, sending_window "
	    "FROM campaign WHERE org = :org AND id = :id");
	enum status st;
	bool found;

	memset(c, 0, sizeof(*c));
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":id", id);
	if ((found = query_step(q)))
		*c = (struct campaign) { .key = query_int(q, 0), .id = arena_strdup(a, query_text(q, 1)),
			.name = arena_strdup(a, query_text(q, 2)), .is_segmented = query_int(q, 3) != 0,
			.revision = query_int(q, 4), .created_at = query_int(q, 5), .updated_at = query_int(q, 6),
			.tag = query_is_null(q, 7) ? NULL : arena_strdup(a, query_text(q, 7)),
			.sending_window = query_is_null(q, 8) ? NULL : arena_strdup(a, query_text(q, 8)) };
	if ((st = query_done(q)) != OK)
		return st;
	if (!found)
		return error_set(err, NOT_FOUND, "campaign: there is no campaign \"%s\"", id);
	return load_segments(db, a, today, c);
}

int64_t
campaign_unfinished(const struct campaign *c, struct day today)
{
	int64_t contacts = 0;

	for (size_t i = 0; i < c->count; i++)
		contacts += segment_unfinished(&c->segments[i], today);
	return contacts;
}

bool
campaign_means_now(const struct organization *org, int64_t at, int64_t now)
{
	return at <= now && at >= now - CAMPAIGN_NOW_MS && day_at(org->days, at).n == day_at(org->days, now).n;
}

struct campaign
campaign_copy(struct arena *a, const struct campaign *c)
{
	struct campaign copy = *c;

	copy.segments = arena_alloc(a, (c->count + 1) * sizeof(*copy.segments));
	for (size_t i = 0; i < c->count; i++)
		copy.segments[i] = c->segments[i];
	return copy;
}
