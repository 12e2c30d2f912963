/*
 * Queries (see db.h): prepared once, sticky errors.
 */
#include <assert.h>
#include <stdlib.h>

#include "arena.h"
#include "db.h"
#include "db_file.h"
#include "log.h"

static enum status
outcome(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PROTOCOL:
		return UNAVAILABLE;
	default:
		return INTERNAL;
	}
}

/* Finds or prepares the statement whose literal stands at this address. */
struct query *
db_query(struct db *db, const char *sql)
{
	size_t slot = ((size_t)(uintptr_t)sql >> 3) * 2654435761u % DB_STATEMENTS;
	struct query *q = NULL;

	for (size_t i = 0; i < DB_STATEMENTS; i++, slot = (slot + 1) % DB_STATEMENTS) {
		if ((q = db->cache[slot]) == NULL)
			break;
		if (q->sql == sql)
			break;
	}
	if (q == NULL) {
		assert(db->cache[slot] == NULL);	/* more literals than slots: raise DB_STATEMENTS */
		q = db->cache[slot] = xmalloc(sizeof(*q));
		*q = (struct query) { .db = db, .sql = sql };
	}
	if (q->stmt == NULL)	/* new, or it could not be prepared the last time */
		q->rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL);
	return q;
}

static int
parameter(struct query *q, const char *name)
{
	int i;

	if (q->stmt == NULL)	/* the prepare failed: query_done says so */
		return 0;
	if ((i = sqlite3_bind_parameter_index(q->stmt, name)) == 0) {
		log_error("event=sql error=\"no parameter %s\" sql=\"%.300s\"", name, q->sql);
		abort();
	}
	return i;
}

void
query_bind_int(struct query *q, const char *name, int64_t value)
{
	int i = parameter(q, name);

	if (i > 0 && sqlite3_bind_int64(q->stmt, i, value) != SQLITE_OK)
		q->rc = sqlite3_errcode(q->db->handle);
}

void
query_bind_text(struct query *q, const char *name, const char *text)
{
	int i = parameter(q, name);

	if (i > 0 && sqlite3_bind_text(q->stmt, i, text, -1, SQLITE_STATIC) != SQLITE_OK)
		q->rc = sqlite3_errcode(q->db->handle);
}

void
query_bind_blob(struct query *q, const char *name, const void *data, size_t n)
{
	int i = parameter(q, name);

	if (i > 0 && sqlite3_bind_blob64(q->stmt, i, data, n, SQLITE_STATIC) != SQLITE_OK)
		q->rc = sqlite3_errcode(q->db->handle);
}

void
query_bind_null(struct query *q, const char *name)
{
	int i = parameter(q, name);

	if (i > 0 && sqlite3_bind_null(q->stmt, i) != SQLITE_OK)
		q->rc = sqlite3_errcode(q->db->handle);
}

bool
query_step(struct query *q)
{
	if (q->rc != SQLITE_OK && q->rc != SQLITE_ROW)
		return false;
	q->rc = sqlite3_step(q->stmt);
	return q->rc == SQLITE_ROW;
}

int64_t
query_int(struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const char *
query_text(struct query *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, column);

	return text != NULL ? text : "";
}

const void *
query_blob(struct query *q, int column, size_t *n)
{
	const void *blob = sqlite3_column_blob(q->stmt, column);

	*n = (size_t)sqlite3_column_bytes(q->stmt, column);
	return blob;
}

bool
query_is_null(struct query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

enum status
query_done(struct query *q)
{
	enum status st = outcome(q->rc);
	struct db *db = q->db;

	if (st != OK) {
		log_error("event=sql error=\"%s\" code=%d sql=\"%.300s\"", sqlite3_errmsg(db->handle), q->rc,
		    q->sql);
		if (db->write_status == OK)
			db->write_status = st;
	}
	if (q->stmt != NULL) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
		q->rc = SQLITE_OK;
	}
	return st;
}

enum status
query_run(struct query *q)
{
	query_step(q);
	return query_done(q);
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}
