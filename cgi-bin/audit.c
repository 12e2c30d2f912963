/*
 * GET /api/organizations/{organizationId}/audit?limit=&before= -- who changed what, newest first.
 *
 *	200	{"success":true,"data":{"entries":[{"id","at","credential","actor","action","detail":{…}},…],"next":id|null}}
 *		actor is the `sub` of the token, else its `jti`; null if it had neither, or there was no token.  A detail has
 *		`changed` with the old and the new value of each value that a change concerned, {"NAME":{"from","to"}}.
 *		next is the `before` of the next page.  A page may be shorter than limit (AUDIT_PAGE_BYTES_MAX).
 *		The scope admin also sees what was done to the installation as a whole.
 *	format=csv, or Accept: text/csv: detail is JSON text, and next is the header X-Next-Cursor.
 *	400	limit or before is wrong
 *	401 403	no valid credential; the scope org:admin is missing, or it is another organization's
 *	404	no such organization (to the scope admin)
 */
#include <inttypes.h>
#include <string.h>

#include "store/audit.h"
#include "base/csv.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "time/instant.h"

enum { ENTRIES_DEFAULT = 100, ENTRIES_MAX = 1000 };

static void
put_csv(struct buf *body, const struct audit_page *page)
{
	static const char *const names[] = { "id", "at", "credential", "actor", "action", "detail", NULL };
	struct csv csv = { .to = body };

	csv_put_names(&csv, names);
	for (const struct audit_row *row = page->rows; row < page->rows + page->count; row++) {
		csv_put_int(&csv, row->id);
		instant_put_csv(&csv, row->at);
		csv_put_text(&csv, row->credential);
		csv_put_text(&csv, row->actor);
		csv_put_text(&csv, row->action);
		csv_put_text(&csv, row->detail);
		csv_put_end(&csv);
	}
}

static void
put_entry(struct json *out, const struct audit_row *row)
{
	size_t n = strlen(row->detail);
	struct error err;

	json_open_object(out, NULL);
	json_put_int(out, "id", row->id);
	instant_put(out, "at", row->at);
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
put_json(struct json *out, const struct audit_page *page)
{
	dialect_tether_open(out);
	json_open_array(out, "entries");
	for (size_t i = 0; i < page->count; i++)
		put_entry(out, &page->rows[i]);
	json_close_array(out);
	json_put_int_or_null(out, "next", page->has_more ? page->rows[page->count - 1].id : 0, 0);
	dialect_tether_close(out);
}

static enum status
audit_get(struct req *r, struct buf *body)
{
	struct organization org;
	struct audit_page page;
	int64_t limit, before;
	enum status st;

	if ((st = req_int(r, "limit", 1, ENTRIES_MAX, ENTRIES_DEFAULT, &limit)) != OK ||
	    (st = req_int(r, "before", 1, JSON_INT_MAX, INT64_MAX, &before)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = audit_list(r->db, r->arena, org.key, (r->caller.scopes & SCOPE_ADMIN) != 0, before, (size_t)limit, &page)) != OK)
		return st;
	if (!r->is_csv) {
		put_json(json_on(body), &page);
		return OK;
	}
	put_csv(body, &page);
	reply_cursor(r, page.has_more ? arena_printf(r->arena, "%" PRId64, page.rows[page.count - 1].id) : NULL);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "limit", "before", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/audit", SCOPE_ORG_ADMIN, audit_get, .query = query, .has_csv = true,
		    .is_private = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "audit", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
