/*
 * Settlements: rows that say later what a carrier charged for an event, or that it was sent after all.
 *
 * A settlement adds the differences to what stands of its event, at that event's own instant.  Parts, cost and status that it
 * does not give stay as they stand, so the last one that gives a figure determines it.  If nobody has given a cost, other parts
 * are priced by the list; once a settlement has given one, prices change it no more.
 *
 * A row has only differences, so detail_sha256 has a hash of what the body said: it tells a retry from a conflict.  No digest
 * covers it, but no figure follows from it either.
 */
#include <string.h>

#include "base/crypto.h"
#include "base/money.h"
#include "ledger/event_post.h"
#include "ledger/failed_contact.h"

/* A settlement of one event, on its way into the ledger. */
struct settlement {
	const struct event_row *target;
	struct event_standing stands;		/* before it */
	bool turns;				/* the failed event was sent after all */
	int64_t messages, parts, cost_micros;	/* what will stand after it */
	bool has_cost;
};

/* Parts that nobody gave: those that stand; of a failed event, which has none, those that it was posted with. */
static int64_t
present_parts(const struct settlement *s)
{
	if (!s->turns)
		return s->stands.parts;
	return s->target->parts > 0 ? s->target->parts : 1;
}

/* Computes what will stand by what the event e says, a settlement or the line of a statement.  Returns what is wrong, or NULL. */
static const char *
compute(const struct post *p, const struct event *e, bool is_sent, struct settlement *s)
{
	const struct event_row *t = s->target;
	int64_t nanos = price_nanos(&p->prices, t->channel, day_at(p->org->days, t->occurred_at));

	s->turns = s->stands.is_failed && is_sent;
	if (s->stands.is_failed && !s->turns)
		return "settles: that event failed; only \"status\":\"sent\" settles it";
	s->messages = s->turns ? 1 : s->stands.messages;
	s->parts = e->parts_given ? e->parts : present_parts(s);
	if (s->parts < s->messages)
		return "parts: fewer than messages; each message has at least one";
	s->has_cost = e->cost_given;
	if (e->cost_given)
		s->cost_micros = e->cost_micros;
	else if (!s->turns && (s->stands.cost_given || s->parts == s->stands.parts))
		s->cost_micros = s->stands.cost_micros;
	else if ((s->cost_micros = money_cost(s->parts, nanos)) > MONEY_MICROS_MAX)
		return "cost: more than a million by the price list";
	return NULL;
}

/* What a settlement that turns a failed event into a sent one changes besides the sums. */
static enum status
turn(struct post *p, const struct event_row *target, struct segment_ref ref)
{
	enum status st = failed_contact_forget(p->db, p->org->key, target->source, target->id);

	return st == OK && ref.segment > 0 ? segment_settle(p->db, ref) : st;
}

/* Writes the row and what follows from it. */
static enum status
write_row(struct post *p, struct settlement *s, const char *source, const char *id, const uint8_t *detail)
{
	const struct event_row *t = s->target;
	struct segment_ref ref = { t->campaign, t->segment };
	int64_t before = s->stands.cost_micros, numbered = -1;
	enum status st;
	bool is_new;

	/*
	 * The first given cost takes the event out of the price list.  Take back what repricing has added for it in its quarter-hour,
	 * so that price and settlement do not both count.
	 */
	if (s->has_cost && before != s->stands.own_micros) {
		const struct event_adjustment back = { floor_div(t->occurred_at, QUARTER_MS), t->channel, t->sender, t->network,
			s->stands.own_micros - before, EVENT_NO_PRICE };

		if ((st = event_adjust(p->db, p->org, &back, &numbered, p->rollup, p->options)) != OK)
			return st;
		before = s->stands.own_micros;
	}
	struct event_new_row row = { .source = source, .id = id, .status = event_kind_status[EVENT_SETTLEMENT],
		.settles = t->id, .occurred_at = t->occurred_at, .channel = t->channel,
		.messages = s->messages - s->stands.messages, .parts = s->parts - s->stands.parts,
		.cost_micros = s->cost_micros - before, .cost_given = s->has_cost, .ref = ref, .sender = t->sender,
		.network = t->network, .tag = t->tag, .detail = detail };
	if ((st = event_insert(p->db, p->org, &row, p->rollup, p->options, &is_new)) != OK)
		return st;
	if (!is_new)
		return INTERNAL;	/* the caller has looked, or has chosen the id */
	rollup_add(p->rollup, &(const struct rollup_entry) { row.occurred_at, row.channel, row.sender, row.network,
	    { row.messages, row.parts, row.cost_micros } });
	return s->turns ? turn(p, t, ref) : OK;
}

/* ---- The verb */

/* Whether the row can be settled by this caller; rejects the item if not. */
static enum status
check_target(struct post *p, struct event_item *item, bool is_there, const struct event_row *target, bool *may)
{
	enum status st;

	*may = false;
	if (!is_there)
		event_reject(item, "settles: there is no such event of this source");
	else if (strcmp(target->status, "sent") != 0 && strcmp(target->status, "failed") != 0)
		event_reject(item, strcmp(target->status, "void") == 0 ? "settles: that event is a void, which cannot be settled" :
		    "settles: that event is a settlement; settle its event again");
	else if ((st = event_is_voided(p->db, p->org, target, &item->is_voided)) != OK)
		return st;
	else if (item->is_voided)
		event_reject(item, "settles: that event is voided");
	else
		*may = event_check_window(p, item, "settles", target->occurred_at, EVENT_SETTLE_WINDOW_MS);
	return OK;
}

/* A settlement has an id of its own, so it may be a repetition: looks for that first, as a void does. */
enum status
event_post_settlement(struct post *p, struct event_item *item)
{
	const struct event *e = &item->event;
	uint8_t detail[SHA256_SIZE];
	struct event_row row;
	struct settlement s = { .target = &row };
	const char *error;
	enum status st;
	bool is_there, may;

	if ((st = event_find(p->db, p->arena, p->org, e->source, e->id, &is_there, &row)) != OK)
		return st;
	if (is_there)
		return event_match_existing(p, item, &row);
	if ((st = event_find(p->db, p->arena, p->org, e->source, e->settles, &is_there, &row)) != OK ||
	    (st = check_target(p, item, is_there, &row, &may)) != OK || !may ||
	    (st = event_standing_for_write(p, &row, &s.stands)) != OK)
		return st;
	if ((error = compute(p, e, e->settles_sent, &s)) != NULL) {
		event_reject(item, error);
		return OK;
	}
	event_detail_hash(e, detail);
	event_accept(p, item, row.occurred_at, EVENT_SETTLE_WINDOW_MS);
	return write_row(p, &s, e->source, e->id, detail);
}

/* ---- Statements */

/* What of a statement's line cannot be settled, whatever its figures are; NULL = nothing. */
static const char *
contradiction(const struct event *e, const struct event_row *row, const struct event_standing *stands)
{
	if (e->kind == EVENT_FAILED)
		return stands->is_failed ? NULL : "status: failed, but the ledger has it as sent";
	if (e->channel != row->channel)
		return "channel: not the one that the ledger has";
	if (!stands->is_failed && e->messages != stands->messages)
		return "messages: one, but the ledger has more under this id";
	return NULL;
}

/* Whether a line of a sent message says anything that does not stand already. */
static bool
says_something_new(const struct event *e, const struct event_standing *stands)
{
	return stands->is_failed || (e->cost_given && e->cost_micros != stands->cost_micros) ||
	    (e->parts_given && e->parts != stands->parts);
}

/*
 * The figures of the line settle the event.  Nothing is owed for a voided one.  The row has a source of ours, and as its id the
 * event's, a unit separator and a number: no client can send these.
 */
enum status
event_settle_statement(struct post *p, struct event_item *item, const struct event_row *row)
{
	const struct event *e = &item->event;
	struct settlement s = { .target = row };
	enum status st;

	item->verdict = EVENT_DUPLICATE;
	if (strcmp(row->status, "sent") != 0 && strcmp(row->status, "failed") != 0) {
		item->differs = "id: in the ledger it is a void or a settlement";
		return OK;
	}
	if ((st = event_is_voided(p->db, p->org, row, &item->is_voided)) != OK || item->is_voided ||
	    (st = event_standing_for_write(p, row, &s.stands)) != OK)
		return st;
	item->differs = contradiction(e, row, &s.stands);
	if (item->differs != NULL || e->kind != EVENT_SENT || !says_something_new(e, &s.stands))
		return OK;
	if ((item->differs = compute(p, e, true, &s)) != NULL)
		return OK;
	item->is_settled = true;
	return write_row(p, &s, arena_printf(p->arena, EVENT_SETTLE_PREFIX "%s", e->source),
	    arena_printf(p->arena, "%s" EVENT_SEPARATOR "%lld", e->id, (long long)s.stands.settlements + 1), NULL);
}
