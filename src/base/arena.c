#include <stdarg.h>
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
	struct block *block;	/* the one in use; older ones behind it */
};

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

	a->block = block_new(BLOCK_SIZE, NULL);
	return a;
}

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
	blocks_free(a->block);
	free(a);
}

void
arena_reset(struct arena *a)
{
	blocks_free(a->block->next);
	a->block->next = NULL;
	if (a->block->size > BLOCK_SIZE) {
		free(a->block);
		a->block = block_new(BLOCK_SIZE, NULL);
	}
	a->block->used = 0;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->block;
	void *p;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (b->size - b->used < size)
		a->block = b = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE, b);
	p = (char *)b->data + b->used;
	b->used += size;
	memset(p, 0, size);
	return p;
}

char *
arena_text(struct arena *a, const char *text, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, text, n);
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

	last_call = NULL;	/* it may run out of memory itself */
	log_error("event=memory error=\"out of memory\"");
	if (last != NULL)
		last();
	_exit(1);
}

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
