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
#define LOOK(rank, wanted) "SELECT " EVENT_ROW_COLUMNS ", e.received_at, f.phone, f.reason, " rank " AS line_rank, " wanted \
	" FROM event e LEFT JOIN failure f ON f.org = e.org AND f.source = e.source AND f.id = e.id "
#define LOOK_AT_ALL LOOK("e.rank", IS_WANTED)
enum { OCCURRED_AT = 2, RECEIVED_AT = EVENT_ROW_COLUMN_COUNT, PHONE, REASON, RANK, WANTED };

/* The tuple comparison continues exactly after the last row, by the index, even if many rows share an instant. */
#define AFTER "AND (e.occurred_at, e.rank, e.source, e.id) > (:at, :rank, :source, :id) AND e.occurred_at < :until "
#define ORDER "ORDER BY e.occurred_at, line_rank, e.source, e.id"

/* Rows in the order of lists, and whether there is one that was not taken yet. */
struct stream {
	struct query *q;
	bool has_row;
};

static bool
is_status(const struct ledger_filter *f, const char *status)
{
	return f->status != NULL && strcmp(f->status, status) == 0;
}

/*
 * Chooses the index that has the fewest rows that the filter does not want.  A row that named the campaign has its key, or none
 * if there was no such campaign when it was written; corrections have only the key.
 */
static struct query *
look(struct db *db, const struct ledger_filter *f)
{
	if (f->campaign != NULL)
		return db_query(db, LOOK_AT_ALL "WHERE e.campaign = (SELECT key FROM campaign WHERE org = :org AND id = :campaign) "
		    AFTER "UNION ALL " LOOK_AT_ALL "WHERE e.org = :org AND e.campaign IS NULL AND e.campaign_given = :campaign "
		    AFTER ORDER);
	if (is_status(f, "failed"))
		return db_query(db, LOOK_AT_ALL "WHERE e.org = :org AND e.status = 'failed' " AFTER ORDER);
	return db_query(db, LOOK_AT_ALL "WHERE e.org = :org AND e.rank > 0 " AFTER ORDER);
}

/* Binds what every query has. */
static void
bind(struct query *q, const struct organization *org, const struct ledger_filter *f)
{
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":until", f->until_at);
	query_bind_int(q, ":with", f->with);
	query_bind_text(q, ":channel", f->channel);
	query_bind_text(q, ":status", f->status);
}

/*
 * Without a filter that has an index events and corrections are two streams, because the index by time lacks the rank.  The
 * stream of events has every row, with the rank of an event, and wants no correction.  After a correction it continues at the
 * next instant.
 */
static struct query *
look_at_events(struct db *db, const struct organization *org, const struct ledger_filter *f, const struct ledger_position *place)
{
	struct query *q = db_query(db, LOOK("0", "(e.rank = 0 AND " IS_WANTED ")") "WHERE e.org = :org "
	    "AND (e.occurred_at, e.source, e.id) > (:at, :source, :id) AND e.occurred_at < :until "
	    "ORDER BY e.occurred_at, e.source, e.id");
	bool is_past = place->rank > 0;

	bind(q, org, f);
	query_bind_int(q, ":at", place->at + is_past);
	query_bind_text(q, ":source", is_past ? "" : place->source);
	query_bind_text(q, ":id", is_past ? "" : place->id);
	return q;
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

/* The stream with the next row; of one instant, events come first.  NULL: there is none. */
static struct stream *
next_of(struct stream *events, struct stream *rows)
{
	if (events->has_row && rows->has_row)
		return query_int(events->q, OCCURRED_AT) <= query_int(rows->q, OCCURRED_AT) ? events : rows;
	return events->has_row ? events : rows->has_row ? rows : NULL;
}

/* Steps through the rows until the page is full, or enough were looked at, or there are no more. */
static enum status
fill(struct stream *events, struct stream *rows, struct arena *a, size_t max, size_t look_max, struct ledger_position *place,
    struct ledger_page *page)
{
	struct stream *s;
	enum status st = OK;

	while (st == OK && page->count < max && page->looked_at < look_max) {
		if ((s = next_of(events, rows)) == NULL) {
			page->is_last = true;
			break;
		}
		page->looked_at++;
		if (query_int(s->q, WANTED))
			st = read_line(s->q, a, &page->lines[page->count++]);
		/* The position is only kept of the last one, because its texts take memory. */
		if (page->count == max || page->looked_at == look_max)
			*place = (struct ledger_position) { .at = query_int(s->q, OCCURRED_AT), .rank = (int)query_int(s->q, RANK),
				.source = arena_strdup(a, query_text(s->q, 0)), .id = arena_strdup(a, query_text(s->q, 1)) };
		else
			s->has_row = query_step(s->q);
	}
	return st;
}

enum status
ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f, size_t max,
    size_t look_max, struct ledger_position *place, struct ledger_page *page)
{
	bool is_all = f->campaign == NULL && !is_status(f, "failed") && !is_status(f, "void");
	struct stream rows = { .q = look(db, f) }, events = { 0 };
	enum status st, done;

	*page = (struct ledger_page) { .lines = arena_alloc(a, max * sizeof(*page->lines)) };
	bind(rows.q, org, f);
	query_bind_int(rows.q, ":at", place->at);
	query_bind_int(rows.q, ":rank", place->rank);
	query_bind_text(rows.q, ":source", place->source);
	query_bind_text(rows.q, ":id", place->id);
	if (f->campaign != NULL)
		query_bind_text(rows.q, ":campaign", f->campaign);
	rows.has_row = query_step(rows.q);
	if (is_all) {
		events.q = look_at_events(db, org, f, place);
		events.has_row = query_step(events.q);
	}
	st = fill(&events, &rows, a, max, look_max, place, page);
	done = query_done(rows.q);
	st = st != OK ? st : done;
	if (is_all && (done = query_done(events.q)) != OK && st == OK)
		st = done;
	return st;
}
