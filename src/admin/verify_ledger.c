/*
 * The one pass over the ledger: reads it row by row into temporary tables of sums, which the invariants compare with what is
 * stored, and checks what concerns a single row.
 *
 * For local days, it sums the events of a little more than the stretch: of every instant that some offset of the organization
 * can place on one of its days.  Digests and the checks of single rows cover the stretch alone, or rows would count twice.
 */
#include <inttypes.h>
#include <string.h>

#include "quota/channel.h"
#include "time/instant.h"
#include "base/money.h"
#include "base/row_hash.h"
#include "admin/verify_invariants.h"

/*
 * The columns that are hashed: those of the table in their order, without detail_sha256, and the actor's texts
 * in the place of its key (schema.sql, ledger_day).  After them
 * come the results of the checks that the SELECT makes itself.
 */
#define HASHED "e.org, e.source, e.id, e.occurred_at, e.channel, e.messages, e.parts, e.status, e.cost_micros, e.cost_given, " \
	"e.campaign_given, e.segment_given, e.campaign, e.segment, e.voids_id, e.settles_id, e.reason, e.sender, e.network, " \
	"e.tag, w.credential, w.name, e.org_revision, e.received_at"
enum { HASHED_COUNT = 24, SOURCE = 1, ID = 2, AT = 3, CHANNEL = 4, MESSAGES = 5, PARTS = 6, STATUS = 7, COST = 8, COST_GIVEN = 9,
	SENDER = 17, NETWORK = 18, REVISION = 22,
	VOID_FAULT = 24, LACKS_CONTACT = 25, LACKS_REQUEST = 26, HAS_GIVEN_COST = 27, PRICED_PARTS = 28 };

/* The settlements of an event, each `a`: of the same source, or of 'daybook:adjust:' before it. */
#define SETTLES(source, id) "a.org = e.org AND a.source IN (" source ", 'daybook:adjust:' || " source ") AND a.settles_id = " id
/* What they have added to the event that this row is, or that it voids. */
#define SETTLED(column, id) "CASE WHEN :has_settlements = 0 THEN 0 ELSE coalesce((SELECT sum(a." column ") FROM event a " \
	"WHERE " SETTLES("e.source", id) "), 0) END"
/* The source of an event that this row, perhaps a settlement by a statement, is about. */
#define EVENT_SOURCE "CASE WHEN substr(e.source, 1, 15) = 'daybook:adjust:' THEN substr(e.source, 16) ELSE e.source END"

struct sum {
	bool is_used;
	int64_t messages, parts, cost;
	int64_t priced, least, most;	/* of events without a given cost: the cost, and its bounds by the prices */
};

/*
 * The state of the pass: one quarter-hour and one day of UTC at a time, because the rows come in the order of their instants.
 */
struct pass {
	struct verify *v;
	int64_t from_at, until_at;	/* the stretch itself, without the margin */
	int64_t quarter, day, price_day;
	struct sum of[CHANNEL_COUNT];
	struct price_range price[CHANNEL_COUNT];
	int64_t events, digest;
	bool has_settlements;
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

/* Runs statements until one fails. */
static enum status
run_each(struct verify *v, const char *const sql[3])
{
	enum status st = OK;

	for (int i = 0; st == OK && i < 3; i++)
		st = query_run(db_query(v->db, sql[i]));
	return st;
}

enum status
verify_ledger_begin(struct verify *v)
{
	static const char *const sql[] = {
		"CREATE TEMP TABLE IF NOT EXISTS ledger_sum_quarter (quarter INTEGER, channel TEXT, messages INTEGER, parts INTEGER, "
		"cost INTEGER, priced INTEGER, least INTEGER, most INTEGER)",
		"CREATE TEMP TABLE IF NOT EXISTS ledger_sum_day (day INTEGER, events INTEGER, digest INTEGER)",
		"CREATE TEMP TABLE IF NOT EXISTS ledger_origin (quarter INTEGER, channel TEXT, sender TEXT, network TEXT, "
		"messages INTEGER, parts INTEGER, cost INTEGER)" };
	enum status st = run_each(v, sql);

	return st == OK ? verify_statement_tables(v) : st;
}

/* ---- Prices */

/*
 * Adds a priced event to its sums.  The true cost lies between what the lowest and the highest price make of its parts; a void
 * has negative parts, for which the two change places.
 */
static enum status
add_price(struct pass *p, struct sum *s, enum channel c, int64_t parts, int64_t cost)
{
	struct price_range *range = &p->price[c];
	int64_t a, b;
	enum status st;

	if (!range->is_known && (st = verify_price_around(p->v, c, p->price_day, range)) != OK)
		return st;
	a = money_cost(parts, range->least);
	b = money_cost(parts, range->most);
	s->priced += cost;
	s->least += a < b ? a : b;
	s->most += a < b ? b : a;
	return OK;
}

/* ---- Sums */

/* Stores the sums of the quarter-hour that ends, a row for each channel that had events, and starts the next. */
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

/* Stores the number and the digest of the events of the UTC day that ends. */
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
	return st == OK ? verify_statement_end_day(p->v, p->day) : st;
}

/* Keeps a row that has a sender or a network, for their roll-up. */
static enum status
add_origin(struct pass *p, struct query *q)
{
	struct query *insert;

	if (query_is_null(q, SENDER) && query_is_null(q, NETWORK))
		return OK;
	insert = db_query(p->v->db, "INSERT INTO temp.ledger_origin (quarter, channel, sender, network, messages, parts, cost) "
	    "VALUES (:quarter, :channel, :sender, :network, :messages, :parts, :cost)");
	query_bind_int(insert, ":quarter", p->quarter);
	query_bind_text(insert, ":channel", query_text(q, CHANNEL));
	query_bind_text(insert, ":sender", query_text(q, SENDER));
	query_bind_text(insert, ":network", query_text(q, NETWORK));
	query_bind_int(insert, ":messages", query_int(q, MESSAGES));
	query_bind_int(insert, ":parts", query_int(q, PARTS));
	query_bind_int(insert, ":cost", query_int(q, COST));
	return query_run(insert);
}

/*
 * Adds a row to the sums of its channel; failed events count nothing.  Prices must account for the cost of events without a
 * given cost, with all rows of theirs and the rows of new prices, but not for a cost that a settlement has given.
 */
static enum status
add_to_quarter(struct pass *p, struct query *q)
{
	bool is_failed = strcmp(query_text(q, STATUS), "failed") == 0;
	int64_t cost = query_int(q, COST);
	enum status st;
	enum channel c;
	struct sum *s;

	if (!channel_parse(query_text(q, CHANNEL), &c)) {
		verify_differs(p->v, "event \"%s\" of source \"%s\": unknown channel", query_text(q, ID), query_text(q, SOURCE));
		return OK;
	}
	s = &p->of[c];
	if (!is_failed) {
		s->is_used = true;
		s->messages += query_int(q, MESSAGES);
		s->parts += query_int(q, PARTS);
		s->cost += cost;
		if ((st = add_origin(p, q)) != OK)
			return st;
	}
	/* The cost that a failed event was posted with, nothing, says nothing about what it costs if it was sent after all. */
	if (query_int(q, HAS_GIVEN_COST) != 0 || (query_int(q, COST_GIVEN) != 0 && !is_failed))
		return OK;
	return add_price(p, s, c, query_int(q, PRICED_PARTS), cost);
}

/* ---- Single rows */

/* Reports what the SELECT found wrong with this row. */
static void
check_row(struct verify *v, struct query *q)
{
	const char *id = query_text(q, ID), *source = query_text(q, SOURCE);

	if (query_int(q, VOID_FAULT) != 0)
		verify_differs(v, "void \"%s\" of source \"%s\": %s", id, source,
		    query_int(q, VOID_FAULT) == 2 ? "names no event that can be voided" : "does not subtract exactly its event");
	if (query_int(q, LACKS_CONTACT) != 0)
		verify_differs(v, "failed event \"%s\" of source \"%s\": its failed contact is missing", id, source);
	if (query_int(q, LACKS_REQUEST) != 0)
		verify_differs(v, "event \"%s\" of source \"%s\": the request that reported it is missing", id, source);
}

/* Adds a row to the digest of its day, and to those of the statements that had it. */
static void
add_to_day(struct pass *p, struct query *q, int64_t hash)
{
	struct verify_row row = { .at = query_int(q, AT), .revision = query_int(q, REVISION), .hash = hash,
		.messages = query_int(q, MESSAGES), .parts = query_int(q, PARTS), .cost = query_int(q, COST),
		.is_failed = strcmp(query_text(q, STATUS), "failed") == 0 };

	p->digest = row_hash_sum(p->digest, hash);
	p->events++;
	row.is_known = channel_parse(query_text(q, CHANNEL), &row.channel);
	verify_statement_row(p->v, &row);
}

/*
 * Takes one row.  Ends the quarter-hour or the day before when another one begins; a row of the margin counts for
 * quarter-hours only.
 */
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
		verify_statement_day(p->v, day);
		p->day = p->price_day = day;	/* the UTC day instead of the local one, which is less than a day away */
		memset(p->price, 0, sizeof(p->price));
	}
	if ((st = add_to_quarter(p, q)) != OK || at < p->from_at || at >= p->until_at)
		return st;
	row_hash_start(&h);
	query_hash(q, 0, HASHED_COUNT, &h);
	add_to_day(p, q, row_hash_end(&h));
	p->v->report->events++;
	check_row(p->v, q);
	return OK;
}

/* ---- The pass */

static enum status
clear(struct verify *v)
{
	static const char *const sql[] = { "DELETE FROM temp.ledger_sum_quarter", "DELETE FROM temp.ledger_sum_day",
		"DELETE FROM temp.ledger_origin" };
	enum status st = run_each(v, sql);

	return st == OK ? query_run(db_query(v->db, "DELETE FROM temp.ledger_reported")) : st;
}

/* Whether this organization has settlements at all: if not, the SELECT need not look for one for each priced event. */
static enum status
look_for_settlements(struct pass *p)
{
	struct query *q = db_query(p->v->db, "SELECT 1 FROM event WHERE org = :org AND settles_id IS NOT NULL LIMIT 1");

	query_bind_int(q, ":org", p->v->org);
	p->has_settlements = query_step(q);
	return query_done(q);
}

/*
 * One SELECT gives each row with its checks.  In it, t is the event that a void names, v a void of this event, a a
 * settlement, w who wrote the row.  The margin on either side is the offset that reaches furthest; the first and last stretch
 * have no bounds.
 */
enum status
verify_ledger_read(struct verify *v, const struct stretch *s)
{
	struct pass p = { .v = v, .from_at = verify_from_at(s), .until_at = verify_until_at(s), .quarter = INT64_MIN,
		.day = INT64_MIN };
	struct query *q;
	enum status st;

	if ((st = clear(v)) != OK || (st = look_for_settlements(&p)) != OK)
		return st;
	q = db_query(v->db, "SELECT " HASHED ", "
	    "CASE WHEN e.voids_id IS NULL THEN 0 WHEN t.id IS NULL THEN 2 "
	    "WHEN t.status <> 'sent' AND t.status <> 'failed' THEN 2 "
	    "WHEN e.occurred_at <> t.occurred_at OR e.channel <> t.channel "
	    "OR e.messages + CASE t.status WHEN 'sent' THEN t.messages ELSE 0 END + " SETTLED("messages", "e.voids_id") " <> 0 "
	    "OR e.parts + CASE t.status WHEN 'sent' THEN t.parts ELSE 0 END + " SETTLED("parts", "e.voids_id") " <> 0 "
	    "OR e.campaign IS DISTINCT FROM t.campaign OR e.segment IS DISTINCT FROM t.segment "
	    "OR e.sender IS DISTINCT FROM t.sender OR e.network IS DISTINCT FROM t.network OR e.tag IS DISTINCT FROM t.tag "
	    "THEN 1 ELSE 0 END, "
	    "CASE WHEN e.status <> 'failed' THEN 0 "
	    "WHEN EXISTS (SELECT 1 FROM failure f WHERE f.org = e.org AND f.source = e.source AND f.id = e.id) THEN 0 "
	    "WHEN EXISTS (SELECT 1 FROM event v WHERE v.org = e.org AND v.source = e.source AND v.voids_id = e.id) THEN 0 "
	    "WHEN " SETTLED("messages", "e.id") " = 1 THEN 0 ELSE 1 END, "
	    /* The id of such an event is CAMPAIGN/RESULTS/NAME; the id of its request is CAMPAIGN/RESULTS. */
	    "CASE WHEN e.source <> 'daybook:results' THEN 0 WHEN EXISTS (SELECT 1 FROM request r WHERE r.org = e.org "
	    "AND r.kind = 'results' AND r.id || '/' = rtrim(e.id, replace(e.id, '/', ''))) THEN 0 ELSE 1 END, "
	    "CASE WHEN :has_settlements = 0 THEN 0 ELSE EXISTS (SELECT 1 FROM event a WHERE "
	    SETTLES(EVENT_SOURCE, "coalesce(e.voids_id, e.settles_id, e.id)") " AND a.cost_given = 1) END, "
	    /* All parts of an event are priced in one sum, as its cost is rounded once. */
	    "CASE e.status WHEN 'adjust' THEN 0 WHEN 'void' THEN e.parts "
	    "ELSE CASE e.status WHEN 'sent' THEN e.parts ELSE 0 END + " SETTLED("parts", "e.id") " END "
	    "FROM event e LEFT JOIN actor w ON w.key = e.actor "
	    "LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE e.org = :org AND e.occurred_at >= :from_at AND e.occurred_at < :until_at ORDER BY e.occurred_at");
	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":has_settlements", p.has_settlements);
	query_bind_int(q, ":from_at", s->is_first ? INT64_MIN : p.from_at - (v->offset_max > 0 ? v->offset_max : 0) * SECOND_MS);
	query_bind_int(q, ":until_at", s->is_last ? INT64_MAX : p.until_at - (v->offset_min < 0 ? v->offset_min : 0) * SECOND_MS);
	while (st == OK && query_step(q))
		st = add_row(&p, q);
	if (query_done(q) != OK || st != OK)
		return st != OK ? st : UNAVAILABLE;
	return (st = end_quarter(&p)) == OK ? end_day(&p) : st;
}
