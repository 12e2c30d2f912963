/* Sending to a client that may be slow: bytes from several places at once, and a deadline (deadline.h) once it makes us wait. */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct transfer {
	int fd;			/* a socket */
	int seconds;		/* of the deadline */
	size_t sent;		/* bytes so far */
	bool has_waited;	/* so the deadline has begun */
};

/*
 * Sends all parts, which it changes; false after an error or the end of the deadline.  What a client takes at once, which most
 * replies are, needs no timer.
 */
bool	transfer_send(struct transfer *t, struct iovec *parts, size_t count);

/* Ends the deadline; returns whether it was over. */
bool	transfer_end(struct transfer *t);

#endif
