#include "failure.h"
#include "instant.h"

/* The hash too: a phone number can be found by trying them all. */
static enum status
blank(struct query *hashes, struct query *rows)
{
	enum status st;

	if ((st = query_run(hashes)) != OK)
		return st;
	return query_run(rows);
}

enum status
failure_expire(struct db *db, int64_t now)
{
	struct query *q = db_query(db, "SELECT coalesce((SELECT value FROM setting WHERE name = 'failure_retention_days'), '90'), "
	    "min(failed_at) FROM failure WHERE phone <> ''"), *hashes, *rows;
	int64_t days = 0, oldest = 0, before;
	enum status st;
	bool has_any = false;

	if (query_step(q) && (has_any = !query_is_null(q, 1))) {
		days = query_int(q, 0);
		oldest = query_int(q, 1);
	}
	if ((st = query_done(q)) != OK || !has_any || oldest >= (before = now - days * DAY_MS))
		return st;
	hashes = db_query(db, "UPDATE event SET detail_sha256 = NULL WHERE (org, source, id) IN "
	    "(SELECT org, source, id FROM failure WHERE phone <> '' AND failed_at < :before)");
	query_bind_int(hashes, ":before", before);
	rows = db_query(db, "UPDATE failure SET phone = '', reason = '' WHERE phone <> '' AND failed_at < :before");
	query_bind_int(rows, ":before", before);
	return blank(hashes, rows);
}

enum status
failure_erase(struct db *db, const char *phone, int64_t *count)
{
	struct query *hashes = db_query(db, "UPDATE event SET detail_sha256 = NULL WHERE (org, source, id) IN "
	    "(SELECT org, source, id FROM failure WHERE phone = :phone)");
	struct query *rows = db_query(db, "UPDATE failure SET phone = '', reason = '' WHERE phone = :phone");
	enum status st;

	query_bind_text(hashes, ":phone", phone);
	query_bind_text(rows, ":phone", phone);
	st = blank(hashes, rows);
	*count = st == OK ? db_changes(db) : 0;
	return st;
}
