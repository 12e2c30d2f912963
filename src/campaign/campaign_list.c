/*
 * Pages of campaigns and of failed contacts (see campaign_list.h).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/campaign_list.h"
#include "base/cursor.h"
#include "ledger/event.h"

/* Digits of a key in a cursor, so that it fits an int64. */
enum { DIGITS_MAX = 18 };

/*
 * The cursor has the time and the id of the campaign, because its key counts the campaigns of all organizations.  Before schema
 * version 5 it was `c` and the key, which the digits of a time in hexadecimal never are: such a cursor is still good.
 */
const char *
campaign_cursor(struct arena *a, const struct campaign_page *page)
{
	return cursor_of(a, arena_printf(a, "%" PRId64 "~%s", page->last_at, page->last));
}

/* Reads `c` and the digits of a positive key. */
static bool
parse_key(const char *text, int64_t *key)
{
	size_t digits = text[0] == 'c' ? strspn(text + 1, "0123456789") : 0;

	if (digits == 0 || digits > DIGITS_MAX || text[digits + 1] != '\0')
		return false;
	*key = strtoll(text + 1, NULL, 10);
	return *key > 0;
}

/*
 * Finds the key before which the page begins: that of the campaign itself or, if it was deleted meanwhile, that of the first
 * one that was made after it.
 */
enum status
campaign_cursor_read(struct db *db, struct arena *a, const struct organization *org, const char *text, int64_t *before,
    struct error *err)
{
	char *copy, *id, *end;
	struct query *q;
	int64_t at;

	if (parse_key(text, before))
		return OK;
	if ((copy = cursor_text(a, text)) == NULL || (id = strchr(copy, '~')) == NULL || id == copy)
		return error_set(err, BAD_REQUEST, "cursor: invalid; use the nextCursor of the previous page");
	*id++ = '\0';
	at = strtoll(copy, &end, 10);
	if (*end != '\0')
		return error_set(err, BAD_REQUEST, "cursor: invalid; use the nextCursor of the previous page");
	q = db_query(db, "SELECT coalesce((SELECT key FROM campaign WHERE org = :org AND id = :id), "
	    "(SELECT min(key) FROM campaign WHERE org = :org AND created_at > :at), :newest)");
	query_bind_int(q, ":org", org->key);
	query_bind_text(q, ":id", id);
	query_bind_int(q, ":at", at);
	query_bind_int(q, ":newest", INT64_MAX);
	if (query_step(q))
		*before = query_int(q, 0);
	return query_done(q);
}

/* Whether the filter has days, and so few segments lie on them that the campaigns of all can be looked at. */
static enum status
has_few(struct db *db, const struct organization *org, const struct campaign_filter *f, bool *few)
{
	struct query *q;

	*few = false;
	if (f->from.n == INT32_MIN && f->to.n == INT32_MAX)
		return OK;
	q = db_query(db, "SELECT count(*) FROM (SELECT 1 FROM segment WHERE org = :org AND day BETWEEN :from AND :to LIMIT :max)");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", f->from.n);
	query_bind_int(q, ":to", f->to.n);
	query_bind_int(q, ":max", CAMPAIGNS_LOOKED_AT_MAX + 1);
	if (query_step(q))
		*few = query_int(q, 0) <= CAMPAIGNS_LOOKED_AT_MAX;
	return query_done(q);
}

/* Campaigns with a segment of a status, from the newest; a campaign with several such segments comes several times. */
#define OF_STATUS(status) "SELECT c.key, c.id, EXISTS (SELECT 1 FROM segment d WHERE d.campaign = c.key " \
	"AND d.day BETWEEN :from AND :to), c.created_at FROM segment s JOIN campaign c ON c.key = s.campaign " \
	"WHERE s.org = :org AND s.status = '" status "' AND s.campaign < :before ORDER BY s.campaign DESC"

/*
 * The campaigns of an organization below a key, newest first, and whether a segment is in the range.  Keys grow with time, and
 * campaigns that are added meanwhile come before the page.  A few days among many have few of the campaigns, perhaps old ones, so
 * those are found by their days; if the days have many, the newest campaigns are soon enough for a page.  So they are for states
 * that most campaigns have; one of the others needs a segment of that status, which has an index.
 */
static struct query *
look(struct db *db, const struct organization *org, const struct campaign_filter *f, bool by_days)
{
	static const char *const of_status[SEGMENT_STATE_COUNT] = { [SEGMENT_CANCELLED] = OF_STATUS("cancelled"),
		[SEGMENT_DRAFT] = OF_STATUS("draft"), [SEGMENT_PAUSED] = OF_STATUS("paused") };
	struct query *q = db_query(db, by_days ?
	    "SELECT key, id, 1, created_at FROM campaign WHERE key IN (SELECT campaign FROM segment "
	    "WHERE org = :org AND day BETWEEN :from AND :to AND campaign < :before) ORDER BY key DESC" :
	    f->has_state && of_status[f->state] != NULL ? of_status[f->state] :
	    "SELECT key, id, EXISTS (SELECT 1 FROM segment s WHERE s.campaign = c.key "
	    "AND s.day BETWEEN :from AND :to), created_at FROM campaign c WHERE org = :org AND key < :before ORDER BY key DESC");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":before", f->before > 0 ? f->before : INT64_MAX);
	query_bind_int(q, ":from", f->from.n);
	query_bind_int(q, ":to", f->to.n);
	return q;
}

/*
 * SQL does not know the state, which is derived, so each campaign of the days is loaded and then filtered.  If few match that may
 * take long: after so many campaigns looked at, or segments loaded, the page ends as it is, with a cursor to continue from.
 */
enum status
campaign_list(struct db *db, struct arena *a, const struct organization *org, const struct campaign_filter *f,
    struct day today, struct campaign_page *page, struct error *err)
{
	size_t looked_at = 0, loaded = 0;
	enum status st, done;
	struct campaign c;
	struct query *q;
	bool few;

	*page = (struct campaign_page) { 0 };
	page->campaigns = arena_alloc(a, (size_t)f->limit * sizeof(*page->campaigns));
	if ((st = has_few(db, org, f, &few)) != OK)
		return st;
	q = look(db, org, f, few);
	while (query_step(q)) {
		if (query_int(q, 0) == page->last_key)
			continue;
		/* Checked only with another campaign at hand, so more may follow. */
		if (page->count == (size_t)f->limit || looked_at++ == CAMPAIGNS_LOOKED_AT_MAX ||
		    loaded >= CAMPAIGN_SEGMENTS_LOADED_MAX) {
			page->has_more = true;
			break;
		}
		page->last_key = query_int(q, 0);
		page->last = arena_strdup(a, query_text(q, 1));
		page->last_at = query_int(q, 3);
		if (query_int(q, 2) == 0)
			continue;
		if ((st = campaign_load(db, a, org, page->last, today, &c, err)) != OK)
			break;
		loaded += c.count;
		if (!f->has_state || c.state == f->state)
			page->campaigns[page->count++] = c;
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* ---- Failed contacts.  A cursor is the time, source and id of the last one. */

struct position {
	int64_t failed_at;
	const char *source, *id;
};

static const char *
format_position(struct arena *a, const struct position *p)
{
	return cursor_of(a, arena_printf(a, "%" PRId64 "~%s" EVENT_SEPARATOR "%s", p->failed_at, p->source, p->id));
}

/* Splits the text in place; false unless format_position wrote it. */
static bool
parse_position(struct arena *a, const char *cursor, struct position *p)
{
	char *copy, *source, *id, *end;

	if ((copy = cursor_text(a, cursor)) == NULL || (source = strchr(copy, '~')) == NULL ||
	    (id = strchr(source + 1, EVENT_SEPARATOR[0])) == NULL)
		return false;
	*source++ = *id++ = '\0';
	*p = (struct position) { strtoll(copy, &end, 10), source, id };
	return *end == '\0' && copy[0] != '\0';
}

enum status
campaign_failures(struct db *db, struct arena *a, const struct campaign *c, const char *cursor, size_t limit,
    struct failure_page *page, struct error *err)
{
	struct query *q = db_query(db, "SELECT segment, failed_at, phone, reason, source, id FROM failure "
	    "WHERE campaign = :campaign AND (failed_at, source, id) > (:failed_at, :source, :id) "
	    "ORDER BY failed_at, source, id LIMIT :max");
	/* Before the first row, unless there is a cursor. */
	struct position after = { INT64_MIN, "", "" };
	enum status st;

	*page = (struct failure_page) { 0 };
	if (cursor != NULL && !parse_position(a, cursor, &after))
		return error_set(err, BAD_REQUEST, "cursor: invalid; use the nextCursor of the previous page");
	page->failures = arena_alloc(a, limit * sizeof(*page->failures));
	query_bind_int(q, ":campaign", c->key);
	query_bind_int(q, ":failed_at", after.failed_at);
	query_bind_text(q, ":source", after.source);
	query_bind_text(q, ":id", after.id);
	/* One more row than the page has: it tells whether there is a next page. */
	query_bind_int(q, ":max", (int64_t)limit + 1);
	while (query_step(q)) {
		if (page->count == limit) {
			page->cursor = format_position(a, &after);
			break;
		}
		after = (struct position) { query_int(q, 1), arena_strdup(a, query_text(q, 4)), arena_strdup(a, query_text(q, 5)) };
		page->failures[page->count++] = (struct failure_row) { .segment = query_int(q, 0), .failed_at = after.failed_at,
			.phone = arena_strdup(a, query_text(q, 2)), .reason = arena_strdup(a, query_text(q, 3)) };
	}
	st = query_done(q);
	return st;
}
