/*
 * Posting events: each item in turn, inside one write transaction.  The checks of an item have an order: whether its id
 * is taken (duplicate, conflict), whether its time is in the window, then what it counts, costs and spends.
 */
#include "store/audit.h"
#include "base/crypto.h"
#include "ledger/event_post.h"
#include "ledger/limit.h"
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
resolve(struct post *p, struct event_item *item, struct segment_target *target)
{
	const struct event *e = &item->event;
	enum status st;

	*target = (struct segment_target) { 0 };
	if (e->campaign == NULL)
		return OK;
	if ((st = segment_resolve(p->db, p->arena, p->org, e->campaign, e->segment, day_at(p->org->days, e->occurred_at),
	    target)) != OK)
		return st;
	if (target->ref.campaign == 0)
		item->warning = "campaignId: unknown";
	else if (e->segment > 0 && target->ref.segment == 0)
		item->warning = "segmentNumber: unknown";
	if (e->channel != target->channel)
		target->ref.segment = 0;	/* what a segment holds is of its own channel */
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
	struct segment_target target;
	int64_t cost;
	enum status st;
	bool is_there, is_new;

	/*
	 * If the event is refused, look for its id first: a repeated event must be reported as a duplicate also when
	 * its time has left the window.  For other events, the insert finds out.
	 */
	if (!event_check_window(p, item, "occurredAt", e->occurred_at, EVENT_WINDOW_MS) || !event_cost(p, item, &cost)) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK || !is_there)
			return st;
		return event_match_existing(p, item, &old);
	}
	if ((st = resolve(p, item, &target)) != OK)
		return st;
	/* The row pins the resolved segment and the cost, so that later changes of campaigns and prices do not alter it. */
	struct event_new_row row = { .source = e->source, .id = e->id, .status = event_kind_status[e->kind],
		.occurred_at = e->occurred_at, .channel = e->channel, .messages = e->messages, .parts = e->parts,
		.cost_given = e->cost_given, .cost_micros = cost, .campaign_given = e->campaign,
		.segment_given = e->segment, .ref = target.ref, .sender = e->sender, .network = e->network, .tag = e->tag,
		.detail = event_detail_hash(e, detail) ? detail : NULL };
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
	/* If the id is taken, compare with the row that has it. */
	if (!is_new) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK)
			return st;
		return event_match_existing(p, item, &old);
	}
	event_accept(p, item, e->occurred_at, EVENT_WINDOW_MS);
	if (e->kind == EVENT_SENT)
		rollup_add(p->rollup, &(const struct rollup_entry) { e->occurred_at, e->channel, e->sender, e->network,
		    { e->messages, e->parts, cost } });
	else if ((st = insert_failure(p, e, target.ref)) != OK)
		return st;
	return target.ref.segment > 0 ? segment_spend(p->db, p->rollup, &target, sent, failed) : OK;
}

/* What a conditional event would change of the windows of limits. */
struct preview {
	struct limit_load sent;		/* what it adds, at its own instant */
	bool has_hold;
	struct limit_load freed;	/* what it frees of a reservation, at the segment's instant */
};

/* Computes what the event would change.  An event that belongs to a segment uses what the segment reserved. */
static enum status
preview(struct post *p, struct event_item *item, int64_t cost, struct preview *v)
{
	const struct event *e = &item->event;
	struct segment_target target;
	enum status st;
	int64_t left;

	*v = (struct preview) { .sent = { .quarter = floor_div(e->occurred_at, QUARTER_MS), .channel = e->channel,
		.sender = e->sender, .network = e->network } };
	if (e->kind == EVENT_SENT) {
		v->sent.messages = e->messages;
		v->sent.parts = e->parts;
		v->sent.cost_micros = cost;
	}
	if ((st = resolve(p, item, &target)) != OK || target.ref.segment == 0)
		return st;
	left = segment_hold(&target.segment);	/* of a day that is over the book takes nothing away */
	v->has_hold = true;
	v->freed = limit_book_hold(p->book, target.segment.scheduled_at, &(const struct limit_contact) { target.channel,
	    target.sender, target.parts_per_contact }, left < e->messages ? left : e->messages);
	return OK;
}

/* Decides on an event that was sent; a failed one needs no room. */
static enum status
admit(struct post *p, struct event_item *item, const struct preview *v)
{
	struct limit_change change = { .minus = &v->freed, .minus_count = v->has_hold, .plus = &v->sent, .plus_count = 1 };
	struct limit_refusal refusal, *kept;
	bool is_refused;
	enum status st;

	if (item->event.kind != EVENT_SENT)
		return OK;
	if ((st = limit_check(p->book, &change, &is_refused, &refusal)) != OK || !is_refused)
		return st;
	kept = arena_alloc(p->arena, sizeof(*kept));
	*kept = refusal;
	item->refusal = kept;
	return OK;
}

/*
 * Records a conditional event only if it fits by all limits.  A refusal writes nothing, and the id remains free for a
 * retry.  A failed event is never refused, but it may free some of a reservation.
 */
static enum status
post_enforced(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct event_row old;
	struct preview v;
	enum status st;
	int64_t cost;
	bool is_there;

	if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK)
		return st;
	if (is_there)
		return event_match_existing(p, item, &old);
	if (!event_check_window(p, item, "occurredAt", e->occurred_at, EVENT_WINDOW_MS) || !event_cost(p, item, &cost))
		return OK;
	if ((st = preview(p, item, cost, &v)) != OK || (st = admit(p, item, &v)) != OK)
		return st;
	if (item->refusal != NULL) {
		event_reject(item, arena_printf(p->arena, "%s: %s", item->refusal->is_long ? "over_cap" : "over_quota",
		    limit_refusal_text(p->arena, item->refusal)));
		item->warning = NULL;	/* from resolve: an event that is not recorded has none */
		return OK;
	}
	if ((st = post_event(p, item)) == OK && item->verdict == EVENT_ACCEPTED && v.has_hold)
		limit_book_subtract(p->book, &v.freed);
	return st;
}

/* Corrections need no room.  The book follows what they change of sums. */
static enum status
post_item(struct post *p, struct event_item *item)
{
	enum status st;

	if (item->event.kind == EVENT_SENT || item->event.kind == EVENT_FAILED)
		return p->book != NULL ? post_enforced(p, item) : post_event(p, item);
	st = item->event.kind == EVENT_VOID ? event_post_void(p, item) : event_post_settlement(p, item);
	if (p->book != NULL && item->event.settles_sent)	/* a segment that had failed may hold something again, or less */
		limit_book_reset(p->book);
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
	if (options->is_enforced && (st = limit_book_new(db, a, org, &p.prices, LIMIT_FOLLOW_LIMITED, options->now, &p.book)) == OK)
		limit_book_follow(p.book, p.rollup);
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
		st = audit(db, options->now, org->key, options->by, "event.backfill",
		    arena_printf(a, "{\"events\":%lld}", (long long)p.backfilled));
	return st;
}
