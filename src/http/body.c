/*
 * Reading a request's body: what fits is kept, what is too long is read and dropped (see body.h).
 */
#include <stdlib.h>

#include "base/arena.h"
#include "http/body.h"

enum {
	CHUNK = 64 * 1024,
	DRAIN_MAX = 64 * 1024 * 1024,	/* bytes of a body that is too long which are still read and dropped */
};

void
body_read(struct body *b, long (*read_some)(void *from, char *to, size_t n), void *from)
{
	char *spill = NULL;
	size_t drained = 0;
	long got;

	for (;;) {
		/*
		 * Too long: read on without keeping anything, because a web server that cannot deliver the body would report
		 * a broken pipe in place of our 413.  Give up after DRAIN_MAX, so that an endless body does not hold the
		 * process.
		 */
		if (b->n > b->max) {
			b->is_too_large = true;
			if (spill == NULL)
				spill = xmalloc(CHUNK);
			if (drained > DRAIN_MAX || (got = read_some(from, spill, CHUNK)) <= 0)
				break;
			drained += (size_t)got;
			continue;
		}
		/*
		 * Grow by doubling, up to the longest body allowed and one chunk: one byte more than max must fit to show
		 * that a body is too long.
		 */
		if (b->allocated - b->n < CHUNK) {
			b->allocated = b->allocated == 0 ? CHUNK + 1 : 2 * b->allocated;
			if (b->allocated > b->max + CHUNK + 1)
				b->allocated = b->max + CHUNK + 1;
			b->text = xrealloc(b->text, b->allocated);
		}
		/* Read a chunk at most, and never fill the last byte. */
		got = read_some(from, b->text + b->n, b->allocated - b->n - 1 < CHUNK ? b->allocated - b->n - 1 : CHUNK);
		b->is_broken = got < 0;
		if (got <= 0)
			break;
		b->n += (size_t)got;
	}
	free(spill);
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
