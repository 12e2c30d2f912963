/*
 * GET /api/organizations/{organizationId}/audit?limit=&before=&action=&credential=&actor= -- who changed what, newest first.
 *
 *	200	{"success":true,"data":{"entries":[{"id","at","organizationId","credential","actor","action","detail":{…}},…],
 *		"next":before|null}}
 *		id counts the entries of the organization.  actor is the `sub` of the token, else its `jti`; null if it had
 *		neither, or there was no token.  A detail has `changed` with the old and the new value of each value that a
 *		change concerned, {"NAME":{"from","to"}}.  next is the `before` of the next page.  A page may be shorter than
 *		limit, even empty (AUDIT_PAGE_BYTES_MAX, AUDIT_LOOKED_AT_MAX); only next tells whether there is more.
 *		action, credential and actor list only the entries that have exactly that.
 *		The scope admin also sees what was done to the installation as a whole: such entries have an organizationId of
 *		null and ids of their own, so its next is a text of two numbers, "ORGANIZATION.INSTALLATION".
 *	format=csv, or Accept: text/csv: detail is JSON text, and next is the header X-Next-Cursor.
 *	400	limit, before or a filter is wrong
 *	401 403	no valid credential; the scope org:admin is missing, or it is another organization's
 *	404	no such organization (to the scope admin)
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "base/csv.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "time/instant.h"

enum { ENTRIES_DEFAULT = 100, ENTRIES_MAX = 1000, DIGITS_MAX = 16, FILTER_MAX = 255 };

/* ---- The cursor */

/* Reads the digits at *text and moves past them; false unless there are some that make a number of JSON's range. */
static bool
read_number(const char **text, int64_t *n)
{
	size_t digits = strspn(*text, "0123456789");

	if (digits == 0 || digits > DIGITS_MAX)
		return false;
	*n = strtoll(*text, NULL, 10);
	*text += digits;
	return *n <= JSON_INT_MAX;
}

/*
 * `N`: entries with smaller ids.  `N.M`, for the scope admin: the same of the organization and of the installation, 0 being
 * one of which no entry was shown yet.
 */
static enum status
read_before(struct req *r, bool with_installation, struct audit_cursor *before)
{
	const char *text = req_query(r, "before");
	bool is_good;

	*before = (struct audit_cursor) { AUDIT_NEWEST, AUDIT_NEWEST };
	if (text == NULL)
		return OK;
	if ((is_good = read_number(&text, &before->org)) && *text == '.') {
		text++;
		is_good = with_installation && read_number(&text, &before->installation);
		if (before->org == 0)
			before->org = AUDIT_NEWEST;
		if (before->installation == 0)
			before->installation = AUDIT_NEWEST;
	} else {
		before->installation = before->org;
		is_good = is_good && before->org > 0;
	}
	return is_good && *text == '\0' ? OK :
	    error_set(&r->err, BAD_REQUEST, "before: invalid; use the id of an entry, or the next of the previous page");
}

static const char *
format_next(struct req *r, const struct audit_page *page, bool with_installation)
{
	int64_t org = page->next.org == AUDIT_NEWEST ? 0 : page->next.org;
	int64_t installation = page->next.installation == AUDIT_NEWEST ? 0 : page->next.installation;

	if (!with_installation)
		return arena_printf(r->arena, "%" PRId64, org);
	return arena_printf(r->arena, "%" PRId64 ".%" PRId64, org, installation);
}

/* What entries must have; NULL if it is not asked for. */
static enum status
read_filter(struct req *r, const char *name, const char **value)
{
	*value = req_query(r, name);
	if (*value == NULL || strlen(*value) <= FILTER_MAX)
		return OK;
	return error_set(&r->err, BAD_REQUEST, "%s: longer than %d bytes", name, FILTER_MAX);
}

/* ---- The reply */

static void
put_csv(struct req *r, struct buf *body, struct spans days, const struct audit_page *page)
{
	static const char *const names[] = { "id", "at", "organizationId", "credential", "actor", "action", "detail",
		"localTime", NULL };
	struct csv csv = { .to = body };

	csv_put_names(&csv, names);
	for (const struct audit_row *row = page->rows; row < page->rows + page->count; row++) {
		csv_put_int(&csv, row->number);
		instant_put_csv(&csv, row->at);
		csv_put_text(&csv, row->is_installation ? "" : r->org);
		csv_put_text(&csv, row->credential);
		csv_put_text(&csv, row->actor);
		csv_put_text(&csv, row->action);
		csv_put_text(&csv, row->detail);
		day_put_csv_local(&csv, days, row->at);
		csv_put_end(&csv);
	}
}

static void
put_entry(struct req *r, struct json *out, const struct audit_row *row)
{
	size_t n = strlen(row->detail);
	struct error err;

	json_open_object(out, NULL);
	json_put_int(out, "id", row->number);
	instant_put(out, "at", row->at);
	json_put_text_or_null(out, "organizationId", row->is_installation ? NULL : r->org);
	json_put_text(out, "credential", row->credential);
	json_put_text_or_null(out, "actor", row->actor[0] != '\0' ? row->actor : NULL);
	json_put_text(out, "action", row->action);
	/* A detail that is damaged must not break the reply: it becomes an empty object. */
	if (json_check("detail", row->detail, n, &err) == OK && json_kind(row->detail, n) == '{')
		json_put_raw(out, "detail", row->detail, n);
	else {
		json_open_object(out, "detail");
		json_close_object(out);
	}
	json_close_object(out);
}

static void
put_json(struct req *r, struct json *out, const struct audit_page *page, bool with_installation)
{
	dialect_tether_open(out);
	json_open_array(out, "entries");
	for (size_t i = 0; i < page->count; i++)
		put_entry(r, out, &page->rows[i]);
	json_close_array(out);
	if (page->has_more && with_installation)
		json_put_text(out, "next", format_next(r, page, true));
	else
		json_put_int_or_null(out, "next", page->has_more ? page->next.org : 0, 0);
	dialect_tether_close(out);
}

static enum status
audit_get(struct req *r, struct buf *body)
{
	struct audit_filter filter = { 0 };
	struct organization org;
	bool with_installation = (r->caller.scopes & SCOPE_ADMIN) != 0;
	struct audit_cursor before;
	struct audit_page page;
	int64_t limit;
	enum status st;

	if ((st = req_int(r, "limit", 1, ENTRIES_MAX, ENTRIES_DEFAULT, &limit)) != OK ||
	    (st = read_before(r, with_installation, &before)) != OK ||
	    (st = read_filter(r, "action", &filter.action)) != OK ||
	    (st = read_filter(r, "credential", &filter.credential)) != OK ||
	    (st = read_filter(r, "actor", &filter.actor)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = audit_list(r->db, r->arena, org.key, with_installation, &filter, before, (size_t)limit, &page)) != OK)
		return st;
	if (!r->is_csv) {
		put_json(r, json_on(body), &page, with_installation);
		return OK;
	}
	put_csv(r, body, org.days, &page);
	reply_cursor(r, page.has_more ? format_next(r, &page, with_installation) : NULL);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "limit", "before", "action", "credential", "actor", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/audit", SCOPE_ORG_ADMIN, audit_get, .query = query, .has_csv = true,
		    .is_private = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "audit", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
