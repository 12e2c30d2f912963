#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "db.h"
#include "db_file.h"
#include "gate.h"

enum {
	CHECKPOINT_PAGES = 1000,	/* of WAL, before a commit moves them into the file */
	TRUNCATE_PAGES = 2048,		/* 8 MiB: and takes the WAL back to nothing */
};

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
	static int64_t openings;
	struct db *db = xmalloc(sizeof(*db));
	char gate[DB_GATE_PATH_MAX];
	struct stat st;

	memset(db, 0, sizeof(*db));
	snprintf(db->path, sizeof(db->path), "%s", path);
	db_gate_path(path, gate);
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
	if (stat(path, &st) == 0) {
		db->device = st.st_dev;
		db->inode = st.st_ino;
	}
	db->number = ++openings;
	sqlite3_wal_hook(db->handle, on_wal_commit, db);
	return db;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < DB_STATEMENTS; i++)
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

bool
db_is_in_place(const struct db *db)
{
	struct stat st;

	return stat(db->path, &st) == 0 && st.st_dev == db->device && st.st_ino == db->inode;
}

int64_t
db_number(const struct db *db)
{
	return db->number;
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

static enum status
write_begin(struct db *db, int wait_ms)
{
	enum status st;

	assert(!db->in_read && !db->in_write);
	if ((st = gate_enter(db->gate, wait_ms)) != OK)
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

enum status
db_write_begin(struct db *db)
{
	return write_begin(db, DB_GATE_WAIT_MS);
}

enum status
db_write_try(struct db *db)
{
	return write_begin(db, DB_TRY_WAIT_MS);
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

enum status
db_checkpoint(struct db *db)
{
	int rc;

	if (gate_enter(db->gate, DB_GATE_WAIT_MS) != OK)
		return UNAVAILABLE;
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	gate_leave(db->gate);
	return rc == SQLITE_OK ? OK : UNAVAILABLE;
}
