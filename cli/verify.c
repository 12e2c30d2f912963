/*
 * daybook verify
 *
 * Recomputes from the ledger, by SQL of its own and not by the writer's code, all that is derived from it:
 *
 *	the file	SQLite's integrity and foreign keys
 *	zone_span	from the start of 2012 on, with offsets on the quarter-hour
 *	usage_quarter	what the ledger says, by quarter and channel (a row of zeros is as good as none)
 *	usage_day	the same, cut by the zone_span rows
 *	void rows	each names an event, and takes back just that
 *	segment		sent, failed, spent; the day of those that are open
 *
 * Quarters and days are compared in stretches of whole days, each inside one snapshot, so that writers may go on and
 * no stretch is read half-written; a stretch is as long as it can be read in about STRETCH_READ_MS.  The first and
 * the last stretch are open at their ends, so that rows far from the ledger are found too.
 *
 * Prints the first DIFFERENCES_SHOWN differences and a summary on stdout.  Exit 1 on a difference.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "instant.h"
#include "money.h"
#include "verify.h"

enum { STRETCH_READ_MS = 100, STRETCH_DAYS_MAX = 366, DAY_QUARTERS = 96 };

/* Days [from, until); the ends of the whole are open. */
struct stretch {
	int64_t from, until;
	bool is_first, is_last;
};

void
verify_differs(struct verify *v, const char *fmt, ...)
{
	va_list ap;

	if (++v->differences > DIFFERENCES_SHOWN)
		return;
	progress_end();
	printf("%s%s", v->id, v->id[0] != '\0' ? ": " : "");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* ---- Quarters and days */

/*
 * Rows of a roll-up beside those of the ledger, summed by slot and channel: where both agree nothing is left.  Columns:
 * slot, channel, messages, parts and cost as they stand, then as the ledger says.
 */
#define COMPARE(rows, ledger) \
	"SELECT slot, channel, sum(messages), sum(parts), sum(cost), sum(l_messages), sum(l_parts), sum(l_cost) FROM (" \
	rows " UNION ALL " ledger ") AS both_of_them GROUP BY slot, channel " \
	"HAVING sum(messages) <> sum(l_messages) OR sum(parts) <> sum(l_parts) OR sum(cost) <> sum(l_cost) " \
	"OR min(messages) < 0 OR min(parts) < 0 ORDER BY slot, channel"

#define LEDGER_QUARTERS \
	"SELECT occurred_at / 900000 AS quarter, channel, sum(messages) AS messages, sum(parts) AS parts, " \
	"sum(cost_micros) AS cost FROM event WHERE org = :org AND status <> 'failed' " \
	"AND occurred_at >= :from_at AND occurred_at < :until_at GROUP BY occurred_at / 900000, channel"

static const char quarters_sql[] = COMPARE(
    "SELECT quarter AS slot, channel, messages, parts, cost_micros AS cost, 0 AS l_messages, 0 AS l_parts, 0 AS l_cost "
    "FROM usage_quarter WHERE org = :org AND quarter >= :from AND quarter < :until",
    "SELECT quarter, channel, 0, 0, 0, messages, parts, cost FROM (" LEDGER_QUARTERS ") AS l");

static const char days_sql[] = COMPARE(
    "SELECT day AS slot, channel, messages, parts, cost_micros AS cost, 0 AS l_messages, 0 AS l_parts, 0 AS l_cost "
    "FROM usage_day WHERE org = :org AND day >= :from AND day < :until",
    "SELECT day, channel, 0, 0, 0, messages, parts, cost FROM ("
	"SELECT (quarter * 900 + (SELECT utc_offset_s FROM zone_span WHERE org = :org AND from_at <= quarter * 900000 "
	"ORDER BY from_at DESC LIMIT 1)) / 86400 AS day, channel, messages, parts, cost "
	"FROM (" LEDGER_QUARTERS ") AS l) AS cut WHERE day >= :from AND day < :until");

static void
print_slot(struct verify *v, struct query *q, const char *table, const char *slot)
{
	char is[MONEY_TEXT_MAX], should[MONEY_TEXT_MAX];

	verify_differs(v, "%s %s %s: stands at %" PRId64 " messages, %" PRId64 " parts, $%s; the ledger says %" PRId64
	    " messages, %" PRId64 " parts, $%s", table, slot, query_text(q, 1), query_int(q, 2), query_int(q, 3),
	    money_format(query_int(q, 4), is), query_int(q, 5), query_int(q, 6), money_format(query_int(q, 7), should));
}

static enum status
compare_quarters(struct verify *v, const struct stretch *s)
{
	int64_t from = s->is_first ? INT64_MIN : s->from, until = s->is_last ? INT64_MAX : s->until;
	struct query *q = db_query(v->cli->db, quarters_sql);
	char slot[INSTANT_TEXT_MAX];

	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":from", s->is_first ? from : from * DAY_QUARTERS);
	query_bind_int(q, ":until", s->is_last ? until : until * DAY_QUARTERS);
	query_bind_int(q, ":from_at", s->is_first ? from : from * DAY_MS);
	query_bind_int(q, ":until_at", s->is_last ? until : until * DAY_MS);
	while (query_step(q))
		if (query_int(q, 0) > INSTANT_MAX / QUARTER_MS || query_int(q, 0) < 0)
			print_slot(v, q, "usage_quarter", "outside of 1970 to 2100");
		else
			print_slot(v, q, "usage_quarter", instant_format(query_int(q, 0) * QUARTER_MS, slot));
	return query_done(q);
}

static enum status
compare_days(struct verify *v, const struct stretch *s)
{
	int64_t from = s->is_first ? INT64_MIN : s->from, until = s->is_last ? INT64_MAX : s->until;
	struct query *q = db_query(v->cli->db, days_sql);
	char slot[DAY_TEXT_MAX];

	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":from", from);
	query_bind_int(q, ":until", until);
	/* Every instant that some offset of the organisation puts on one of these days. */
	query_bind_int(q, ":from_at", s->is_first ? from : from * DAY_MS - v->offset_max * SECOND_MS);
	query_bind_int(q, ":until_at", s->is_last ? until : until * DAY_MS - v->offset_min * SECOND_MS);
	while (query_step(q))
		if (query_int(q, 0) > INSTANT_MAX / DAY_MS || query_int(q, 0) < 0)
			print_slot(v, q, "usage_day", "outside of 1970 to 2100");
		else
			print_slot(v, q, "usage_day", day_format((struct day) { (int32_t)query_int(q, 0) }, slot));
	return query_done(q);
}

static enum status
count_events(struct verify *v, const struct stretch *s)
{
	struct query *q = db_query(v->cli->db, "SELECT count(*) FROM event "
	    "WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :until_at");

	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":from_at", s->is_first ? INT64_MIN : s->from * DAY_MS);
	query_bind_int(q, ":until_at", s->is_last ? INT64_MAX : s->until * DAY_MS);
	if (query_step(q))
		v->events += query_int(q, 0);
	return query_done(q);
}

static enum status
compare_stretch(struct verify *v, const struct stretch *s)
{
	enum status st;

	if ((st = db_read_begin(v->cli->db)) != OK)
		return st;
	if ((st = compare_quarters(v, s)) == OK && (st = compare_days(v, s)) == OK)
		st = count_events(v, s);
	db_read_end(v->cli->db);
	progress("verifying", v->events, v->total);
	return st;
}

static enum status
compare_all(struct verify *v, int64_t first_at, int64_t last_at)
{
	struct stretch s = { .until = floor_div(first_at, DAY_MS), .is_first = true };
	int64_t days = 1, last = floor_div(last_at, DAY_MS), began;
	enum status st = OK;

	for (; st == OK && !s.is_last; s.is_first = false) {
		began = instant_now();
		s.from = s.until;
		s.until = s.from + days;
		s.is_last = s.until > last;
		st = compare_stretch(v, &s);
		if (instant_now() - began > STRETCH_READ_MS)
			days = days > 1 ? days / 2 : 1;
		else if (days < STRETCH_DAYS_MAX)
			days *= 2;
	}
	return st;
}

/* ---- The organisations */

/* The spans are sound, and say within what the ledger lies. */
static enum status
check_spans(struct verify *v)
{
	struct query *q = db_query(v->cli->db, "SELECT count(*), coalesce(min(from_at), 0), "
	    "coalesce(sum(utc_offset_s % 900 <> 0), 0), "
	    "coalesce(min(utc_offset_s), 0), coalesce(max(utc_offset_s), 0) FROM zone_span WHERE org = :org");

	query_bind_int(q, ":org", v->org);
	if (query_step(q)) {
		if (query_int(q, 0) == 0)
			verify_differs(v, "zone_span: no rows; set the zone again with `daybook org set`");
		else if (query_int(q, 1) > INSTANT_MIN)
			verify_differs(v, "zone_span: begins after 2012-01-01");
		if (query_int(q, 2) > 0)
			verify_differs(v, "zone_span: an offset off the quarter-hour");
		v->offset_min = query_int(q, 3);
		v->offset_max = query_int(q, 4);
	}
	return query_done(q);
}

static enum status
ledger_ends(struct verify *v, int64_t *first_at, int64_t *last_at)
{
	struct query *q = db_query(v->cli->db, "SELECT min(occurred_at), max(occurred_at) FROM event WHERE org = :org");

	*first_at = *last_at = 0;
	query_bind_int(q, ":org", v->org);
	if (query_step(q)) {
		*first_at = query_int(q, 0);
		*last_at = query_int(q, 1);
	}
	return query_done(q);
}

static enum status
verify_organization(struct verify *v)
{
	int64_t first_at, last_at;
	enum status st;

	if ((st = db_read_begin(v->cli->db)) != OK)
		return st;
	if ((st = check_spans(v)) == OK)
		st = ledger_ends(v, &first_at, &last_at);
	db_read_end(v->cli->db);
	if (st != OK || (st = compare_all(v, first_at, last_at)) != OK || (st = db_read_begin(v->cli->db)) != OK)
		return st;
	if ((st = verify_voids(v)) == OK)
		st = verify_segments(v);
	db_read_end(v->cli->db);
	return st;
}

/* Whom there is to verify, and how much it is. */
static enum status
list_organizations(struct verify *v, int64_t **keys, const char ***ids, size_t *count)
{
	struct db *db = v->cli->db;
	struct query *q;
	enum status st;
	size_t max;

	if ((st = db_read_begin(db)) != OK)
		return st;
	q = db_query(db, "SELECT (SELECT count(*) FROM organization), (SELECT count(*) FROM event)");
	max = query_step(q) ? (size_t)query_int(q, 0) : 0;
	v->total = max > 0 ? query_int(q, 1) : 0;
	st = query_done(q);
	*keys = arena_alloc(v->cli->arena, (max + 1) * sizeof(**keys));
	*ids = arena_alloc(v->cli->arena, (max + 1) * sizeof(**ids));
	q = db_query(db, "SELECT key, id FROM organization ORDER BY id");
	for (*count = 0; st == OK && *count < max && query_step(q); ++*count) {
		(*keys)[*count] = query_int(q, 0);
		(*ids)[*count] = arena_strdup(v->cli->arena, query_text(q, 1));
	}
	if (query_done(q) != OK)
		st = UNAVAILABLE;
	db_read_end(db);
	return st;
}

int
cmd_verify(struct cli *c, int argc, char **argv)
{
	struct verify v = { .cli = c, .id = "" };
	const char **ids;
	int64_t *keys;
	size_t count = 0;
	enum status st;

	if (!cli_options("verify", argc, argv, (const struct option_spec[]) { { 0 } }, NULL, 0, 0))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_check(c->db, &c->why) != OK)
		verify_differs(&v, "%s", c->why.text);
	c->why.text[0] = '\0';
	st = list_organizations(&v, &keys, &ids, &count);
	for (size_t i = 0; st == OK && i < count; i++) {
		v.org = keys[i];
		v.id = ids[i];
		st = verify_organization(&v);
	}
	progress_end();
	if (st != OK)
		return cli_fail(c);
	if (v.differences > DIFFERENCES_SHOWN)
		printf("… and %" PRId64 " more\n", v.differences - DIFFERENCES_SHOWN);
	printf("verified: %zu organization%s, %" PRId64 " events, %" PRId64 " difference%s\n", count, count == 1 ? "" : "s",
	    v.events, v.differences, v.differences == 1 ? "" : "s");
	return v.differences > 0 ? FAILED : DONE;
}
