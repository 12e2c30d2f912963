/*
 * Posting events: each item in turn, inside one write transaction.  The checks of an item have an order: whether its id
 * is taken (duplicate, conflict), whether its time is in the window, then what it counts, costs and spends.
 */
#include <string.h>

#include "store/audit.h"
#include "base/crypto.h"
#include "base/row_hash.h"
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

/* The row pins the resolved segment and the cost, so that later changes of campaigns and prices do not alter it. */
static struct event_new_row
new_row(const struct event *e, struct segment_ref ref, int64_t cost_micros)
{
	return (struct event_new_row) { .source = e->source, .id = e->id, .status = event_kind_status[e->kind],
		.occurred_at = e->occurred_at, .channel = e->channel, .messages = e->messages, .parts = e->parts,
		.cost_given = e->cost_given, .cost_micros = cost_micros, .campaign_given = e->campaign,
		.segment_given = e->segment, .ref = ref, .sender = e->sender, .network = e->network, .tag = e->tag };
}

/* The id is taken: compares the event with the row that has it. */
static enum status
post_taken(struct post *p, struct event_item *item)
{
	struct event_row old;
	enum status st;
	bool is_there;

	if ((st = event_find(p->db, p->arena, p->org, item->event.source, item->event.id, &is_there, &old)) != OK || !is_there)
		return st;
	return event_match_existing(p, item, &old);
}

/* Accepts an event whose row was inserted: roll-ups, failed contact and segment. */
static enum status
post_new(struct post *p, struct event_item *item, const struct event_new_row *row, struct post_target *target)
{
	const struct event *e = &item->event;
	enum status st;

	event_accept(p, item, e->occurred_at, EVENT_WINDOW_MS);
	if (e->kind == EVENT_SENT)
		rollup_add(p->rollup, &(const struct rollup_entry) { e->occurred_at, e->channel, e->sender, e->network,
		    { e->messages, e->parts, row->cost_micros } });
	else if ((st = insert_failure(p, e, row->ref)) != OK)
		return st;
	return target != NULL ? event_target_spend(p, target, e) : OK;
}

/* Records an event as a fact, whatever the limits: ledger, roll-ups, failed contact and segment. */
static enum status
post_event(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	uint8_t detail[SHA256_SIZE];
	struct event_new_row row;
	struct post_target *target;
	struct segment_ref ref;
	int64_t cost;
	enum status st;
	bool is_new;

	/*
	 * If the event is refused, look for its id first: a repeated event must be reported as a duplicate also when
	 * its time has left the window.  For other events, the insert finds out.
	 */
	if (!event_check_window(p, item, "occurredAt", e->occurred_at, EVENT_WINDOW_MS) || !event_cost(p, item, &cost))
		return post_taken(p, item);
	if ((st = event_target_find(p, item, &ref, &target)) != OK)
		return st;
	row = new_row(e, ref, cost);
	row.detail = event_detail_hash(e, detail) ? detail : NULL;
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
	return is_new ? post_new(p, item, &row, target) : post_taken(p, item);
}

/* ---- Many items */

/*
 * Notes the id of an item; true if an earlier item has it.  A table with open addressing, at most half full.
 */
static bool
is_repeated(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct row_hash h;
	size_t slot;

	row_hash_start(&h);
	row_hash_text(&h, e->source);
	row_hash_text(&h, e->id);
	for (slot = (size_t)row_hash_end(&h) & p->ids_mask; p->ids[slot] != NULL; slot = (slot + 1) & p->ids_mask)
		if (strcmp(p->ids[slot]->event.id, e->id) == 0 && strcmp(p->ids[slot]->event.source, e->source) == 0)
			return true;
	p->ids[slot] = item;
	return false;
}

/* Posts that are large enough queue their events; the ids of a statement are taken as a rule. */
static void
begin_queue(struct post *p, size_t count)
{
	size_t slots = EVENT_ROWS;

	if (count < EVENT_ROWS || p->options->is_enforced || p->options->is_statement)
		return;
	while (slots < 2 * count)
		slots *= 2;
	p->ids = arena_alloc(p->arena, slots * sizeof(*p->ids));
	memset(p->ids, 0, slots * sizeof(*p->ids));
	p->ids_mask = slots - 1;
}

/* Whether the event ends its segment, or may: then the next one finds another, so it must be posted first. */
static bool
may_end(const struct post_target *t, int64_t messages)
{
	return t->is.segment.sent + t->is.segment.failed + t->queued + messages >= t->is.segment.contacts;
}

/* Queues a sent event, if nothing stands against it.  Otherwise it is posted by itself, in its turn. */
static enum status
queue_event(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct post_target *target = NULL;
	struct segment_ref ref;
	int64_t cost;
	enum status st;

	if (event_check_window(p, item, "occurredAt", e->occurred_at, EVENT_WINDOW_MS) && event_cost(p, item, &cost)) {
		if ((st = event_target_find(p, item, &ref, &target)) != OK)
			return st;
		if (target == NULL || !may_end(target, e->messages)) {
			if (target != NULL)
				target->queued += e->messages;
			p->queue[p->queued++] = (struct post_queued) { item, new_row(e, ref, cost), target };
			return p->queued == EVENT_ROWS ? event_queue_flush(p) : OK;
		}
	}
	return (st = event_queue_flush(p)) == OK ? post_event(p, item) : st;
}

/* If an id was taken, this is probably a body that was sent before: then the next ones are looked at one by one. */
enum status
event_queue_flush(struct post *p)
{
	const struct event_new_row *rows[EVENT_ROWS];
	bool is_new[EVENT_ROWS];
	size_t count = p->queued;
	enum status st = OK;

	p->queued = 0;
	for (size_t i = 0; st == OK && i < count; i++) {
		rows[i] = &p->queue[i].row;
		if (count < EVENT_ROWS)
			st = event_insert(p->db, p->org, rows[i], p->rollup, p->options, &is_new[i]);
	}
	if (st == OK && count == EVENT_ROWS)
		st = event_insert_rows(p->db, p->org, rows, p->rollup, p->options, is_new);
	for (size_t i = 0; st == OK && i < count; i++) {
		struct post_queued *queued = &p->queue[i];

		if (queued->target != NULL)
			queued->target->queued -= queued->row.messages;
		if (is_new[i])
			st = post_new(p, queued->item, &queued->row, queued->target);
		else {
			p->ids = NULL;
			st = post_taken(p, queued->item);
		}
	}
	return st;
}

/* ---- Items that need room */

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
	struct post_target *target;
	struct segment_ref ref;
	enum status st;
	int64_t left;

	*v = (struct preview) { .sent = { .quarter = floor_div(e->occurred_at, QUARTER_MS), .channel = e->channel,
		.sender = e->sender, .network = e->network } };
	if (e->kind == EVENT_SENT) {
		v->sent.messages = e->messages;
		v->sent.parts = e->parts;
		v->sent.cost_micros = cost;
	}
	if ((st = event_target_find(p, item, &ref, &target)) != OK || target == NULL)
		return st;
	left = segment_hold(&target->is.segment);	/* of a day that is over the book takes nothing away */
	v->has_hold = true;
	v->freed = limit_book_hold(p->book, target->is.segment.scheduled_at, &(const struct limit_contact) { target->is.channel,
	    target->is.sender, target->is.parts_per_contact }, left < e->messages ? left : e->messages);
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
	bool repeated = p->ids != NULL && is_repeated(p, item);
	enum status st;

	if (p->ids != NULL && !repeated && item->event.kind == EVENT_SENT)
		return queue_event(p, item);
	if ((st = event_queue_flush(p)) != OK)
		return st;
	if (item->event.kind == EVENT_SENT || item->event.kind == EVENT_FAILED)
		return p->book != NULL ? post_enforced(p, item) : post_event(p, item);
	if ((st = event_target_write(p)) != OK)	/* corrections look at the rows */
		return st;
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
	begin_queue(&p, count);
	for (size_t i = 0; st == OK && i < count; i++)
		if (items[i].verdict == EVENT_PENDING)
			st = post_item(&p, &items[i]);
	if (st == OK && (st = event_queue_flush(&p)) == OK)
		st = event_target_write(&p);
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
