/*
 * What a process keeps from one request to the next, under a bound in bytes: replies, parts of them, verified credentials.
 *
 * A ring: what is put in takes the place of the oldest, so nothing is ever removed, and a key that was put twice finds the later
 * value.  A value that may become wrong has what proves it in its key (the revision that it was made from), or in itself.
 */
#ifndef KEPT_H
#define KEPT_H

#include <stdbool.h>
#include <stddef.h>

struct kept;

/* A memory of at most `bytes`, its own tables included; 0 = one that keeps nothing.  It takes no memory before the first put. */
struct kept	*kept_new(size_t bytes);
void		 kept_free(struct kept *k);

/* The value of the key, aligned for any type, until the next put; NULL if it is not there (any longer). */
void		*kept_find(const struct kept *k, const void *key, size_t key_n, size_t *n);

/*
 * Keeps a value of n bytes and returns where to write it, until the next put; NULL if it is longer than a quarter of the ring, so
 * that one value does not drive out all others.  A value of the same length is written over the one that the key had.
 */
void		*kept_put(struct kept *k, const void *key, size_t key_n, size_t n);

/*
 * Whether the key was asked for here before, among the last few: what is asked for once should not drive out what is asked for
 * again.  Now and then it says so of a key that was not.
 */
bool		 kept_is_again(struct kept *k, const void *key, size_t key_n);

#endif
