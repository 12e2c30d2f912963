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
