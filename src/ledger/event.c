/*
 * Posting: each item in its order, inside one write transaction.  The order of the questions is: is the id taken
 * (duplicate, conflict), is its time in the window, then what it counts, costs and spends.
 */
#include "store/audit.h"
#include "base/crypto.h"
#include "ledger/admission.h"
#include "ledger/event_post.h"
#include "ledger/failed_contact.h"
#include "time/instant.h"
#include "ledger/segment.h"

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
		ref->segment = 0;	/* only SMS spends */
	return OK;
}

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

	/* Of one that is refused, the question who has the id comes first; of others the insert asks it. */
	if (!event_check_window(p, item, "occurredAt", e->occurred_at) || !event_cost(p, item, &cost)) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK || !is_there)
			return st;
		return event_match_existing(p, item, &old);
	}
	if ((st = resolve(p, item, &ref)) != OK)
		return st;
	struct event_new_row row = { .source = e->source, .id = e->id, .status = event_kind_status[e->kind],
		.occurred_at = e->occurred_at, .channel = e->channel, .messages = e->messages, .parts = e->parts,
		.cost_given = e->cost_given, .cost_micros = cost, .campaign_given = e->campaign,
		.segment_given = e->segment, .ref = ref, .detail = event_detail_hash(e, detail) ? detail : NULL };
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
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

/* What an event would change: itself, and what it takes of a segment. */
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
	if ((st = resolve(p, item, &ref)) != OK || ref.segment == 0)
		return st;
	change->has_segment = true;
	if ((st = segment_read_hold(p->db, ref, &change->before)) == OK)
		change->left_after = quota_held(change->before.left, e->messages, 1, UNIT_MESSAGE);
	return st;
}

/*
 * Recorded only where it leaves its day and its cycle within their limits; a refusal leaves nothing, and its id stays free.
 * A failed one needs no room, but frees some.
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
	if (!admission_has(p->admission, change.day) && (st = rollup_flush(p->rollup, p->db)) != OK)
		return st;
	if (e->kind == EVENT_SENT && (st = admission_check(p->admission, &change, &item->refusal)) != OK)
		return st;
	if (item->refusal != NULL) {
		event_reject(item, item->refusal->error);
		item->warning = NULL;
		return OK;
	}
	if ((st = post_event(p, item)) == OK && item->verdict == EVENT_ACCEPTED)
		admission_commit(p->admission, &change);
	return st;
}

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
	if (st == OK)
		st = failed_contact_expire(db, options->now);
	rollup_free(p.rollup);
	if (st == OK && p.backfilled > 0)
		st = audit(db, options->now, org->key, options->credential, "event.backfill",
		    arena_printf(a, "{\"events\":%lld}", (long long)p.backfilled));
	return st;
}
