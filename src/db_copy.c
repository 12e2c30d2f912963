/*
 * Backup, restore and check of the whole file.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_file.h"
#include "gate.h"

enum { STEP_PAGES = 512, RESTORE_TRIES = 50, RETRY_MS = 100 };

/* Copies `from` into `to`; a locked page is tried again for a while. */
static int
copy(sqlite3 *from, sqlite3 *to, void (*progress)(int64_t, int64_t))
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int rc = SQLITE_OK, tries = 0;

	if (backup == NULL)
		return sqlite3_errcode(to);
	while (rc == SQLITE_OK || ((rc == SQLITE_BUSY || rc == SQLITE_LOCKED) && tries++ < RESTORE_TRIES)) {
		if (rc != SQLITE_OK)
			sqlite3_sleep(RETRY_MS);
		rc = sqlite3_backup_step(backup, progress != NULL ? STEP_PAGES : -1);
		if (progress != NULL)
			progress(sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup),
			    sqlite3_backup_pagecount(backup));
	}
	sqlite3_backup_finish(backup);
	return rc;
}

static bool
is_sound(sqlite3 *handle)
{
	sqlite3_stmt *stmt;
	bool yes = false;

	if (sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		yes = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	sqlite3_finalize(stmt);
	return yes;
}

/* Into the empty file `to`, which goes again where that fails.  A damaged copy is none: it would push out good ones. */
static enum status
copy_into(sqlite3 *from, const char *to, void (*progress)(int64_t, int64_t), struct why *why)
{
	sqlite3 *handle = NULL;
	enum status st = OK;
	int rc;

	rc = sqlite3_open_v2(to, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = copy(from, handle, progress);
	if (rc != SQLITE_DONE)
		st = why_not(why, UNAVAILABLE, "%s: %s", to, sqlite3_errstr(rc));
	else if (!is_sound(handle)) {
		st = why_not(why, UNAVAILABLE, "%s: the copy is damaged, and so is the database", to);
		why_fix(why, "Keep the backups that you have, and look at the database with `daybook verify`.");
	}
	sqlite3_close(handle);
	if (st != OK)
		unlink(to);
	return st;
}

enum status
db_backup(struct db *db, const char *to, void (*progress)(int64_t, int64_t), struct why *why)
{
	enum status st;

	if ((st = db_file_new(to, why)) != OK)
		return st;
	/* A read transaction held over all steps: foreign commits do not make the copy start anew. */
	if ((st = db_read_begin(db)) != OK) {
		unlink(to);
		return why_not(why, st, "%s: the database stays busy", db_path(db));
	}
	db_file_pragma(db->handle, "SELECT count(*) FROM setting");
	st = copy_into(db->handle, to, progress, why);
	db_read_end(db);
	return st;
}

enum status
db_backup_file(const char *from, const char *to, struct why *why)
{
	sqlite3 *source = NULL;
	enum status st;

	if ((st = db_file_open_any(from, &source, why)) != OK)
		return st;
	if ((st = db_file_new(to, why)) == OK)
		st = copy_into(source, to, NULL, why);
	sqlite3_close(source);
	return st;
}

/* A copy of the backup with a new epoch in it, so that the restore itself is one step. */
static enum status
stage(const char *from, const char *staged, sqlite3 **handle, struct why *why)
{
	sqlite3 *source = NULL;
	enum status st;
	int rc;

	if ((st = db_file_open(from, &source, why)) != OK) {
		if (access(from, F_OK) == -1)
			why_fix(why, "Name the file that `daybook backup` wrote.");
		return st;
	}
	if ((st = db_file_new(staged, why)) != OK) {
		sqlite3_close(source);
		return st;
	}
	rc = sqlite3_open_v2(staged, handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = copy(source, *handle, NULL);
	sqlite3_close(source);
	if (rc != SQLITE_DONE)
		return why_not(why, UNAVAILABLE, "%s: %s", from, sqlite3_errstr(rc));
	sqlite3_exec(*handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	/* Programs keep spans by (organisation, zone_revision), and replies by the epoch: neither may fit by chance. */
	if (db_file_new_epoch(*handle) != OK || sqlite3_exec(*handle,
	    "UPDATE organization SET zone_revision = abs(random() >> 12)", NULL, NULL, NULL) != SQLITE_OK)
		return why_not(why, UNAVAILABLE, "%s: %s", staged, sqlite3_errmsg(*handle));
	return OK;
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

enum status
db_restore(struct db *db, const char *from, struct why *why)
{
	char staged[DB_PATH_MAX + 16];
	sqlite3 *handle = NULL;
	bool is_wal = strcmp(db_journal_mode(db), "wal") == 0;
	enum status st;
	int rc;

	if (is_same_file(from, db_path(db)))
		return why_not(why, CONFLICT, "%s: the database itself, not a backup of it", from);
	snprintf(staged, sizeof(staged), "%s-restore", db_path(db));
	unlink(staged);		/* of a restore that was cut short */
	if ((st = stage(from, staged, &handle, why)) == OK &&
	    (st = gate_enter(db->gate, DB_GATE_WAIT_MS)) == OK) {
		if (is_wal)	/* the file's header says which journal it has: keep the live one's */
			sqlite3_exec(handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		rc = copy(handle, db->handle, NULL);
		gate_leave(db->gate);
		if (rc != SQLITE_DONE)
			st = why_not(why, UNAVAILABLE, "%s: %s", db_path(db), sqlite3_errstr(rc));
	}
	sqlite3_close(handle);
	unlink(staged);
	snprintf(staged, sizeof(staged), "%s-restore-wal", db_path(db));
	unlink(staged);
	snprintf(staged, sizeof(staged), "%s-restore-shm", db_path(db));
	unlink(staged);
	return st;
}

enum status
db_check(struct db *db, struct why *why)
{
	sqlite3_stmt *stmt;
	enum status st = OK;

	if (sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL) != SQLITE_OK)
		return why_not(why, UNAVAILABLE, "%s", sqlite3_errmsg(db->handle));
	if (sqlite3_step(stmt) != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
		st = why_not(why, CONFLICT, "integrity_check: %s", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	if (st != OK)
		return st;
	if (sqlite3_prepare_v2(db->handle, "PRAGMA foreign_key_check", -1, &stmt, NULL) != SQLITE_OK)
		return why_not(why, UNAVAILABLE, "%s", sqlite3_errmsg(db->handle));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		st = why_not(why, CONFLICT, "foreign_key_check: table %s has a row without its %s",
		    (const char *)sqlite3_column_text(stmt, 0), (const char *)sqlite3_column_text(stmt, 2));
	sqlite3_finalize(stmt);
	return st;
}
