/*
 * The ledger as a whole (see ledger.h): pages of rows for readers, and the roll-ups and counters recomputed from all rows.
 */
#include <stdlib.h>
#include <string.h>

#include "time/instant.h"
#include "base/json.h"
#include "ledger/ledger.h"

/* A rebuild takes the ledger in stretches of this length, so that SQLite sorts little at a time. */
#define STRETCH_MS (31 * DAY_MS)

/* ---- Reading */

/* Reads one row of ledger_page's query, in the order of its columns. */
static void
read_line(struct query *q, struct arena *a, struct ledger_line *l)
{
	const int n = EVENT_ROW_COLUMN_COUNT;

	event_row_read(q, a, &l->row);
	l->received_at = query_int(q, n);
	if ((l->has_failure = !query_is_null(q, n + 1))) {
		l->to = arena_strdup(a, query_text(q, n + 1));
		l->reason = arena_strdup(a, query_text(q, n + 2));
	}
}

/* ---- The reasons of voids */

/*
 * A void of the page, and the start of its audit detail.  Only the audit has the reason, in the JSON of
 * event_void_detail: everything before the reason is known from the void, so its audit row is the one whose detail
 * starts with that.
 */
struct voided {
	struct ledger_line *line;
	const char *prefix;
};

static int
by_time_and_prefix(const void *a, const void *b)
{
	const struct voided *x = a, *y = b;

	if (x->line->received_at != y->line->received_at)
		return x->line->received_at < y->line->received_at ? -1 : 1;
	return strcmp(x->prefix, y->prefix);
}

/*
 * Compares a detail with a prefix, for bsearch.  The order is total, because no prefix is the start of another: each
 * ends after its last quoted text.
 */
static int
against_prefix(const void *detail, const void *v)
{
	const char *prefix = ((const struct voided *)v)->prefix;

	return strncmp(detail, prefix, strlen(prefix));
}

/* Extracts the reason from an audit detail; NULL if the row does not have the form that we write. */
static const char *
reason_of(struct arena *a, const char *detail)
{
	const char *reason = NULL;
	struct json_object *o;
	struct error err;

	if (json_parse(a, "", detail, strlen(detail), &o, &err) != OK)
		return NULL;
	if (json_string(o, "reason", 0, SIZE_MAX, &reason, &err) != OK)
		reason = NULL;
	json_object_free(o);
	return reason;
}

/*
 * Finds the reasons of voids that were received at the same instant.  The audit row of a void has the void's
 * received_at, so one query serves all that were posted together.
 */
static enum status
find_reasons_at(struct db *db, struct arena *a, const struct organization *org, const struct voided *voids, size_t n)
{
	struct query *q = db_query(db, "SELECT detail FROM audit WHERE org = :org AND at = :at AND action = 'event.void'");
	const struct voided *v;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":at", voids[0].line->received_at);
	while (query_step(q))
		if ((v = bsearch(query_text(q, 0), voids, n, sizeof(*voids), against_prefix)) != NULL && v->line->reason == NULL)
			v->line->reason = reason_of(a, query_text(q, 0));
	return query_done(q);
}

/*
 * Finds the reasons of all voids of a page.  Sorts them by time, so that voids posted together share one query on the
 * audit, and by prefix, so that each audit row finds its void by binary search.
 */
static enum status
find_reasons(struct db *db, struct arena *a, const struct organization *org, struct ledger_line *lines, size_t count)
{
	struct voided *voids = arena_alloc(a, count * sizeof(*voids));
	size_t n = 0, from, to;
	enum status st = OK;

	for (size_t i = 0; i < count; i++) {
		const struct event e = { .source = lines[i].row.source, .id = lines[i].row.id, .voids = lines[i].row.voids,
			.reason = "" };
		const char *detail;

		if (e.voids == NULL)
			continue;
		/* The detail with an empty reason, less the `""}` at its end, is the prefix. */
		detail = event_void_detail(a, &e);
		voids[n++] = (struct voided) { &lines[i], arena_text(a, detail, strlen(detail) - strlen("\"\"}")) };
	}
	/* One query for each run of equal times. */
	qsort(voids, n, sizeof(*voids), by_time_and_prefix);
	for (from = 0; st == OK && from < n; from = to) {
		for (to = from; to < n && voids[to].line->received_at == voids[from].line->received_at; to++)
			;
		st = find_reasons_at(db, a, org, voids + from, to - from);
	}
	return st;
}

/* ---- A page */

/*
 * Reads the rows after *place in the order (time, void, source, id).  The tuple comparison continues exactly after the
 * last row even if many rows share an instant.  The range on occurred_at alone lets the query use its index.
 */
enum status
ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f, size_t max,
    struct ledger_position *place, struct ledger_line **lines, size_t *count)
{
	struct query *q = db_query(db, "SELECT " EVENT_ROW_COLUMNS ", e.received_at, f.phone, f.reason FROM event e "
	    "LEFT JOIN failure f ON f.org = e.org AND f.source = e.source AND f.id = e.id "
	    "WHERE e.org = :org AND e.occurred_at >= :at AND e.occurred_at < :until "
	    "AND (e.occurred_at > :at OR (e.status = 'void', e.source, e.id) > (:is_void, :source, :id)) "
	    "AND (e.status <> 'adjust' OR :with_adjusts = 1) "
	    "AND (:channel IS NULL OR e.channel = :channel) AND (:status IS NULL OR e.status = :status) "
	    "AND (:campaign IS NULL OR e.campaign_given = :campaign "
	    "OR e.campaign = (SELECT key FROM campaign WHERE org = :org AND id = :campaign)) "
	    "ORDER BY e.occurred_at, e.status = 'void', e.source, e.id LIMIT :max");
	enum status st;

	*count = 0;
	*lines = arena_alloc(a, max * sizeof(**lines));
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":at", place->at);
	query_bind_int(q, ":until", f->until_at);
	query_bind_int(q, ":is_void", place->is_void);
	query_bind_text(q, ":source", place->source);
	query_bind_text(q, ":id", place->id);
	query_bind_int(q, ":with_adjusts", f->with_adjusts);
	query_bind_text(q, ":channel", f->channel);
	query_bind_text(q, ":status", f->status);
	query_bind_text(q, ":campaign", f->campaign);
	query_bind_int(q, ":max", (int64_t)max);
	while (*count < max && query_step(q))
		read_line(q, a, &(*lines)[(*count)++]);
	/* Complete the rows and remember the last one for the next page. */
	if ((st = query_done(q)) != OK || *count == 0)
		return st;
	st = find_reasons(db, a, org, *lines, *count);
	*place = ledger_position_of(&(*lines)[*count - 1]);
	return st;
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
 * negative or money only, so a plain sum is right.
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
 * Adds a stretch of the ledger to the segments' counters, by the rules of segment_spend: a void of a sent event lowers
 * `sent`, a void of a failed one lowers `failed`, and neither lowers `spent`.  The join tells which of the two a void
 * is.  A void has its event's instant, so both lie in the same stretch.
 */
static enum status
add_segments(struct db *db, const struct organization *org, int64_t from_at, int64_t until_at)
{
	struct query *q = db_query(db, "UPDATE segment SET sent = segment.sent + l.sent, "
	    "failed = segment.failed + l.failed, spent = segment.spent + l.spent "
	    "FROM (SELECT e.campaign, e.segment, sum(CASE WHEN e.status = 'failed' THEN 0 ELSE e.messages END) AS sent, "
	    "sum(CASE WHEN e.status = 'failed' THEN 1 WHEN t.status = 'failed' THEN -1 ELSE 0 END) AS failed, "
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
