/*
 * Backups in a folder: remove what dead makers left, make one, prune the oldest (see backup.h).
 *
 * A backup is written as NAME….db.part, which its maker holds (db/scratch.h), and gets its final name only when it is whole
 * and on the disk.  So a file whose name ends in .db is always a good backup, and whoever finds a .part that nobody holds may
 * remove it.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/backup.h"
#include "time/instant.h"
#include "db/scratch.h"
#include "store/setting.h"

#define PATTERN "-########-######.db"	/* follows the database's name; # stands for a digit */
#define UNFINISHED ".part"

enum {
	SAME_SECOND_MAX = 60,		/* names tried, a second apart, if others make backups at the same time */
	LEFT_BEHIND_S = 24 * 60 * 60,	/* a .part that nobody has written to for so long belongs to a maker that is gone */
};

/*
 * What the names of a database's backups begin with.  Two databases may keep theirs in one folder, so every look-up compares
 * the stem.
 */
struct place {
	struct arena *arena;
	const char *folder, *stem;	/* the database's file name, without its extension */
};

/* The database's file name without folder and extension.  A dot at the beginning starts no extension. */
static const char *
stem_of(struct db *db, struct arena *a)
{
	const char *path = db_path(db), *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name ? arena_text(a, name, (size_t)(dot - name)) : name;
}

/* Whether a file name is STEM-YYYYMMDD-HHMMSS.db of this database, and then `ending`. */
static bool
is_named(const struct place *p, const char *name, const char *ending)
{
	const char *pattern = PATTERN;
	size_t n = strlen(p->stem);

	if (strncmp(name, p->stem, n) != 0)
		return false;
	for (name += n; *pattern != '\0'; pattern++, name++)
		if (*pattern == '#' ? *name < '0' || *name > '9' : *name != *pattern)
			return false;
	return strcmp(name, ending) == 0;
}

/* The path of a backup that is made at second at_s, in UTC, so that the names sort by time. */
static const char *
path_of(const struct place *p, int64_t at_s)
{
	time_t t = (time_t)at_s;
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &tm);
	return arena_printf(p->arena, "%s/%s-%s.db", p->folder, p->stem, text);
}

/* ---- Making one */

/*
 * Makes the unfinished file and holds it, so that nobody takes it for one that a dead maker left.  If another process has
 * taken the name of this second, tries those of the next ones.
 */
static enum status
make_part(const struct place *p, int64_t now_s, const char **part, int *fd, struct error *err)
{
	int tries = 0;

	do {
		*part = arena_printf(p->arena, "%s" UNFINISHED, path_of(p, now_s + tries));
		*fd = scratch_make(*part);
	} while (*fd == -1 && errno == EEXIST && ++tries < SAME_SECOND_MAX);
	return *fd != -1 ? OK : error_set(err, UNAVAILABLE, "%s: %s", *part, strerror(errno));
}

/*
 * Gives the finished file its name, once it is on the disk.
 *
 * *made is set as soon as the file has its name, even if its folder cannot be synced after that: the caller must then neither
 * remove the .part, whose name may be another process's by now, nor report that nothing was made.
 */
static enum status
publish(const struct place *p, const char *part, int64_t now_s, const char **made, struct error *err)
{
	const char *path = part;
	int rc = -1;

	scratch_remove_companions(part);	/* before the renaming: after it, the .part name may belong to another process */
	if (scratch_sync(part)) {
		errno = EEXIST;
		for (int i = 0; rc == -1 && errno == EEXIST && i < SAME_SECOND_MAX; i++)
			rc = scratch_give_name(part, path = path_of(p, now_s + i));
	}
	if (rc == 0)
		*made = path;
	if (rc == -1 || !scratch_sync_folder(path))
		return error_set(err, UNAVAILABLE, "%s: %s", path, strerror(errno));
	return OK;
}

/*
 * A host without suexec runs the programs as the web server's user, whose files nobody can download by FTP.  Its customer makes
 * the folder of the daily backups, DATABASE-backups, with the rights 777: there a backup may be read.  Nowhere else, such as
 * in /tmp, where everybody may write too: it has the keys and the phone numbers.
 */
static mode_t
mode_in(struct db *db, const struct place *p)
{
	bool is_daily = strcmp(p->folder, arena_printf(p->arena, "%s-backups", db_path(db))) == 0;
	struct stat st;

	return is_daily && geteuid() != 0 && stat(p->folder, &st) == 0 && st.st_uid != geteuid() &&
	    (st.st_mode & (S_ISVTX | 0007)) == 0007 ? 0644 : 0600;
}

/*
 * Makes one backup: copies the database into a .part, then publishes it.  Releases the file last, because closing it earlier
 * would let another process take the .part for an abandoned one.
 */
static enum status
make_backup(struct db *db, const struct place *p, int64_t now_s, void (*progress)(int64_t, int64_t), const char **made,
    struct error *err)
{
	const char *part;
	enum status st;
	int fd;

	if ((st = make_part(p, now_s, &part, &fd, err)) != OK)
		return st;
	if ((st = db_backup_into(db, part, true, progress, err)) == OK && fchmod(fd, mode_in(db, p)) == -1)
		st = error_set(err, UNAVAILABLE, "%s: %s", part, strerror(errno));
	if (st == OK)
		st = publish(p, part, now_s, made, err);
	if (st != OK && *made == NULL)	/* once published, the .part name may be another process's */
		scratch_remove(part);
	scratch_release(fd);
	return st;
}

/* ---- Removing what is too old */

/*
 * Removes the unfinished files of makers that are gone: those that nobody holds, and, whatever their locks say, those that
 * were not written to for a day.
 */
static void
sweep(const struct place *p, struct dirent **names, int n)
{
	struct stat st;

	for (int i = 0; i < n; i++) {
		const char *path = arena_printf(p->arena, "%s/%s", p->folder, names[i]->d_name);

		if (is_named(p, names[i]->d_name, UNFINISHED) && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    !scratch_remove_left(path) && time(NULL) - st.st_mtime > LEFT_BEHIND_S)
			scratch_remove(path);
	}
}

/*
 * Removes the oldest backups beyond `keep`; `names` is sorted, so the oldest come first.  Never removes the one that was just
 * made, even if the clock went back and other names look newer.
 */
static enum status
prune(const struct place *p, struct dirent **names, int n, const char *made, int keep, int *removed, struct error *err)
{
	enum status st = OK;
	int others = -1;	/* backups but for the new one, which is among the names */

	for (int i = 0; i < n; i++)
		others += names[i]->d_type != DT_DIR && is_named(p, names[i]->d_name, "");
	for (int i = 0; i < n && others >= keep; i++) {
		const char *path = arena_printf(p->arena, "%s/%s", p->folder, names[i]->d_name);

		if (names[i]->d_type == DT_DIR || !is_named(p, names[i]->d_name, "") || strcmp(path, made) == 0)
			continue;
		others--;
		if (unlink(path) == 0)
			++*removed;
		else if (errno != ENOENT)	/* gone: another process pruned it too */
			st = error_set(err, UNAVAILABLE, "%s: cannot be removed: %s", path, strerror(errno));
	}
	return st;
}

/* Reads the folder once, and removes from it what nobody needs: unfinished files and the oldest backups. */
static enum status
tidy(const struct place *p, const char *made, int keep, int *removed, struct error *err)
{
	struct dirent **names;
	int n = scandir(p->folder, &names, NULL, alphasort);
	enum status st;

	if (n == -1)
		return error_set(err, UNAVAILABLE, "%s: %s", p->folder, strerror(errno));
	sweep(p, names, n);
	st = prune(p, names, n, made, keep, removed, err);
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return st;
}

enum status
backup_rotate(struct db *db, struct arena *a, const char *folder, int keep, int64_t now,
    void (*progress)(int64_t, int64_t), const char **made, int *removed, struct error *err)
{
	const struct place p = { a, folder, stem_of(db, a) };
	int64_t now_s = floor_div(now, SECOND_MS);
	struct stat st_folder;
	enum status st;

	*made = NULL;
	*removed = 0;
	if (stat(folder, &st_folder) == -1)
		return error_set(err, UNAVAILABLE, "%s: %s", folder, errno == ENOENT ? "the folder does not exist" : strerror(errno));
	if (!S_ISDIR(st_folder.st_mode))
		return error_set(err, UNAVAILABLE, "%s: not a folder; name an existing one", folder);
	/*
	 * Unfinished files go first, because they may be what fills the disk.  INT_MAX: no old backup goes before there is a
	 * new one.
	 */
	if ((st = tidy(&p, "", INT_MAX, removed, err)) != OK ||
	    (st = make_backup(db, &p, now_s, progress, made, err)) != OK)
		return st;
	return tidy(&p, *made, keep, removed, err);
}

enum status
backup_note(struct db *db, struct arena *a, int64_t now, struct error *err)
{
	return setting_set(db, "backup_at", arena_printf(a, "%" PRId64, now), err);
}

struct backup_record {
	struct db *db;
	struct arena *arena;
	int64_t now;
	struct error *err;
};

static enum status
write_record(void *arg)
{
	struct backup_record *b = arg;

	return backup_note(b->db, b->arena, b->now, b->err);
}

enum status
backup_record(struct db *db, struct arena *a, int64_t now, struct error *err)
{
	struct backup_record b = { db, a, now, err };

	return db_write(db, write_record, &b);
}
