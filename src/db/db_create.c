/*
 * Makes a new database: complete under another name, then moved to its own.
 *
 * Two processes may do this at once, and an earlier database may have left its lock file, -wal or
 * -journal at the path.  So the move happens under the writers' lock of the final path.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/db_file.h"
#include "db/scratch.h"

static enum status
refuse_existing(const char *path, struct error *err)
{
	return error_set(err, CONFLICT, "%s: already exists and was not changed; choose another name", path);
}

/*
 * Fills an empty file with all that a database needs: returns SQLITE_OK or the first failure.  The
 * journal mode comes first, because it cannot change inside a transaction.
 */
static int
fill(sqlite3 *handle, const char *path, char epoch[EPOCH_TEXT_MAX])
{
	const char *const before[] = {
		db_on_network(path) ? "PRAGMA journal_mode = TRUNCATE" : "PRAGMA journal_mode = WAL", "BEGIN IMMEDIATE", schema_sql };
	int rc = db_file_configure(handle);

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(before) / sizeof(before[0]); i++)
		rc = sqlite3_exec(handle, before[i], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = db_file_new_epoch(handle, epoch);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)	/* moves all into the main file, which is the only one to be renamed */
		rc = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return rc;
}

/* Makes the file `made`; errors name `path`, which is what the user has asked for. */
static enum status
make(const char *made, const char *path, char epoch[EPOCH_TEXT_MAX], struct error *err)
{
	sqlite3 *handle = NULL;
	enum status st = OK;
	int rc = sqlite3_open_v2(made, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = fill(handle, made, epoch);
	if (rc != SQLITE_OK)
		st = db_file_why(path, rc, handle, err);
	sqlite3_close(handle);
	return st;
}

/*
 * Gives the file its name; under the writers' lock.  Looks again, because what was there before may
 * have changed while the file was made.
 */
static enum status
name_it(const char *made, const char *path, struct error *err)
{
	static const char *const endings[] = { "-wal", "-shm", "-journal" };
	char name[DB_PATH_MAX + 16];
	enum status st;

	if (access(path, F_OK) == 0)
		return refuse_existing(path, err);
	if ((st = db_stamp_check_new(path, err)) != OK)
		return st;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {	/* any that exist are empty */
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		unlink(name);
	}
	if (scratch_give_name(made, path) == -1)
		return errno == EEXIST ? refuse_existing(path, err) : error_set(err, UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (scratch_sync_folder(path))
		return OK;
	error_set(err, UNAVAILABLE, "%s: its folder cannot be synced to the disk: %s", path, strerror(errno));
	unlink(path);	/* a power failure could remove it, so do not report success for it */
	return UNAVAILABLE;
}

/*
 * Moves the file to its path under the writers' lock, and writes the stamp: from then on the lock
 * file says that files beside the path belong to this database.
 */
static enum status
put_in_place(const char *made, const char *path, const char *epoch, struct error *err)
{
	char lock[DB_LOCK_PATH_MAX];
	struct writer_lock g;
	enum status st;

	db_lock_path(path, lock);
	/* The lock file gets the rights of the new file. */
	if (!writer_lock_open(&g, lock, made))
		return error_set(err, UNAVAILABLE, "%s: %s", lock, strerror(errno));
	if (writer_lock_acquire(&g, DB_LOCK_WAIT_MS) != OK)
		st = error_set(err, UNAVAILABLE, "%s: cannot be locked", lock);
	else {
		if ((st = name_it(made, path, err)) == OK)
			db_stamp_write(&g, path, epoch, "");
		writer_lock_release(&g);
	}
	writer_lock_close(&g);
	return st;
}

enum status
db_create(const char *path, struct error *err)
{
	char made[SCRATCH_PATH_MAX], epoch[EPOCH_TEXT_MAX];
	enum status st;
	int fd;

	if (access(path, F_OK) == 0)
		return refuse_existing(path, err);
	if ((st = db_stamp_check_new(path, err)) != OK)
		return st;
	scratch_sweep(path, "new");
	if (!scratch_name(path, "new", made) || (fd = scratch_make(made)) == -1)
		return scratch_why(path, err);
	if ((st = make(made, path, epoch, err)) == OK)
		st = put_in_place(made, path, epoch, err);
	scratch_remove(made);
	scratch_release(fd);
	return st;
}
