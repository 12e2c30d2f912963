/*
 * The rows of a campaign (see campaign_rows.h).
 */
#include <string.h>

#include "campaign/campaign_rows.h"
#include "base/row_hash.h"
#include "ledger/held.h"
#include "ledger/segment.h"

/* Adds the segment's row, or updates it. */
static enum status
write_row(struct db *db, const struct organization *org, const struct campaign *c, const struct segment *s)
{
	/* sent, failed and spent are not among the columns: only events change them. */
	struct query *q = db_query(db, "INSERT INTO segment (campaign, number, org, channel, sender, scheduled_at, day, contacts, "
	    "parts_per_contact, status) "
	    "VALUES (:campaign, :number, :org, :channel, :sender, :scheduled_at, :day, :contacts, :ppc, :status) "
	    "ON CONFLICT (campaign, number) DO UPDATE SET channel = excluded.channel, sender = excluded.sender, "
	    "scheduled_at = excluded.scheduled_at, day = excluded.day, "
	    "contacts = excluded.contacts, parts_per_contact = excluded.parts_per_contact, status = excluded.status");

	query_bind_int(q, ":campaign", c->key);
	query_bind_int(q, ":number", s->number);
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":channel", channel_facts(c->channel)->name);
	query_bind_text(q, ":sender", c->sender);
	query_bind_int(q, ":scheduled_at", s->scheduled_at);
	query_bind_int(q, ":day", s->day.n);
	query_bind_int(q, ":contacts", s->contacts);
	query_bind_int(q, ":ppc", c->parts_per_contact);
	query_bind_text(q, ":status", segment_state_name(s->state));
	return query_run(q);
}

static bool
is_same_sender(const struct campaign *a, const struct campaign *b)
{
	return a->sender == NULL || b->sender == NULL ? a->sender == b->sender : strcmp(a->sender, b->sender) == 0;
}

/*
 * A segment that moves, in time or to another channel or sender, is taken out of its old place before its row changes, and
 * added to its new one afterwards (held_add).
 */
enum status
campaign_write_segment(struct db *db, const struct organization *org, const struct campaign *was, const struct campaign *c,
    size_t i)
{
	const struct segment *s = &c->segments[i], *old = was != NULL ? &was->segments[i] : NULL;
	bool is_moved = old != NULL && (old->scheduled_at != s->scheduled_at ||
	    was->parts_per_contact != c->parts_per_contact || was->channel != c->channel || !is_same_sender(was, c));
	int64_t before = old != NULL ? segment_hold(old) : 0, after = segment_hold(s);
	enum status st;

	if (is_moved && (st = held_add(db, c->key, s->number, -before)) != OK)
		return st;
	if ((st = write_row(db, org, c, s)) != OK)
		return st;
	return held_add(db, c->key, s->number, is_moved ? after : after - before);
}

/*
 * Hashes the campaign's own columns, the request that made it, and its segments by number.  Of the status only what a
 * client chose: draft, paused, cancelled, or 3 for the rest, because events move a segment among scheduled, sending,
 * sent and failed without sealing it again.  Its sending window is in it only if it has one, so that a digest of a campaign
 * without one is the same as before there were any.
 */
enum status
campaign_seal(struct db *db, const struct campaign *c)
{
	struct query *q = db_query(db, "SELECT c.org, c.id, c.name, c.is_segmented, c.tag, r.body_sha256, "
	    "s.number, s.org, s.channel, s.sender, s.scheduled_at, "
	    "s.contacts, s.parts_per_contact, CASE s.status WHEN 'draft' THEN 0 WHEN 'paused' THEN 1 WHEN 'cancelled' THEN 2 "
	    "ELSE 3 END, c.sending_window FROM campaign c LEFT JOIN segment s ON s.campaign = c.key "
	    "LEFT JOIN request r ON r.org = c.org AND r.kind = 'campaign' AND r.id = c.id WHERE c.key = :key ORDER BY s.number");
	struct row_hash h;
	enum status st;

	row_hash_start(&h);
	query_bind_int(q, ":key", c->key);
	while (query_step(q))
		query_hash(q, 0, query_is_null(q, 14) ? 14 : 15, &h);
	if ((st = query_done(q)) != OK)
		return st;
	q = db_query(db, "UPDATE campaign SET digest = :digest WHERE key = :key");
	query_bind_int(q, ":digest", row_hash_end(&h));
	query_bind_int(q, ":key", c->key);
	return query_run(q);
}

enum status
campaign_close_segment(struct db *db, const struct campaign *c, int64_t number)
{
	enum status st = segment_finish(db, (struct segment_ref) { c->key, number });

	return st != OK ? st : campaign_seal(db, c);	/* the status was perhaps `paused`, which the digest contains */
}

enum status
campaign_bump_revision(struct db *db, const struct campaign *c, int64_t now)
{
	struct query *q = db_query(db, "UPDATE campaign SET revision = revision + 1, updated_at = :now WHERE key = :key");

	query_bind_int(q, ":now", now);
	query_bind_int(q, ":key", c->key);
	return query_run(q);
}
