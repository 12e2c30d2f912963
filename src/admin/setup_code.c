/* The code that proves who the operator is: reading its file, and letting one request at a time try it (see setup.h). */
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

/* More than a code, so that a byte order mark and blanks around it fit; and the pause between two attempts to lock. */
enum { CODE_FILE_MAX = SETUP_CODE_MAX + 16, LOCK_STEP_MS = 50 };

static void
code_path(char *path)
{
	char folder[CONF_PATH_MAX];

	conf_folder(folder);
	snprintf(path, CONF_PATH_MAX + sizeof(SETUP_CODE_FILE), "%s/" SETUP_CODE_FILE, folder);
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
 * Opens the code file for locking.  NFS locks only a descriptor that is open for writing, so that is tried first; nothing is
 * ever written.  O_NONBLOCK: a FIFO of that name must not hang the request.
 */
static int
open_to_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd != -1 || (errno != EACCES && errno != EROFS) ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* *fd is open (or -1) whatever the outcome; the caller closes it. */
static enum status
code_open(int *fd, char *code, struct error *err)
{
	char path[CONF_PATH_MAX + sizeof(SETUP_CODE_FILE)];
	struct stat st;

	code_path(path);
	if ((*fd = open_to_lock(path)) == -1)
		return errno == ENOENT ? error_set(err, FORBIDDEN, SETUP_CODE_FILE ": not found; upload it first") : unreadable(err);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return code_read(*fd, code, err);
	return error_set(err, FORBIDDEN, SETUP_CODE_FILE ": not a regular file");
}

enum status
setup_code_look(struct error *err)
{
	char code[CODE_FILE_MAX + 1];
	enum status st;
	int fd;

	st = code_open(&fd, code, err);
	if (fd != -1)
		close(fd);
	return st;
}

bool
setup_forget_code(void)
{
	char path[CONF_PATH_MAX + sizeof(SETUP_CODE_FILE)];

	code_path(path);
	return unlink(path) == 0 || errno == ENOENT;
}

static void
pause_ms(int ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/*
 * Locks the code file.  Polls, because flock() has no time limit; flock() rather than fcntl(), because it works on a file that
 * is open for reading only.
 */
static enum status
lock(int fd, struct error *err)
{
	for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; waited_ms += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, CONFLICT, SETUP_CODE_FILE ": cannot be locked: %s", strerror(errno));
		if (waited_ms >= SETUP_WAIT_MS)
			return error_set(err, UNAVAILABLE, "setup: another attempt is being checked; try again in a few seconds");
		pause_ms(LOCK_STEP_MS);
	}
	return OK;
}

enum status
setup_enter(struct setup *s, const char *code, const char *document_root, struct error *err)
{
	char expected[CODE_FILE_MAX + 1];
	uint8_t given_hash[SHA256_SIZE], expected_hash[SHA256_SIZE];
	enum status st;

	if ((st = code_open(&s->code_file, expected, err)) == OK && (st = lock(s->code_file, err)) == OK) {
		/*
		 * Compares hashes, in constant time, so that the time taken says nothing about the code.  The pause is inside
		 * the lock: a second attempt has to wait for it.
		 */
		sha256(code, strlen(code), given_hash);
		sha256(expected, strlen(expected), expected_hash);
		if (!sha256_same(given_hash, expected_hash)) {
			log_info("event=setup_refused reason=\"wrong code\"");
			pause_ms(SETUP_PAUSE_MS);
			st = error_set(err, FORBIDDEN, "code: differs from the one in " SETUP_CODE_FILE);
		}
	}
	if (st == OK)
		setup_look(s, document_root);
	else
		setup_leave(s);
	return st;
}

void
setup_leave(struct setup *s)
{
	if (s->code_file != -1)
		close(s->code_file);
	s->code_file = -1;
}
