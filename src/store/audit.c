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

/*
 * A page reads an index, newest first, of the organization and one of the installation, and stops after enough rows, so that it
 * costs the same however much others have done.  `index` is the part of the filter that an index has; the rest is asked of at
 * most AUDIT_LOOKED_AT_MAX rows.  Numbers of the two halves do not compare, so the keys give their common order.
 */
#define LOOK(columns, whose, index, before) "SELECT " columns " FROM audit WHERE " whose " AND " index \
	"number < " before " ORDER BY number DESC LIMIT :look"
#define HALF(whose, index, before) "SELECT * FROM (SELECT * FROM (" \
	LOOK("key, number, at, org, credential, actor, action, detail", whose, index, before) ") " \
	"WHERE (:action IS NULL OR action = :action) AND (:credential IS NULL OR credential = :credential) " \
	"AND (:actor IS NULL OR actor = :actor) LIMIT :max)"
#define PAGE(index) "SELECT number, at, org IS NULL, credential, actor, action, detail FROM (" \
	HALF("org = :org", index, ":before") " UNION ALL " \
	HALF(":with_installation = 1 AND org IS NULL", index, ":before_installation") ") ORDER BY key DESC LIMIT :max"
#define ENDS(index) "SELECT min(number), count(*) FROM (" LOOK("number", "org IS :org", index, ":before") ")"
#define BY_ACTION "action = :action AND "
#define BY_CREDENTIAL "credential = :credential AND "

static struct query *
select_page(struct db *db, const struct audit_filter *f)
{
	return f->action != NULL ? db_query(db, PAGE(BY_ACTION)) : f->credential != NULL ? db_query(db, PAGE(BY_CREDENTIAL)) :
	    db_query(db, PAGE(""));
}

/*
 * Moves the position of one half to the last row that was looked at; *is_more: there may be others.  If there are none, to the
 * half's end, so that it is not listed again while the other half goes on.
 */
static enum status
skip_looked_at(struct db *db, int64_t org_key, const struct audit_filter *f, int64_t *before, bool *is_more)
{
	struct query *q = f->action != NULL ? db_query(db, ENDS(BY_ACTION)) : f->credential != NULL ?
	    db_query(db, ENDS(BY_CREDENTIAL)) : db_query(db, ENDS(""));

	if (org_key != 0)
		query_bind_int(q, ":org", org_key);
	if (f->action != NULL)
		query_bind_text(q, ":action", f->action);
	else if (f->credential != NULL)
		query_bind_text(q, ":credential", f->credential);
	query_bind_int(q, ":before", *before);
	query_bind_int(q, ":look", AUDIT_LOOKED_AT_MAX);
	if (query_step(q) && query_int(q, 1) == AUDIT_LOOKED_AT_MAX) {
		*is_more = true;
		*before = query_int(q, 0);
	} else
		*before = AUDIT_END;
	return query_done(q);
}

enum status
audit_list(struct db *db, struct arena *a, int64_t org_key, bool with_installation, const struct audit_filter *f,
    struct audit_cursor before, size_t max, struct audit_page *page)
{
	struct query *q = select_page(db, f);
	size_t bytes = 0;
	enum status st;

	*page = (struct audit_page) { .rows = arena_alloc(a, max * sizeof(*page->rows)), .next = before };
	query_bind_int(q, ":org", org_key);
	query_bind_int(q, ":before", before.org);
	query_bind_int(q, ":before_installation", before.installation);
	query_bind_int(q, ":with_installation", with_installation);
	query_bind_text(q, ":action", f->action);
	query_bind_text(q, ":credential", f->credential);
	query_bind_text(q, ":actor", f->actor);
	query_bind_int(q, ":look", AUDIT_LOOKED_AT_MAX);
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
	if ((st = query_done(q)) != OK || page->has_more)
		return st;
	/* Everything that is wanted of the rows that were looked at is on the page: it goes on after them. */
	page->next = before;
	if ((st = skip_looked_at(db, org_key, f, &page->next.org, &page->has_more)) != OK || !with_installation)
		return st;
	return skip_looked_at(db, 0, f, &page->next.installation, &page->has_more);
}
