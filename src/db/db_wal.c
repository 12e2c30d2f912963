/*
 * The WAL: when it is moved into the file.  Only under the writers' lock, because before 3.51.3 SQLite can damage a database if
 * two processes write or checkpoint at the same instant.
 */
#include "db/db.h"
#include "db/db_file.h"

enum {
	CHECKPOINT_PAGES = 1000,	/* of WAL: from this size on, a commit moves them into the file */
	TRUNCATE_PAGES = 2048,		/* 8 MiB: from this size on, it also truncates the WAL */
	TIDY_PAGES = 64,		/* from this size on, a process that has written truncates the WAL when it ends */
};

/* Notes the size of the WAL after a commit. */
static int
on_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->wal_pages = pages;	/* db_write_commit calls db_wal_checkpoint, under the writers' lock */
	return SQLITE_OK;
}

void
db_wal_watch(struct db *db)
{
	sqlite3_wal_hook(db->handle, on_commit, db);
}

/*
 * Moves the WAL into the file and truncates it.  That would wait for readers, and every writer with it: does not wait at all.
 */
static void
truncate_wal(struct db *db)
{
	sqlite3_busy_timeout(db->handle, 0);
	if (sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
		db->wal_pages = 0;
	sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
}

void
db_wal_checkpoint(struct db *db)
{
	if (db->wal_pages < CHECKPOINT_PAGES || !writer_lock_is_in_place(&db->lock))	/* not safe without the lock */
		return;
	if (db->wal_pages >= TRUNCATE_PAGES)
		truncate_wal(db);
	else
		sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void
db_tidy(struct db *db)
{
	if (db->wal_pages < TIDY_PAGES || db->in_read || db->in_write || !writer_lock_try(&db->lock))
		return;
	if (!db_file_has_moved(db))
		truncate_wal(db);
	writer_lock_release(&db->lock);
}

/* Waits for readers, unlike db_wal_checkpoint, because the caller needs the result. */
enum status
db_checkpoint(struct db *db)
{
	int rc;

	if (writer_lock_acquire(&db->lock, DB_LOCK_WAIT_MS) != OK) {
		db->trouble = DB_BUSY;
		return UNAVAILABLE;
	}
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	db->trouble = db_trouble_of(rc, db->handle);
	writer_lock_release(&db->lock);
	return rc == SQLITE_OK ? OK : UNAVAILABLE;
}
