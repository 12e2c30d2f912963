/*
 * What a FastCGI program becomes while nobody asks it anything: a process of 100 KB, with the same process id, that holds its
 * listening socket and starts the program again in its own place when a connection waits.  Web servers and multiwatch notice
 * nothing.
 *
 * Only Daybook's programs start it (http/idle.c): argv[0] is the program's file, so that ps and pgrep show its name, and standard
 * input is the listening socket.
 *
 * It is linked with libc alone, because what it saves is the memory of all other libraries.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OTHERS_TAKE_NS = 1000 * 1000 };	/* a process that is awake has taken a connection by then */

static volatile sig_atomic_t is_told_to_stop;

static void
on_stop(int sig)
{
	(void)sig;
	is_told_to_stop = 1;
}

static int
has_connection(void)
{
	struct pollfd listening = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&listening, 1, 0) == 1;
}

/*
 * Waits until a connection is left to this process, or until it is told to stop.  A program may have several processes on one
 * socket: those that sleep leave the connection to one that is awake, unless all of those are busy.
 */
static void
wait_for_connection(const sigset_t *mask)
{
	struct pollfd listening = { .fd = STDIN_FILENO, .events = POLLIN };
	const struct timespec moment = { .tv_nsec = OTHERS_TAKE_NS };

	do {
		if (ppoll(&listening, 1, NULL, mask) == 1)
			nanosleep(&moment, NULL);
	} while (!is_told_to_stop && !has_connection());
}

/* As its programs start it: with their own path, whatever its name, and nothing else. */
static int
has_program(int argc, char **argv)
{
	return argc == 1 && argv[0][0] == '/' && strcmp(strrchr(argv[0], '/'), "/daybook-idle") != 0;
}

static int
fail(const char *error)
{
	if (write(STDERR_FILENO, error, strlen(error)) < 0)
		return 2;
	return 1;
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked, waiting;

	if (!has_program(argc, argv))
		return fail("daybook-idle: started by Daybook's programs only\n");
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	/* They stay blocked when the program is started, so that none is lost meanwhile: it takes them as soon as it can. */
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	sigdelset(&waiting, SIGTERM);
	sigdelset(&waiting, SIGUSR1);

	wait_for_connection(&waiting);
	if (is_told_to_stop) {
		if (!has_connection())
			return 0;
		raise(SIGTERM);	/* the program answers what waits, and ends */
	}
	setenv("DAYBOOK_AWAKE", "1", 1);
	execv(argv[0], argv);
	return fail("daybook-idle: cannot start the program again\n");
}
