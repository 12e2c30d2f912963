/*
 * Deadlines by a timer (see deadline.h): libfcgi reads and writes by itself, and offers no time limit, but ends with an error
 * when a signal interrupts it.
 *
 * The signal is SIGALRM, as for the writers' lock, which nobody waits for while a body or a reply is on its way.
 */
#include <signal.h>
#include <sys/time.h>

#include "http/deadline.h"

enum {
	SECOND_US = 1000 * 1000,
	REPEAT_US = 50 * 1000,	/* an interruption that comes just before the call is lost, so there is another one */
};

static volatile sig_atomic_t is_over;

static void
on_alarm(int sig)
{
	(void)sig;
	is_over = 1;
}

void
deadline_init(void)
{
	struct sigaction action = { .sa_handler = on_alarm };	/* without SA_RESTART: calls are to be interrupted */

	sigset_t alarm_only;

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
}

static void
set_timer(long long left_us)
{
	struct itimerval timer = { .it_interval = { 0, REPEAT_US },
		.it_value = { (time_t)(left_us / SECOND_US), (suseconds_t)(left_us % SECOND_US) } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

void
deadline_begin(int seconds)
{
	is_over = 0;
	set_timer((long long)seconds * SECOND_US);
}

/*
 * The timer knows what is left.  If it runs out meanwhile, this only puts off the interruptions; the time is over all the same.
 */
void
deadline_extend(size_t bytes)
{
	struct itimerval timer;

	if (is_over || bytes == 0)
		return;
	getitimer(ITIMER_REAL, &timer);
	set_timer((long long)timer.it_value.tv_sec * SECOND_US + timer.it_value.tv_usec +
	    (long long)bytes * SECOND_US / DEADLINE_RATE);
}

bool
deadline_is_over(void)
{
	return is_over;
}

void
deadline_end(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
}
