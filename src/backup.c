#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup.h"
#include "instant.h"
#include "setting.h"

#define PATTERN "daybook-########-######.db"	/* # = a digit */
#define UNFINISHED ".part"

enum {
	SAME_SECOND_MAX = 60,		/* so many seconds on, a name is free */
	LEFT_BEHIND_S = 24 * 60 * 60,	/* unfinished, and not written to for so long: its maker is gone */
};

/* Whether a name begins as those of backups do; *rest is what follows. */
static bool
is_ours(const char *name, const char **rest)
{
	const char *p = PATTERN;

	for (; *p != '\0'; p++, name++)
		if (*p == '#' ? *name < '0' || *name > '9' : *name != *p)
			return false;
	*rest = name;
	return true;
}

/* Its path of the second at_s. */
static const char *
path_of(struct arena *a, const char *folder, int64_t at_s)
{
	time_t t = (time_t)at_s;
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &tm);
	return arena_printf(a, "%s/daybook-%s.db", folder, text);
}

/* EINVAL: not every filesystem can do that with a folder. */
static bool
sync_path(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	bool is_synced = fd != -1 && (fsync(fd) == 0 || (errno == EINVAL && flags == O_DIRECTORY));

	if (fd != -1)
		close(fd);
	return is_synced;
}

/* Gives the file its name, never in place of another.  Not every filesystem can do that in one step. */
static int
rename_to_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(from, to) == 0)
		return unlink(from);
	if (errno == EEXIST || access(to, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

/* ---- Making one */

static enum status
copy_to_part(struct db *db, struct arena *a, const char *folder, int64_t now_s, void (*progress)(int64_t, int64_t),
    const char **part, struct why *why)
{
	enum status st = CONFLICT;

	for (int i = 0; st == CONFLICT && i < SAME_SECOND_MAX; i++) {
		*part = arena_printf(a, "%s" UNFINISHED, path_of(a, folder, now_s + i));
		st = db_backup(db, *part, progress, why);
	}
	return st;
}

static enum status
publish(struct arena *a, const char *part, const char *folder, int64_t now_s, const char **made, struct why *why)
{
	const char *path = part;
	int rc = -1;

	if (sync_path(part, 0)) {
		errno = EEXIST;
		for (int i = 0; rc == -1 && errno == EEXIST && i < SAME_SECOND_MAX; i++)
			rc = rename_to_new(part, path = path_of(a, folder, now_s + i));
	}
	if (rc == -1 || !sync_path(folder, O_DIRECTORY)) {
		why_not(why, UNAVAILABLE, "%s: %s", path, strerror(errno));
		if (rc == -1)
			unlink(part);
		return UNAVAILABLE;
	}
	*made = path;
	return OK;
}

/* ---- Removing what is too old */

static int
is_backup(const struct dirent *entry)
{
	const char *rest;

	return is_ours(entry->d_name, &rest) && *rest == '\0' && entry->d_type != DT_DIR;
}

static int
is_unfinished(const struct dirent *entry)
{
	const char *rest;

	return is_ours(entry->d_name, &rest) && strncmp(rest, UNFINISHED, sizeof(UNFINISHED) - 1) == 0;
}

/* What makers that were killed left behind. */
static void
sweep(struct arena *a, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, is_unfinished, NULL);
	struct stat st;

	for (int i = 0; i < n; i++) {
		const char *path = arena_printf(a, "%s/%s", folder, names[i]->d_name);

		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && time(NULL) - st.st_mtime > LEFT_BEHIND_S)
			unlink(path);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static enum status
prune(struct arena *a, const char *folder, const char *made, int keep, int *removed, struct why *why)
{
	struct dirent **names;
	int n = scandir(folder, &names, is_backup, alphasort), others = n - 1;
	enum status st = OK;

	if (n == -1)
		return why_not(why, UNAVAILABLE, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *path = arena_printf(a, "%s/%s", folder, names[i]->d_name);

		if (others >= keep && strcmp(path, made) != 0) {
			others--;
			if (unlink(path) == 0)
				++*removed;
			else if (errno != ENOENT)	/* else somebody else was faster */
				st = why_not(why, UNAVAILABLE, "%s: cannot be removed: %s", path, strerror(errno));
		}
		free(names[i]);
	}
	free(names);
	return st;
}

enum status
backup_rotate(struct db *db, struct arena *a, const char *folder, int keep, int64_t now,
    void (*progress)(int64_t, int64_t), const char **made, int *removed, struct why *why)
{
	int64_t now_s = floor_div(now, SECOND_MS);
	const char *part;
	struct stat st_folder;
	enum status st;

	*made = NULL;
	*removed = 0;
	if (stat(folder, &st_folder) == -1)
		return why_not(why, UNAVAILABLE, "%s: %s", folder, strerror(errno));
	if (!S_ISDIR(st_folder.st_mode))
		return why_not(why, UNAVAILABLE, "%s: not a folder", folder);
	sweep(a, folder);
	if ((st = copy_to_part(db, a, folder, now_s, progress, &part, why)) != OK ||
	    (st = publish(a, part, folder, now_s, made, why)) != OK)
		return st;
	return prune(a, folder, *made, keep, removed, why);
}

enum status
backup_note(struct db *db, struct arena *a, int64_t now, struct why *why)
{
	return setting_set(db, "backup_at", arena_printf(a, "%" PRId64, now), why);
}
