/*
 * A total time for what may block without end: the arrival of a body, the sending of a reply.  One at a time in a process.
 *
 * The time is a number of seconds, and one more for each DEADLINE_RATE bytes that were moved meanwhile.  When it is over, every
 * call that blocks is interrupted (EINTR) until deadline_end.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	DEADLINE_RATE = 100 * 1000,	/* bytes a second */
	DEADLINE_LAST_SECONDS = 10,	/* for the reply that a process sends when memory has run out */
};

/* Once in the life of a process, before the first deadline. */
void	deadline_init(void);

void	deadline_begin(int seconds);
/* So many bytes more were moved. */
void	deadline_extend(size_t bytes);
/* Also after deadline_end, about the last one. */
bool	deadline_is_over(void);
void	deadline_end(void);

#endif
