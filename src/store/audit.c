/*
 * Rows of the audit are written in the transaction of the change that they report, so that neither
 * exists without the other, and are never changed.
 */
#include <string.h>

#include "store/audit.h"

enum status
audit(struct db *db, int64_t now, int64_t org_key, const struct actor *by, const char *action, const char *detail)
{
	struct query *q = db_query(db, "INSERT INTO audit (at, org, number, credential, actor, action, detail) "
	    "VALUES (:at, :org, (SELECT coalesce(max(number), 0) + 1 FROM audit WHERE org IS :org), :credential, :actor, :action, "
	    ":detail)");

	query_bind_int(q, ":at", now);
	/* An unbound parameter is NULL: the installation. */
	if (org_key != 0)
		query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":credential", by->credential);
	query_bind_text(q, ":actor", by->name);
	query_bind_text(q, ":action", action);
	query_bind_text(q, ":detail", detail);
	return query_run(q);
}

enum status
audit_pair(struct db *db, int64_t now, int64_t org_key, const struct actor *by, const char *action, const char *name,
    const char *text)
{
	enum status st;
	struct buf entry = { 0 };
	struct json *j = json_on(&entry);

	json_open_object(j, NULL);
	json_put_text(j, name, text);
	json_close_object(j);
	st = audit(db, now, org_key, by, action, buf_text(&entry));
	buf_free(&entry);
	return st;
}

static void
put_raw_or_null(struct json *j, const char *name, const char *value)
{
	if (value != NULL)
		json_put_raw(j, name, value, strlen(value));
	else
		json_put_null(j, name);
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void
audit_put_text_change(struct json *j, const char *name, const char *from, const char *to)
{
	if (is_same(from, to))
		return;
	json_open_object(j, name);
	json_put_text_or_null(j, "from", from);
	json_put_text_or_null(j, "to", to);
	json_close_object(j);
}

void
audit_put_int_change(struct json *j, const char *name, int64_t from, int64_t to)
{
	if (from == to)
		return;
	json_open_object(j, name);
	json_put_int(j, "from", from);
	json_put_int(j, "to", to);
	json_close_object(j);
}

void
audit_put_raw_change(struct json *j, const char *name, const char *from, const char *to)
{
	if (is_same(from, to))
		return;
	json_open_object(j, name);
	put_raw_or_null(j, "from", from);
	put_raw_or_null(j, "to", to);
	json_close_object(j);
}

/* The row under the query, and the position after it. */
static void
read_row(struct query *q, struct arena *a, struct audit_page *page)
{
	struct audit_row *row = &page->rows[page->count++];

	*row = (struct audit_row) { .number = query_int(q, 0), .at = query_int(q, 1), .is_installation = query_int(q, 2) != 0,
		.credential = arena_strdup(a, query_text(q, 3)), .actor = arena_strdup(a, query_text(q, 4)),
		.action = arena_strdup(a, query_text(q, 5)), .detail = arena_strdup(a, query_text(q, 6)) };
	*(row->is_installation ? &page->next.installation : &page->next.org) = row->number;
}

enum status
audit_list(struct db *db, struct arena *a, int64_t org_key, bool with_installation, struct audit_cursor before, size_t max,
    struct audit_page *page)
{
	/*
	 * Each half of the union reads one index, newest first, and stops after a page, so that a page costs the same however
	 * much other organizations have done.  Numbers of the two halves do not compare, so the keys give their common order.
	 */
	struct query *q = db_query(db, "SELECT number, at, org IS NULL, credential, actor, action, detail FROM ("
	    "SELECT * FROM (SELECT key, number, at, org, credential, actor, action, detail FROM audit "
	    "WHERE org = :org AND number < :before ORDER BY number DESC LIMIT :max) UNION ALL "
	    "SELECT * FROM (SELECT key, number, at, org, credential, actor, action, detail FROM audit "
	    "WHERE :with_installation = 1 AND org IS NULL AND number < :before_installation ORDER BY number DESC LIMIT :max)) "
	    "ORDER BY key DESC LIMIT :max");
	size_t bytes = 0;

	*page = (struct audit_page) { .rows = arena_alloc(a, max * sizeof(*page->rows)), .next = before };
	query_bind_int(q, ":org", org_key);
	query_bind_int(q, ":before", before.org);
	query_bind_int(q, ":before_installation", before.installation);
	query_bind_int(q, ":with_installation", with_installation);
	/* One row more than a page shows whether there is another page. */
	query_bind_int(q, ":max", (int64_t)max + 1);
	while (query_step(q)) {
		/* A detail may be large, so a page also ends by bytes, after one row at least. */
		if (page->count == max || bytes > AUDIT_PAGE_BYTES_MAX) {
			page->has_more = true;
			break;
		}
		read_row(q, a, page);
		bytes += strlen(page->rows[page->count - 1].detail);
	}
	return query_done(q);
}
