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

/* Finds the last new price that changed the cost of the quarter-hour and channel of the event. */
static enum status
find_repricing(struct db *db, const struct organization *org, const struct event_row *row, struct event_repricing *repricing)
{
	struct query *q = db_query(db, "SELECT org_revision, reason FROM event WHERE org = :org "
	    "AND source = '" EVENT_REPRICE_SOURCE "' AND occurred_at = :at AND channel = :channel "
	    "ORDER BY reason IS NULL, org_revision DESC LIMIT 1");
	enum status st = OK, done;

	*repricing = (struct event_repricing) { 0 };
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":at", floor_div(row->occurred_at, QUARTER_MS) * QUARTER_MS);
	query_bind_text(q, ":channel", channel_facts(row->channel)->name);
	if (query_step(q))
		st = event_repricing_read(q, 0, 1, repricing);
	done = query_done(q);
	return st != OK ? st : done;
}

/*
 * Computes what an event costs that was repriced.  The row of the repricing covers all events of the quarter-hour, so the share
 * of one can only be computed: what was older costs that price, and later settlements have added what they say.
 */
static enum status
reprice(struct db *db, const struct organization *org, const struct event_row *row, const struct event_repricing *repricing,
    struct event_standing *s)
{
	struct query *q;

	if (s->settlements == 0) {
		s->cost_micros = money_cost(s->parts, repricing->nanos_per_part);
		return OK;
	}
	/* The index of settlements has no revisions: without this form SQLite would read the whole source by its key. */
	q = db_query(db, "SELECT coalesce(sum(e.parts), 0), coalesce(sum(e.cost_micros), 0) FROM (SELECT source AS own, "
	    "id AS settlement FROM event WHERE " EVENT_IS_SETTLEMENT ") AS s CROSS JOIN event e WHERE e.org = :org "
	    "AND e.source = s.own AND e.id = s.settlement AND e.org_revision >= :revision");
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":source", row->source);
	query_bind_text(q, ":id", row->id);
	query_bind_int(q, ":revision", repricing->revision);
	if (query_step(q))
		s->cost_micros = money_cost(s->parts - query_int(q, 0), repricing->nanos_per_part) + query_int(q, 1);
	return query_done(q);
}

enum status
event_standing(struct db *db, const struct organization *org, const struct price_list *prices, const struct event_row *row,
    struct event_standing *s)
{
	bool was_failed = strcmp(row->status, "failed") == 0;
	struct event_repricing repricing;
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
	if (s->cost_given || s->is_failed || (st = find_repricing(db, org, row, &repricing)) != OK || !repricing.is_there)
		return st;
	if (repricing.revision > 0)
		return row->org_revision < repricing.revision ? reprice(db, org, row, &repricing, s) : OK;
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
