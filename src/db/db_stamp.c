/*
 * Records which database the files beside it belong to.
 *
 * SQLite applies a -wal or a hot -journal to whatever file has the name, also to another database
 * that was put there: a new one, or a backup copied by hand.  So the lock file, which also stays
 * beside the database, records whose they are.  It contains the epoch of the database (a random
 * number in its table `setting`; a backup has its own) and, to save work, what the main file was
 * like when they were last compared:
 *
 *	epoch 0123456789abcdef0123456789abcdef -
 *	file 2049 1311 4096 1764300000 123456789
 *
 * Without a stamp (a lock file of an earlier version, or none) nothing is known, and SQLite's own
 * rules apply.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db_file.h"

enum { STAMP_SIZE = 256 };

struct stamp {
	char epoch[EPOCH_TEXT_MAX], earlier[EPOCH_TEXT_MAX];	/* "-" = none */
	int64_t device, inode, size, changed_s, changed_ns;	/* of the main file; 0 = not compared */
};

/* ---- The lock file's text */

/* Reads a stamp; false if there is none.  Its second line may be missing. */
static bool
read_stamp(int fd, struct stamp *s)
{
	char text[STAMP_SIZE + 1];
	ssize_t n = pread(fd, text, STAMP_SIZE, 0);

	*s = (struct stamp) { 0 };
	if (n <= 0)
		return false;
	text[n] = '\0';
	return sscanf(text, "epoch %39s %39s\nfile %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, s->epoch,
	    s->earlier, &s->device, &s->inode, &s->size, &s->changed_s, &s->changed_ns) >= 2;
}

/* Writes a stamp with one call and always the same length, so that nobody reads half of one. */
static bool
write_stamp(int fd, const struct stamp *s)
{
	char text[STAMP_SIZE];
	int n = snprintf(text, sizeof(text), "epoch %s %s\nfile %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
	    s->epoch, s->earlier, s->device, s->inode, s->size, s->changed_s, s->changed_ns);

	memset(text + n, '\n', sizeof(text) - (size_t)n);
	return pwrite(fd, text, sizeof(text), 0) == sizeof(text);
}

/* Notes what the main file is like. */
static void
look_at_file(struct stamp *s, const struct stat *st)
{
	s->device = (int64_t)st->st_dev;
	s->inode = (int64_t)st->st_ino;
	s->size = st->st_size;
	s->changed_s = st->st_mtim.tv_sec;
	s->changed_ns = st->st_mtim.tv_nsec;
}

/* Whether the main file is as the stamp says. */
static bool
is_unchanged(const struct stamp *s, const struct stat *st)
{
	struct stamp now = *s;

	look_at_file(&now, st);
	return memcmp(&now, s, sizeof(now)) == 0;
}

/* Whether the stamp names an epoch.  Two are possible while a restore runs; see replace() in db_admin.c. */
static bool
names(const struct stamp *s, const char *epoch)
{
	return epoch[0] != '\0' && (strcmp(s->epoch, epoch) == 0 || strcmp(s->earlier, epoch) == 0);
}

/* ---- Epochs */

void
db_stamp_epoch(sqlite3 *handle, char epoch[EPOCH_TEXT_MAX])
{
	const char *text;
	sqlite3_stmt *stmt;

	epoch[0] = '\0';
	if (sqlite3_prepare_v2(handle, "SELECT value FROM setting WHERE name = 'epoch'", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT &&
	    (text = (const char *)sqlite3_column_text(stmt, 0)) != NULL && strlen(text) < EPOCH_TEXT_MAX)
		snprintf(epoch, EPOCH_TEXT_MAX, "%s", text);
	sqlite3_finalize(stmt);
}

/*
 * Reads the epoch of the main file alone.  With immutable=1 SQLite neither applies nor locks the
 * files beside it, which is the purpose: they may belong to another database.
 */
static void
epoch_of_file(const char *path, char epoch[EPOCH_TEXT_MAX])
{
	char uri[3 * DB_PATH_MAX + 32] = "file:", *out = uri + strlen(uri);
	sqlite3 *handle = NULL;

	epoch[0] = '\0';
	/* Escapes what has a meaning in a URI. */
	for (const char *p = path; *p != '\0' && out < uri + sizeof(uri) - 32; p++)
		out += snprintf(out, 4, strchr("%?#", *p) != NULL ? "%%%02X" : "%c", (unsigned char)*p);
	snprintf(out, 32, "?immutable=1");
	if (sqlite3_open_v2(uri, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		db_stamp_epoch(handle, epoch);
	sqlite3_close(handle);
}

bool
db_stamp_write(const struct writer_lock *g, const char *path, const char *epoch, const char *earlier)
{
	struct stamp s = { 0 };
	struct stat st;

	snprintf(s.epoch, sizeof(s.epoch), "%s", epoch);
	snprintf(s.earlier, sizeof(s.earlier), "%s", earlier[0] != '\0' ? earlier : "-");
	if (stat(path, &st) == 0)
		look_at_file(&s, &st);
	return write_stamp(g->fd, &s);
}

bool
db_stamp_names(const struct writer_lock *g, const char *path, sqlite3 *handle)
{
	char epoch[EPOCH_TEXT_MAX];
	struct stamp s;
	struct stat st;

	if (!read_stamp(g->fd, &s) || stat(path, &st) == -1)
		return false;
	if (is_unchanged(&s, &st))
		return true;
	db_stamp_epoch(handle, epoch);
	if (!names(&s, epoch))
		return false;
	/*
	 * What it was like before the epoch was read: if it has changed since, the next caller
	 * compares again.
	 */
	look_at_file(&s, &st);
	write_stamp(g->fd, &s);
	return true;
}

/* ---- Left-over files */

/*
 * Finds a -wal or -journal that is not empty, and writes its path into beside (DB_PATH_MAX + 16
 * bytes).  False if there is none.
 */
static bool
find_beside(const char *path, char *beside)
{
	static const char *const endings[] = { "-wal", "-journal" };
	struct stat st;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(beside, DB_PATH_MAX + 16, "%s%s", path, endings[i]);
		if (stat(beside, &st) == 0 && st.st_size > 0)
			return true;
	}
	return false;
}

static enum status
refuse(const char *path, const char *beside, struct error *err)
{
	error_set(err, UNAVAILABLE, "%s: left over from another database; its changes would overwrite parts of %s", beside, path);
	error_hint(err, "Stop the programs, move %s (and %s-shm, if it exists) to another folder, and try again.", beside, path);
	return UNAVAILABLE;
}

bool
db_has_left_over(const char *path)
{
	char beside[DB_PATH_MAX + 16];

	return find_beside(path, beside);
}

enum status
db_stamp_check_new(const char *path, struct error *err)
{
	char beside[DB_PATH_MAX + 16];

	return find_beside(path, beside) ? refuse(path, beside, err) : OK;
}

/*
 * Whether the file is certainly another database than the stamp's.  If its epoch cannot be read, it
 * is not certain: SQLite may have to repair the file with its journal first.
 */
static bool
is_other(const struct stamp *s, const char *path)
{
	char epoch[EPOCH_TEXT_MAX];

	epoch_of_file(path, epoch);
	return epoch[0] != '\0' && !names(s, epoch);
}

enum status
db_stamp_check_left_over(const char *path, struct error *err)
{
	char beside[DB_PATH_MAX + 16], lock[DB_LOCK_PATH_MAX];
	struct writer_lock g;
	struct stamp s;
	struct stat st;
	bool is_foreign;
	int fd;

	/* Nothing lies beside the file, so nothing could be applied to it. */
	if (!find_beside(path, beside))
		return OK;
	db_lock_path(path, lock);
	/*
	 * First without the lock, because programs open the database while others write, and should
	 * not wait.
	 */
	if ((fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return OK;
	is_foreign = read_stamp(fd, &s) && stat(path, &st) == 0 && !is_unchanged(&s, &st) && is_other(&s, path);
	close(fd);
	/* The file may have been written while it was read, so only a second look under the lock is certain. */
	if (!is_foreign || !writer_lock_open(&g, lock, path))
		return OK;
	if (writer_lock_acquire(&g, DB_LOCK_WAIT_MS) == OK) {
		is_foreign = read_stamp(g.fd, &s) && is_other(&s, path);
		writer_lock_release(&g);
	}
	writer_lock_close(&g);
	return is_foreign ? refuse(path, beside, err) : OK;
}
