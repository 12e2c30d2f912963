#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "log.h"

enum { QUEUE = 0, ROOM = 1 };	/* the two bytes */

int
gate_open(const char *path, const char *like)
{
	struct stat st;
	mode_t mode = 0600;
	int fd;

	if (stat(like, &st) == 0)
		mode = st.st_mode & 0666;
	if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)) != -1)
		(void)fchmod(fd, mode);	/* whatever the umask */
	else if (errno == EEXIST)
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd;
}

static void
on_alarm(int sig)
{
	(void)sig;	/* only there to end fcntl() */
}

static int64_t
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * F_SETLKW has no limit of its own: SIGALRM, without SA_RESTART, ends it.  The timer repeats, so that
 * an alarm that comes just before the call is not lost.
 */
static int
lock_byte(int fd, off_t byte, short type, bool is_waiting, int64_t deadline_ms)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	while (fcntl(fd, is_waiting ? F_SETLKW : F_SETLK, &lock) == -1) {
		if (errno != EINTR)
			return -1;
		if (is_waiting && monotonic_ms() >= deadline_ms) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

static int
wait_in_line(int fd, int wait_ms)
{
	struct itimerval timer = { .it_interval = { 0, 50000 },
		.it_value = { wait_ms / 1000, wait_ms % 1000 * 1000 } }, old_timer;
	struct sigaction action = { .sa_handler = on_alarm }, old_action;
	int64_t deadline_ms = monotonic_ms() + wait_ms;
	sigset_t alarm_only, old_mask;
	int rc, error;

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &old_action);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, &old_mask);
	setitimer(ITIMER_REAL, &timer, &old_timer);

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

enum status
gate_enter(int fd, int wait_ms)
{
	/* Nobody about: two calls, no timer. */
	if (lock_byte(fd, QUEUE, F_WRLCK, false, 0) == 0) {
		if (lock_byte(fd, ROOM, F_WRLCK, false, 0) == 0) {
			lock_byte(fd, QUEUE, F_UNLCK, false, 0);
			return OK;
		}
		lock_byte(fd, QUEUE, F_UNLCK, false, 0);
	}
	if (wait_in_line(fd, wait_ms) == -1) {
		log_error("event=gate error=\"%s\"", strerror(errno));
		return UNAVAILABLE;
	}
	lock_byte(fd, QUEUE, F_UNLCK, false, 0);
	return OK;
}

void
gate_leave(int fd)
{
	lock_byte(fd, ROOM, F_UNLCK, false, 0);
}

void
gate_close(int fd)
{
	if (fd != -1)
		close(fd);
}
