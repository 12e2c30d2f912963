/*
 * The checks on an item (see event_post.h): its id, its window and its cost.
 */
#include <string.h>

#include "base/crypto.h"
#include "ledger/event_post.h"
#include "time/instant.h"
#include "base/money.h"

const char *const event_kind_status[] = { [EVENT_SENT] = "sent", [EVENT_FAILED] = "failed", [EVENT_VOID] = "void" };

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

/*
 * Hashes the phone number and the reason, so that the ledger can tell a retry from a conflict without storing them.
 * Includes the event's source and id, so that the same number in two events has two hashes.
 */
bool
event_detail_hash(const struct event *e, uint8_t detail[SHA256_SIZE])
{
	if (e->kind == EVENT_SENT)
		return false;
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
	return e->occurred_at == row->occurred_at && e->channel == row->channel && e->messages == row->messages &&
	    e->parts == row->parts &&
	    (e->cost_given ? e->cost_micros == row->cost_micros : !row->cost_given) &&
	    same_text(e->campaign, row->campaign_given) && e->segment == row->segment_given;
}

/*
 * Decides on an item whose id is taken: duplicate or conflict.  In a statement it is always a duplicate, but a cost
 * that differs is adjusted, unless the event was voided: then nothing is owed for it.
 */
enum status
event_match_existing(struct post *p, struct event_item *item, const struct event_row *row)
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
	item->warning = "cost: adjusted to that of the statement";
	/*
	 * The first adjustment fixes the cost for good.  Take back what repricing has added in this event's quarter, so
	 * that from now on price and statement do not both count.
	 */
	if (adjusts == 0 && costs != row->cost_micros) {
		if ((st = event_adjust_quarter(p->db, p->org, floor_div(row->occurred_at, QUARTER_MS), row->channel,
		    row->cost_micros - costs, p->rollup, p->options)) != OK)
			return st;
		costs = row->cost_micros;
	}
	/*
	 * One adjust row for the difference.  Its id is the event's, a unit separator and a number, which no client can
	 * send.
	 */
	return event_adjust(p->db, p->org, arena_printf(p->arena, EVENT_OWN_SOURCE "adjust:%s", e->source),
	    arena_printf(p->arena, "%s" EVENT_SEPARATOR "%lld", e->id, (long long)adjusts + 1), e->id, row->occurred_at,
	    row->channel, e->cost_micros - costs, true, p->rollup, p->options);
}

/* Counts events older than the window as backfilled, for the audit. */
void
event_accept(struct post *p, struct event_item *item, int64_t at)
{
	item->verdict = EVENT_ACCEPTED;
	p->backfilled += at < p->options->now - EVENT_WINDOW_MS;
}

/*
 * Checks that this caller may post at that instant; rejects the item if not.  A few minutes ahead are tolerated for the
 * sender's clock; too far back would change months that were reported.
 */
bool
event_check_window(struct post *p, struct event_item *item, const char *field, int64_t at)
{
	int64_t now = p->options->now;

	if (at > now + EVENT_AHEAD_MS)
		event_reject(item, arena_printf(p->arena, "%s: more than 5 minutes in the future", field));
	else if (at < INSTANT_MIN)
		event_reject(item, arena_printf(p->arena, "%s: before 2012-01-01", field));
	else if (at < now - EVENT_WINDOW_MS && !p->options->may_backfill)
		event_reject(item, arena_printf(p->arena, "%s: more than 35 days ago, which needs the scope usage:backfill", field));
	else
		return true;
	return false;
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
		*micros = money_cost(e->parts, price_nanos(&p->prices, e->channel, day_at(p->org->days, e->occurred_at)));
	if (*micros <= MONEY_MICROS_MAX)
		return true;
	event_reject(item, "cost: more than a million dollars by the price list");
	return false;
}
