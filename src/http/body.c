/*
 * Reading a request's body, up to the longest that is allowed (see body.h).
 */
#include <stdlib.h>

#include "base/arena.h"
#include "http/body.h"

enum { CHUNK = 64 * 1024 };

void
body_read(struct body *b, size_t max, long (*read_some)(void *from, char *to, size_t n), void *from)
{
	long got;

	while (b->n <= max) {
		/*
		 * Grow by doubling, up to the longest body allowed and one chunk: one byte more than max must fit to show
		 * that a body is too long.
		 */
		if (b->allocated - b->n < CHUNK) {
			b->allocated = b->allocated == 0 ? CHUNK + 1 : 2 * b->allocated;
			if (b->allocated > max + CHUNK + 1)
				b->allocated = max + CHUNK + 1;
			b->text = xrealloc(b->text, b->allocated);
		}
		/* Read a chunk at most, and never fill the last byte. */
		got = read_some(from, b->text + b->n, b->allocated - b->n - 1 < CHUNK ? b->allocated - b->n - 1 : CHUNK);
		b->is_broken = got < 0;
		if (got <= 0)
			return;
		b->n += (size_t)got;
	}
	b->is_too_large = true;
}

void
body_forget(struct body *b)
{
	if (b->allocated > 2 * (CHUNK + 1)) {	/* the memory of a large body is not kept */
		free(b->text);
		b->text = NULL;
		b->allocated = 0;
	}
	b->n = 0;
	b->is_too_large = b->is_broken = false;
}
