/*
 * An arena is a list of blocks.  Memory is taken from the newest one by moving its `used` forward,
 * so an allocation costs almost nothing and no single one can be freed.  What does not fit the rest
 * of a block begins the next one; the rest is wasted until the reset.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"

enum { BLOCK_SIZE = 64 * 1024 };

struct block {
	struct block *next;
	size_t size, used;
	max_align_t data[];
};

struct arena {
	struct block *block;	/* the one in use; its `next` are older and full; NULL = nothing was taken yet */
};

/* Makes a block with room for size bytes.  `next` is the list that it goes in front of. */
static struct block *
block_new(size_t size, struct block *next)
{
	struct block *b = xmalloc(sizeof(*b) + size);

	b->next = next;
	b->size = size;
	b->used = 0;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a = xmalloc(sizeof(*a));

	a->block = NULL;
	return a;
}

/* Frees a block and all older ones. */
static void
blocks_free(struct block *b)
{
	struct block *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_release(a);
	free(a);
}

void
arena_reset(struct arena *a)
{
	if (a->block == NULL)
		return;
	/* One large request must not make the process large until it ends. */
	if (a->block->size > BLOCK_SIZE) {
		arena_release(a);
		return;
	}
	/* Keeps the newest block, so that a process that serves small requests calls malloc only once. */
	blocks_free(a->block->next);
	a->block->next = NULL;
	a->block->used = 0;
}

void
arena_release(struct arena *a)
{
	blocks_free(a->block);
	a->block = NULL;
}

/* Memory that still holds what the last request wrote there. */
static void *
take(struct arena *a, size_t size)
{
	struct block *b = a->block;
	void *p;

	/* Rounds up, so that the next allocation is aligned for any type too. */
	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (b == NULL || b->size - b->used < size)
		a->block = b = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE, b);
	p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

/*
 * Doubles, so that adding one by one takes linear time, and begins with one item, because many lists have no second.  The old
 * copies remain until the reset; together they are no longer than the new one.
 */
void *
arena_grow(struct arena *a, void *old, size_t count, size_t *max, size_t size)
{
	void *grown;

	if (count < *max)
		return old;
	if (count > SIZE_MAX / 4 / size)	/* the size of the doubled array, rounded up, must not wrap around */
		out_of_memory();
	*max = count > 0 ? 2 * count : 1;
	grown = take(a, *max * size);
	if (count > 0)
		memcpy(grown, old, count * size);
	memset((char *)grown + count * size, 0, (*max - count) * size);
	return grown;
}

char *
arena_text(struct arena *a, const char *text, size_t n)
{
	char *p = take(a, n + 1);

	memcpy(p, text, n);
	p[n] = '\0';
	return p;
}

char *
arena_strdup(struct arena *a, const char *text)
{
	return arena_text(a, text, strlen(text));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	/* Measures first, so that the text has no maximum length. */
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

/* ---- Out of memory */

static void (*last_call)(void);

void
out_of_memory_call(void (*last)(void))
{
	last_call = last;
}

_Noreturn void
out_of_memory(void)
{
	void (*last)(void) = last_call;

	last_call = NULL;	/* if it runs out of memory itself, the process only ends */
	log_error("event=memory error=\"out of memory\"");
	/* A program sends its request a 503 here; see out_of_memory_call. */
	if (last != NULL)
		last();
	/* Runs no exit handlers: they may need memory, and the data structures may be half changed. */
	_exit(1);
}

/* NULL is a valid result of malloc(0); asking for a byte makes NULL mean one thing only. */
void *
xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xrealloc(void *p, size_t size)
{
	if ((p = realloc(p, size > 0 ? size : 1)) == NULL)
		out_of_memory();
	return p;
}
