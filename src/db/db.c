/*
 * Opens and closes a database, and begins and ends its transactions.
 *
 * Every write takes the writers' lock first and SQLite's own lock second, so SQLite's lock is free
 * in practice, and its busy timeout, which is not fair among several writers, hardly matters.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "db/db.h"
#include "db/db_file.h"
#include "base/log.h"

/* ---- Opening */

/* Prepared when the file is opened, so that ending a transaction needs no memory. */
static const char begin_sql[] = "BEGIN", commit_sql[] = "COMMIT", rollback_sql[] = "ROLLBACK";

/* Opens the lock file, and compares its stamp with the database; notes which file was opened. */
static enum status
open_lock(struct db *db, struct error *err)
{
	char lock[DB_LOCK_PATH_MAX];
	struct stat st;

	db_lock_path(db->path, lock);
	if (!writer_lock_open(&db->lock, lock, db->path))
		return error_set(err, UNAVAILABLE, "%s: cannot be opened for locking", lock);
	if (stat(db->path, &st) == 0) {
		db->device = st.st_dev;
		db->inode = st.st_ino;
	}
	db->is_accepted = db_stamp_names(&db->lock, db->path, db->handle);
	if (db_query(db, begin_sql)->stmt == NULL || db_query(db, commit_sql)->stmt == NULL ||
	    db_query(db, rollback_sql)->stmt == NULL)
		return db_file_why(db->path, sqlite3_errcode(db->handle), db->handle, err);
	return OK;
}

/*
 * Opens a database with a function that opens its file.  `number` counts openings, so that no cache outlives one.
 */
struct db *
db_open_with(const char *path, enum status (*open_file)(const char *path, sqlite3 **handle, struct error *err), bool has_lock,
    struct error *err)
{
	static int64_t openings;
	struct db *db = xmalloc(sizeof(*db));

	memset(db, 0, sizeof(*db));
	snprintf(db->path, sizeof(db->path), "%s", path);
	db->lock.fd = -1;
	if (open_file(path, &db->handle, err) != OK || (has_lock && open_lock(db, err) != OK)) {
		db_close(db);
		return NULL;
	}
	db->number = ++openings;
	db_wal_watch(db);
	return db;
}

struct db *
db_open(const char *path, struct error *err)
{
	return db_open_with(path, db_file_open, true, err);
}

struct db *
db_open_any(const char *path, struct error *err)
{
	return db_open_with(path, db_file_open_any, true, err);
}

bool
db_claim_report(struct db *db)
{
	return writer_lock_claim_report(&db->lock);
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	db_tidy(db);
	/* SQLite cannot close a file while statements of it exist. */
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		if (db->cache[i] != NULL)
			db_query_free(db->cache[i]);
	sqlite3_close(db->handle);
	writer_lock_close(&db->lock);
	free(db);
}

bool
db_is_accepted(const struct db *db)
{
	return db->is_accepted;
}

enum status
db_accept(struct db *db)
{
	char epoch[EPOCH_TEXT_MAX];

	/* Under the lock, because a restore writes the stamp too. */
	if (writer_lock_acquire(&db->lock, DB_LOCK_WAIT_MS) != OK) {
		db->trouble = DB_BUSY;
		return UNAVAILABLE;
	}
	db_stamp_epoch(db->handle, epoch);
	db->is_accepted = epoch[0] != '\0' && db_stamp_write(&db->lock, db->path, epoch, "");
	writer_lock_release(&db->lock);
	return db->is_accepted ? OK : UNAVAILABLE;
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

bool
db_is_same_file(const struct db *db, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == db->device && st.st_ino == db->inode;
}

bool
db_is_in_place(const struct db *db)
{
	return db_is_same_file(db, db->path);
}

int64_t
db_number(const struct db *db)
{
	return db->number;
}

/* ---- Transactions */

/* Runs a statement without parameters and rows. */
static enum status
simple(struct db *db, const char *sql)
{
	return query_run(db_query(db, sql));
}

void
db_free_memory(struct db *db)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		struct query *q = db->cache[i];

		if (q == NULL || q->sql == begin_sql || q->sql == commit_sql || q->sql == rollback_sql)
			continue;
		sqlite3_finalize(q->stmt);
		q->stmt = NULL;		/* db_query prepares it again; the numbers of its parameters stay the same */
	}
	sqlite3_db_release_memory(db->handle);
}

/*
 * Ends a transaction without its changes.  One that cannot be ended would hold its locks as long as
 * the process lives, and block every other writer.  So the process ends, and its locks with it.
 */
static void
roll_back(struct db *db)
{
	enum db_trouble trouble = db->trouble;	/* the caller's reason, which the rollback must not replace */

	/* In autocommit mode no transaction is open: SQLite has rolled it back after an error of its own. */
	if (sqlite3_get_autocommit(db->handle) || simple(db, rollback_sql) == OK || sqlite3_get_autocommit(db->handle)) {
		db->trouble = trouble;
		return;
	}
	log_error("event=sql error=\"a transaction cannot be rolled back\"");
	if (db->trouble == DB_NO_MEMORY)
		out_of_memory();
	abort();
}

enum status
db_read_begin(struct db *db)
{
	enum status st;

	assert(!db->in_read && !db->in_write);
	db->version = 0;
	if ((st = simple(db, begin_sql)) == OK)
		db->in_read = true;
	return st;
}

void
db_read_end(struct db *db)
{
	if (!db->in_read)
		return;
	db->in_read = false;
	roll_back(db);
}

/* Takes the writers' lock; a wait without success counts as a busy database. */
static enum status
enter(struct db *db, int wait_ms)
{
	enum status st = writer_lock_acquire(&db->lock, wait_ms);

	if (st != OK)
		db->trouble = DB_BUSY;
	return st;
}

/*
 * IMMEDIATE takes SQLite's write lock now.  Otherwise the first write could fail after reads on
 * which the caller has already decided something.
 */
static enum status
write_begin(struct db *db, int wait_ms)
{
	enum status st;

	assert(!db->in_read && !db->in_write);
	if ((st = enter(db, wait_ms)) != OK)
		return st;
	db->write_status = OK;
	db->changes_cached = false;
	db->wal_pages = 0;
	if (db_file_has_moved(db)) {	/* by an upgrade while this process waited: a write to it would be lost */
		writer_lock_release(&db->lock);
		db->trouble = DB_BUSY;
		return UNAVAILABLE;
	}
	if ((st = simple(db, "BEGIN IMMEDIATE")) != OK) {
		writer_lock_release(&db->lock);
		return st;
	}
	db->in_write = true;
	return OK;
}

enum status
db_write_begin(struct db *db)
{
	return write_begin(db, DB_LOCK_WAIT_MS);
}

enum status
db_write_commit(struct db *db)
{
	enum status st = db->write_status;

	assert(db->in_write);
	if (st == OK && sqlite3_get_autocommit(db->handle))
		st = UNAVAILABLE;	/* SQLite has rolled it back, but no query has failed */
	if (st == OK)
		st = simple(db, commit_sql);
	if (st != OK) {
		db_write_abort(db);
		return st;
	}
	db->in_write = false;
	db_wal_checkpoint(db);
	writer_lock_release(&db->lock);
	return OK;
}

void
db_write_abort(struct db *db)
{
	if (!db->in_write)
		return;
	db->in_write = false;
	roll_back(db);
	writer_lock_release(&db->lock);
}

/* The one shape of a write: begins, works, and commits or rolls back as the outcome says. */
static enum status
write_waiting(struct db *db, int wait_ms, db_work *work, void *arg)
{
	enum status st, committed;

	if ((st = write_begin(db, wait_ms)) != OK)
		return st;
	st = work(arg);
	if (!status_is_success(st)) {
		db_write_abort(db);
		return st;
	}
	committed = db_write_commit(db);
	return committed == OK ? st : committed;
}

enum status
db_write(struct db *db, db_work *work, void *arg)
{
	return write_waiting(db, DB_LOCK_WAIT_MS, work, arg);
}

enum status
db_write_try(struct db *db, db_work *work, void *arg)
{
	return write_waiting(db, DB_TRY_WAIT_MS, work, arg);
}
