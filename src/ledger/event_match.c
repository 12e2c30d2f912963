/*
 * The checks on an item (see event_post.h): its id, its window and its cost.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "ledger/event_post.h"
#include "time/instant.h"
#include "base/money.h"

const char *const event_kind_status[] = { [EVENT_SENT] = "sent", [EVENT_FAILED] = "failed", [EVENT_VOID] = "void",
	[EVENT_SETTLEMENT] = "adjust" };

void
event_reject(struct event_item *item, const char *error)
{
	item->verdict = EVENT_REJECTED;
	item->error = error;
}

/* Whether two texts are equal; NULL equals only NULL. */
static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Whether a row is of the sender, the network and the cost centre that an event says. */
static bool
is_same_origin(const struct event *e, const struct event_row *row)
{
	return same_text(e->sender, row->sender) && same_text(e->network, row->network) && same_text(e->tag, row->tag);
}

/* Of a settlement the row has only the differences, so the hash stands for what its body said. */
static void
hash_settlement(const struct event *e, uint8_t detail[SHA256_SIZE])
{
	char parts[24] = "", cost[24] = "";

	if (e->parts_given)
		snprintf(parts, sizeof(parts), "%lld", (long long)e->parts);
	if (e->cost_given)
		snprintf(cost, sizeof(cost), "%lld", (long long)e->cost_micros);
	sha256_texts(detail, e->source, e->id, e->settles, parts, cost, e->settles_sent ? "sent" : "", NULL);
}

/*
 * Hashes the phone number and the reason, so that the ledger can tell a retry from a conflict without storing them.
 * Includes the event's source and id, so that the same number in two events has two hashes.
 */
bool
event_detail_hash(const struct event *e, uint8_t detail[SHA256_SIZE])
{
	if (e->kind == EVENT_SENT)
		return false;
	if (e->kind == EVENT_SETTLEMENT) {
		hash_settlement(e, detail);
		return true;
	}
	sha256_texts(detail, e->source, e->id, e->to != NULL ? e->to : "", e->reason, NULL);
	return true;
}

/*
 * Whether the event is a repetition of the row: equal in all given fields, after defaults.  Ignores the resolved
 * segment and, if the sender gave no cost, the pinned one: the sender chose neither.  A given cost that equals the
 * pinned one is no difference, so that an export can be imported again.
 */
static bool
is_same_body(const struct event *e, const struct event_row *row)
{
	uint8_t detail[SHA256_SIZE];

	if (strcmp(row->status, event_kind_status[e->kind]) != 0)
		return false;
	/* A detail that was blanked (`daybook erase`) can no longer be compared, so it matches any. */
	if (event_detail_hash(e, detail) && row->has_detail && memcmp(detail, row->detail, sizeof(detail)) != 0)
		return false;
	if (e->kind == EVENT_VOID)
		return same_text(e->voids, row->voids);
	if (e->kind == EVENT_SETTLEMENT)
		return same_text(e->settles, row->settles);
	return e->occurred_at == row->occurred_at && e->channel == row->channel && e->messages == row->messages &&
	    e->parts == row->parts &&
	    (e->cost_given ? e->cost_micros == row->cost_micros : !row->cost_given) &&
	    same_text(e->campaign, row->campaign_given) && e->segment == row->segment_given && is_same_origin(e, row);
}

/*
 * Whether the item says what stands of the row's event, as `daybook export` writes it: with the figures after settlements and
 * new prices.  Without a cost it is no such item: then only its first body is the same.
 */
static enum status
is_standing(struct post *p, const struct event *e, const struct event_row *row, bool *is)
{
	struct event_standing stands;
	enum status st;

	*is = false;
	if (e->kind != EVENT_SENT || !e->cost_given || (strcmp(row->status, "sent") != 0 && strcmp(row->status, "failed") != 0))
		return OK;
	if ((st = event_standing(p->db, p->org, &p->prices, row, &stands)) != OK)
		return st;
	*is = !stands.is_failed && e->occurred_at == row->occurred_at && e->channel == row->channel &&
	    e->messages == stands.messages && e->parts == stands.parts && e->cost_micros == stands.cost_micros &&
	    same_text(e->campaign, row->campaign_given) && e->segment == row->segment_given && is_same_origin(e, row);
	return OK;
}

/* Whether a settlement says what stands of its event already, in the form of an export: parts and cost, and no status. */
static enum status
settles_nothing(struct post *p, const struct event *e, const struct event_row *row, bool *is)
{
	struct event_standing stands;
	struct event_row target;
	enum status st;
	bool is_there;

	*is = false;
	if (e->kind != EVENT_SETTLEMENT || strcmp(row->status, "adjust") != 0 || !same_text(e->settles, row->settles))
		return OK;
	if ((st = event_find(p->db, p->arena, p->org, row->source, row->settles, &is_there, &target)) != OK || !is_there ||
	    (st = event_standing(p->db, p->org, &p->prices, &target, &stands)) != OK)
		return st;
	*is = e->parts_given && e->cost_given && !e->settles_sent && !stands.is_failed && e->parts == stands.parts &&
	    e->cost_micros == stands.cost_micros;
	return OK;
}

/*
 * Decides on an item whose id is taken: duplicate or conflict.  In a statement it is always a duplicate, and what differs
 * settles the event.
 */
enum status
event_match_existing(struct post *p, struct event_item *item, const struct event_row *row)
{
	bool is_known = false;
	enum status st;

	item->error = item->warning = NULL;
	if (p->options->is_statement)
		return event_settle_statement(p, item, row);
	item->verdict = EVENT_DUPLICATE;
	item->is_repeated = row->org_revision == p->org->revision;
	if (is_same_body(&item->event, row))
		return OK;
	if ((st = is_standing(p, &item->event, row, &is_known)) == OK && !is_known)
		st = settles_nothing(p, &item->event, row, &is_known);
	if (!is_known)
		item->verdict = EVENT_CONFLICT;
	return st;
}

void
event_withhold(struct event_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (items[i].verdict == EVENT_ACCEPTED || (items[i].verdict == EVENT_DUPLICATE && items[i].is_repeated))
			items[i].verdict = EVENT_WITHHELD;
}

/* Counts events older than the window as backfilled, for the audit. */
void
event_accept(struct post *p, struct event_item *item, int64_t at, int64_t window_ms)
{
	item->verdict = EVENT_ACCEPTED;
	p->backfilled += at < p->options->now - window_ms;
}

/*
 * Checks that this caller may post at that instant; rejects the item if not.  A few minutes ahead are tolerated for the
 * sender's clock; too far back would change months that were reported.
 */
bool
event_check_window(struct post *p, struct event_item *item, const char *field, int64_t at, int64_t window_ms)
{
	int64_t now = p->options->now;

	if (at > now + EVENT_AHEAD_MS)
		event_reject(item, arena_printf(p->arena, "%s: more than 5 minutes in the future", field));
	else if (at < INSTANT_MIN)
		event_reject(item, arena_printf(p->arena, "%s: before 2012-01-01", field));
	else if (at < now - window_ms && !p->options->may_backfill)
		event_reject(item, arena_printf(p->arena, "%s: more than %lld days ago, which needs the scope usage:backfill", field,
		    (long long)(window_ms / DAY_MS)));
	else
		return true;
	return false;
}

/* The list may have thousands of prices; events of one channel usually have the same day as the ones before. */
static int64_t
price_at(struct post *p, enum channel c, int64_t at)
{
	struct day d = day_at(p->org->days, at);
	struct post_price *last = &p->priced[c];

	if (!last->is_there || last->day.n != d.n)
		*last = (struct post_price) { true, d, price_nanos(&p->prices, c, d) };
	return last->nanos_per_part;
}

/*
 * Computes the cost: as given, or by the price list at the event's day.  False, and the item rejected, if it is more
 * than an amount may be.
 */
bool
event_cost(struct post *p, struct event_item *item, int64_t *micros)
{
	const struct event *e = &item->event;

	*micros = e->cost_micros;
	if (e->kind == EVENT_SENT && !e->cost_given)
		*micros = money_cost(e->parts, price_at(p, e->channel, e->occurred_at));
	if (*micros <= MONEY_MICROS_MAX)
		return true;
	event_reject(item, "cost: more than a million by the price list");
	return false;
}
