/*
 * The ledger as a whole (see ledger.h): pages of rows for readers.
 */
#include <string.h>

#include "time/instant.h"
#include "ledger/ledger.h"

/* After so many rows in a row that were not of a channel, finding the next one takes less time than to read on. */
enum { MISSES_MAX = 8 };

/* The status of an event after its settlements. */
#define STATUS "CASE WHEN e.status = 'failed' AND EXISTS (SELECT 1 FROM event a WHERE a.org = e.org " \
	"AND a.source IN (e.source, '" EVENT_SETTLE_PREFIX "' || e.source) AND a.settles_id = e.id AND a.messages = 1) " \
	"THEN 'sent' ELSE e.status END"

/* Whether the filter wants a row. */
#define IS_WANTED "((e.status <> 'adjust' OR :with = 2 OR (:with = 1 AND e.settles_id IS NOT NULL " \
	"AND substr(e.source, 1, 8) <> '" EVENT_OWN_SOURCE "')) " \
	"AND (:channel IS NULL OR e.channel = :channel) AND (:status IS NULL OR " STATUS " = :status))"

/* A column of a failed contact: not by a join, which would look for one of each row. */
#define FAILURE(column) "CASE e.status WHEN 'failed' THEN (SELECT f." column " FROM failure f " \
	"WHERE f.org = e.org AND f.source = e.source AND f.id = e.id) END"

/* All rows that a page looks at, also those that the filter does not want: they are counted. */
#define LOOK(rank, wanted) "SELECT " EVENT_ROW_COLUMNS ", e.received_at, " FAILURE("phone") ", " FAILURE("reason") ", " \
	rank " AS line_rank, " wanted " FROM event e "
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

/* ---- Skipping time without a channel */

/* A page that is being read. */
struct reading {
	struct db *db;
	const struct organization *org;
	const struct ledger_filter *filter;
	struct arena *arena;
	struct ledger_position *place;
	struct ledger_page *page;
	size_t max, look_max;
	size_t misses;			/* rows that were not wanted, since the last one that was */
	int64_t not_dry_until;		/* nothing is to be skipped before this instant */
	bool is_dry;			/* its place has been moved to the next row of the channel */
};

/* The first day from d on, at the latest that of the end, that has a row of the channel; d beyond it if there is none. */
static enum status
next_day(const struct reading *r, struct day *d, struct day last)
{
	struct query *q = db_query(r->db, "SELECT day FROM usage_day WHERE org = :org AND day >= :day AND day <= :last "
	    "AND channel = :channel ORDER BY day LIMIT 1");

	query_bind_int(q, ":org", r->org->key);
	query_bind_int(q, ":day", d->n);
	query_bind_int(q, ":last", last.n);
	query_bind_text(q, ":channel", r->filter->channel);
	*d = query_step(q) ? (struct day) { (int32_t)query_int(q, 0) } : day_add(last, 1);
	return query_done(q);
}

/* The first quarter-hour of a day from the given one on that has a row of the channel; false if there is none. */
static enum status
next_quarter(const struct reading *r, struct day d, int64_t *quarter, bool *is_there)
{
	int64_t start = day_start(r->org->days, d) / QUARTER_MS;
	struct query *q = db_query(r->db, "SELECT quarter FROM usage_quarter WHERE org = :org AND quarter >= :from "
	    "AND quarter < :until AND channel = :channel ORDER BY quarter LIMIT 1");

	query_bind_int(q, ":org", r->org->key);
	query_bind_int(q, ":from", *quarter > start ? *quarter : start);
	query_bind_int(q, ":until", day_start(r->org->days, day_add(d, 1)) / QUARTER_MS);
	query_bind_text(q, ":channel", r->filter->channel);
	if ((*is_there = query_step(q)))
		*quarter = query_int(q, 0);
	return query_done(q);
}

/* The first instant from *at on at which a failed event of the channel is; INT64_MAX if there is none. */
static enum status
next_failed(const struct reading *r, int64_t *at)
{
	struct query *q = db_query(r->db, "SELECT occurred_at FROM event WHERE org = :org AND channel = :channel "
	    "AND status = 'failed' AND occurred_at >= :at ORDER BY occurred_at LIMIT 1");

	query_bind_int(q, ":org", r->org->key);
	query_bind_text(q, ":channel", r->filter->channel);
	query_bind_int(q, ":at", *at);
	*at = query_step(q) ? query_int(q, 0) : INT64_MAX;
	return query_done(q);
}

/*
 * The start of the first quarter-hour from that of *at on that may have rows of the channel: what counts has a row in
 * usage_quarter, even if its figures are 0, and so does what takes it back; a failed event has none, but an index of its own.
 */
static enum status
next_at(const struct reading *r, int64_t *at)
{
	int64_t quarter = floor_div(*at, QUARTER_MS), failed_at = *at;
	struct day d = day_at(r->org->days, *at), last = day_at(r->org->days, r->filter->until_at - 1);
	bool is_there = false;
	enum status st;

	while ((st = next_day(r, &d, last)) == OK && d.n <= last.n &&
	    (st = next_quarter(r, d, &quarter, &is_there)) == OK && !is_there)
		d = day_add(d, 1);
	if (st != OK || (st = next_failed(r, &failed_at)) != OK)
		return st;
	if (is_there && quarter * QUARTER_MS <= *at)
		return OK;
	*at = is_there && quarter * QUARTER_MS < failed_at ? quarter * QUARTER_MS : failed_at;
	return OK;
}

/*
 * Moves *at to the first row of the channel in its quarter-hour or, if there is none, to the next quarter-hour; or to the row at
 * which enough were looked at.  All that it reads is in the index event_occurred.
 */
static enum status
find_in_quarter(const struct reading *r, int64_t *at, size_t *looked_at, bool *is_found)
{
	struct query *q = db_query(r->db, "SELECT occurred_at, channel = :channel FROM event WHERE org = :org "
	    "AND occurred_at >= :at AND occurred_at < :until ORDER BY occurred_at");
	int64_t end = (floor_div(*at, QUARTER_MS) + 1) * QUARTER_MS;

	query_bind_text(q, ":channel", r->filter->channel);
	query_bind_int(q, ":org", r->org->key);
	query_bind_int(q, ":at", *at);
	query_bind_int(q, ":until", end);
	*is_found = false;
	while (!*is_found && query_step(q)) {
		*is_found = query_int(q, 1) || ++*looked_at >= r->look_max;
		if (*is_found)
			*at = query_int(q, 0);
	}
	if (!*is_found)
		*at = end;
	return query_done(q);
}

/*
 * Looks, after some rows in a row that were not wanted, where the next row of the channel is.  If it has the same instant, whose
 * rows the index does not have in the order of the list, all that is left of them is read, and only then counted.
 */
static enum status
look_ahead(struct reading *r, int64_t at)
{
	int64_t next = at, until_at = r->filter->until_at;
	size_t looked_at = r->page->looked_at;
	bool is_found = false;
	enum status st = OK;

	while (st == OK && !is_found && next < until_at)
		if ((st = next_at(r, &next)) == OK && next < until_at)
			st = find_in_quarter(r, &next, &looked_at, &is_found);
	r->misses = 0;
	r->not_dry_until = next + 1;
	if (!(r->is_dry = st == OK && next > at))
		return st;
	r->page->looked_at = looked_at;
	*r->place = (struct ledger_position) { .at = next < until_at ? next : until_at, .rank = -1, .source = "", .id = "" };
	return st;
}

/* ---- A page */

/* Steps through the rows until the page is full, or dry, or enough were looked at, or there are no more. */
static enum status
fill(struct reading *r, struct stream *events, struct stream *rows)
{
	struct ledger_page *page = r->page;
	struct stream *s;
	enum status st = OK;

	while (st == OK && !r->is_dry && page->count < r->max && page->looked_at < r->look_max) {
		if ((s = next_of(events, rows)) == NULL) {
			page->is_last = true;
			break;
		}
		page->looked_at++;
		r->misses++;
		if (query_int(s->q, WANTED)) {
			r->misses = 0;
			st = read_line(s->q, r->arena, &page->lines[page->count++]);
		}
		if (r->misses >= MISSES_MAX && r->filter->channel != NULL && query_int(s->q, OCCURRED_AT) >= r->not_dry_until &&
		    page->looked_at < r->look_max)
			st = look_ahead(r, query_int(s->q, OCCURRED_AT));
		/* The position is only kept of the last one, because its texts take memory. */
		if (!r->is_dry && (page->count == r->max || page->looked_at >= r->look_max))
			*r->place = (struct ledger_position) { .at = query_int(s->q, OCCURRED_AT), .rank = (int)query_int(s->q, RANK),
				.source = arena_strdup(r->arena, query_text(s->q, 0)), .id = arena_strdup(r->arena, query_text(s->q, 1)) };
		else if (!r->is_dry)
			s->has_row = query_step(s->q);
	}
	return st;
}

/* Reads on from the place. */
static enum status
read_on(struct reading *r)
{
	const struct ledger_filter *f = r->filter;
	bool is_all = f->campaign == NULL && !is_status(f, "failed") && !is_status(f, "void");
	struct stream rows = { .q = look(r->db, f) }, events = { 0 };
	enum status st, done;

	bind(rows.q, r->org, f);
	query_bind_int(rows.q, ":at", r->place->at);
	query_bind_int(rows.q, ":rank", r->place->rank);
	query_bind_text(rows.q, ":source", r->place->source);
	query_bind_text(rows.q, ":id", r->place->id);
	if (f->campaign != NULL)
		query_bind_text(rows.q, ":campaign", f->campaign);
	rows.has_row = query_step(rows.q);
	if (is_all) {
		events.q = look_at_events(r->db, r->org, f, r->place);
		events.has_row = query_step(events.q);
	}
	st = fill(r, &events, &rows);
	done = query_done(rows.q);
	st = st != OK ? st : done;
	if (is_all && (done = query_done(events.q)) != OK && st == OK)
		st = done;
	return st;
}

enum status
ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f, size_t max,
    size_t look_max, struct ledger_position *place, struct ledger_page *page)
{
	struct reading r = { .db = db, .org = org, .filter = f, .arena = a, .place = place, .page = page, .max = max,
		.look_max = look_max, .not_dry_until = INT64_MIN };
	enum status st;

	*page = (struct ledger_page) { .lines = arena_alloc(a, max * sizeof(*page->lines)) };
	do {
		r.is_dry = false;
		st = read_on(&r);
	} while (st == OK && r.is_dry && page->looked_at < look_max);
	return st;
}
