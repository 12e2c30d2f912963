/*
 * The body of a request as it comes in, whatever brings it.
 */
#ifndef BODY_H
#define BODY_H

#include <stdbool.h>
#include <stddef.h>

struct body {
	char *text;
	size_t n, allocated, max;
	bool is_too_large, is_broken;	/* longer than max; it could not be read to its end */
};

/*
 * Reads to the end, whatever the length: a web server whose pipe breaks answers for us.  read_some gives bytes, 0 at the end,
 * -1 on an error.
 */
void	body_read(struct body *b, long (*read_some)(void *from, char *to, size_t n), void *from);

/* Ready for the next one; a large one's memory is given back. */
void	body_forget(struct body *b);

#endif
