/*
 * Connections whose request is answered and whose body still arrives.  The body is dropped while the process serves others:
 * closed at once, the web server would take the broken connection for a failure of ours and lose the reply.
 */
#ifndef LINGER_H
#define LINGER_H

#include <stddef.h>
#include <poll.h>

enum { LINGER_MAX = 32 };	/* connections; the oldest goes if there are more */

/* Takes a connection over, and sends nothing more on it. */
void	linger_add(int fd);

/* Writes what to poll for into polls (LINGER_MAX of them).  Returns how many. */
size_t	linger_polls(struct pollfd *polls);

/* The time until something must be done even if nothing arrives, in milliseconds; -1 = none. */
int	linger_wait_ms(void);

/* Drops what has arrived; closes the connections that have ended or had their time. */
void	linger_drain(void);

/* Before the process ends: gives them a last second, as a web server may still be sending, and closes them. */
void	linger_finish(void);

#endif
