/*
 * The writers' lock, on two bytes of a file (writer_lock.h).
 *
 * POSIX record locks belong to the process and to the file: they end when the process ends, and
 * also when it closes any descriptor of the file.  So a process must not open the file a second
 * time while it holds the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "db/writer_lock.h"
#include "time/instant.h"
#include "base/log.h"

enum { QUEUE = 0, ROOM = 1, PROBE = 2, REPORT = 3 };	/* the two bytes of the lock; of the probe and the report */
enum { REOPENS_MAX = 5 };

/*
 * Opens the lock file, and makes it if necessary with the rights of the database: everybody who may
 * write the database must be able to lock.  O_EXCL, so that only its maker changes the rights and
 * the owner.
 */
static int
open_file(const char *path, const char *like)
{
	struct stat st;
	mode_t mode = 0600;
	bool is_known;
	int fd;

	if ((is_known = stat(like, &st) == 0))
		mode = st.st_mode & 0666;
	if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)) != -1) {
		(void)fchmod(fd, mode);	/* whatever the umask */
		if (is_known && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) == -1)
			log_error("event=gate error=\"%s\"", strerror(errno));	/* root must not lock the programs out */
	} else if (errno == EEXIST)
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd;
}

bool
writer_lock_open(struct writer_lock *g, const char *path, const char *like)
{
	snprintf(g->path, sizeof(g->path), "%s", path);
	snprintf(g->like, sizeof(g->like), "%s", like);
	g->fd = open_file(path, like);
	return g->fd != -1;
}

void
writer_lock_close(struct writer_lock *g)
{
	if (g->fd != -1)
		close(g->fd);
	g->fd = -1;
}

bool
writer_lock_is_in_place(const struct writer_lock *g)
{
	struct stat is, named;

	return fstat(g->fd, &is) == 0 && stat(g->path, &named) == 0 && is.st_dev == named.st_dev && is.st_ino == named.st_ino;
}

bool
writer_lock_is_awaited(const struct writer_lock *g)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = QUEUE, .l_len = 1 };

	return fcntl(g->fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static void
on_alarm(int sig)
{
	(void)sig;	/* exists only to interrupt fcntl() */
}

/*
 * Locks or unlocks one byte.  F_SETLKW has no time limit, so SIGALRM, without SA_RESTART,
 * interrupts it.  The timer repeats, because a single alarm could come just before the call and be
 * lost.
 */
static int
lock_byte(int fd, off_t byte, short type, bool is_waiting, int64_t deadline_ms)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	while (fcntl(fd, is_waiting ? F_SETLKW : F_SETLK, &lock) == -1) {
		if (errno != EINTR)
			return -1;
		if (is_waiting && instant_monotonic() >= deadline_ms) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

/*
 * Waits until both bytes are ours, with an alarm that limits the wait.  Restores the timer, the
 * mask and the handler of the caller, and keeps errno.  On failure neither byte is held.
 */
static int
wait_in_line(int fd, int wait_ms)
{
	struct itimerval timer = { .it_interval = { 0, 50000 },
		.it_value = { wait_ms / 1000, wait_ms % 1000 * 1000 } }, old_timer;
	struct sigaction action = { .sa_handler = on_alarm }, old_action;
	int64_t deadline_ms = instant_monotonic() + wait_ms;
	sigset_t alarm_only, old_mask;
	int rc, error;

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &old_action);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, &old_mask);
	setitimer(ITIMER_REAL, &timer, &old_timer);

	/* Whoever has the queue's byte is next; the others wait for it. */
	rc = lock_byte(fd, QUEUE, F_WRLCK, true, deadline_ms);
	if (rc == 0 && lock_byte(fd, ROOM, F_WRLCK, true, deadline_ms) == -1) {
		error = errno;
		lock_byte(fd, QUEUE, F_UNLCK, false, 0);
		errno = error;
		rc = -1;
	}

	error = errno;
	setitimer(ITIMER_REAL, &old_timer, NULL);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	errno = error;
	return rc;
}

/* Takes ROOM without waiting, and returns with QUEUE free.  QUEUE is taken here too, so nobody overtakes the queue. */
static bool
lock_at_once(int fd)
{
	bool has;

	if (lock_byte(fd, QUEUE, F_WRLCK, false, 0) == -1)
		return false;
	has = lock_byte(fd, ROOM, F_WRLCK, false, 0) == 0;
	lock_byte(fd, QUEUE, F_UNLCK, false, 0);
	return has;
}

/* Takes ROOM, and returns with QUEUE free. */
static bool
lock(int fd, int wait_ms)
{
	if (lock_at_once(fd))	/* no competition, so no timer */
		return true;
	if (wait_in_line(fd, wait_ms) == -1)
		return false;
	lock_byte(fd, QUEUE, F_UNLCK, false, 0);
	return true;
}

bool
writer_lock_try(struct writer_lock *g)
{
	if (g->fd == -1 || !lock_at_once(g->fd))
		return false;
	if (writer_lock_is_in_place(g))
		return true;
	writer_lock_release(g);
	return false;
}

enum status
writer_lock_acquire(struct writer_lock *g, int wait_ms)
{
	int64_t deadline_ms = instant_monotonic() + wait_ms, left_ms;

	/*
	 * If the file was removed, opens it again; but not without end, if somebody removes it
	 * again and again.
	 */
	for (int i = 0; i < REOPENS_MAX; i++) {
		left_ms = deadline_ms - instant_monotonic();
		if (g->fd == -1 && (g->fd = open_file(g->path, g->like)) == -1)
			break;
		if (!lock(g->fd, left_ms > 1 ? (int)left_ms : 1))
			break;
		if (writer_lock_is_in_place(g))
			return OK;
		log_info("event=gate file=replaced");
		writer_lock_close(g);	/* this releases its locks too */
	}
	log_error("event=gate error=\"%s\"", strerror(errno));
	return UNAVAILABLE;
}

void
writer_lock_release(struct writer_lock *g)
{
	if (g->fd != -1)
		lock_byte(g->fd, ROOM, F_UNLCK, false, 0);
}

bool
writer_lock_claim_report(struct writer_lock *g)
{
	return g->fd != -1 && lock_byte(g->fd, REPORT, F_WRLCK, false, 0) == 0;
}

/* Runs in a child process: whether the lock that the parent holds is refused to it. */
static bool
is_kept_out(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd != -1 && lock_byte(fd, PROBE, F_WRLCK, false, 0) == -1 && (errno == EAGAIN || errno == EACCES);
}

enum status
writer_lock_probe(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), outcome = -1;
	enum status st = OK;
	pid_t child;

	if (fd == -1)
		return error_set(err, UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (lock_byte(fd, PROBE, F_WRLCK, false, 0) == -1) {
		if (errno != EAGAIN && errno != EACCES)		/* otherwise another process tests them now, so they work */
			st = error_set(err, UNAVAILABLE, "%s: cannot be locked: %s", path, strerror(errno));
	} else if ((child = fork()) == 0)
		_exit(is_kept_out(path) ? 0 : 1);
	else if (child == -1 || waitpid(child, &outcome, 0) != child)
		st = error_set(err, UNAVAILABLE, "%s: the test of the locks failed: %s", path, strerror(errno));
	else if (outcome != 0)
		st = error_set(err, UNAVAILABLE, "%s: two processes got the same lock", path);
	close(fd);
	return st;
}
