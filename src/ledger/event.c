/*
 * Posting events: each item in turn, inside one write transaction.  The checks of an item have an order: whether its id
 * is taken (duplicate, conflict), whether its time is in the window, then what it counts, costs and spends.
 */
#include "store/audit.h"
#include "base/crypto.h"
#include "ledger/admission.h"
#include "ledger/event_post.h"
#include "ledger/failed_contact.h"
#include "time/instant.h"
#include "ledger/segment.h"

/*
 * Keeps the phone number and the reason of a failed event, apart from the ledger: the ledger is permanent, and these
 * are blanked after a while.
 */
static enum status
insert_failure(const struct post *p, const struct event *e, struct segment_ref ref)
{
	struct query *q = db_query(p->db, "INSERT INTO failure (org, source, id, campaign, segment, failed_at, phone, reason) "
	    "VALUES (:org, :source, :id, :campaign, :segment, :failed_at, :phone, :reason)");

	query_bind_int(q, ":org", p->org->key);
	query_bind_text(q, ":source", e->source);
	query_bind_text(q, ":id", e->id);
	if (ref.segment > 0) {
		query_bind_int(q, ":campaign", ref.campaign);
		query_bind_int(q, ":segment", ref.segment);
	}
	query_bind_int(q, ":failed_at", e->occurred_at);
	query_bind_text(q, ":phone", e->to);
	query_bind_text(q, ":reason", e->reason);
	return query_run(q);
}

/* ---- One item */

/*
 * Finds the campaign and segment that the event belongs to.  An unknown one is a warning only: the message was sent, so
 * the event is recorded all the same.
 */
static enum status
resolve(struct post *p, struct event_item *item, struct segment_ref *ref)
{
	const struct event *e = &item->event;
	enum status st;

	*ref = (struct segment_ref) { 0 };
	if (e->campaign == NULL)
		return OK;
	if ((st = segment_resolve(p->db, p->org, e->campaign, e->segment, day_at(p->org->days, e->occurred_at), ref)) != OK)
		return st;
	if (ref->campaign == 0)
		item->warning = "campaignId: unknown";
	else if (e->segment > 0 && ref->segment == 0)
		item->warning = "segmentNumber: unknown";
	if (e->channel != SMS)
		ref->segment = 0;	/* reservations are of SMS only */
	return OK;
}

/* Records an event as a fact, whatever the limits: ledger, roll-ups, failed contact and segment. */
static enum status
post_event(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	int64_t sent = e->kind == EVENT_SENT ? e->messages : 0, failed = e->kind == EVENT_FAILED ? 1 : 0;
	uint8_t detail[SHA256_SIZE];
	struct event_row old;
	struct segment_ref ref;
	int64_t cost;
	enum status st;
	bool is_there, is_new;

	/*
	 * If the event is refused, look for its id first: a repeated event must be reported as a duplicate also when
	 * its time has left the window.  For other events, the insert finds out.
	 */
	if (!event_check_window(p, item, "occurredAt", e->occurred_at) || !event_cost(p, item, &cost)) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK || !is_there)
			return st;
		return event_match_existing(p, item, &old);
	}
	if ((st = resolve(p, item, &ref)) != OK)
		return st;
	/* The row pins the resolved segment and the cost, so that later changes of campaigns and prices do not alter it. */
	struct event_new_row row = { .source = e->source, .id = e->id, .status = event_kind_status[e->kind],
		.occurred_at = e->occurred_at, .channel = e->channel, .messages = e->messages, .parts = e->parts,
		.cost_given = e->cost_given, .cost_micros = cost, .campaign_given = e->campaign,
		.segment_given = e->segment, .ref = ref, .detail = event_detail_hash(e, detail) ? detail : NULL };
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
	/* If the id is taken, compare with the row that has it. */
	if (!is_new) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK)
			return st;
		return event_match_existing(p, item, &old);
	}
	event_accept(p, item, e->occurred_at);
	if (e->kind == EVENT_SENT)
		rollup_add(p->rollup, e->occurred_at, e->channel, e->messages, e->parts, cost);
	else if ((st = insert_failure(p, e, ref)) != OK)
		return st;
	return ref.segment > 0 ? segment_spend(p->db, ref, sent, failed) : OK;
}

/* Computes what the event would change: the usage of its day and cycle, and what it would spend of a segment. */
static enum status
preview(struct post *p, struct event_item *item, int64_t cost, struct admission_change *change)
{
	const struct event *e = &item->event;
	struct segment_ref ref;
	enum status st;

	*change = (struct admission_change) { .day = day_at(p->org->days, e->occurred_at), .channel = e->channel };
	if (e->kind == EVENT_SENT) {
		change->messages = e->messages;
		change->parts = e->parts;
		change->cost_micros = cost;
	}
	/* An event that belongs to a segment uses what the segment reserved: compare what it holds before and after. */
	if ((st = resolve(p, item, &ref)) != OK || ref.segment == 0)
		return st;
	change->has_segment = true;
	if ((st = segment_read_hold(p->db, ref, &change->before)) == OK)
		change->left_after = quota_held(change->before.left, e->messages, 1, UNIT_MESSAGE);
	return st;
}

/*
 * Records a conditional event only if its day and its cycle stay within their limits.  A refusal writes nothing, and
 * the id remains free for a retry.  A failed event needs no room, so it is never refused, but it may free some.
 */
static enum status
post_enforced(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct admission_change change;
	struct event_row old;
	enum status st;
	int64_t cost;
	bool is_there;

	if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK)
		return st;
	if (is_there)
		return event_match_existing(p, item, &old);
	if (!event_check_window(p, item, "occurredAt", e->occurred_at) || !event_cost(p, item, &cost))
		return OK;
	if ((st = preview(p, item, cost, &change)) != OK)
		return st;
	/* admission_check is about to read the roll-ups, so write what this post has added to them. */
	if (!admission_has(p->admission, change.day) && (st = rollup_flush(p->rollup, p->db)) != OK)
		return st;
	if (e->kind == EVENT_SENT && (st = admission_check(p->admission, &change, &item->refusal)) != OK)
		return st;
	if (item->refusal != NULL) {
		event_reject(item, item->refusal->error);
		item->warning = NULL;	/* from resolve: an event that is not recorded has none */
		return OK;
	}
	if ((st = post_event(p, item)) == OK && item->verdict == EVENT_ACCEPTED)
		admission_commit(p->admission, &change);
	return st;
}

/* A void is a correction and needs no room, but it changes days and cycles in a way that admission does not follow. */
static enum status
post_item(struct post *p, struct event_item *item)
{
	enum status st;

	if (item->event.kind != EVENT_VOID)
		return p->admission != NULL ? post_enforced(p, item) : post_event(p, item);
	st = event_post_void(p, item);
	if (p->admission != NULL && item->verdict == EVENT_ACCEPTED)
		admission_reset(p->admission);
	return st;
}

/* Posts the items that are still pending; the others were refused while they were read. */
enum status
event_post(struct db *db, struct arena *a, const struct organization *org, struct event_item *items, size_t count,
    const struct event_options *options)
{
	struct post p = { .db = db, .arena = a, .org = org, .options = options };
	enum status st;

	if ((st = price_load(db, a, org, &p.prices)) != OK)
		return st;
	p.rollup = rollup_new(org);
	if (options->is_enforced)
		p.admission = admission_new(db, a, org, &p.prices, options->now);
	for (size_t i = 0; st == OK && i < count; i++)
		if (items[i].verdict == EVENT_PENDING)
			st = post_item(&p, &items[i]);
	if (st == OK)
		st = rollup_flush(p.rollup, db);
	/* Posting is regular and holds the writers' lock anyway, so it also blanks what has become too old. */
	if (st == OK)
		st = failed_contact_expire(db, options->now);
	rollup_free(p.rollup);
	/* Events older than the window change months that may have been reported, so the audit says that there were some. */
	if (st == OK && p.backfilled > 0)
		st = audit(db, options->now, org->key, options->credential, "event.backfill",
		    arena_printf(a, "{\"events\":%lld}", (long long)p.backfilled));
	return st;
}
