/*
 * Memory with one lifetime: everything allocated for a request or a batch goes at once, when the
 * arena is reset.
 *
 * Out of memory ends the process: a program first answers its request 503 (serve.c), the command says so and exits 1.  So
 * nobody has to ask whether an allocation failed, and nothing can be mistaken for an empty answer.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena;

struct arena	*arena_new(void);
void		 arena_free(struct arena *a);

/* Forgets everything allocated; keeps one block for the next round. */
void		 arena_reset(struct arena *a);

/* size bytes, zeroed, aligned for any type. */
void		*arena_alloc(struct arena *a, size_t size);

/* A copy of the n bytes at text with a NUL behind them. */
char		*arena_text(struct arena *a, const char *text, size_t n);
char		*arena_strdup(struct arena *a, const char *text);

char		*arena_printf(struct arena *a, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

/* malloc and realloc that never return NULL. */
void		*xmalloc(size_t size);
void		*xrealloc(void *p, size_t size);

/* Ends the process for want of memory; also for libraries that have failed for it. */
_Noreturn void	 out_of_memory(void);

/* What is to be done before it ends, without memory; NULL = only a line in the log. */
void		 out_of_memory_call(void (*last)(void));

#endif
