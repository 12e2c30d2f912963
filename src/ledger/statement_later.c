/*
 * What came after a statement (see statement.h): rows of the ledger with a greater revision, and the figures as they are now.
 *
 * The ledger has no index by revision.  The digests of the days of UTC, which the statement keeps, tell which days have other
 * rows than then, and how many more.  If so many corrections of that day are later ones, only these are read, by their index;
 * otherwise all rows of the day.
 *
 * A recomputation of day boundaries may have moved instants into the month or out of it.  Both are read; a row belongs to the
 * month if its day does now, as for the figures.  Of a day of UTC that the statement did not touch, all rows are looked at.
 */
#include <string.h>

#include "ledger/statement.h"
#include "quota/quota.h"
#include "store/channel_column.h"
#include "time/instant.h"

/* The rows of a day of UTC after a position, in the order of their time. */
#define ROWS "SELECT " EVENT_ROW_COLUMNS ", e.received_at, e.org_revision FROM event e WHERE e.org = :org " \
	"AND (e.occurred_at, e.source, e.id) > (:at, :source, :id) AND e.occurred_at < :until "
#define ORDER "ORDER BY e.occurred_at, e.source, e.id"
enum { OCCURRED_AT = 2, CHANNEL = 3, MESSAGES = 4, PARTS = 5, COST = 6, STATUS = 8, SETTLES = 15,
	RECEIVED_AT = EVENT_ROW_COLUMN_COUNT, REVISION };

struct search {
	struct db *db;
	struct arena *arena;
	const struct organization *org;
	const struct statement *s;
	struct statement_later *later;
	struct ledger_position place;
	int64_t looked_at;
};

/* Days of UTC that are read: those of a month, and two at each end by the zones of then and of now. */
enum { READ_DAYS_MAX = STATEMENT_DAYS_MAX + 4 };

/* A day of UTC that has other rows than it had, and how many more. */
struct changed_day {
	int64_t day, rows;
};

static void
add(struct usage_sum *sum, int64_t messages, int64_t parts, int64_t cost_micros)
{
	sum->messages = quota_sum(sum->messages, messages);
	sum->parts = quota_sum(sum->parts, parts);
	sum->cost_micros = quota_sum(sum->cost_micros, cost_micros);
}

static enum statement_kind
kind_of(struct query *q)
{
	const char *status = query_text(q, STATUS);

	if (strcmp(status, "void") == 0)
		return LATER_VOIDS;
	if (strcmp(status, "adjust") == 0)
		return query_is_null(q, SETTLES) ? LATER_ADJUSTMENTS : LATER_SETTLEMENTS;
	return strcmp(status, "failed") == 0 ? LATER_FAILED : LATER_EVENTS;
}

/*
 * Takes a later row into the sums, and into the list while that has room, unless its day is no longer of the month.  A failed
 * event counts nothing.
 */
static enum status
add_row(struct search *x, struct query *q)
{
	int64_t messages = query_int(q, MESSAGES), parts = query_int(q, PARTS), cost = query_int(q, COST);
	int64_t day = day_at(x->org->days, query_int(q, OCCURRED_AT)).n - x->s->month.n;
	enum statement_kind kind = kind_of(q);
	struct statement_later *later = x->later;
	struct statement_row *listed;
	enum channel c;
	enum status st = channel_column(q, CHANNEL, &c);

	if (st != OK)
		return st;
	if (day < 0 || day >= x->s->days) {
		later->outside++;
		return OK;
	}
	later->rows++;
	later->of[c].rows[kind]++;
	if (kind != LATER_FAILED) {
		add(&later->of[c].sum, messages, parts, cost);
		add(&later->rows_of->of[day][c], messages, parts, cost);
	}
	if (later->listed_count == STATEMENT_LISTED_MAX)
		return OK;
	listed = &later->listed[later->listed_count++];
	listed->kind = kind;
	listed->received_at = query_int(q, RECEIVED_AT);
	return event_row_read(q, x->arena, &listed->row);
}

/*
 * Reads rows before an instant from the position on; the later ones have a greater revision.  Ends, with has_more, when enough
 * rows were looked at.
 */
static enum status
read_rows(struct search *x, struct query *q, int64_t until_at)
{
	enum status st = OK, done;

	query_bind_int(q, ":org", x->org->key);
	query_bind_int(q, ":at", x->place.at);
	query_bind_text(q, ":source", x->place.source);
	query_bind_text(q, ":id", x->place.id);
	query_bind_int(q, ":until", until_at);
	while (st == OK && query_step(q)) {
		if (x->looked_at++ == STATEMENT_LOOKED_AT_MAX) {
			x->later->has_more = true;
			break;
		}
		if (query_int(q, REVISION) > x->s->revision)
			st = add_row(x, q);
		/* The position is only kept of the last one, because its texts take memory. */
		if (x->looked_at == STATEMENT_LOOKED_AT_MAX)
			x->later->next = (struct ledger_position) { .at = query_int(q, OCCURRED_AT),
				.source = arena_strdup(x->arena, query_text(q, 0)), .id = arena_strdup(x->arena, query_text(q, 1)) };
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Whether all that is new on a day of UTC are corrections, which have an index.  Looks at no more of them than there is room. */
static enum status
is_of_corrections(struct search *x, const struct changed_day *d, bool *is)
{
	struct query *q = db_query(x->db, "SELECT count(*), coalesce(sum(later), 0) FROM ("
	    "SELECT CASE WHEN org_revision > :revision THEN 1 ELSE 0 END AS later FROM event WHERE org = :org "
	    "AND occurred_at >= :from AND occurred_at < :until AND rank > 0 LIMIT :max) AS corrections");
	int64_t left = STATEMENT_LOOKED_AT_MAX - x->looked_at;

	query_bind_int(q, ":org", x->org->key);
	query_bind_int(q, ":revision", x->s->revision);
	query_bind_int(q, ":from", d->day * DAY_MS);
	query_bind_int(q, ":until", (d->day + 1) * DAY_MS);
	query_bind_int(q, ":max", left);
	*is = query_step(q) && query_int(q, 0) < left && query_int(q, 1) == d->rows;
	return query_done(q);
}

/* The rows of one day of UTC that are the statement's and came later. */
static enum status
read_day(struct search *x, const struct changed_day *d)
{
	int64_t from_at = d->day * DAY_MS, until_at = (d->day + 1) * DAY_MS;
	bool is_continued = x->place.at >= from_at && x->place.id[0] != '\0', is = false;
	enum status st;

	/* Before a place is everything that the page before this one has looked at. */
	if (x->place.at < from_at)
		x->place = (struct ledger_position) { .at = from_at, .source = "", .id = "" };
	if (until_at > x->s->read_until_at)
		until_at = x->s->read_until_at;
	if (!is_continued && (st = is_of_corrections(x, d, &is)) != OK)
		return st;
	return is ? read_rows(x, db_query(x->db, ROWS "AND e.rank > 0 " ORDER), until_at) :
	    read_rows(x, db_query(x->db, ROWS ORDER), until_at);
}

/* The days of UTC from `first` on whose digests are not those that the statement keeps. */
static enum status
find_changed(struct search *x, struct changed_day *days, size_t *count)
{
	struct query *q = db_query(x->db, "SELECT l.day, l.events - coalesce(d.events, 0) FROM ledger_day l "
	    "LEFT JOIN statement_day d ON d.org = l.org AND d.month = :month AND d.day = l.day "
	    "WHERE l.org = :org AND l.day >= :first AND l.day <= :last "
	    "AND (d.day IS NULL OR d.events <> l.events OR d.digest <> l.digest) ORDER BY l.day");

	*count = 0;
	query_bind_int(q, ":org", x->org->key);
	query_bind_int(q, ":month", x->s->month.n);
	query_bind_int(q, ":first", floor_div(x->place.at, DAY_MS));
	query_bind_int(q, ":last", floor_div(x->s->read_until_at - 1, DAY_MS));
	while (query_step(q) && *count < READ_DAYS_MAX)
		days[(*count)++] = (struct changed_day) { query_int(q, 0), query_int(q, 1) };
	return query_done(q);
}

static enum status
load_now(struct search *x)
{
	struct query *q = db_query(x->db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	enum status st = OK, done;
	enum channel c;

	query_bind_int(q, ":org", x->org->key);
	query_bind_int(q, ":from", x->s->month.n);
	query_bind_int(q, ":until", x->s->month.n + x->s->days);
	while (st == OK && query_step(q))
		if ((st = channel_column(q, 1, &c)) == OK)
			x->later->now->of[query_int(q, 0) - x->s->month.n][c] =
			    (struct usage_sum) { query_int(q, 2), query_int(q, 3), query_int(q, 4) };
	done = query_done(q);
	return st != OK ? st : done;
}

/* The day of an instant, or the end of the month that is nearest to it. */
static struct day
day_within(const struct search *x, int64_t at)
{
	struct day d = day_at(x->org->days, at), end = day_add(x->s->month, x->s->days);

	return d.n < x->s->month.n ? x->s->month : d.n > end.n ? end : d;
}

/*
 * Says which days the page has.  One on which it begins or ends has rows on another page too: the page on which it ends has its
 * line, and none compares it.
 */
static void
find_days(const struct search *x, const struct ledger_position *place)
{
	struct statement_later *later = x->later;

	later->is_part = place != NULL || later->has_more;
	later->lines_from = place != NULL ? day_within(x, place->at) : x->s->month;
	later->lines_until = later->has_more ? day_within(x, later->next.at) : day_add(x->s->month, x->s->days);
	later->compared_from = place != NULL ? day_add(later->lines_from, 1) : later->lines_from;
	later->compared_until = later->lines_until;
	if (place != NULL && day_at(x->org->days, place->at).n < x->s->month.n)
		later->compared_from = x->s->month;
	if (later->compared_until.n < later->compared_from.n)
		later->compared_until = later->compared_from;
}

enum status
statement_later(struct db *db, struct arena *a, const struct organization *org, const struct statement *s,
    const struct ledger_position *place, struct statement_later *later)
{
	struct search x = { .db = db, .arena = a, .org = org, .s = s, .later = later,
		.place = { .at = s->read_from_at, .source = "", .id = "" } };
	struct changed_day days[READ_DAYS_MAX];
	enum status st;
	size_t count;

	*later = (struct statement_later) { .rows_of = arena_alloc(a, sizeof(*later->rows_of)),
		.now = arena_alloc(a, sizeof(*later->now)) };
	if (place != NULL)
		x.place = *place;
	if ((st = load_now(&x)) != OK || (st = find_changed(&x, days, &count)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < count && !later->has_more; i++)
		st = read_day(&x, &days[i]);
	find_days(&x, place);
	return st;
}

/* Adds what a page has to the pages before it, and the rows that the list has room for. */
static void
add_page(const struct statement *s, struct statement_later *whole, const struct statement_later *page)
{
	whole->rows += page->rows;
	whole->outside += page->outside;
	for (size_t i = 0; i < page->listed_count && whole->listed_count < STATEMENT_LISTED_MAX; i++)
		whole->listed[whole->listed_count++] = page->listed[i];
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		const struct usage_sum *sum = &page->of[c].sum;

		for (int k = 0; k < LATER_KINDS; k++)
			whole->of[c].rows[k] += page->of[c].rows[k];
		add(&whole->of[c].sum, sum->messages, sum->parts, sum->cost_micros);
		for (int day = 0; day < s->days; day++) {
			sum = &page->rows_of->of[day][c];
			add(&whole->rows_of->of[day][c], sum->messages, sum->parts, sum->cost_micros);
		}
	}
}

enum status
statement_later_whole(struct db *db, struct arena *a, const struct organization *org, const struct statement *s,
    struct statement_later *later)
{
	struct statement_later *page = arena_alloc(a, sizeof(*page));
	enum status st = statement_later(db, a, org, s, NULL, later);
	struct ledger_position place = later->next;

	for (bool has_more = later->has_more; st == OK && has_more; has_more = page->has_more) {
		if ((st = statement_later(db, a, org, s, &place, page)) == OK)
			add_page(s, later, page);
		place = page->next;
	}
	later->has_more = later->is_part = false;
	later->lines_until = later->compared_until = day_add(s->month, s->days);
	return st;
}

bool
statement_moved(const struct statement *s, const struct statement_later *later, int day, enum channel c, struct usage_sum *sum)
{
	const struct usage_sum *was = &s->figures->of[day][c], *rows = &later->rows_of->of[day][c], *now = &later->now->of[day][c];
	int32_t n = s->month.n + day;

	*sum = (struct usage_sum) { now->messages - was->messages - rows->messages, now->parts - was->parts - rows->parts,
		now->cost_micros - was->cost_micros - rows->cost_micros };
	return n >= later->compared_from.n && n < later->compared_until.n &&
	    (sum->messages != 0 || sum->parts != 0 || sum->cost_micros != 0);
}
