/*
 * Memory with one lifetime: everything that was allocated for a request or a batch is freed
 * together, when the arena is reset.
 *
 * Running out of memory ends the process: a program first replies 503 to its request (serve.c), and
 * the command reports it and exits 1.  So no caller checks whether an allocation failed, and a
 * failed allocation can never be mistaken for an empty result.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena;

struct arena	*arena_new(void);
void		 arena_free(struct arena *a);

/* Frees everything allocated; keeps one block for the next round. */
void		 arena_reset(struct arena *a);
/* The same, and keeps nothing. */
void		 arena_release(struct arena *a);

/* size bytes, zeroed, aligned for any type. */
void		*arena_alloc(struct arena *a, size_t size);

/*
 * Makes room for one more item in an array of count items of size bytes: returns old if count < *max, otherwise a copy with
 * room for twice as many, zeroed, and sets *max.  An array begins as NULL with 0 for both.
 */
void		*arena_grow(struct arena *a, void *old, size_t count, size_t *max, size_t size);

/* A copy of the n bytes at text, with a NUL after them. */
char		*arena_text(struct arena *a, const char *text, size_t n);
char		*arena_strdup(struct arena *a, const char *text);

char		*arena_printf(struct arena *a, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

/* malloc and realloc that never return NULL. */
void		*xmalloc(size_t size);
void		*xrealloc(void *p, size_t size);

/* Ends the process because there is no memory; also for callers of a library that failed for that reason. */
_Noreturn void	 out_of_memory(void);

/* What out_of_memory calls before the process ends; it must not need memory.  NULL = only a log line. */
void		 out_of_memory_call(void (*last)(void));

#endif
