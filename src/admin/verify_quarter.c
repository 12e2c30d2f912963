/*
 * The sums of the ledger by quarter-hour and channel, as the pass over it goes on: compared with the roll-up's rows, which are
 * read beside it in the same order, and with what the price list says that their events may cost.
 */
#include <inttypes.h>
#include <string.h>

#include "base/money.h"
#include "admin/verify_invariants.h"

/* ---- Prices */

/*
 * An event may have been priced on a local day that differs from its present one: recomputed day boundaries leave recorded
 * costs as they are.  So prices of these days around it are accepted.
 */
enum { DAYS_AROUND = 2 };

/*
 * What a part costs on a day: the organization's own price if it has one by then, otherwise the common one, otherwise
 * nothing.  Written again rather than shared with price.c, which it checks.
 */
static enum status
price_on(struct verify *v, enum channel c, int64_t day, int64_t *nanos)
{
	struct query *q = db_query(v->db, "SELECT nanos_per_part FROM price WHERE (org = :org OR (org IS NULL AND currency = "
	    "(SELECT o.currency FROM organization o WHERE o.key = :org))) AND channel = :channel "
	    "AND valid_from <= :day ORDER BY org IS NULL, valid_from DESC LIMIT 1");

	query_bind_int(q, ":org", v->org);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":day", day);
	*nanos = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

/* The lowest and the highest price of a part on the days around one. */
static enum status
price_around(struct verify *v, enum channel c, int64_t day, struct price_range *range)
{
	enum status st = OK;
	int64_t nanos;

	*range = (struct price_range) { .is_known = true, .least = INT64_MAX };
	for (int64_t d = day - DAYS_AROUND; st == OK && d <= day + DAYS_AROUND; d++) {
		if ((st = price_on(v, c, d, &nanos)) != OK)
			break;
		range->least = nanos < range->least ? nanos : range->least;
		range->most = nanos > range->most ? nanos : range->most;
	}
	return st;
}

/*
 * Adds a priced event to its sums.  The true cost lies between what the lowest and the highest price make of its parts; a void
 * has negative parts, for which the two change places.  The day is that of UTC, which is less than a day away from the local one.
 */
static enum status
add_price(struct verify_quarter *u, enum channel c, int64_t parts, int64_t cost)
{
	struct price_range *range = &u->price[c];
	struct verify_sum *s = &u->of[c];
	int64_t a, b;
	enum status st;

	if (!range->is_known && (st = price_around(u->v, c, u->day, range)) != OK)
		return st;
	a = money_cost(parts, range->least);
	b = money_cost(parts, range->most);
	s->priced += cost;
	s->least += a < b ? a : b;
	s->most += a < b ? b : a;
	return OK;
}

/* Reports a cost that no price gives, unless a job has yet to reprice it: until then it is what another price says. */
static enum status
check_price(struct verify_quarter *u, enum channel c)
{
	char at[INSTANT_TEXT_MAX], priced[MONEY_TEXT_MAX], least[MONEY_TEXT_MAX], most[MONEY_TEXT_MAX];
	const struct verify_sum *s = &u->of[c];
	struct query *q;

	if (!s->is_used || (s->priced >= s->least && s->priced <= s->most))
		return OK;
	q = db_query(u->v->db, "SELECT 1 FROM job WHERE org = :org AND ended_at IS NULL AND kind = 'reprice' "
	    "AND channel = :channel AND :quarter >= next_quarter AND :quarter < end_quarter");
	query_bind_int(q, ":org", u->v->org);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":quarter", u->quarter);
	if (!query_step(q))
		verify_differs(u->v, "cost %s %s: priced events cost %s; by the price list it should be %s to %s",
		    verify_quarter_text(u->quarter, at), channel_facts(c)->name, money_format(s->priced, priced),
		    money_format(s->least, least), money_format(s->most, most));
	return query_done(q);
}

/* ---- The roll-up */

enum { QUARTER, CHANNEL, MESSAGES, PARTS, COST };

/* Reports a row of the roll-up, or one that is missing and all 0, if it differs from the ledger or is negative. */
static void
compare(struct verify_quarter *u, int64_t quarter, const char *channel, const struct verify_sum *has,
    const struct verify_sum *says)
{
	char at[INSTANT_TEXT_MAX], cost[MONEY_TEXT_MAX], should[MONEY_TEXT_MAX];

	if (has->messages != says->messages || has->parts != says->parts || has->cost != says->cost || has->messages < 0 ||
	    has->parts < 0)
		verify_differs(u->v, "usage_quarter %s %s: has %" PRId64 " messages, %" PRId64 " parts, %s; the ledger says %" PRId64
		    " messages, %" PRId64 " parts, %s", verify_quarter_text(quarter, at), channel, has->messages, has->parts,
		    money_format(has->cost, cost), says->messages, says->parts, money_format(says->cost, should));
}

/* Compares the rows of the roll-up before the present quarter-hour, which have no event, and those of it; *seen are theirs. */
static void
compare_stored(struct verify_quarter *u, bool seen[CHANNEL_COUNT])
{
	static const struct verify_sum none;
	struct query *q = u->stored;
	enum channel c;
	bool is_here;

	if (!u->has_begun)
		u->has_stored = query_step(q);
	u->has_begun = true;
	for (; u->has_stored && query_int(q, QUARTER) <= u->quarter; u->has_stored = query_step(q)) {
		is_here = query_int(q, QUARTER) == u->quarter && channel_parse(query_text(q, CHANNEL), &c);
		if (is_here)
			seen[c] = true;
		compare(u, query_int(q, QUARTER), query_text(q, CHANNEL), &(const struct verify_sum) {
		    .messages = query_int(q, MESSAGES), .parts = query_int(q, PARTS), .cost = query_int(q, COST) },
		    is_here ? &u->of[c] : &none);
	}
}

enum status
verify_quarter_begin(struct verify_quarter *u, int64_t quarter)
{
	static const struct verify_sum none;
	bool seen[CHANNEL_COUNT] = { false };
	enum status st = OK;

	if (quarter == u->quarter)
		return OK;
	compare_stored(u, seen);
	for (int c = 0; st == OK && c < CHANNEL_COUNT; c++) {
		if (!seen[c])
			compare(u, u->quarter, channel_facts((enum channel)c)->name, &none, &u->of[c]);
		st = check_price(u, (enum channel)c);
	}
	memset(u->of, 0, sizeof(u->of));
	u->quarter = quarter;
	/* After the last event, what is left of the roll-up has none. */
	if (quarter == INT64_MAX)
		compare_stored(u, seen);
	else if (u->day != floor_div(quarter * QUARTER_MS, DAY_MS)) {
		u->day = floor_div(quarter * QUARTER_MS, DAY_MS);
		memset(u->price, 0, sizeof(u->price));
	}
	return st;
}

/*
 * Failed events count nothing.  Prices must account for the cost of events without a given cost, with all rows of theirs and the
 * rows of new prices, but not for a cost that a settlement has given.
 */
enum status
verify_quarter_add(struct verify_quarter *u, const struct verify_row *row, const struct verify_priced *priced)
{
	struct verify_sum *s = &u->of[row->channel];

	if (!row->is_failed) {
		s->is_used = true;
		s->messages += row->messages;
		s->parts += row->parts;
		s->cost += row->cost;
	}
	return priced != NULL ? add_price(u, row->channel, priced->parts, row->cost) : OK;
}
