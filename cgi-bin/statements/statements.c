/*
 * GET /api/organizations/{organizationId}/statements?limit=&before=YYYY-MM -- the months that were kept, newest first.
 * POST /api/organizations/{organizationId}/statements {"month":"YYYY-MM"} -- keeps a month that is over, as it was reported.
 * GET /api/organizations/{organizationId}/statements/{month}?after=CURSOR -- one, and what came later.
 *
 *	200	list: {"success":true,"data":{"statements":[{"month","timezone","currency","keptAt","revision","messages","parts",
 *		"cost","isChanged"},…],"next":"YYYY-MM"|null}}
 *		isChanged: the month's figures are now other ones.
 *	200	one: {"success":true,"data":{"organizationId","month","startsAt","endsAt","timezone","currency","keptAt","credential",
 *		"actor","revision","digest","total":{"messages","parts","cost"},"channels":[{"channel", sums},…],
 *		"days":[{"day","channel", sums},…],"utcDays":[{"day","events","digest"},…],
 *		"now":{"total","channels"},
 *		"later":{"rows":n,"outside":n,"channels":[{"channel","events","failed","voids","settlements","adjustments", sums},…],
 *		"listed":[{"kind","id","source","channel","occurredAt","receivedAt", sums,"of","reason"},…],
 *		"comparedFrom","comparedTo","moved":[{"day","channel", sums},…],"events":"/api/events?…","next":CURSOR|null}}}
 *		The first part is as it was kept.  later are the rows of the ledger that were written afterwards, the first
 *		STATEMENT_LISTED_MAX of them listed; what a row of kind failed has counts nothing.  outside counts later rows of the
 *		statement's instants whose days are of another month now.  moved is what the compared days have now beyond what was
 *		reported and what came later.  A page looks at STATEMENT_LOOKED_AT_MAX rows; next is the
 *		`after` of the next page, which has later rows and days that this one has not.
 *	201	POST: the statement as above, with its Location
 *	200	POST: the month was kept already: nothing is written, and Idempotent-Replayed says so
 *	format=csv, or Accept: text/csv: a line for each month, or day and channel; the next page is the header X-Next-Cursor.
 *		Each day of a statement has its lines on one page, so that all pages together are one table.
 *	format=html, or Accept: text/html (one): a page to print.
 *	400	a parameter, or the month, is missing or wrong
 *	401 403	no valid credential; the scope usage:read (POST: org:admin) is missing, or it is another organization's
 *	404	no statement of that month; no such organization (to the scope admin)
 *	409	the month is not over in the organization's time zone, or a job is changing figures (jobs.c)
 */
#include <string.h>

#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "page.h"

enum { LISTED_DEFAULT = 24, LISTED_MAX = 120 };

/* ---- The list */

/* `before`: months earlier than that one. */
static enum status
read_before(struct req *r, struct day *before)
{
	const char *text = req_query(r, "before");

	*before = (struct day) { INT32_MAX };
	if (text == NULL || statement_month_parse(text, before))
		return OK;
	return error_set(&r->err, BAD_REQUEST, "before: must be a month, YYYY-MM, from 2012-01 to 2099-12");
}

static enum status
statements_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct csv csv = { .to = body };
	struct organization org;
	struct statement_list list;
	struct day before;
	int64_t limit;
	const char *next = NULL;
	enum status st;

	if ((st = req_int(r, "limit", 1, LISTED_MAX, LISTED_DEFAULT, &limit)) != OK || (st = read_before(r, &before)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = statement_list(r->db, r->arena, &org, before, (size_t)limit, &list)) != OK)
		return st;
	if (list.has_more)
		next = statement_month_format(list.of[list.count - 1].month, arena_alloc(r->arena, MONTH_TEXT_MAX));
	if (r->is_csv) {
		statement_put_csv_list(&csv, &org, &list);
		reply_cursor(r, next);
		return OK;
	}
	dialect_tether_open(out);
	json_open_array(out, "statements");
	for (size_t i = 0; i < list.count; i++)
		statement_put_summary(out, &list.of[i]);
	json_close_array(out);
	json_put_text_or_null(out, "next", next);
	dialect_tether_close(out);
	return OK;
}

/* ---- One */

/* Writes the statement of a month with what came later, from *place on; inside a transaction. */
static enum status
put_statement(struct req *r, const struct organization *org, const struct statement *s, const struct ledger_position *place,
    struct buf *body)
{
	struct statement_later *later = arena_alloc(r->arena, sizeof(*later));
	struct json *out = json_on(body);
	const char *next;
	enum status st;

	if ((st = statement_later(r->db, r->arena, org, s, place, later)) != OK)
		return st;
	next = later->has_more ? ledger_cursor(r->arena, &later->next) : NULL;
	if (r->is_csv || r->is_html)
		reply_cursor(r, next);
	if (r->is_csv)
		statement_put_csv(&(struct csv) { .to = body }, s, later);
	else if (r->is_html)
		statements_page(r, org, s, later, next, body);
	else {
		dialect_tether_open(out);
		statement_put(out, org, s, later, next);
		dialect_tether_close(out);
	}
	return OK;
}

static enum status
statements_get(struct req *r, struct buf *body)
{
	const char *text = req_path(r, "month"), *after = req_query(r, "after");
	struct ledger_position place;
	char shown[ERROR_SHOWN_MAX];
	struct organization org;
	struct statement s;
	struct day month;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	if (!statement_month_parse(text, &month))
		return error_set(&r->err, NOT_FOUND, "month: there is no statement of \"%s\"; a month is YYYY-MM",
		    error_shown(text, shown));
	if ((st = statement_load(r->db, r->arena, &org, month, &s, &r->err)) != OK)
		return st;
	if (after != NULL && (!ledger_cursor_parse(r->arena, after, &place) || place.at < s.read_from_at ||
	    place.at >= s.read_until_at))
		return error_set(&r->err, BAD_REQUEST, "after: invalid; use the next of the previous page, with the same month");
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	return put_statement(r, &org, &s, after != NULL ? &place : NULL, body);
}

/* ---- Keeping */

struct statement_post {
	struct req *r;
	struct day month;
	struct buf *body;
	bool is_kept;		/* somebody kept the month before, so that nothing was written */
};

static enum status
read_month(struct req *r, struct day *month)
{
	static const char *const known[] = { "month", NULL };
	struct json_object *o;
	char shown[ERROR_SHOWN_MAX];
	const char *text;
	enum status st;

	if ((st = req_object(r, known, &o)) != OK)
		return st;
	st = json_string(o, "month", 1, 64, &text, &r->err);
	json_object_free(o);
	if (st != OK)
		return st;
	if (text == NULL)
		return error_set(&r->err, BAD_REQUEST, "month: required");
	if (!statement_month_parse(text, month))
		return error_set(&r->err, BAD_REQUEST, "month: \"%s\" is not a month, YYYY-MM, from 2012-01 to 2099-12",
		    error_shown(text, shown));
	return OK;
}

/* The month as it was kept, if it was: in a read transaction, so that repeating a POST makes no writer wait. */
static enum status
replay(struct statement_post *post)
{
	struct req *r = post->r;
	struct organization org;
	struct error none = { 0 };
	struct statement s;
	enum status st;

	if ((st = db_read_begin(r->db)) != OK)
		return st;
	if ((st = organization_load(r->db, r->org, &org, &r->err)) == OK &&
	    (st = statement_load(r->db, r->arena, &org, post->month, &s, &none)) == OK) {
		post->is_kept = true;
		req_add_header(r, "Idempotent-Replayed", "true");
		st = put_statement(r, &org, &s, NULL, post->body);
	}
	db_read_end(r->db);
	return st;
}

static enum status
keep(struct organization *org, void *arg)
{
	struct statement_post *post = arg;
	struct req *r = post->r;
	struct statement s;
	enum status st;

	if ((st = statement_keep(r->db, r->arena, org, post->month, r->now, &r->by, &post->is_kept, &r->err)) != OK ||
	    (st = statement_load(r->db, r->arena, org, post->month, &s, &r->err)) != OK ||
	    (st = put_statement(r, org, &s, NULL, post->body)) != OK)
		return st;
	return CREATED;
}

static enum status
statements_post(struct req *r, struct buf *body)
{
	struct statement_post post = { .r = r, .body = body };
	char month[MONTH_TEXT_MAX];
	enum status st;

	if ((st = read_month(r, &post.month)) != OK)
		return st;
	/* NOT_FOUND without a sentence: the organization is there, and the month was not kept yet. */
	if ((st = replay(&post)) != NOT_FOUND || r->err.text[0] != '\0')
		return st;
	st = organization_write(r->db, r->arena, r->org, r->now, keep, &post, &r->err);
	if (st == CREATED)
		req_add_header(r, "Location", arena_printf(r->arena, "statements/%s", statement_month_format(post.month, month)));
	return post.is_kept ? replay(&post) : st;
}

int
main(void)
{
	static const char *const list_query[] = { "limit", "before", "format", NULL };
	static const char *const one_query[] = { "after", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/statements", SCOPE_USAGE_READ, statements_list, .query = list_query,
		    .has_csv = true },
		{ POST, "/api/organizations/{organizationId}/statements", SCOPE_ORG_ADMIN, statements_post },
		{ GET, "/api/organizations/{organizationId}/statements/{month}", SCOPE_USAGE_READ, statements_get,
		    .query = one_query, .has_csv = true, .has_html = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "statements", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
