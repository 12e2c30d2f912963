/*
 * Queries (see db.h): prepared once, sticky errors.
 *
 * A query goes from db_query through binds and steps to query_done.  Only query_done resets it, so
 * a query must reach that before db_query is called for the same literal again.  The first failure
 * stays in rc; from then on binds and steps change nothing in the database, so callers need to look
 * only at the end.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "db/db.h"
#include "db/db_file.h"
#include "base/log.h"
#include "base/row_hash.h"

/*
 * Each process has one thread, so SQLite needs no locks between threads, and nobody reads its statistics of memory.  It takes
 * these settings only before anything else of it is used.
 */
static void __attribute__((constructor))
configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
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

void
db_query_free(struct query *q)
{
	sqlite3_finalize(q->stmt);
	free(q->names);
	free(q);
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
		*q = (struct query) { .db = db, .sql = sql, .use = 1 };
	}
	/* Whoever uses it must call query_done first: otherwise a second use would reset a loop that still reads its rows. */
	assert(q->stmt == NULL || !sqlite3_stmt_busy(q->stmt));
	if (q->stmt == NULL) {	/* new, or preparing it has failed before */
		q->rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL);
		note_failure(q);
	}
	return q;
}

static void __attribute__((noreturn))
no_parameter(const struct query *q, const char *name)
{
	char sql[SQL_SHOWN_MAX];
	log_error("event=sql error=\"no parameter %s\" sql=%s", name, log_value(q->sql, sql, sizeof(sql)));
	abort();
}

/* Looks a name up in the statement, and adds it to the known ones. */
static struct query_name * __attribute__((noinline))
add_name(struct query *q, const char *name)
{
	int index = sqlite3_bind_parameter_index(q->stmt, name);

	if (index == 0)
		no_parameter(q, name);
	if (q->names_count == q->names_max) {
		q->names_max = q->names_max > 0 ? 2 * q->names_max : 8;
		q->names = xrealloc(q->names, q->names_max * sizeof(*q->names));
	}
	q->names[q->names_count] = (struct query_name) { .literal = name, .index = index };
	return &q->names[q->names_count++];
}

/*
 * Finds a parameter; NULL if the statement could not be prepared, which query_done reports.
 *
 * SQLite compares texts to find a name, which would be a sixth of the work of an insert.  Names are literals like the SQL itself,
 * so an address always means the same parameter.  They come in the same order each time, but some may be left out: so the search
 * begins after the last one.
 */
static struct query_name *
parameter(struct query *q, const char *name)
{
	size_t i = q->next;

	if (q->stmt == NULL)
		return NULL;
	for (size_t left = q->names_count; left > 0; i++, left--) {
		if (i >= q->names_count)
			i = 0;
		if (q->names[i].literal == name) {
			q->next = i + 1;
			return &q->names[i];
		}
	}
	q->next = q->names_count + 1;
	return add_name(q, name);
}

/* Records a failed bind, so that the statement does not run with NULL instead of the value. */
static void
bound(struct query *q, struct query_name *p, int rc)
{
	p->use = q->use;
	if (rc == SQLITE_OK)
		return;
	q->rc = rc;
	note_failure(q);
}

void
query_bind_int(struct query *q, const char *name, int64_t value)
{
	struct query_name *p = parameter(q, name);

	if (p != NULL)
		bound(q, p, sqlite3_bind_int64(q->stmt, p->index, value));
}

void
query_bind_text(struct query *q, const char *name, const char *text)
{
	struct query_name *p = parameter(q, name);

	/* A parameter without a value is NULL already. */
	if (p != NULL && (text != NULL || p->use == q->use))
		bound(q, p, sqlite3_bind_text(q->stmt, p->index, text, -1, SQLITE_STATIC));
}

void
query_bind_blob(struct query *q, const char *name, const void *data, size_t n)
{
	struct query_name *p = parameter(q, name);

	if (p != NULL)
		bound(q, p, sqlite3_bind_blob64(q->stmt, p->index, data, n, SQLITE_STATIC));
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

/*
 * Includes the type of each value, so that NULL and '' differ.  Looks each value up once: a process has one thread, so nothing
 * changes the value meanwhile.
 */
void
query_hash(struct query *q, int first, int count, struct row_hash *h)
{
	sqlite3_value *value;
	const void *data;

	for (int i = first; i < first + count; i++) {
		value = sqlite3_column_value(q->stmt, i);
		switch (sqlite3_value_type(value)) {
		case SQLITE_INTEGER:
			row_hash_int(h, sqlite3_value_int64(value));
			break;
		case SQLITE_TEXT:
			check_value(q, data = sqlite3_value_text(value));
			row_hash_text(h, data != NULL ? data : "");
			break;
		case SQLITE_NULL:
			row_hash_null(h);
			break;
		default:
			check_value(q, data = sqlite3_value_blob(value));
			row_hash_blob(h, data, (size_t)sqlite3_value_bytes(value));
		}
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
		q->next = 0;
		q->use++;
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
