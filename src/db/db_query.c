/*
 * Queries (see db.h): prepared once, sticky errors.
 *
 * A query goes from db_query through binds and steps to query_done.  Only query_done resets it, so
 * a query must reach that before db_query is called for the same literal again.  The first failure
 * stays in rc; from then on binds and steps change nothing in the database, so callers need to look
 * only at the end.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "db/db.h"
#include "db/db_file.h"
#include "base/log.h"
#include "base/row_hash.h"

/*
 * What SQLite's result codes mean to a caller.  Everything that is the machine's fault rather than
 * ours is UNAVAILABLE: the same request may succeed later.
 */
static const struct {
	int code;
	enum db_trouble trouble;
} troubles[] = {
	{ SQLITE_BUSY, DB_BUSY }, { SQLITE_LOCKED, DB_BUSY }, { SQLITE_PROTOCOL, DB_BUSY },
	{ SQLITE_INTERRUPT, DB_BUSY }, { SQLITE_ABORT, DB_BUSY },
	{ SQLITE_FULL, DB_FULL },
	{ SQLITE_IOERR, DB_IO_ERROR }, { SQLITE_CANTOPEN, DB_IO_ERROR }, { SQLITE_READONLY, DB_READ_ONLY },
	{ SQLITE_CORRUPT, DB_DAMAGED }, { SQLITE_NOTADB, DB_DAMAGED },
	{ SQLITE_NOMEM, DB_NO_MEMORY },
};

/*
 * Whether "damaged" was really a failed read: SQLite may report damage if a read fails, but the
 * file keeps the system's error.
 */
static bool
is_failed_read(sqlite3 *handle)
{
	int error = 0;

	return handle != NULL && sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK && error == EIO;
}

/* Two codes need more than the table: IOERR is also how a lack of memory and a full disk appear. */
enum db_trouble
db_trouble_of(int rc, sqlite3 *handle)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return DB_NO_MEMORY;
	if ((rc & 0xff) == SQLITE_IOERR && handle != NULL &&
	    (sqlite3_system_errno(handle) == ENOSPC || sqlite3_system_errno(handle) == EDQUOT))
		return DB_FULL;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (troubles[i].code == (rc & 0xff))
			return troubles[i].trouble == DB_DAMAGED && is_failed_read(handle) ? DB_IO_ERROR : troubles[i].trouble;
	return DB_NO_TROUBLE;
}

static const struct {
	const char *text, *fix;
} trouble_words[] = {
	[DB_NO_TROUBLE] = { "the database is unavailable", "" },
	[DB_BUSY] = { "the database is busy", "Try again." },
	[DB_FULL] = { "the disk of the database is full", "Free some space and try again." },
	[DB_IO_ERROR] = { "the database cannot be read or written: I/O error", "Check the disk and the permissions of the files." },
	[DB_READ_ONLY] = { "the database is read-only for this user", "Run the program as the user that owns the database." },
	[DB_DAMAGED] = { "the database is damaged", "Run `daybook verify`, then restore the newest backup that passes it." },
	[DB_NO_MEMORY] = { "there is not enough memory", "Try again." },
};

const char *
db_trouble_text(enum db_trouble trouble)
{
	return trouble_words[trouble].text;
}

enum status
db_why(const struct db *db, struct error *err)
{
	error_set(err, UNAVAILABLE, "%s", trouble_words[db->trouble].text);
	error_hint(err, "%s", trouble_words[db->trouble].fix);
	return UNAVAILABLE;
}

enum db_trouble
db_trouble(const struct db *db)
{
	return db->trouble;
}

static bool
is_success(int rc)
{
	return rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE;
}

/* The rc of a statement that was not run because its transaction has already failed. */
enum { NOT_RUN = -1 };

enum { SQL_SHOWN_MAX = 320 };	/* bytes of a statement, or of an error, in the log */

/*
 * Records a failure at once, because a caller may leave before query_done; the commit must fail all
 * the same.
 */
static void
note_failure(struct query *q)
{
	struct db *db = q->db;

	if (is_success(q->rc) || q->rc == NOT_RUN)
		return;
	db->trouble = db_trouble_of(q->rc, db->handle);
	if (db->write_status == OK)
		db->write_status = db->trouble == DB_NO_TROUBLE ? INTERNAL : UNAVAILABLE;
}

/*
 * Whether the query may use the database.  In a write transaction that has failed nothing more is
 * run: SQLite may have rolled it back by itself (disk full, I/O error, no memory), and then every
 * further statement would be a transaction of its own, and would be committed.
 */
static bool
may_run(struct query *q)
{
	struct db *db = q->db;

	if (!is_success(q->rc))
		return false;
	if (!db->in_write || (db->write_status == OK && !sqlite3_get_autocommit(db->handle)))
		return true;
	if (db->write_status == OK)	/* SQLite has rolled it back, but no query has failed */
		db->write_status = UNAVAILABLE;
	q->rc = NOT_RUN;
	return false;
}

/*
 * Finds the statement of this literal by its address, in a hash table with linear probing, or
 * prepares it.  Literals exist as long as the process, so an entry is never removed.
 */
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
		assert(db->cache[slot] == NULL);	/* more literals than slots: increase DB_STATEMENTS */
		q = db->cache[slot] = xmalloc(sizeof(*q));
		*q = (struct query) { .db = db, .sql = sql };
	}
	/* Whoever uses it must call query_done first: otherwise a second use would reset a loop that still reads its rows. */
	assert(q->stmt == NULL || !sqlite3_stmt_busy(q->stmt));
	if (q->stmt == NULL) {	/* new, or preparing it has failed before */
		q->rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL);
		note_failure(q);
	}
	return q;
}

/* Apart from parameter(), which is called so often that zeroing a large variable would show. */
static void __attribute__((noinline, noreturn))
no_parameter(const struct query *q, const char *name)
{
	char sql[SQL_SHOWN_MAX];
	log_error("event=sql error=\"no parameter %s\" sql=%s", name, log_value(q->sql, sql, sizeof(sql)));
	abort();
}

/* The index of a parameter; 0 if the statement could not be prepared, which query_done reports. */
static int
parameter(struct query *q, const char *name)
{
	int i = q->stmt != NULL ? sqlite3_bind_parameter_index(q->stmt, name) : 0;

	if (i == 0 && q->stmt != NULL)
		no_parameter(q, name);
	return i;
}

/* Records a failed bind, so that the statement does not run with NULL instead of the value. */
static void
bound(struct query *q, int rc)
{
	if (rc == SQLITE_OK)
		return;
	q->rc = rc;
	note_failure(q);
}

void
query_bind_int(struct query *q, const char *name, int64_t value)
{
	int i = parameter(q, name);

	if (i > 0)
		bound(q, sqlite3_bind_int64(q->stmt, i, value));
}

void
query_bind_text(struct query *q, const char *name, const char *text)
{
	int i = parameter(q, name);

	if (i > 0)
		bound(q, sqlite3_bind_text(q->stmt, i, text, -1, SQLITE_STATIC));
}

void
query_bind_blob(struct query *q, const char *name, const void *data, size_t n)
{
	int i = parameter(q, name);

	if (i > 0)
		bound(q, sqlite3_bind_blob64(q->stmt, i, data, n, SQLITE_STATIC));
}

void
query_bind_null(struct query *q, const char *name)
{
	int i = parameter(q, name);

	if (i > 0)
		bound(q, sqlite3_bind_null(q->stmt, i));
}

bool
query_step(struct query *q)
{
	if (q->rc == SQLITE_DONE || !may_run(q))
		return false;
	q->rc = sqlite3_step(q->stmt);
	note_failure(q);
	return q->rc == SQLITE_ROW;
}

int64_t
query_int(struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

/*
 * Checks a text or blob that SQLite has returned.  NULL that is not an SQL NULL means that SQLite
 * has run out of memory; the row must not look like one with an empty value.
 */
static void
check_value(struct query *q, const void *value)
{
	if (value != NULL || sqlite3_errcode(q->db->handle) != SQLITE_NOMEM)
		return;
	q->rc = SQLITE_NOMEM;
	note_failure(q);
}

const char *
query_text(struct query *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, column);

	check_value(q, text);
	return text != NULL ? text : "";
}

const void *
query_blob(struct query *q, int column, size_t *n)
{
	const void *blob = sqlite3_column_blob(q->stmt, column);

	check_value(q, blob);
	*n = (size_t)sqlite3_column_bytes(q->stmt, column);
	return blob;
}

/* Includes the type of each value, so that NULL and '' differ. */
void
query_hash(struct query *q, int first, int count, struct row_hash *h)
{
	const void *blob;
	size_t n;

	for (int i = first; i < first + count; i++)
		switch (sqlite3_column_type(q->stmt, i)) {
		case SQLITE_INTEGER:
			row_hash_int(h, query_int(q, i));
			break;
		case SQLITE_TEXT:
			row_hash_text(h, query_text(q, i));
			break;
		case SQLITE_NULL:
			row_hash_null(h);
			break;
		default:
			blob = query_blob(q, i, &n);
			row_hash_blob(h, blob, n);
		}
}

bool
query_is_null(struct query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

enum status
query_done(struct query *q)
{
	char text[SQL_SHOWN_MAX], sql[SQL_SHOWN_MAX];
	struct db *db = q->db;
	enum status st = OK;

	if (q->rc == NOT_RUN)
		st = db->write_status;	/* logged when the transaction failed */
	else if (!is_success(q->rc)) {
		st = db_trouble_of(q->rc, db->handle) == DB_NO_TROUBLE ? INTERNAL : UNAVAILABLE;
		log_error("event=sql error=%s code=%d sql=%s", log_value(sqlite3_errmsg(db->handle), text, sizeof(text)), q->rc,
		    log_value(q->sql, sql, sizeof(sql)));
	}
	/* Ready for the next use.  Bindings are addresses that may be freed now. */
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
