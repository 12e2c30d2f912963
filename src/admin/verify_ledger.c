/*
 * The ledger as verify reads it: once, row by row, into sums that the invariants compare with what is stored.
 *
 * For days, events of a little more than the stretch are summed: every instant that some offset of the organization puts on
 * one of its days.  The digests and the rows by themselves are those of the stretch alone.
 */
#include <inttypes.h>
#include <string.h>

#include "quota/channel.h"
#include "time/instant.h"
#include "base/money.h"
#include "base/row_hash.h"
#include "admin/verify_invariants.h"

/* The columns that are hashed, in the table's order without detail_sha256 (schema.sql, ledger_day), and what else is selected. */
#define HASHED "e.org, e.source, e.id, e.occurred_at, e.channel, e.messages, e.parts, e.status, e.cost_micros, e.cost_given, " \
	"e.campaign_given, e.segment_given, e.campaign, e.segment, e.voids_id, e.credential, e.received_at"
enum { HASHED_COUNT = 17, SOURCE = 1, ID = 2, AT = 3, CHANNEL = 4, MESSAGES = 5, PARTS = 6, STATUS = 7, COST = 8, COST_GIVEN = 9,
	VOID_FAULT = 17, LACKS_CONTACT = 18, LACKS_REQUEST = 19, IS_ADJUSTED = 20 };

/* A day's price may be looked for so many days away: recomputed day boundaries leave pinned costs as they are. */
enum { DAYS_AROUND = 2 };

struct sum {
	bool is_used;
	int64_t messages, parts, cost;
	int64_t priced, least, most;	/* of events without a given cost: what they cost, and by the prices */
};

struct price_range {
	bool is_known;
	int64_t least, most;		/* nanos a part, around a day */
};

/* What is being summed: one quarter-hour and one day of UTC at a time, for the rows come in the order of their instants. */
struct pass {
	struct verify *v;
	int64_t from_at, until_at;	/* of the stretch itself */
	int64_t quarter, day, price_day;
	struct sum of[CHANNEL_COUNT];
	struct price_range price[CHANNEL_COUNT];
	int64_t events, digest;
	bool has_adjusts;
};

int64_t
verify_from_at(const struct stretch *s)
{
	return s->is_first ? INT64_MIN : s->from * DAY_MS;
}

int64_t
verify_until_at(const struct stretch *s)
{
	return s->is_last ? INT64_MAX : s->until * DAY_MS;
}

enum status
verify_ledger_begin(struct verify *v)
{
	enum status st;

	st = query_run(db_query(v->db, "CREATE TEMP TABLE IF NOT EXISTS ledger_sum_quarter (quarter INTEGER, channel TEXT, "
	    "messages INTEGER, parts INTEGER, cost INTEGER, priced INTEGER, least INTEGER, most INTEGER)"));
	if (st != OK)
		return st;
	return query_run(db_query(v->db, "CREATE TEMP TABLE IF NOT EXISTS ledger_sum_day (day INTEGER, events INTEGER, "
	    "digest INTEGER)"));
}

/* ---- Prices */

/* What a part costs on a day: the organization's own price if it has one by then, else the common one, else nothing. */
static enum status
price_on(struct verify *v, enum channel c, int64_t day, int64_t *nanos)
{
	struct query *q = db_query(v->db, "SELECT nanos_per_part FROM price WHERE (org = :org OR org IS NULL) AND channel = :channel "
	    "AND valid_from <= :day ORDER BY org IS NULL, valid_from DESC LIMIT 1");

	query_bind_int(q, ":org", v->org);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":day", day);
	*nanos = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

static enum status
price_around(struct pass *p, enum channel c, struct price_range *range)
{
	enum status st = OK;
	int64_t nanos;

	*range = (struct price_range) { .is_known = true, .least = INT64_MAX };
	for (int64_t d = p->price_day - DAYS_AROUND; st == OK && d <= p->price_day + DAYS_AROUND; d++) {
		if ((st = price_on(p->v, c, d, &nanos)) != OK)
			break;
		range->least = nanos < range->least ? nanos : range->least;
		range->most = nanos > range->most ? nanos : range->most;
	}
	return st;
}

static enum status
add_price(struct pass *p, struct sum *s, enum channel c, int64_t parts, int64_t cost)
{
	struct price_range *range = &p->price[c];
	int64_t a, b;
	enum status st;

	if (!range->is_known && (st = price_around(p, c, range)) != OK)
		return st;
	a = money_cost(parts, range->least);
	b = money_cost(parts, range->most);
	s->priced += cost;
	s->least += a < b ? a : b;
	s->most += a < b ? b : a;
	return OK;
}

/* ---- Sums */

static enum status
end_quarter(struct pass *p)
{
	struct query *q = db_query(p->v->db, "INSERT INTO temp.ledger_sum_quarter (quarter, channel, messages, parts, cost, priced, "
	    "least, most) VALUES (:quarter, :channel, :messages, :parts, :cost, :priced, :least, :most)");
	enum status st = OK;

	for (int c = 0; st == OK && c < CHANNEL_COUNT; c++) {
		if (!p->of[c].is_used)
			continue;
		query_bind_int(q, ":quarter", p->quarter);
		query_bind_text(q, ":channel", channel_facts((enum channel)c)->name);
		query_bind_int(q, ":messages", p->of[c].messages);
		query_bind_int(q, ":parts", p->of[c].parts);
		query_bind_int(q, ":cost", p->of[c].cost);
		query_bind_int(q, ":priced", p->of[c].priced);
		query_bind_int(q, ":least", p->of[c].least);
		query_bind_int(q, ":most", p->of[c].most);
		st = query_run(q);
	}
	memset(p->of, 0, sizeof(p->of));
	return st;
}

static enum status
end_day(struct pass *p)
{
	struct query *q = db_query(p->v->db, "INSERT INTO temp.ledger_sum_day (day, events, digest) VALUES (:day, :events, :digest)");
	enum status st = OK;

	if (p->events > 0) {
		query_bind_int(q, ":day", p->day);
		query_bind_int(q, ":events", p->events);
		query_bind_int(q, ":digest", p->digest);
		st = query_run(q);
	}
	p->events = p->digest = 0;
	return st;
}

static enum status
add_to_quarter(struct pass *p, struct query *q)
{
	int64_t cost = query_int(q, COST), parts = query_int(q, PARTS);
	enum channel c;
	struct sum *s;

	if (!channel_parse(query_text(q, CHANNEL), &c)) {
		verify_differs(p->v, "event \"%s\" of source \"%s\": unknown channel", query_text(q, ID), query_text(q, SOURCE));
		return OK;
	}
	if (strcmp(query_text(q, STATUS), "failed") == 0)
		return OK;
	s = &p->of[c];
	s->is_used = true;
	s->messages += query_int(q, MESSAGES);
	s->parts += parts;
	s->cost += cost;
	return query_int(q, COST_GIVEN) == 0 && query_int(q, IS_ADJUSTED) == 0 ? add_price(p, s, c, parts, cost) : OK;
}

/* ---- Rows by themselves */

static void
check_row(struct verify *v, struct query *q)
{
	const char *id = query_text(q, ID), *source = query_text(q, SOURCE);

	if (query_int(q, VOID_FAULT) != 0)
		verify_differs(v, "void \"%s\" of source \"%s\": %s", id, source,
		    query_int(q, VOID_FAULT) == 2 ? "names no event that can be voided" : "does not take back what its event says");
	if (query_int(q, LACKS_CONTACT) != 0)
		verify_differs(v, "failed event \"%s\" of source \"%s\": its failed contact is missing", id, source);
	if (query_int(q, LACKS_REQUEST) != 0)
		verify_differs(v, "event \"%s\" of source \"%s\": no request for these results", id, source);
}

static enum status
add_row(struct pass *p, struct query *q)
{
	int64_t at = query_int(q, AT), quarter = floor_div(at, QUARTER_MS), day = floor_div(at, DAY_MS);
	struct row_hash h;
	enum status st;

	if (quarter != p->quarter) {
		if ((st = end_quarter(p)) != OK)
			return st;
		p->quarter = quarter;
	}
	if (day != p->day) {
		if ((st = end_day(p)) != OK)
			return st;
		p->day = p->price_day = day;	/* a day of UTC is less than a day away from the local one */
		memset(p->price, 0, sizeof(p->price));
	}
	if ((st = add_to_quarter(p, q)) != OK || at < p->from_at || at >= p->until_at)
		return st;
	row_hash_start(&h);
	query_hash(q, 0, HASHED_COUNT, &h);
	p->digest = row_hash_sum(p->digest, row_hash_end(&h));
	p->events++;
	p->v->report->events++;
	check_row(p->v, q);
	return OK;
}

/* ---- The reading */

static enum status
clear(struct verify *v)
{
	enum status st = query_run(db_query(v->db, "DELETE FROM temp.ledger_sum_quarter"));

	return st == OK ? query_run(db_query(v->db, "DELETE FROM temp.ledger_sum_day")) : st;
}

/* Whether a statement has fixed a cost of this organization: only then each priced event is asked for it. */
static enum status
look_for_adjusts(struct pass *p)
{
	struct query *q = db_query(p->v->db, "SELECT 1 FROM event WHERE org = :org AND source >= 'daybook:adjust:' "
	    "AND source < 'daybook:adjust;' LIMIT 1");

	query_bind_int(q, ":org", p->v->org);
	p->has_adjusts = query_step(q);
	return query_done(q);
}

enum status
verify_ledger_read(struct verify *v, const struct stretch *s)
{
	struct pass p = { .v = v, .from_at = verify_from_at(s), .until_at = verify_until_at(s), .quarter = INT64_MIN,
		.day = INT64_MIN };
	struct query *q;
	enum status st;

	if ((st = clear(v)) != OK || (st = look_for_adjusts(&p)) != OK)
		return st;
	q = db_query(v->db, "SELECT " HASHED ", "
	    "CASE WHEN e.voids_id IS NULL THEN 0 WHEN t.id IS NULL THEN 2 "
	    "WHEN t.status <> 'sent' AND t.status <> 'failed' THEN 2 "
	    "WHEN e.occurred_at <> t.occurred_at OR e.channel <> t.channel "
	    "OR e.messages <> CASE t.status WHEN 'sent' THEN -t.messages ELSE 0 END "
	    "OR e.parts <> CASE t.status WHEN 'sent' THEN -t.parts ELSE 0 END "
	    "OR e.campaign IS DISTINCT FROM t.campaign OR e.segment IS DISTINCT FROM t.segment THEN 1 ELSE 0 END, "
	    "CASE WHEN e.status <> 'failed' THEN 0 "
	    "WHEN EXISTS (SELECT 1 FROM failure f WHERE f.org = e.org AND f.source = e.source AND f.id = e.id) THEN 0 "
	    "WHEN EXISTS (SELECT 1 FROM event w WHERE w.org = e.org AND w.source = e.source AND w.voids_id = e.id) THEN 0 "
	    "ELSE 1 END, "
	    /* The id of such an event is CAMPAIGN/RESULTS/NAME; its request's is CAMPAIGN/RESULTS. */
	    "CASE WHEN e.source <> 'daybook:results' THEN 0 WHEN EXISTS (SELECT 1 FROM request r WHERE r.org = e.org "
	    "AND r.kind = 'results' AND r.id || '/' = rtrim(e.id, replace(e.id, '/', ''))) THEN 0 ELSE 1 END, "
	    "CASE WHEN :has_adjusts = 0 OR e.cost_given = 1 THEN 0 WHEN EXISTS (SELECT 1 FROM event a WHERE a.org = e.org "
	    "AND a.source = 'daybook:adjust:' || e.source AND a.id > coalesce(e.voids_id, e.id) || char(31) "
	    "AND a.id < coalesce(e.voids_id, e.id) || char(32)) THEN 1 ELSE 0 END "
	    "FROM event e LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE e.org = :org AND e.occurred_at >= :from_at AND e.occurred_at < :until_at ORDER BY e.occurred_at");
	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":has_adjusts", p.has_adjusts);
	query_bind_int(q, ":from_at", s->is_first ? INT64_MIN : p.from_at - (v->offset_max > 0 ? v->offset_max : 0) * SECOND_MS);
	query_bind_int(q, ":until_at", s->is_last ? INT64_MAX : p.until_at - (v->offset_min < 0 ? v->offset_min : 0) * SECOND_MS);
	while (st == OK && query_step(q))
		st = add_row(&p, q);
	if (query_done(q) != OK || st != OK)
		return st != OK ? st : UNAVAILABLE;
	return (st = end_quarter(&p)) == OK ? end_day(&p) : st;
}
