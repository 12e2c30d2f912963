/*
 * The one pass over the ledger: reads it row by row into temporary tables of sums, which the invariants compare with what is
 * stored, and checks what concerns a single row.
 */
#include <inttypes.h>
#include <string.h>

#include "quota/channel.h"
#include "base/buf.h"
#include "time/instant.h"
#include "base/money.h"
#include "base/row_hash.h"
#include "admin/verify_invariants.h"

/*
 * The columns that are hashed: those of the table in their order, without detail_sha256, and with the actor's texts in the place
 * of its key (schema.sql, ledger_day).
 */
#define HASHED "e.org, e.source, e.id, e.occurred_at, e.channel, e.messages, e.parts, e.status, e.cost_micros, e.cost_given, " \
	"e.campaign_given, e.segment_given, e.campaign, e.segment, e.voids_id, e.settles_id, e.reason, e.sender, e.network, " \
	"e.tag, e.actor, e.org_revision, e.received_at"
enum { HASHED_COUNT = 23, SOURCE = 1, ID = 2, AT = 3, CHANNEL = 4, MESSAGES = 5, PARTS = 6, STATUS = 7, COST = 8, COST_GIVEN = 9,
	SENDER = 17, NETWORK = 18, ACTOR = 20, REVISION = 21 };

/*
 * The state of the pass: one quarter-hour and one day of UTC at a time, because the rows come in the order of their instants.
 */
struct pass {
	struct verify *v;
	int64_t day;
	int64_t actor;			/* of the last row, with its texts; 0 = none */
	struct buf credential, name;
	struct verify_quarter quarter;
	int64_t events, digest;
	struct query *corrections;	/* the instants of settlements, other adjustments and voids, in their order */
	int64_t correction_at;		/* the first of them that is not before the present row; INT64_MAX = none */
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
run_each(struct verify *v, const char *const sql[2])
{
	enum status st = OK;

	for (int i = 0; st == OK && i < 2; i++)
		st = query_run(db_query(v->db, sql[i]));
	return st;
}

enum status
verify_ledger_begin(struct verify *v)
{
	static const char *const sql[] = {
		"CREATE TEMP TABLE IF NOT EXISTS ledger_sum_day (day INTEGER, events INTEGER, digest INTEGER)",
		"CREATE TEMP TABLE IF NOT EXISTS ledger_origin (quarter INTEGER, channel TEXT, sender TEXT, network TEXT, "
		"messages INTEGER, parts INTEGER, cost INTEGER)" };
	enum status st = run_each(v, sql);

	return st == OK ? verify_statement_tables(v) : st;
}

/* ---- Sums */

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
	query_bind_int(insert, ":quarter", p->quarter.quarter);
	query_bind_text(insert, ":channel", query_text(q, CHANNEL));
	query_bind_text(insert, ":sender", query_text(q, SENDER));
	query_bind_text(insert, ":network", query_text(q, NETWORK));
	query_bind_int(insert, ":messages", query_int(q, MESSAGES));
	query_bind_int(insert, ":parts", query_int(q, PARTS));
	query_bind_int(insert, ":cost", query_int(q, COST));
	return query_run(insert);
}

/* Adds a row to the sums of its quarter-hour. */
static enum status
add_to_quarter(struct pass *p, struct query *q, const struct verify_row *row, const struct verify_priced *priced)
{
	enum status st;

	if (!row->is_known) {
		verify_differs(p->v, "event \"%s\" of source \"%s\": unknown channel", query_text(q, ID), query_text(q, SOURCE));
		return OK;
	}
	/* The cost that a failed event was posted with, nothing, says nothing about what it costs if it was sent after all. */
	st = verify_quarter_add(&p->quarter, row,
	    priced->has_given_cost || (!row->is_failed && query_int(q, COST_GIVEN) != 0) ? NULL : priced);
	return st != OK || row->is_failed ? st : add_origin(p, q);
}

/* ---- Rows */

/*
 * Whether a row has to be checked by itself.  Most are events that nothing corrects: corrections lie at the instant of their
 * event (event.void and event.settles say which do not).
 */
static bool
needs_check(struct pass *p, struct query *q, const struct verify_row *row)
{
	while (p->correction_at < row->at)
		p->correction_at = query_step(p->corrections) ? query_int(p->corrections, 0) : INT64_MAX;
	return p->correction_at == row->at || row->is_failed || strncmp(query_text(q, SOURCE), "daybook:", 8) == 0;
}

/* Reads the texts of an actor, unless the last row had it too, as is usual.  One that is missing has empty ones. */
static enum status
load_actor(struct pass *p, int64_t actor)
{
	struct query *q;

	if (p->actor == actor)
		return OK;
	p->actor = actor;
	buf_reset(&p->credential);
	buf_reset(&p->name);
	q = db_query(p->v->db, "SELECT credential, name FROM actor WHERE key = :actor");
	query_bind_int(q, ":actor", actor);
	if (query_step(q)) {
		buf_put_text(&p->credential, query_text(q, 0));
		buf_put_text(&p->name, query_text(q, 1));
	}
	return query_done(q);
}

/* Adds a row to the digest of its day, and to those of the statements that had it. */
static enum status
add_to_day(struct pass *p, struct query *q, struct verify_row *row)
{
	enum status st = load_actor(p, query_int(q, ACTOR));
	struct row_hash h;

	row_hash_start(&h);
	query_hash(q, 0, ACTOR, &h);
	row_hash_text(&h, buf_text(&p->credential));
	row_hash_text(&h, buf_text(&p->name));
	query_hash(q, REVISION, HASHED_COUNT - REVISION, &h);
	row->hash = row_hash_end(&h);
	p->digest = row_hash_sum(p->digest, row->hash);
	p->events++;
	verify_statement_row(p->v, row);
	return st;
}

/* Takes one row.  Ends the quarter-hour or the day before when another one begins. */
static enum status
add_row(struct pass *p, struct query *q)
{
	struct verify_row row = { .at = query_int(q, AT), .revision = query_int(q, REVISION), .messages = query_int(q, MESSAGES),
		.parts = query_int(q, PARTS), .cost = query_int(q, COST), .is_failed = strcmp(query_text(q, STATUS), "failed") == 0 };
	int64_t day = floor_div(row.at, DAY_MS);
	struct verify_priced priced = { .parts = row.parts };
	enum status st;

	row.is_known = channel_parse(query_text(q, CHANNEL), &row.channel);
	if ((st = verify_quarter_begin(&p->quarter, floor_div(row.at, QUARTER_MS))) != OK)
		return st;
	if (day != p->day) {
		if ((st = end_day(p)) != OK)
			return st;
		verify_statement_day(p->v, day);
		p->day = day;
	}
	if (needs_check(p, q, &row))
		st = verify_row_check(p->v, query_text(q, SOURCE), query_text(q, ID), &priced);
	if (st != OK || (st = add_to_quarter(p, q, &row, &priced)) != OK)
		return st;
	p->v->report->events++;
	return add_to_day(p, q, &row);
}

/* ---- The pass */

static enum status
clear(struct verify *v)
{
	static const char *const sql[] = { "DELETE FROM temp.ledger_sum_day", "DELETE FROM temp.ledger_origin" };
	enum status st = run_each(v, sql);

	return st == OK ? query_run(db_query(v->db, "DELETE FROM temp.ledger_reported")) : st;
}

/* Gives a query the instants of a stretch.  The first and the last one have no bounds. */
static struct query *
bind_stretch(struct verify *v, const struct stretch *s, struct query *q)
{
	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":from_at", verify_from_at(s));
	query_bind_int(q, ":until_at", verify_until_at(s));
	return q;
}

enum status
verify_ledger_read(struct verify *v, const struct stretch *s)
{
	struct pass p = { .v = v, .quarter = { .v = v, .quarter = INT64_MIN }, .day = INT64_MIN, .correction_at = INT64_MIN };
	struct query *q;
	enum status st, done;

	if ((st = clear(v)) != OK)
		return st;
	q = bind_stretch(v, s, db_query(v->db, "SELECT " HASHED " FROM event e "
	    "WHERE e.org = :org AND e.occurred_at >= :from_at AND e.occurred_at < :until_at ORDER BY e.occurred_at"));
	p.corrections = bind_stretch(v, s, db_query(v->db, "SELECT occurred_at FROM event "
	    "WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :until_at AND rank > 0 ORDER BY occurred_at"));
	p.quarter.stored = bind_stretch(v, s, db_query(v->db, "SELECT quarter, channel, messages, parts, cost_micros "
	    "FROM usage_quarter WHERE org = :org AND quarter >= :from_at / 900000 AND quarter < :until_at / 900000 "
	    "ORDER BY quarter, channel"));
	while (st == OK && query_step(q))
		st = add_row(&p, q);
	if (st == OK)
		st = verify_quarter_begin(&p.quarter, INT64_MAX);
	for (size_t i = 0; i < 3; i++)
		if ((done = query_done((struct query *[]) { q, p.corrections, p.quarter.stored }[i])) != OK && st == OK)
			st = done;
	buf_free(&p.credential);
	buf_free(&p.name);
	return st == OK ? end_day(&p) : st;
}
