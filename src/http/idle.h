/*
 * A FastCGI program that nobody asks anything gives its memory back: it becomes daybook-idle, with the same process id and the
 * same listening socket, which starts the program again when a connection waits (idle/daybook-idle.c).
 */
#ifndef IDLE_H
#define IDLE_H

#include <stdbool.h>

/*
 * How long to wait for a request until then, in milliseconds; -1 = permanently.  The variable DAYBOOK_IDLE_SECONDS says it for
 * programs that have answered (0 = permanently); one that has only just been started waits a moment.
 */
int	idle_after_ms(bool has_answered);

/* Whether this process was started by daybook-idle, so that a request waits for it. */
bool	idle_has_ended(void);

/* Becomes daybook-idle.  Returns if that is not possible: without it the program stays as it is. */
void	idle_begin(void);

#endif
