/* The body of a request as it arrives, independent of the transport. */
#ifndef BODY_H
#define BODY_H

#include <stdbool.h>
#include <stddef.h>

struct body {
	char *text;
	size_t n, allocated;
	bool is_too_large, is_broken;	/* it is longer than allowed; it could not be read to its end */
};

/*
 * Reads to the end, or until the body is longer than max bytes. read_some returns the number of bytes, 0 at the end, -1 on an
 * error.
 */
void	body_read(struct body *b, size_t max, long (*read_some)(void *from, char *to, size_t n), void *from);

/* Prepares for the next body, and frees the memory of a large one. */
void	body_forget(struct body *b);

#endif
