/*
 * Statements: that each is what was kept, and that the ledger still has what it reported.
 *
 * The rows with a revision up to a statement's are those that there were when it was kept.  The pass over the ledger
 * (verify_ledger.c) gives each row to verify_statement_row, which adds it to the statements that had it: by days of UTC, for
 * their digests, and by channels, for their figures.  The figures are compared after the last stretch, unless the run did not
 * begin with the first.
 */
#include <inttypes.h>
#include <string.h>

#include "base/money.h"
#include "base/row_hash.h"
#include "time/day.h"
#include "time/instant.h"
#include "admin/verify_invariants.h"

struct verify_statement {
	int64_t month, from_at, until_at, revision;
	bool is_of_day;			/* it touches the day of UTC that is being read */
	int64_t events, digest;		/* of that day */
	struct {
		int64_t messages, parts, cost;
	} of[CHANNEL_COUNT];
};

enum { STATEMENTS_MAX = 12 * (2100 - 2012) };

/* The month of a statement, for a sentence. */
static const char *
month_text(int64_t month, char out[DAY_TEXT_MAX])
{
	if (month < 0 || month > INSTANT_MAX / DAY_MS)
		return "of no month";
	day_format((struct day) { (int32_t)month }, out);
	out[strlen("2026-10")] = '\0';
	return out;
}

/* Loads the statements, and keeps their months, so that one that is kept meanwhile is not compared with what was read before. */
enum status
verify_statement_begin(struct verify *v, bool is_whole)
{
	struct query *q;
	enum status st = query_run(db_query(v->db, "DELETE FROM temp.statement_read"));

	if (st != OK)
		return st;
	v->statements = arena_alloc(v->arena, STATEMENTS_MAX * sizeof(*v->statements));
	v->statement_count = 0;
	v->is_whole = is_whole;
	q = db_query(v->db, "INSERT INTO temp.statement_read (month) SELECT month FROM statement WHERE org = :org RETURNING month");
	query_bind_int(q, ":org", v->org);
	while (query_step(q))
		if (v->statement_count < STATEMENTS_MAX)
			v->statements[v->statement_count++].month = query_int(q, 0);
	if ((st = query_done(q)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < v->statement_count; i++) {
		q = db_query(v->db, "SELECT from_at, until_at, org_revision FROM statement WHERE org = :org AND month = :month");
		query_bind_int(q, ":org", v->org);
		query_bind_int(q, ":month", v->statements[i].month);
		if (query_step(q)) {
			v->statements[i].from_at = query_int(q, 0);
			v->statements[i].until_at = query_int(q, 1);
			v->statements[i].revision = query_int(q, 2);
		}
		st = query_done(q);
	}
	return st;
}

enum status
verify_statement_tables(struct verify *v)
{
	enum status st = query_run(db_query(v->db, "CREATE TEMP TABLE IF NOT EXISTS statement_read (month INTEGER)"));

	return st != OK ? st : query_run(db_query(v->db, "CREATE TEMP TABLE IF NOT EXISTS ledger_reported (month INTEGER, "
	    "day INTEGER, events INTEGER, digest INTEGER)"));
}

/* ---- The pass over the ledger */

void
verify_statement_day(struct verify *v, int64_t day)
{
	for (size_t i = 0; i < v->statement_count; i++)
		v->statements[i].is_of_day = day >= floor_div(v->statements[i].from_at, DAY_MS) &&
		    day <= floor_div(v->statements[i].until_at - 1, DAY_MS);
}

void
verify_statement_row(struct verify *v, const struct verify_row *row)
{
	for (struct verify_statement *s = v->statements; s < v->statements + v->statement_count; s++) {
		if (!s->is_of_day || row->revision > s->revision)
			continue;
		s->events++;
		s->digest = row_hash_sum(s->digest, row->hash);
		if (row->is_failed || !row->is_known || row->at < s->from_at || row->at >= s->until_at)
			continue;
		s->of[row->channel].messages += row->messages;
		s->of[row->channel].parts += row->parts;
		s->of[row->channel].cost += row->cost;
	}
}

enum status
verify_statement_end_day(struct verify *v, int64_t day)
{
	enum status st = OK;
	struct query *q;

	for (struct verify_statement *s = v->statements; st == OK && s < v->statements + v->statement_count; s++) {
		if (!s->is_of_day || s->events == 0)
			continue;
		q = db_query(v->db, "INSERT INTO temp.ledger_reported (month, day, events, digest) "
		    "VALUES (:month, :day, :events, :digest)");
		query_bind_int(q, ":month", s->month);
		query_bind_int(q, ":day", day);
		query_bind_int(q, ":events", s->events);
		query_bind_int(q, ":digest", s->digest);
		st = query_run(q);
		s->events = s->digest = 0;
	}
	return st;
}

/* Compares the figures of one channel, of which there may be no line. */
static enum status
compare_channel(struct verify *v, const struct verify_statement *s, enum channel c)
{
	struct query *q = db_query(v->db, "SELECT coalesce(sum(messages), 0), coalesce(sum(parts), 0), coalesce(sum(cost_micros), 0) "
	    "FROM statement_line WHERE org = :org AND month = :month AND channel = :channel");
	char month[DAY_TEXT_MAX], has[MONEY_TEXT_MAX], had[MONEY_TEXT_MAX];

	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":month", s->month);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	if (query_step(q) && (query_int(q, 0) != s->of[c].messages || query_int(q, 1) != s->of[c].parts ||
	    query_int(q, 2) != s->of[c].cost))
		verify_differs(v, "statement %s %s: reports %" PRId64 " messages, %" PRId64 " parts, cost %s; the ledger had %" PRId64
		    ", %" PRId64 ", %s", month_text(s->month, month), channel_facts(c)->name, query_int(q, 0), query_int(q, 1),
		    money_format(query_int(q, 2), has), s->of[c].messages, s->of[c].parts, money_format(s->of[c].cost, had));
	return query_done(q);
}

enum status
verify_statement_end(struct verify *v)
{
	enum status st = OK;

	for (size_t i = 0; v->is_whole && st == OK && i < v->statement_count; i++)
		for (enum channel c = 0; st == OK && c < CHANNEL_COUNT; c++)
			st = compare_channel(v, &v->statements[i], c);
	return st;
}

/* ---- What was kept */

/* Adds rows to the hash of a statement. */
static enum status
hash_rows(struct verify *v, struct query *q, int64_t month, int columns, struct row_hash *h)
{
	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":month", month);
	while (query_step(q))
		query_hash(q, 0, columns, h);
	return query_done(q);
}

/* What schema.sql says that a digest covers. */
static enum status
check_digest(struct verify *v, int64_t month, int64_t digest)
{
	char text[DAY_TEXT_MAX];
	struct row_hash h;
	enum status st;

	row_hash_start(&h);
	st = hash_rows(v, db_query(v->db, "SELECT org, month, from_at, until_at, timezone, currency, org_revision, "
	    "(SELECT credential FROM actor WHERE key = s.actor), (SELECT name FROM actor WHERE key = s.actor), created_at "
	    "FROM statement s WHERE org = :org AND month = :month"), month, 10, &h);
	if (st == OK)
		st = hash_rows(v, db_query(v->db, "SELECT day, channel, messages, parts, cost_micros FROM statement_line "
		    "WHERE org = :org AND month = :month ORDER BY day, channel"), month, 5, &h);
	if (st == OK)
		st = hash_rows(v, db_query(v->db, "SELECT day, events, digest FROM statement_day WHERE org = :org AND month = :month "
		    "ORDER BY day"), month, 3, &h);
	if (st == OK && row_hash_end(&h) != digest)
		verify_differs(v, "statement %s: its figures, or what it says of itself, are not those that were kept",
		    month_text(month, text));
	return st;
}

enum status
verify_statements(struct verify *v)
{
	struct query *q = db_query(v->db, "SELECT month, digest FROM statement WHERE org = :org ORDER BY month");
	enum status st = OK, done;

	query_bind_int(q, ":org", v->org);
	while (st == OK && query_step(q))
		st = check_digest(v, query_int(q, 0), query_int(q, 1));
	done = query_done(q);
	return st != OK ? st : done;
}
