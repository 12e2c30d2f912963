/*
 * What stands of an event (see event_row.h): its row, the sum of its settlements, and what repricing made of its cost.
 */
#include <string.h>

#include "base/money.h"
#include "ledger/event_post.h"
#include "ledger/reprice.h"
#include "time/instant.h"

/* Adds the differences of the event's settlements. */
static enum status
add_settlements(struct db *db, const struct organization *org, const struct event_row *row, struct event_standing *s)
{
	struct query *q = db_query(db, "SELECT coalesce(sum(messages), 0), coalesce(sum(parts), 0), coalesce(sum(cost_micros), 0), "
	    "coalesce(max(cost_given), 0), count(*) FROM event WHERE " EVENT_IS_SETTLEMENT);

	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", row->source);
	query_bind_text(q, ":id", row->id);
	if (query_step(q)) {
		s->messages += query_int(q, 0);
		s->parts += query_int(q, 1);
		s->own_micros += query_int(q, 2);
		s->cost_given |= query_int(q, 3) != 0;
		s->settlements = query_int(q, 4);
	}
	return query_done(q);
}

/* Whether a new price changed the cost of the quarter-hour and channel of the event. */
static enum status
is_repriced(struct db *db, const struct organization *org, const struct event_row *row, bool *is)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND source = '" EVENT_REPRICE_SOURCE "' "
	    "AND occurred_at = :at AND channel = :channel LIMIT 1");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":at", floor_div(row->occurred_at, QUARTER_MS) * QUARTER_MS);
	query_bind_text(q, ":channel", channel_facts(row->channel)->name);
	*is = query_step(q);
	return query_done(q);
}

enum status
event_standing(struct db *db, const struct organization *org, const struct price_list *prices, const struct event_row *row,
    struct event_standing *s)
{
	bool was_failed = strcmp(row->status, "failed") == 0, is = false;
	enum status st;

	/* What a failed row says of parts and cost does not count, so a settlement that turns it into a sent one has all of them. */
	*s = (struct event_standing) { 0 };
	if (!was_failed)
		*s = (struct event_standing) { .messages = row->messages, .parts = row->parts, .own_micros = row->cost_micros,
			.cost_given = row->cost_given };
	if ((st = add_settlements(db, org, row, s)) != OK)
		return st;
	s->is_failed = was_failed && s->messages == 0;
	s->cost_micros = s->own_micros;
	if (s->cost_given || s->is_failed || (st = is_repriced(db, org, row, &is)) != OK || !is)
		return st;
	/*
	 * In a quarter-hour that was repriced the present price replaces what the rows say.  A row of the repricing covers all
	 * events of a sender and network, so the share of one can only be computed.  A sender without a row has nothing to adjust.
	 */
	s->cost_micros = money_cost(s->parts, price_nanos(prices, row->channel, day_at(org->days, row->occurred_at)));
	return OK;
}

/* Reprices the quarter-hour of a row, once in a post, if the organization's job has yet to do so. */
static enum status
reprice_first(struct post *p, const struct event_row *row)
{
	struct post_quarter q = { row->channel, floor_div(row->occurred_at, QUARTER_MS) };

	for (size_t i = p->repriced_count; i-- > 0;)
		if (p->repriced[i].quarter == q.quarter && p->repriced[i].channel == q.channel)
			return OK;
	p->repriced = arena_grow(p->arena, p->repriced, p->repriced_count, &p->repriced_max, sizeof(*p->repriced));
	p->repriced[p->repriced_count++] = q;
	return reprice_quarter_of(p->db, p->arena, p->org, &p->prices, &p->job, row->channel, row->occurred_at, p->rollup,
	    p->options);
}

enum status
event_standing_for_write(struct post *p, const struct event_row *row, struct event_standing *s)
{
	enum status st;

	if (!p->has_looked_for_job) {
		if ((st = job_find_open(p->db, p->arena, p->org->key, &p->has_job, &p->job)) != OK)
			return st;
		p->has_looked_for_job = true;
	}
	if (p->has_job && (st = reprice_first(p, row)) != OK)
		return st;
	return event_standing(p->db, p->org, &p->prices, row, s);
}
