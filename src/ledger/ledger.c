/*
 * The ledger as a whole (see ledger.h): pages of rows for readers, and the roll-ups and counters recomputed from all rows.
 */
#include <string.h>

#include "time/instant.h"
#include "ledger/ledger.h"

/* A rebuild takes the ledger in stretches of this length, so that SQLite sorts little at a time. */
#define STRETCH_MS (31 * DAY_MS)

/* ---- Reading */

/* Reads one row of ledger_page's query, in the order of its columns. */
static enum status
read_line(struct query *q, struct arena *a, struct ledger_line *l)
{
	const int n = EVENT_ROW_COLUMN_COUNT;
	enum status st = event_row_read(q, a, &l->row);

	l->has_standing = false;
	l->reason = l->row.reason;
	l->received_at = query_int(q, n);
	if ((l->has_failure = !query_is_null(q, n + 1))) {
		l->to = arena_strdup(a, query_text(q, n + 1));
		l->reason = arena_strdup(a, query_text(q, n + 2));
	}
	return st;
}

/* ---- A page */

/* The rank of struct ledger_position, and the status of an event after its settlements. */
#define RANK "CASE e.status WHEN 'void' THEN 2 WHEN 'adjust' THEN 1 ELSE 0 END"
#define STATUS "CASE WHEN e.status = 'failed' AND EXISTS (SELECT 1 FROM event a WHERE a.org = e.org " \
	"AND a.source IN (e.source, '" EVENT_SETTLE_PREFIX "' || e.source) AND a.settles_id = e.id AND a.messages = 1) " \
	"THEN 'sent' ELSE e.status END"

/*
 * Reads the rows after *place in the order (time, rank, source, id).  The tuple comparison continues exactly after the
 * last row even if many rows share an instant.  The range on occurred_at alone lets the query use its index.
 */
enum status
ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f, size_t max,
    struct ledger_position *place, struct ledger_line **lines, size_t *count)
{
	struct query *q = db_query(db, "SELECT " EVENT_ROW_COLUMNS ", e.received_at, f.phone, f.reason FROM event e "
	    "LEFT JOIN failure f ON f.org = e.org AND f.source = e.source AND f.id = e.id "
	    "WHERE e.org = :org AND e.occurred_at >= :at AND e.occurred_at < :until "
	    "AND (e.occurred_at > :at OR (" RANK ", e.source, e.id) > (:rank, :source, :id)) "
	    "AND (e.status <> 'adjust' OR :with = 2 OR (:with = 1 AND e.settles_id IS NOT NULL "
	    "AND substr(e.source, 1, 8) <> '" EVENT_OWN_SOURCE "')) "
	    "AND (:channel IS NULL OR e.channel = :channel) AND (:status IS NULL OR " STATUS " = :status) "
	    "AND (:campaign IS NULL OR e.campaign_given = :campaign "
	    "OR e.campaign = (SELECT key FROM campaign WHERE org = :org AND id = :campaign)) "
	    "ORDER BY e.occurred_at, " RANK ", e.source, e.id LIMIT :max");
	enum status st = OK, done;

	*count = 0;
	*lines = arena_alloc(a, max * sizeof(**lines));
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":at", place->at);
	query_bind_int(q, ":until", f->until_at);
	query_bind_int(q, ":rank", place->rank);
	query_bind_text(q, ":source", place->source);
	query_bind_text(q, ":id", place->id);
	query_bind_int(q, ":with", f->with);
	query_bind_text(q, ":channel", f->channel);
	query_bind_text(q, ":status", f->status);
	query_bind_text(q, ":campaign", f->campaign);
	query_bind_int(q, ":max", (int64_t)max);
	while (st == OK && *count < max && query_step(q))
		st = read_line(q, a, &(*lines)[(*count)++]);
	done = query_done(q);
	if (st == OK && done == OK && *count > 0)	/* remember the last one for the next page */
		*place = ledger_position_of(&(*lines)[*count - 1]);
	return st != OK ? st : done;
}

/* ---- Rebuilding */

/*
 * Empties what the rebuild fills.  A segment's counters start at 0, but its contacts and status remain: they are no
 * sums over the ledger.
 */
static enum status
clear(struct db *db, const struct organization *org)
{
	struct query *q = db_query(db, "DELETE FROM usage_quarter WHERE org = :org");
	enum status st;

	query_bind_int(q, ":org", org->key);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(db, "UPDATE segment SET sent = 0, failed = 0, spent = 0 WHERE org = :org");
	query_bind_int(q, ":org", org->key);
	return query_run(q);
}

/*
 * Adds a stretch of the ledger to the quarter-hour roll-up.  Failed events count nothing; voids and adjustments are
 * differences, so a plain sum is right.
 */
static enum status
add_quarters(struct db *db, const struct organization *org, int64_t from_at, int64_t until_at)
{
	struct query *q = db_query(db, "INSERT INTO usage_quarter (org, quarter, channel, messages, parts, cost_micros) "
	    "SELECT org, occurred_at / :quarter_ms AS slot, channel, sum(messages), sum(parts), sum(cost_micros) FROM event "
	    "WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :until_at AND status <> 'failed' "
	    "GROUP BY org, slot, channel");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", from_at);
	query_bind_int(q, ":until_at", until_at);
	query_bind_int(q, ":quarter_ms", QUARTER_MS);
	return query_run(q);
}

/*
 * Adds a stretch of the ledger to the segments' counters, by the rules of segment_spend and segment_correct: a void of a
 * sent event lowers `sent`, a void of a failed one lowers `failed`, and neither lowers `spent`.  The join tells which of
 * the two a void is.  A settlement with a message has moved it from `failed` to `sent`.  Corrections have their event's
 * instant, so all lie in the same stretch.
 */
static enum status
add_segments(struct db *db, const struct organization *org, int64_t from_at, int64_t until_at)
{
	struct query *q = db_query(db, "UPDATE segment SET sent = segment.sent + l.sent, "
	    "failed = segment.failed + l.failed, spent = segment.spent + l.spent "
	    "FROM (SELECT e.campaign, e.segment, sum(CASE WHEN e.status = 'failed' THEN 0 ELSE e.messages END) AS sent, "
	    "sum(CASE WHEN e.status = 'failed' THEN 1 WHEN e.status = 'adjust' THEN -e.messages "
	    "WHEN t.status = 'failed' AND e.messages = 0 THEN -1 ELSE 0 END) AS failed, "
	    "sum(CASE WHEN e.status IN ('sent', 'failed') THEN e.messages ELSE 0 END) AS spent FROM event e "
	    "LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE e.org = :org AND e.occurred_at >= :from_at AND e.occurred_at < :until_at "
	    "AND e.campaign IS NOT NULL AND e.segment IS NOT NULL GROUP BY e.campaign, e.segment) l "
	    "WHERE segment.campaign = l.campaign AND segment.number = l.segment");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", from_at);
	query_bind_int(q, ":until_at", until_at);
	return query_run(q);
}

enum status
ledger_rebuild(struct db *db, const struct organization *org,
    void (*progress)(const char *what, int64_t done, int64_t total))
{
	struct query *q = db_query(db, "SELECT min(occurred_at), max(occurred_at) FROM event WHERE org = :org");
	int64_t first = 0, last = -1, at;
	enum status st;

	query_bind_int(q, ":org", org->key);
	if (query_step(q) && !query_is_null(q, 0)) {
		first = query_int(q, 0);
		last = query_int(q, 1);
	}
	if ((st = query_done(q)) != OK || (st = clear(db, org)) != OK)
		return st;
	/*
	 * Stretches start at a whole quarter-hour, so that no quarter-hour is added in two parts, which would violate
	 * its key.
	 */
	for (at = floor_div(first, QUARTER_MS) * QUARTER_MS; st == OK && at <= last; at += STRETCH_MS) {
		if ((st = add_quarters(db, org, at, at + STRETCH_MS)) == OK)
			st = add_segments(db, org, at, at + STRETCH_MS);
		if (progress != NULL)
			progress("rebuilding", at - first, last - first);
	}
	return st;
}
