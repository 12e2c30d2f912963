#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "db_file.h"
#include "gate.h"
#include "log.h"

enum {
	CACHE_SLOTS = 512,		/* prepared statements of one process; a power of two */
	CHECKPOINT_PAGES = 1000,	/* of WAL, before a commit moves them into the file */
	TRUNCATE_PAGES = 2048,		/* 8 MiB: and takes the WAL back to nothing */
	PATH_SIZE = 4096,
};

struct query {
	struct db *db;
	const char *sql;
	sqlite3_stmt *stmt;
	int rc;			/* sticky: SQLITE_OK, SQLITE_ROW, SQLITE_DONE or the first error */
};

/*
 * 1. At most one transaction is open; in_write or in_read says which.
 * 2. The gate is held exactly while in_write, its checkpoint included.
 * 3. write_status is OK until a query of the write transaction has failed.
 */
struct db {
	sqlite3 *handle;
	char path[PATH_SIZE];
	int gate;
	bool in_read, in_write;
	enum status write_status;
	int wal_pages;
	struct query *cache[CACHE_SLOTS];
};

/* ---- Outcomes */

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

/* ---- Opening */

static int
on_wal_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->wal_pages = pages;	/* the checkpoint follows under the gate, in db_write_commit */
	return SQLITE_OK;
}

struct db *
db_open(const char *path, struct why *why)
{
	struct db *db = xmalloc(sizeof(*db));
	char gate[PATH_SIZE + 8];

	memset(db, 0, sizeof(*db));
	snprintf(db->path, sizeof(db->path), "%s", path);
	snprintf(gate, sizeof(gate), "%s-gate", path);
	db->gate = -1;
	if (db_file_open(path, &db->handle, why) != OK) {
		free(db);
		return NULL;
	}
	if ((db->gate = gate_open(gate, path)) == -1) {
		why_not(why, UNAVAILABLE, "%s: cannot be opened for locking", gate);
		db_close(db);
		return NULL;
	}
	sqlite3_wal_hook(db->handle, on_wal_commit, db);
	return db;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		if (db->cache[i] != NULL) {
			sqlite3_finalize(db->cache[i]->stmt);
			free(db->cache[i]);
		}
	sqlite3_close(db->handle);
	gate_close(db->gate);
	free(db);
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

sqlite3 *
db_handle(struct db *db)
{
	return db->handle;
}

int
db_gate(struct db *db)
{
	return db->gate;
}

/* ---- Transactions */

static enum status
simple(struct db *db, const char *sql)
{
	return query_run(db_query(db, sql));
}

enum status
db_read_begin(struct db *db)
{
	enum status st;

	assert(!db->in_read && !db->in_write);
	if ((st = simple(db, "BEGIN")) == OK)
		db->in_read = true;
	return st;
}

void
db_read_end(struct db *db)
{
	if (!db->in_read)
		return;
	db->in_read = false;
	simple(db, "ROLLBACK");
}

enum status
db_write_begin(struct db *db)
{
	enum status st;

	assert(!db->in_read && !db->in_write);
	if ((st = gate_enter(db->gate, DB_GATE_WAIT_MS)) != OK)
		return st;
	db->write_status = OK;
	db->wal_pages = 0;
	if ((st = simple(db, "BEGIN IMMEDIATE")) != OK) {
		gate_leave(db->gate);
		return st;
	}
	db->in_write = true;
	return OK;
}

static void
checkpoint(struct db *db)
{
	if (db->wal_pages >= TRUNCATE_PAGES) {
		/* A TRUNCATE that waits for a slow reader would hold every writer: do not wait. */
		sqlite3_busy_timeout(db->handle, 0);
		sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
	} else if (db->wal_pages >= CHECKPOINT_PAGES)
		sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

enum status
db_write_commit(struct db *db)
{
	enum status st = db->write_status;

	assert(db->in_write);
	if (st == OK)
		st = simple(db, "COMMIT");
	if (st != OK) {
		db_write_abort(db);
		return st;
	}
	db->in_write = false;
	checkpoint(db);
	gate_leave(db->gate);
	return OK;
}

void
db_write_abort(struct db *db)
{
	if (!db->in_write)
		return;
	db->in_write = false;
	if (!sqlite3_get_autocommit(db->handle))
		simple(db, "ROLLBACK");
	gate_leave(db->gate);
}

void
db_savepoint(struct db *db)
{
	simple(db, "SAVEPOINT point");
}

void
db_savepoint_keep(struct db *db)
{
	simple(db, "RELEASE point");
}

void
db_savepoint_undo(struct db *db)
{
	simple(db, "ROLLBACK TO point");
	simple(db, "RELEASE point");
}

/* ---- Queries */

/* Finds or prepares the statement whose literal stands at this address. */
struct query *
db_query(struct db *db, const char *sql)
{
	size_t slot = ((size_t)(uintptr_t)sql >> 3) * 2654435761u % CACHE_SLOTS;
	struct query *q = NULL;

	for (size_t i = 0; i < CACHE_SLOTS; i++, slot = (slot + 1) % CACHE_SLOTS) {
		if ((q = db->cache[slot]) == NULL)
			break;
		if (q->sql == sql)
			break;
	}
	if (q == NULL) {
		assert(db->cache[slot] == NULL);	/* more literals than slots: raise CACHE_SLOTS */
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
