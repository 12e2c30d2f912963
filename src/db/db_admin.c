/*
 * Backup and restore of the whole file.
 *
 * Backup and restore both copy pages with SQLite's backup interface, which reads a consistent state while others write.  A
 * backup is made under a temporary name (scratch.h), so a file with the name of a backup is always complete.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db_file.h"
#include "db/db_upgrade.h"
#include "db/scratch.h"

enum { STEP_PAGES = 512, RESTORE_TRIES = 50, RETRY_MS = 100 };

/*
 * Copies `from` into `to`, in steps if there is a progress function.  Tries again for a while if a
 * page is locked: a live target may have readers.  SQLITE_DONE, or the failure.
 */
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

/* Whether SQLite finds no damage: the first problem is enough to know. */
static bool
is_sound(sqlite3 *handle)
{
	return db_file_says(handle, "PRAGMA quick_check(1)", "ok");
}

/* Gives a copy an epoch of its own, and moves it from the copy's WAL into its main file: only that gets the final name. */
static int
write_epoch(sqlite3 *handle)
{
	char epoch[EPOCH_TEXT_MAX];
	int rc = db_file_new_epoch(handle, epoch);

	return rc == SQLITE_OK ? sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) : rc;
}

/*
 * Copies into the empty file `to`.  A backup gets its own epoch, so that it is recognized if
 * somebody puts it in a database's place by hand (db_stamp.c).
 */
static enum status
copy_into(sqlite3 *from, const char *to, bool must_be_sound, bool gets_epoch, void (*progress)(int64_t, int64_t),
    struct error *err)
{
	sqlite3 *handle = NULL;
	enum status st = OK;
	int rc;

	rc = sqlite3_open_v2(to, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = copy(from, handle, progress);
	if (rc != SQLITE_DONE)
		st = db_file_why(to, rc, NULL, err);
	else if (must_be_sound && !is_sound(handle)) {	/* a damaged backup would push out good ones */
		st = error_set(err, UNAVAILABLE, "%s: the copy is damaged, so the database is damaged too", to);
		error_hint(err, "Keep your older backups, and check the database with `daybook verify`.");
	} else if (gets_epoch && (rc = write_epoch(handle)) != SQLITE_OK &&
	    (must_be_sound || (rc & 0xff) == SQLITE_NOMEM || (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_FULL ||
	    (rc != SQLITE_ERROR && is_sound(handle))))	/* a damaged file is kept as it is */
		st = db_file_why(to, rc, handle, err);
	sqlite3_close(handle);
	return st;
}

enum status
db_backup_into(struct db *db, const char *to, bool must_be_sound, void (*progress)(int64_t, int64_t), struct error *err)
{
	enum status st;

	/* One read transaction over all steps: else commits of others would restart the copy.  The SELECT takes the snapshot. */
	if (db_read_begin(db) != OK)
		return db_why(db, err);
	db_file_pragma(db->handle, "SELECT count(*) FROM setting");
	st = copy_into(db->handle, to, must_be_sound, true, progress, err);
	db_read_end(db);
	return st;
}

/*
 * Makes a file with `fill` under a temporary name beside `to`, and gives it its name when it is complete and on the disk,
 * never in place of a file that somebody has made meanwhile.
 */
static enum status
publish(const char *to, enum status (*fill)(void *arg, const char *made, struct error *err), void *arg, struct error *err)
{
	char made[SCRATCH_PATH_MAX];
	enum status st;
	int fd;

	if (access(to, F_OK) == 0)
		return error_set(err, CONFLICT, "%s: already exists and was not changed; choose another name", to);
	scratch_sweep(to, "part");
	if (!scratch_name(to, "part", made) || (fd = scratch_make(made)) == -1)
		return scratch_why(to, err);
	st = fill(arg, made, err);
	if (st == OK && (!scratch_sync(made) || scratch_give_name(made, to) == -1))
		st = error_set(err, errno == EEXIST ? CONFLICT : UNAVAILABLE, "%s: %s", to, strerror(errno));
	else if (st == OK && !scratch_sync_folder(to)) {
		st = error_set(err, UNAVAILABLE, "%s: its folder cannot be synced to the disk: %s", to, strerror(errno));
		unlink(to);	/* a power cut might take the name away: a retry makes it again */
	}
	scratch_remove(made);
	scratch_release(fd);
	return st;
}

struct live {
	struct db *db;
	bool must_be_sound;
	void (*progress)(int64_t, int64_t);
};

static enum status
fill_from_live(void *arg, const char *made, struct error *err)
{
	const struct live *l = arg;

	return db_backup_into(l->db, made, l->must_be_sound, l->progress, err);
}

enum status
db_backup(struct db *db, const char *to, void (*progress)(int64_t, int64_t), struct error *err)
{
	struct live l = { db, true, progress };

	return publish(to, fill_from_live, &l, err);
}

enum status
db_keep(struct db *db, const char *to, struct error *err)
{
	struct live l = { db, false, NULL };

	return publish(to, fill_from_live, &l, err);
}

static enum status
fill_from_file(void *arg, const char *made, struct error *err)
{
	return copy_into(arg, made, true, true, NULL, err);
}

enum status
db_backup_file(const char *from, const char *to, struct error *err)
{
	sqlite3 *source = NULL;
	enum status st;

	if ((st = db_file_open_any(from, &source, err)) != OK)
		return st;
	st = publish(to, fill_from_file, source, err);
	sqlite3_close(source);
	return st;
}

/* ---- Restoring */

/*
 * Reading a file in WAL mode makes an empty -wal and a -shm beside it.  Removes them if they were
 * not there before: a backup on somebody's medium must stay one file.
 */
static void
remove_made(const char *path, bool had_wal)
{
	char name[DB_PATH_MAX + 16];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", path);
	if (had_wal || stat(name, &st) == -1 || st.st_size > 0)
		return;
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
}

enum status
db_stage(const char *from, const char *staged, bool is_forced, struct error *err)
{
	char wal[DB_PATH_MAX + 16];
	sqlite3 *source = NULL;
	enum status st;
	bool had_wal, is_older;

	snprintf(wal, sizeof(wal), "%s-wal", from);
	had_wal = access(wal, F_OK) == 0;
	if ((st = db_file_open_foreign(from, &source, err)) != OK) {
		if (access(from, F_OK) == -1)
			error_hint(err, "Name the file that `daybook backup` wrote.");
		remove_made(from, had_wal);
		return st;
	}
	is_older = db_file_pragma(source, "PRAGMA user_version") < DB_SCHEMA_VERSION;
	if (!is_older)
		st = copy_into(source, staged, false, false, NULL, err);
	sqlite3_close(source);
	if (is_older)
		st = db_upgrade_into(from, staged, is_forced, err);
	remove_made(from, had_wal);
	return st;
}

/*
 * Makes the staged file different from every earlier one.  Programs cache spans by (organization, zone_revision) and clients
 * cache replies by the epoch; the old values must not match by chance.
 */
static enum status
make_new(const char *staged, bool is_wal, sqlite3 **handle, char epoch[EPOCH_TEXT_MAX], struct error *err)
{
	int rc = sqlite3_open_v2(staged, handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_OK)
		rc = db_file_new_epoch(*handle, epoch);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*handle, "UPDATE organization SET zone_revision = abs(random() >> 12)", NULL, NULL, NULL);
	if (rc == SQLITE_OK)	/* the file's header contains the journal mode: keep the live one's */
		rc = sqlite3_exec(*handle, is_wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : db_file_why(staged, rc, *handle, err);
}

/*
 * Copies the staged database over the live one; under the writers' lock.  Before the copy the stamp names both epochs,
 * because a -wal that is left by an interruption belongs to one of them; once the main file is complete, only the new one.
 */
static enum status
replace(struct db *db, sqlite3 *from, const char *epoch, bool *is_replaced, struct error *err)
{
	char earlier[EPOCH_TEXT_MAX];
	int rc;

	db_stamp_epoch(db->handle, earlier);
	if (!db_stamp_write(&db->lock, db->path, epoch, earlier))
		return error_set(err, UNAVAILABLE, "%s: %s", db->lock.path, strerror(errno));
	*is_replaced = true;	/* a commit whose last write to the disk failed may be in force all the same: nobody can tell */
	if ((rc = copy(from, db->handle, NULL)) != SQLITE_DONE)
		return db_file_why(db->path, rc, NULL, err);
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	db->is_accepted = db_stamp_write(&db->lock, db->path, epoch, rc == SQLITE_OK ? "" : earlier);
	return OK;
}

enum status
db_replace(struct db *db, const char *staged, db_work *complete, void *arg, bool *is_replaced, struct error *err)
{
	bool is_wal = strcmp(db_journal_mode(db), "wal") == 0;
	char epoch[EPOCH_TEXT_MAX];
	sqlite3 *handle = NULL;
	enum status st;

	*is_replaced = false;
	if ((st = writer_lock_acquire(&db->lock, DB_LOCK_WAIT_MS)) != OK)
		return error_set(err, st, "%s: %s", db->path, db_trouble_text(DB_BUSY));
	if ((st = complete(arg)) == OK && (st = make_new(staged, is_wal, &handle, epoch, err)) == OK)
		st = replace(db, handle, epoch, is_replaced, err);
	writer_lock_release(&db->lock);
	sqlite3_close(handle);
	return st;
}

/* ---- Looking at a file */

/* Whether nobody has used the file where it lies: whoever opens a database makes the lock file, and SQLite its own files. */
static bool
is_at_rest(const char *path)
{
	static const char *const companions[] = { "-wal", "-shm", "-journal" };
	char name[DB_LOCK_PATH_MAX + 16];
	struct stat st;

	db_lock_path(path, name);
	if (lstat(name, &st) == 0)
		return false;
	for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, companions[i]);
		if (lstat(name, &st) == 0)
			return false;
	}
	return true;
}

struct db *
db_open_to_read(const char *path, struct error *err)
{
	return is_at_rest(path) ? db_open_with(path, db_file_open_at_rest, false, err) : db_open(path, err);
}

static int64_t
file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int64_t
db_file_bytes(struct db *db)
{
	return file_bytes(db_path(db));
}

int64_t
db_wal_bytes(struct db *db)
{
	char path[DB_PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s-wal", db_path(db));
	return file_bytes(path);
}
