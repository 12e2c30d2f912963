/*
 * Temporary files of databases, and the lock by which a crashed maker is recognized.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/scratch.h"

/* The files that SQLite and Daybook may put beside a database. */
static const char *const companions[] = { "-wal", "-shm", "-journal", "-gate" };

enum { COMPANIONS = sizeof(companions) / sizeof(companions[0]), HELD_MAX = 4, TRIES_MAX = 5, TRY_AGAIN_US = 2000 };

/* ---- Making */

/* The files that this process holds, for scratch_abandon: a restore has two, the staged file and the kept copy. */
static struct {
	int fd;			/* -1 = free */
	char path[SCRATCH_PATH_MAX];
} held[HELD_MAX] = { { -1, "" }, { -1, "" }, { -1, "" }, { -1, "" } };

static void
note_held(int fd, const char *path)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (held[i].fd == -1) {
			held[i].fd = fd;
			snprintf(held[i].path, sizeof(held[i].path), "%s", path);
			return;
		}
}

/* Whether a path still names an open file. */
static bool
is_in_place(int fd, const char *path)
{
	struct stat is, named;

	return fstat(fd, &is) == 0 && stat(path, &named) == 0 && is.st_dev == named.st_dev && is.st_ino == named.st_ino;
}

int
scratch_make(const char *path)
{
	int fd;

	/*
	 * A sweep can take the file for a left one after it is made and before it is locked; it is removed by the time that
	 * the lock is granted, so tries again.  A file that exists may be held by a sweep for a moment.
	 */
	for (int i = 0; i < TRIES_MAX; i++) {
		if (i > 0)
			usleep(TRY_AGAIN_US);
		if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1) {
			if (errno == EEXIST)
				continue;
			return -1;
		}
		/* Continues without a lock on filesystems that have none; there nothing counts as left. */
		if (flock(fd, LOCK_EX) == -1 && errno != ENOLCK && errno != EOPNOTSUPP && errno != EINVAL) {
			close(fd);
			return -1;
		}
		if (is_in_place(fd, path)) {
			note_held(fd, path);
			return fd;
		}
		close(fd);
		errno = EAGAIN;
	}
	return -1;
}

void
scratch_release(int fd)
{
	if (fd == -1)
		return;
	for (size_t i = 0; i < HELD_MAX; i++)
		if (held[i].fd == fd)
			held[i].fd = -1;
	close(fd);
}

enum status
scratch_why(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[SCRATCH_PATH_MAX];
	int error = errno;

	snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - path) : 0, path);
	if (error == ENOENT && folder[0] != '\0' && access(folder, F_OK) == -1 && errno == ENOENT)
		return error_set(err, UNAVAILABLE, "%s: the folder %s does not exist", path, folder);
	return error_set(err, UNAVAILABLE, "%s: %s", path, strerror(error));
}

bool
scratch_name(const char *base, const char *kind, char *path)
{
	if (snprintf(path, SCRATCH_PATH_MAX, "%s-%s-%d", base, kind, (int)getpid()) < SCRATCH_PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

/* ---- Naming, and the disk */

int
scratch_give_name(const char *made, const char *path)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* Not every filesystem can rename without replacing.  A hard link fails too if the name exists. */
	if (link(made, path) == 0)
		return unlink(made);
	if (errno == EEXIST || access(path, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	/* No hard links either: only the check before protects an existing file. */
	return rename(made, path);
}

/*
 * Writes a file or folder to the disk.  EINVAL is not a failure for a folder: not every filesystem
 * can do it.  errno is that of the failure, not of close.
 */
static bool
sync_path(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags), error;
	bool is_synced = fd != -1 && (fsync(fd) == 0 || (errno == EINVAL && flags == O_DIRECTORY));

	error = errno;
	if (fd != -1)
		close(fd);
	errno = error;
	return is_synced;
}

bool
scratch_sync(const char *path)
{
	return sync_path(path, 0);
}

bool
scratch_sync_folder(const char *path)
{
	char folder[SCRATCH_PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	if ((slash = strrchr(folder, '/')) == NULL)
		return sync_path(".", O_DIRECTORY);
	/* Keeps the slash of a file in the root. */
	slash[slash == folder] = '\0';
	return sync_path(folder, O_DIRECTORY);
}

/* ---- Removing */

void
scratch_abandon(void)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (held[i].fd != -1)
			scratch_remove(held[i].path);
}

void
scratch_remove(const char *path)
{
	scratch_remove_companions(path);	/* first: as long as the file is there, a sweep finds it */
	unlink(path);
}

void
scratch_remove_companions(const char *path)
{
	char name[2 * SCRATCH_PATH_MAX + 16];

	for (size_t i = 0; i < COMPANIONS; i++) {
		snprintf(name, sizeof(name), "%s%s", path, companions[i]);
		unlink(name);
	}
}

/* An empty file or a database, and nobody holds it: then this process does, with fd. */
static bool
take(int fd, const char *path)
{
	static const char magic[16] = "SQLite format 3";
	char head[sizeof(magic)];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || flock(fd, LOCK_EX | LOCK_NB) == -1 || !is_in_place(fd, path))
		return false;
	n = read(fd, head, sizeof(head));
	return n == 0 || (n == sizeof(head) && memcmp(head, magic, sizeof(magic)) == 0);
}

int
scratch_hold(const char *path, bool *is_new)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), error;
	struct stat st;

	*is_new = fd == -1 && errno == ENOENT;
	if (*is_new && (fd = scratch_make(path)) == -1 && errno == EEXIST)	/* somebody was faster */
		errno = EWOULDBLOCK;
	if (*is_new || fd == -1)
		return fd;
	errno = 0;
	if (take(fd, path) && fstat(fd, &st) == 0) {
		*is_new = st.st_size == 0;	/* its maker did not come further */
		note_held(fd, path);
		return fd;
	}
	if (!is_in_place(fd, path))	/* whoever held it has just renamed or removed it */
		errno = EWOULDBLOCK;
	error = errno != 0 ? errno : EEXIST;	/* a file of somebody's */
	close(fd);
	errno = error;
	return -1;
}

bool
scratch_remove_left(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool is_left;

	if (fd == -1 && errno == ENOENT)	/* only its companions: the name is taken first, so that nobody makes it meanwhile */
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	/* Removed while it is held: whoever makes one of this name waits, and then sees that this one is gone. */
	if ((is_left = take(fd, path)))
		scratch_remove(path);
	close(fd);
	return is_left;
}

/* If a name is STEM-KIND-PID, with or without a companion's ending, the length without the ending; else 0. */
static size_t
parse_name(const char *name, const char *stem, const char *kind)
{
	char prefix[SCRATCH_PATH_MAX];
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "%s-%s-", stem, kind), digits;

	if (n >= sizeof(prefix) || strncmp(name, prefix, n) != 0 || (digits = strspn(name + n, "0123456789")) == 0)
		return 0;
	n += digits;
	if (name[n] == '\0')
		return n;
	for (size_t i = 0; i < COMPANIONS; i++)
		if (strcmp(name + n, companions[i]) == 0)
			return n;
	return 0;
}

void
scratch_sweep(const char *base, const char *kind)
{
	char folder[SCRATCH_PATH_MAX], path[2 * SCRATCH_PATH_MAX];
	const char *slash = strrchr(base, '/'), *stem = slash != NULL ? slash + 1 : base;
	struct dirent *entry;
	size_t n;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash - base) + (slash == base) : 1,
	    slash != NULL ? base : ".");
	if ((dir = opendir(folder)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if ((n = parse_name(entry->d_name, stem, kind)) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%.*s", folder, (int)n, entry->d_name);
		scratch_remove_left(path);
	}
	closedir(dir);
}
