/*
 * A growing text: what JSON, CSV, HTML, metrics and the headers of a reply are written into.
 *
 * A buf that is zeroed is empty and has no memory yet.  Nothing here can fail: running out of memory
 * ends the process (see arena.h).  Bytes that were reserved need no memory, so what fits in them can
 * be written even then.
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *text;		/* has no NUL at its end until buf_text; NULL = no memory yet */
	size_t size, capacity;	/* bytes in use and allocated */
};

void		buf_free(struct buf *b);	/* leaves it empty, without memory */
void		buf_reset(struct buf *b);	/* empty again; keeps the memory */
void		buf_reserve(struct buf *b, size_t n);	/* so that the next n bytes need no memory */
const char	*buf_text(struct buf *b);	/* with a NUL at its end; valid until the next change */

/* Appends n bytes.  Here because JSON is written in many short pieces. */
static inline void
buf_put(struct buf *b, const char *bytes, size_t n)
{
	/* <=, not <: a buf without memory gets some even for no bytes, so that text is never NULL below. */
	if (b->capacity - b->size <= n)
		buf_reserve(b, n);
	memcpy(b->text + b->size, bytes, n);
	b->size += n;
}

static inline void
buf_put_byte(struct buf *b, char byte)
{
	buf_put(b, &byte, 1);
}

void		buf_put_text(struct buf *b, const char *text);	/* without its NUL */
void		buf_put_int(struct buf *b, int64_t value);	/* in decimal */
void		buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
