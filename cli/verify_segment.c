/*
 * verify: voids and segments, each organisation's in one snapshot.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* A segment, and what the ledger says of it. */
struct sum {
	int64_t campaign, number;
	int64_t sent, failed, spent;
};

enum status
verify_voids(struct verify *v)
{
	struct query *q = db_query(v->cli->db, "SELECT v.source, v.id, t.id IS NULL OR t.status NOT IN ('sent', 'failed') "
	    "FROM event v LEFT JOIN event t ON t.org = v.org AND t.source = v.source AND t.id = v.voids_id "
	    "WHERE v.org = :org AND v.voids_id IS NOT NULL AND (t.id IS NULL OR t.status NOT IN ('sent', 'failed') "
	    "OR v.occurred_at <> t.occurred_at OR v.channel <> t.channel "
	    "OR v.messages <> CASE t.status WHEN 'sent' THEN -t.messages ELSE 0 END "
	    "OR v.parts <> CASE t.status WHEN 'sent' THEN -t.parts ELSE 0 END "
	    "OR v.campaign IS DISTINCT FROM t.campaign OR v.segment IS DISTINCT FROM t.segment)");

	query_bind_int(q, ":org", v->org);
	while (query_step(q))
		verify_differs(v, "void \"%s\" of source \"%s\": %s", query_text(q, 1), query_text(q, 0),
		    query_int(q, 2) != 0 ? "names no event that can be voided" : "does not take back what its event says");
	return query_done(q);
}

/* ---- Segments */

static int
by_key(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	if (x->campaign != y->campaign)
		return x->campaign < y->campaign ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static enum status
load_keys(struct verify *v, struct sum **sums, size_t *count)
{
	struct query *q = db_query(v->cli->db, "SELECT count(*) FROM segment WHERE org = :org");
	size_t max = 0;
	enum status st;

	*count = 0;
	query_bind_int(q, ":org", v->org);
	if (query_step(q))
		max = (size_t)query_int(q, 0);
	if ((st = query_done(q)) != OK || max == 0)
		return st;
	*sums = xmalloc(max * sizeof(**sums));
	q = db_query(v->cli->db, "SELECT campaign, number FROM segment WHERE org = :org ORDER BY campaign, number");
	query_bind_int(q, ":org", v->org);
	while (*count < max && query_step(q))
		(*sums)[(*count)++] = (struct sum) { .campaign = query_int(q, 0), .number = query_int(q, 1) };
	return query_done(q);
}

/* Row by row, so that nothing has to be sorted: there may be millions. */
static enum status
add_ledger(struct verify *v, struct sum *sums, size_t count)
{
	struct query *q = db_query(v->cli->db, "SELECT e.campaign, e.segment, "
	    "CASE e.status WHEN 'failed' THEN 0 ELSE e.messages END, "
	    "CASE WHEN e.status = 'failed' THEN 1 WHEN t.status = 'failed' THEN -1 ELSE 0 END, "
	    "CASE WHEN e.status IN ('sent', 'failed') THEN e.messages ELSE 0 END "
	    "FROM event e LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE e.org = :org AND e.campaign IS NOT NULL AND e.segment IS NOT NULL");
	struct sum key, *sum;

	query_bind_int(q, ":org", v->org);
	while (query_step(q)) {
		key = (struct sum) { .campaign = query_int(q, 0), .number = query_int(q, 1) };
		if ((sum = bsearch(&key, sums, count, sizeof(*sums), by_key)) == NULL)
			continue;	/* a foreign key without its row: the check of the file says so */
		sum->sent += query_int(q, 2);
		sum->failed += query_int(q, 3);
		sum->spent += query_int(q, 4);
	}
	return query_done(q);
}

static enum status
compare_counters(struct verify *v, const struct sum *sums, size_t count)
{
	struct query *q = db_query(v->cli->db, "SELECT s.sent, s.failed, s.spent, c.id FROM segment s "
	    "JOIN campaign c ON c.key = s.campaign WHERE s.org = :org ORDER BY s.campaign, s.number");

	query_bind_int(q, ":org", v->org);
	for (size_t i = 0; i < count && query_step(q); i++)
		if (query_int(q, 0) != sums[i].sent || query_int(q, 1) != sums[i].failed ||
		    query_int(q, 2) != sums[i].spent)
			verify_differs(v, "segment %s/%" PRId64 ": stands at %" PRId64 " sent, %" PRId64 " failed, %" PRId64
			    " spent; the ledger says %" PRId64 ", %" PRId64 ", %" PRId64, query_text(q, 3), sums[i].number,
			    query_int(q, 0), query_int(q, 1), query_int(q, 2), sums[i].sent, sums[i].failed, sums[i].spent);
	return query_done(q);
}

/* Those that have ended stay on the day on which they did. */
static enum status
compare_segment_days(struct verify *v)
{
	struct query *q = db_query(v->cli->db, "SELECT id, number, day, should FROM ("
	    "SELECT c.id, s.number, s.day, (s.scheduled_at + 1000 * (SELECT z.utc_offset_s FROM zone_span z "
	    "WHERE z.org = s.org AND z.from_at <= s.scheduled_at ORDER BY z.from_at DESC LIMIT 1)) / 86400000 AS should "
	    "FROM segment s JOIN campaign c ON c.key = s.campaign WHERE s.org = :org "
	    "AND s.status IN ('draft', 'scheduled', 'sending', 'paused')) AS open_ones "
	    "WHERE day IS DISTINCT FROM should ORDER BY id, number");
	char is[DAY_TEXT_MAX], should[DAY_TEXT_MAX];

	query_bind_int(q, ":org", v->org);
	while (query_step(q))
		verify_differs(v, "segment %s/%" PRId64 ": lies on %s; its instant is on %s", query_text(q, 0), query_int(q, 1),
		    day_format((struct day) { (int32_t)query_int(q, 2) }, is),
		    day_format((struct day) { (int32_t)query_int(q, 3) }, should));
	return query_done(q);
}

enum status
verify_segments(struct verify *v)
{
	struct sum *sums = NULL;
	enum status st;
	size_t count;

	if ((st = load_keys(v, &sums, &count)) == OK && count > 0 &&
	    (st = add_ledger(v, sums, count)) == OK && (st = compare_counters(v, sums, count)) == OK)
		st = compare_segment_days(v);
	free(sums);
	return st;
}
