/* The code that proves who the operator is: reading its file, and bounding how often others try it (see setup.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "admin/setup.h"

/* More than a code, so that a byte order mark and blanks around it fit; and how often, and how long apart, locking is tried. */
enum { CODE_FILE_MAX = SETUP_CODE_MAX + 16, SOURCE_MAX = 200, LOCK_TRIES = 50, LOCK_STEP_MS = 20 };

static void
path_beside(const char *database, const char *name, char path[SETUP_PATH_MAX])
{
	const char *slash = strrchr(database, '/');

	snprintf(path, SETUP_PATH_MAX, "%.*s%s", slash != NULL ? (int)(slash - database) + 1 : 0, database, name);
}

void
setup_code_path(const char *database, char path[SETUP_PATH_MAX])
{
	path_beside(database, SETUP_CODE_FILE, path);
}

/*
 * Hosts without suexec run the programs as the web server's user, who is a stranger to the folder that the operator made.  The
 * sticky bit keeps other customers of the host from replacing the database.
 */
void
setup_hint_rights(const char *database, struct error *err)
{
	char folder[SETUP_PATH_MAX];
	struct stat st;

	path_beside(database, "", folder);
	if (stat(folder, &st) == 0 && st.st_uid != geteuid())
		error_hint(err, "On this host the programs run as another user than the one who made the folder of the database. Give "
		    "the folder the rights 1777, or 777 if your program offers only three digits, and " SETUP_CODE_FILE " 644; then "
		    "load this page again. INSTALL.txt, \"Hosts without suexec\", says what that means.");
	else
		error_hint(err, "Check that the folder of the database exists and has the rights 700, that its disk is not full, and "
		    "that " SETUP_CODE_FILE " has 600 or 644; then load this page again.");
}

/* The outcome for an errno: FORBIDDEN if the operator must correct the file, UNAVAILABLE if the cause may pass by itself. */
static enum status
unreadable(struct error *err)
{
	bool is_theirs = errno == EACCES || errno == EPERM || errno == EROFS || errno == ENOTDIR || errno == EISDIR ||
	    errno == ELOOP || errno == ENXIO;

	return error_set(err, is_theirs ? FORBIDDEN : UNAVAILABLE, SETUP_CODE_FILE ": %s", strerror(errno));
}

/*
 * Reads the code: the one line of the file, without the byte order mark and the blanks that editors add.  FORBIDDEN if that is
 * not a code.
 */
static enum status
code_read(int fd, char *code, struct error *err)
{
	char text[CODE_FILE_MAX + 1], *p = text;
	ssize_t n = pread(fd, text, sizeof(text), 0);
	size_t length;

	if (n < 0)
		return unreadable(err);
	if (n > CODE_FILE_MAX)
		return error_set(err, FORBIDDEN, SETUP_CODE_FILE ": longer than %d characters", SETUP_CODE_MAX);
	text[n] = '\0';
	if (strncmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	p += strspn(p, " \t\r\n");
	length = strlen(p);
	while (length > 0 && strchr(" \t\r\n", p[length - 1]) != NULL)
		length--;
	p[length] = '\0';
	if (length != strcspn(p, "\r\n"))
		return error_set(err, FORBIDDEN, SETUP_CODE_FILE ": has more than one line");
	if (length < SETUP_CODE_MIN || length > SETUP_CODE_MAX)
		return error_set(err, FORBIDDEN, SETUP_CODE_FILE ": %zu characters; it needs %d to %d", length, SETUP_CODE_MIN,
		    SETUP_CODE_MAX);
	memcpy(code, p, length + 1);
	return OK;
}

/*
 * No code beside the database.  Older versions wanted it beside the programs; whoever put it there again, as an older
 * INSTALL.txt says, must also delete that one, because the web server may serve it.
 */
static enum status
not_found(struct error *err)
{
	char folder[CONF_PATH_MAX], old[SETUP_PATH_MAX];

	conf_folder(folder);
	snprintf(old, sizeof(old), "%s/" SETUP_CODE_FILE, folder);
	error_set(err, FORBIDDEN, SETUP_CODE_FILE ": not found; upload it first");
	if (access(old, F_OK) == 0) {
		error_set(err, FORBIDDEN, SETUP_CODE_FILE ": it is in the folder of the programs, where others may have read it");
		error_hint(err, "Delete it there. Upload a file with another code into the folder of the database.");
	}
	return FORBIDDEN;
}

/* Reads the code from its file.  O_NONBLOCK: a FIFO of that name must not hang the request. */
static enum status
code_load(const struct setup *s, char *code, struct error *err)
{
	char path[SETUP_PATH_MAX];
	struct stat file;
	enum status st;
	int fd;

	setup_code_path(s->database, path);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return not_found(err);
		st = unreadable(err);
		setup_hint_rights(s->database, err);
		return st;
	}
	if (fstat(fd, &file) == 0 && S_ISREG(file.st_mode))
		st = code_read(fd, code, err);
	else
		st = error_set(err, FORBIDDEN, SETUP_CODE_FILE ": not a regular file");
	close(fd);
	return st;
}

enum status
setup_code_look(const struct setup *s, struct error *err)
{
	char code[CODE_FILE_MAX + 1];

	return code_load(s, code, err);
}

bool
setup_forget_code(const struct setup *s)
{
	char path[SETUP_PATH_MAX];

	path_beside(s->database, SETUP_ATTEMPTS_FILE, path);
	unlink(path);
	setup_code_path(s->database, path);
	return unlink(path) == 0 || errno == ENOENT;
}

/* ---- Attempts: a file with an instant for each of SETUP_SOURCES, of its last wrong code */

/*
 * Opens the file and locks it, only for as long as it takes to compare and to write an instant.  Tries for a second, because
 * flock() has no time limit of its own.  *fd stays -1 if there is no file yet, and make is 0 and not O_CREAT; only a wrong code
 * makes it, so that nothing is left of a right one.
 */
static enum status
attempts_open(const struct setup *s, int make, int *fd, struct error *err)
{
	char path[SETUP_PATH_MAX], folder[SETUP_PATH_MAX];

	path_beside(s->database, SETUP_ATTEMPTS_FILE, path);
	path_beside(s->database, ".", folder);
	*fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | make, 0600);
	if (*fd == -1 && errno == ENOENT && make == 0 && access(folder, W_OK | X_OK) == 0)
		return OK;
	if (*fd == -1) {
		error_set(err, CONFLICT, SETUP_ATTEMPTS_FILE ": the programs may not write into the folder of the database: %s",
		    strerror(errno));
		setup_hint_rights(s->database, err);
		return CONFLICT;
	}
	for (int i = 0; flock(*fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, CONFLICT, SETUP_ATTEMPTS_FILE ": cannot be locked: %s", strerror(errno));
		if (i == LOCK_TRIES)
			return error_set(err, UNAVAILABLE, "setup: other attempts are being checked; try again in a few seconds");
		nanosleep(&(const struct timespec) { 0, LOCK_STEP_MS * 1000000L }, NULL);
	}
	return OK;
}

/* The place of a source in the file.  Hashed with the code, so that nobody can choose an address that shares the operator's. */
static off_t
attempt_position(const char *code, const char *source)
{
	uint8_t hash[SHA256_SIZE];
	char text[CODE_FILE_MAX + SOURCE_MAX];	/* a longer source is cut */

	snprintf(text, sizeof(text), "%s %s", code, source);
	sha256(text, strlen(text), hash);
	return (off_t)(hash[0] % SETUP_SOURCES) * (off_t)sizeof(int64_t);
}

/* Whether the source at this place was wrong a moment ago. */
static bool
is_too_early(int fd, off_t at, int64_t now)
{
	int64_t last;

	return fd != -1 && pread(fd, &last, sizeof(last), at) == (ssize_t)sizeof(last) && last <= now && now - last < SETUP_PAUSE_MS;
}

/* Compares hashes, in constant time, so that the time taken says nothing about the code. */
static bool
is_same_code(const char *code, const char *expected)
{
	uint8_t given_hash[SHA256_SIZE], expected_hash[SHA256_SIZE];

	sha256(code, strlen(code), given_hash);
	sha256(expected, strlen(expected), expected_hash);
	return sha256_same(given_hash, expected_hash);
}

/* Records a wrong code before it is answered: what cannot be recorded cannot be bounded. */
static enum status
record(const struct setup *s, const char *source, int *fd, off_t at, int64_t now, struct error *err)
{
	char address[SOURCE_MAX], peer[SOURCE_MAX];
	enum status st = *fd != -1 ? OK : attempts_open(s, O_CREAT, fd, err);

	snprintf(address, sizeof(address), "%.*s", (int)strcspn(source, " "), source);	/* without what a proxy forwards */
	log_info("event=setup_refused peer=%s reason=\"wrong code\"", log_value(address, peer, sizeof(peer)));
	if (st != OK)
		return st;
	if (pwrite(*fd, &now, sizeof(now), at) != (ssize_t)sizeof(now))
		return error_set(err, CONFLICT, SETUP_ATTEMPTS_FILE ": cannot be written: %s", strerror(errno));
	return error_set(err, FORBIDDEN, "code: differs from the one in " SETUP_CODE_FILE);
}

enum status
setup_try_code(struct setup *s, const char *code, const char *source, int64_t now, struct error *err)
{
	char expected[CODE_FILE_MAX + 1];
	enum status st;
	int fd = -1;
	off_t at;

	if ((st = code_load(s, expected, err)) != OK)
		return st;
	at = attempt_position(expected, source);
	if ((st = attempts_open(s, 0, &fd, err)) == OK && is_too_early(fd, at, now))
		st = error_set(err, OVER_QUOTA, "code: a wrong one came from your address a moment ago; wait a second");
	else if (st == OK && !is_same_code(code, expected))
		st = record(s, source, &fd, at, now, err);
	if (fd != -1)
		close(fd);
	s->is_code_right = st == OK;
	return st;
}
