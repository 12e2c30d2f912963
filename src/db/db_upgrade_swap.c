/*
 * Gives a checked new file the path of the old one.
 *
 * Both -wal and -shm belong to a path, and not to a file: a program that still has the old file open would share them with those
 * that open the new one.  So this is done while nobody else has the old file open, which SQLite shows by an exclusive lock.  A
 * host without a shell has no means to end programs of the older version; see wait_for_writers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "db/db_upgrade_parts.h"
#include "db/scratch.h"

/* A request must not last longer than 10 seconds in all. */
enum { ACQUIRE_MS = 3000, MARGIN_MS = 1000 };

/* ---- The old file */

/*
 * Moves its WAL into it and locks it against writers.  Its state is compared only then, because until then a program of an older
 * version may have written to it.
 */
static enum status
close_old(struct db_upgrade *u, struct db *old, bool *is_stale, struct error *err)
{
	struct stat wal;
	char name[DB_PATH_MAX + 8];
	enum status st;
	int64_t now;
	int rc = sqlite3_wal_checkpoint_v2(old->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(old->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return db_file_why(u->path, rc, old->handle, err);
	if ((st = db_upgrade_fingerprint(old, u->copy.version, &now, err)) != OK)
		return st;
	*is_stale = now != u->fingerprint;
	snprintf(name, sizeof(name), "%s-wal", u->path);
	if (*is_stale || (stat(name, &wal) == 0 && wal.st_size > 0)) {
		*is_stale = true;
		return error_set(err, UNAVAILABLE, "%s: was changed by another program during the upgrade", u->path);
	}
	return OK;
}

/*
 * Keeps the old file under its other name too: as a link, or as a copy if the filesystem has no links.  A process that was ended
 * just here may have done it already.
 */
static enum status
keep_old(struct db_upgrade *u, struct db *old, bool *is_kept, struct error *err)
{
	struct stat is, kept;
	enum status st = OK;

	if (u->kept[0] == '\0')
		return OK;
	if (link(u->path, u->kept) == -1 && (errno != EEXIST || stat(u->path, &is) == -1 || stat(u->kept, &kept) == -1 ||
	    is.st_dev != kept.st_dev || is.st_ino != kept.st_ino))
		st = db_keep(old, u->kept, err);
	*is_kept = st == OK;
	return st;
}

/* ---- The new file */

/* Makes it ready to be renamed: without the record, in the old one's journal mode, alone, on the disk, and with its rights. */
static enum status
complete_new(struct db_upgrade *u, char epoch[EPOCH_TEXT_MAX], struct error *err)
{
	struct db *new = u->copy.new;
	struct stat like;
	int rc;

	db_stamp_epoch(new->handle, epoch);
	if (epoch[0] == '\0')
		return db_file_why(u->path, sqlite3_errcode(new->handle), new->handle, err);
	if (stat(u->path, &like) == -1 || chmod(u->unfinished, like.st_mode & 07777) == -1 ||
	    ((like.st_uid != geteuid() || like.st_gid != getegid()) && geteuid() == 0 &&
	    chown(u->unfinished, like.st_uid, like.st_gid) == -1))
		return error_set(err, UNAVAILABLE, "%s: %s", u->path, strerror(errno));
	u->is_spent = true;
	rc = sqlite3_exec(new->handle, "DROP TABLE upgrade_state;", NULL, NULL, NULL);
	if (rc == SQLITE_OK && u->is_wal)
		rc = sqlite3_exec(new->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return db_file_why(u->path, rc, new->handle, err);
	db_close(new);
	u->copy.new = NULL;
	scratch_remove_companions(u->unfinished);
	if (!scratch_sync(u->unfinished))
		return error_set(err, UNAVAILABLE, "%s: %s", u->path, strerror(errno));
	return OK;
}

/*
 * Until the new file has the path, the stamp names both epochs, because a kill may come before or after that.  The old file's
 * empty -wal and its -shm go first: together with the new file they would be taken for its own.
 */
static enum status
rename_new(struct db_upgrade *u, struct writer_lock *g, struct db *old, const char *epoch, struct error *err)
{
	static const char *const endings[] = { "-wal", "-shm", "-journal" };
	char name[DB_PATH_MAX + 16], earlier[EPOCH_TEXT_MAX];

	db_stamp_epoch(old->handle, earlier);
	if (!db_stamp_write(g, u->path, epoch, earlier))
		return error_set(err, UNAVAILABLE, "%s: %s", g->path, strerror(errno));
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", u->path, endings[i]);
		unlink(name);
	}
	if (rename(u->unfinished, u->path) == -1)
		return error_set(err, UNAVAILABLE, "%s: %s", u->path, strerror(errno));
	u->is_in_place = true;
	if (!db_stamp_write(g, u->path, epoch, ""))
		log_error("event=upgrade error=\"%s\"", strerror(errno));	/* the stamp names it all the same */
	if (!scratch_sync_folder(u->path))
		return error_set(err, UNAVAILABLE, "%s: is upgraded, but its folder cannot be written to the disk: %s", u->path,
		    strerror(errno));
	return OK;
}

/* ---- All of it */

/* Under the writers' lock. */
static enum status
swap(struct db_upgrade *u, struct writer_lock *g, struct db *old, bool *is_stale, struct error *err)
{
	char epoch[EPOCH_TEXT_MAX];
	bool is_kept = false;
	enum status st;

	if ((st = keep_old(u, old, &is_kept, err)) == OK && (st = close_old(u, old, is_stale, err)) == OK &&
	    (st = complete_new(u, epoch, err)) == OK)
		st = rename_new(u, g, old, epoch, err);
	if (!u->is_in_place && is_kept)
		unlink(u->kept);
	return st;
}

/*
 * A program of an older version that waits for the writers' lock would write to the old file now, and the write would be lost.
 * It looks at the path before each request, so it is enough to keep the lock until every such wait has ended; and the old file,
 * against one that had the lock just before.
 *
 * Without a WAL, SQLite does not show who has the old file open, but the writers' lock shows whether anybody waits for it.
 */
static void
wait_for_writers(void)
{
	sqlite3_sleep(DB_LOCK_WAIT_MS + MARGIN_MS);
}

/* Opens the old file so that nobody else can; if others have it open, and may, like any other program. */
static struct db *
open_alone(struct db_upgrade *u, bool may_be_open, bool *is_alone, struct error *err)
{
	struct db *old = db_open_with(u->path, db_file_open_alone, false, err);

	*is_alone = old != NULL;
	if (old != NULL || db_opening_trouble() != DB_BUSY)
		return old;
	if (may_be_open)
		return db_open_with(u->path, db_file_open_foreign, false, err);
	error_set(err, UNAVAILABLE, "%s: other programs have it open", u->path);
	error_hint(err, "Stop the programs of the earlier Daybook, and every other program that uses the file; then run "
	    "`daybook upgrade` again, which continues from here.");
	return NULL;
}

enum status
db_upgrade_finish(struct db_upgrade *u, bool may_be_open, bool *is_stale, struct error *err)
{
	char lock[DB_LOCK_PATH_MAX];
	struct writer_lock g;
	struct db *old = NULL;
	enum status st;
	bool is_alone = true, is_awaited;

	*is_stale = false;
	db_close(u->copy.old);
	u->copy.old = NULL;
	db_lock_path(u->path, lock);
	if (!writer_lock_open(&g, lock, u->path))
		return error_set(err, UNAVAILABLE, "%s: %s", lock, strerror(errno));
	if ((st = writer_lock_acquire(&g, may_be_open ? ACQUIRE_MS : DB_LOCK_WAIT_MS)) != OK)
		error_set(err, st, "%s: %s", u->path, db_trouble_text(DB_BUSY));
	else if ((old = open_alone(u, may_be_open, &is_alone, err)) == NULL)
		st = UNAVAILABLE;
	else
		st = swap(u, &g, old, is_stale, err);
	is_awaited = !is_alone || (!u->is_wal && writer_lock_is_awaited(&g));
	if (u->is_in_place && is_awaited)
		wait_for_writers();
	writer_lock_close(&g);
	db_close(old);
	return st;
}
