/*
 * The ledger as a whole (see ledger.h): pages of rows for readers, and the roll-ups and counters recomputed from all rows.
 */
#include <string.h>

#include "time/instant.h"
#include "ledger/ledger.h"

/* A rebuild takes the ledger in stretches of this length, so that SQLite sorts little at a time. */
#define STRETCH_MS (31 * DAY_MS)

/* ---- A page */

/* The status of an event after its settlements. */
#define STATUS "CASE WHEN e.status = 'failed' AND EXISTS (SELECT 1 FROM event a WHERE a.org = e.org " \
	"AND a.source IN (e.source, '" EVENT_SETTLE_PREFIX "' || e.source) AND a.settles_id = e.id AND a.messages = 1) " \
	"THEN 'sent' ELSE e.status END"

/* Whether the filter wants a row. */
#define IS_WANTED "((e.status <> 'adjust' OR :with = 2 OR (:with = 1 AND e.settles_id IS NOT NULL " \
	"AND substr(e.source, 1, 8) <> '" EVENT_OWN_SOURCE "')) " \
	"AND (:channel IS NULL OR e.channel = :channel) AND (:status IS NULL OR " STATUS " = :status))"

/* All rows that a page looks at, also those that the filter does not want: they are counted. */
#define LOOK "SELECT " EVENT_ROW_COLUMNS ", e.received_at, f.phone, f.reason, e.rank, " IS_WANTED " FROM event e " \
	"LEFT JOIN failure f ON f.org = e.org AND f.source = e.source AND f.id = e.id "
enum { RECEIVED_AT = EVENT_ROW_COLUMN_COUNT, PHONE, REASON, RANK, WANTED };

/* The tuple comparison continues exactly after the last row, by the index, even if many rows share an instant. */
#define AFTER "AND (e.occurred_at, e.rank, e.source, e.id) > (:at, :rank, :source, :id) AND e.occurred_at < :until "
#define ORDER "ORDER BY e.occurred_at, e.rank, e.source, e.id"

/*
 * Chooses the index that has the fewest rows that the filter does not want.  A row that named the campaign has its key, or none
 * if there was no such campaign when it was written; corrections have only the key.
 */
static struct query *
look(struct db *db, const struct ledger_filter *f)
{
	if (f->campaign != NULL)
		return db_query(db, LOOK "WHERE e.campaign = (SELECT key FROM campaign WHERE org = :org AND id = :campaign) " AFTER
		    "UNION ALL " LOOK "WHERE e.org = :org AND e.campaign IS NULL AND e.campaign_given = :campaign " AFTER ORDER);
	if (f->status != NULL && strcmp(f->status, "failed") == 0)
		return db_query(db, LOOK "WHERE e.org = :org AND e.status = 'failed' " AFTER ORDER);
	return db_query(db, LOOK "WHERE e.org = :org " AFTER ORDER);
}

/* Reads one row that is wanted. */
static enum status
read_line(struct query *q, struct arena *a, struct ledger_line *l)
{
	enum status st = event_row_read(q, a, &l->row);

	l->has_standing = false;
	l->reason = l->row.reason;
	l->received_at = query_int(q, RECEIVED_AT);
	if ((l->has_failure = !query_is_null(q, PHONE))) {
		l->to = arena_strdup(a, query_text(q, PHONE));
		l->reason = arena_strdup(a, query_text(q, REASON));
	}
	return st;
}

/* Steps through the rows until the page is full, or enough were looked at, or there are no more. */
static enum status
fill(struct query *q, struct arena *a, size_t max, size_t look_max, struct ledger_position *place, struct ledger_page *page)
{
	enum status st = OK;

	while (st == OK && page->count < max && page->looked_at < look_max) {
		if (!query_step(q)) {
			page->is_last = true;
			break;
		}
		page->looked_at++;
		if (query_int(q, WANTED))
			st = read_line(q, a, &page->lines[page->count++]);
		/* The position is only kept of the last one, because its texts take memory. */
		if (page->count == max || page->looked_at == look_max)
			*place = (struct ledger_position) { .at = query_int(q, 2), .rank = (int)query_int(q, RANK),
				.source = arena_strdup(a, query_text(q, 0)), .id = arena_strdup(a, query_text(q, 1)) };
	}
	return st;
}

enum status
ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f, size_t max,
    size_t look_max, struct ledger_position *place, struct ledger_page *page)
{
	struct query *q = look(db, f);
	enum status st, done;

	*page = (struct ledger_page) { .lines = arena_alloc(a, max * sizeof(*page->lines)) };
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":at", place->at);
	query_bind_int(q, ":until", f->until_at);
	query_bind_int(q, ":rank", place->rank);
	query_bind_text(q, ":source", place->source);
	query_bind_text(q, ":id", place->id);
	query_bind_int(q, ":with", f->with);
	query_bind_text(q, ":channel", f->channel);
	query_bind_text(q, ":status", f->status);
	if (f->campaign != NULL)
		query_bind_text(q, ":campaign", f->campaign);
	st = fill(q, a, max, look_max, place, page);
	done = query_done(q);
	return st != OK ? st : done;
}
