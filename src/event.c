/*
 * Posting: each item in its order, inside one write transaction.  The order of the questions is: is the id taken
 * (duplicate, conflict), is its time in the window, then what it counts, costs and spends.
 */
#include <string.h>

#include "audit.h"
#include "digest.h"
#include "event.h"
#include "event_enforce.h"
#include "event_row.h"
#include "failure.h"
#include "instant.h"
#include "money.h"
#include "price.h"
#include "segment.h"
#include "usage.h"

/* One post, from its first item to its last. */
struct post {
	struct db *db;
	struct arena *arena;
	const struct organization *org;
	const struct event_options *options;
	struct price_list prices;
	struct rollup *rollup;
	int64_t backfilled;	/* events older than the window */
};

static const char *const kind_status[] = { [EVENT_SENT] = "sent", [EVENT_FAILED] = "failed", [EVENT_VOID] = "void" };

static void
reject(struct event_item *item, const char *error)
{
	item->verdict = EVENT_REJECTED;
	item->error = error;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- Comparing and writing */

/* The hash of what is said of a person or a reason.  The event's own names are in it, so that equal numbers of two events differ. */
static bool
detail_of(const struct event *e, uint8_t detail[SHA256_SIZE])
{
	if (e->kind == EVENT_SENT)
		return false;
	sha256_texts(detail, e->source, e->id, e->to != NULL ? e->to : "", e->reason, NULL);
	return true;
}

/* Equal in all given fields after defaults; the pinned cost and the resolved segment are not compared. */
static bool
is_same_body(const struct event *e, const struct event_row *row)
{
	uint8_t detail[SHA256_SIZE];

	if (strcmp(row->status, kind_status[e->kind]) != 0)
		return false;
	/* A blanked detail (`daybook erase`) can no longer be compared. */
	if (detail_of(e, detail) && row->has_detail && memcmp(detail, row->detail, sizeof(detail)) != 0)
		return false;
	if (e->kind == EVENT_VOID)
		return same_text(e->voids, row->voids);
	return e->occurred_at == row->occurred_at && e->channel == row->channel && e->messages == row->messages &&
	    e->parts == row->parts && e->cost_given == row->cost_given &&
	    (!e->cost_given || e->cost_micros == row->cost_micros) &&
	    same_text(e->campaign, row->campaign_given) && e->segment == row->segment_given;
}

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

/* The id is there already: duplicate or conflict; of a statement, what it says of the money, unless it was voided. */
static enum status
judge_taken(struct post *p, struct event_item *item, const struct event_row *row)
{
	const struct event *e = &item->event;
	int64_t costs, adjusts;
	enum status st;
	bool is_voided;

	item->error = item->warning = NULL;
	if (!p->options->is_statement) {
		item->verdict = is_same_body(e, row) ? EVENT_DUPLICATE : EVENT_CONFLICT;
		return OK;
	}
	item->verdict = EVENT_DUPLICATE;
	if (!e->cost_given || strcmp(row->status, "sent") != 0)
		return OK;
	if ((st = event_is_voided(p->db, p->org, row, &is_voided)) != OK || is_voided)
		return st;
	if ((st = event_effective_cost(p->db, p->org, &p->prices, row, &costs, &adjusts)) != OK || costs == e->cost_micros)
		return st;
	item->warning = "cost: adjusted to the statement's";
	rollup_add(p->rollup, row->occurred_at, row->channel, 0, 0, e->cost_micros - costs);
	return event_adjust(p->db, p->org, arena_printf(p->arena, EVENT_OWN_SOURCE "adjust:%s", e->source),
	    arena_printf(p->arena, "%s\x1f%lld", e->id, (long long)adjusts + 1), row->occurred_at, row->channel,
	    e->cost_micros - costs, true, p->options);
}

static void
accept(struct post *p, struct event_item *item, int64_t at)
{
	item->verdict = EVENT_ACCEPTED;
	p->backfilled += at < p->options->now - EVENT_WINDOW_MS;
}

/* True where the instant is one that this caller may post. */
static bool
in_window(struct post *p, struct event_item *item, const char *field, int64_t at)
{
	int64_t now = p->options->now;

	if (at > now + EVENT_AHEAD_MS)
		reject(item, arena_printf(p->arena, "%s: more than 5 minutes ahead of now", field));
	else if (at < INSTANT_MIN)
		reject(item, arena_printf(p->arena, "%s: before 2012-01-01", field));
	else if (at < now - EVENT_WINDOW_MS && !p->options->may_backfill)
		reject(item, arena_printf(p->arena, "%s: more than 35 days ago; needs the scope usage:backfill", field));
	else
		return true;
	return false;
}

/* What it costs: as given, or by the price list.  False where that is more than an amount may be. */
static bool
cost_of(struct post *p, struct event_item *item, int64_t *micros)
{
	const struct event *e = &item->event;

	*micros = e->cost_micros;
	if (e->kind == EVENT_SENT && !e->cost_given)
		*micros = money_cost(e->parts, price_nanos(&p->prices, e->channel, day_at(p->org->days, e->occurred_at)));
	if (*micros <= MONEY_MICROS_MAX)
		return true;
	reject(item, "cost: more than a million dollars by the price list");
	return false;
}

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
	if (!in_window(p, item, "occurredAt", e->occurred_at) || !cost_of(p, item, &cost)) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK || !is_there)
			return st;
		return judge_taken(p, item, &old);
	}
	if ((st = resolve(p, item, &ref)) != OK)
		return st;
	struct event_new_row row = { .source = e->source, .id = e->id, .status = kind_status[e->kind],
		.occurred_at = e->occurred_at, .channel = e->channel, .messages = e->messages, .parts = e->parts,
		.cost_given = e->cost_given, .cost_micros = cost, .campaign_given = e->campaign,
		.segment_given = e->segment, .ref = ref, .detail = detail_of(e, detail) ? detail : NULL };
	if ((st = event_insert(p->db, p->org, &row, p->options, &is_new)) != OK)
		return st;
	if (!is_new) {
		if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &old)) != OK)
			return st;
		return judge_taken(p, item, &old);
	}
	accept(p, item, e->occurred_at);
	if (e->kind == EVENT_SENT)
		rollup_add(p->rollup, e->occurred_at, e->channel, e->messages, e->parts, cost);
	else if ((st = insert_failure(p, e, ref)) != OK)
		return st;
	return ref.segment > 0 ? segment_spend(p->db, ref, sent, failed) : OK;
}

/*
 * Recorded only where it leaves its day and its cycle within their limits.  The roll-ups are flushed around it, so that
 * before and after are what everybody would see; a refusal leaves nothing, and its id stays free.
 */
static enum status
post_enforced(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct enforcement enforcement;
	enum status st;

	if ((st = rollup_flush(p->rollup, p->db)) != OK ||
	    (st = enforce_begin(p->db, p->org, &p->prices, e, p->options->now, &enforcement)) != OK)
		return st;
	db_savepoint(p->db);
	if ((st = post_event(p, item)) != OK || (st = rollup_flush(p->rollup, p->db)) != OK)
		return st;
	if (item->verdict == EVENT_ACCEPTED && (st = enforce_end(p->db, p->arena, p->org, &p->prices, e, &enforcement,
	    &item->refusal)) != OK)
		return st;
	if (item->refusal == NULL) {
		db_savepoint_keep(p->db);
		return OK;
	}
	db_savepoint_undo(p->db);
	reject(item, item->refusal->error);
	item->warning = NULL;
	return OK;
}

/* Whether a void may take this row back; sets the item's error where it may not. */
static enum status
check_target(struct post *p, struct event_item *item, bool is_there, const struct event_row *target, bool *may)
{
	enum status st;
	bool is_voided;

	*may = false;
	if (!is_there) {
		reject(item, "voids: there is no such event of this source");
		return OK;
	}
	if (strcmp(target->status, "sent") != 0 && strcmp(target->status, "failed") != 0) {
		reject(item, "voids: that is a void itself");
		return OK;
	}
	if ((st = event_is_voided(p->db, p->org, target, &is_voided)) != OK)
		return st;
	if (is_voided)
		reject(item, "voids: voided already");
	else
		*may = in_window(p, item, "voids", target->occurred_at);
	return OK;
}

static enum status
write_void(struct post *p, struct event_item *item, const struct event_row *target)
{
	const struct event *e = &item->event;
	bool is_failed = strcmp(target->status, "failed") == 0, is_new;
	struct segment_ref ref = { target->campaign, target->segment };
	uint8_t detail[SHA256_SIZE];
	int64_t cost, adjusts;
	struct query *q;
	enum status st;

	if ((st = event_effective_cost(p->db, p->org, &p->prices, target, &cost, &adjusts)) != OK)
		return st;
	detail_of(e, detail);
	struct event_new_row row = { .source = e->source, .id = e->id, .status = "void", .occurred_at = target->occurred_at,
		.channel = target->channel, .messages = is_failed ? 0 : -target->messages,
		.parts = is_failed ? 0 : -target->parts, .cost_micros = -cost, .cost_given = target->cost_given,
		.ref = ref, .voids = e->voids, .detail = detail };
	if ((st = event_insert(p->db, p->org, &row, p->options, &is_new)) != OK)
		return st;
	accept(p, item, target->occurred_at);
	if (is_failed) {	/* the contact was no failure: nobody has to see the number any more */
		q = db_query(p->db, "DELETE FROM failure WHERE org = :org AND source = :source AND id = :id");
		query_bind_int(q, ":org", p->org->key);
		query_bind_text(q, ":source", target->source);
		query_bind_text(q, ":id", target->id);
		if ((st = query_run(q)) != OK)
			return st;
	} else
		rollup_add(p->rollup, row.occurred_at, row.channel, row.messages, row.parts, row.cost_micros);
	if (ref.segment > 0 && (st = segment_spend(p->db, ref, is_failed ? 0 : -target->messages, is_failed ? -1 : 0)) != OK)
		return st;
	audit(p->db, p->options->now, p->org->key, p->options->credential, "event.void",
	    event_void_detail(p->arena, e));
	return OK;
}

static enum status
post_void(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	struct event_row row;
	enum status st;
	bool is_there, may;

	if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &row)) != OK)
		return st;
	if (is_there)
		return judge_taken(p, item, &row);
	if ((st = event_find(p->db, p->arena, p->org, e->source, e->voids, &is_there, &row)) != OK ||
	    (st = check_target(p, item, is_there, &row, &may)) != OK || !may)
		return st;
	return write_void(p, item, &row);
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
	for (size_t i = 0; st == OK && i < count; i++)
		if (items[i].verdict != EVENT_PENDING)
			continue;
		else if (items[i].event.kind == EVENT_VOID)
			st = post_void(&p, &items[i]);
		else if (options->is_enforced && items[i].event.kind == EVENT_SENT)
			st = post_enforced(&p, &items[i]);
		else
			st = post_event(&p, &items[i]);
	if (st == OK)
		st = rollup_flush(p.rollup, db);
	if (st == OK)
		st = failure_expire(db, options->now);
	rollup_free(p.rollup);
	if (st == OK && p.backfilled > 0)
		audit(db, options->now, org->key, options->credential, "event.backfill",
		    arena_printf(a, "{\"events\":%lld}", (long long)p.backfilled));
	return st;
}
