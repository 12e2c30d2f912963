/*
 * A hash of a row's values, and sums of such hashes.  A sum does not depend on the order of the
 * rows, and shows whether one of them was changed, added or removed.  It detects damage and
 * mistakes; it is not a signature, because it has no secret.
 *
 * Hashes and sums have 62 bits, 0 to ROW_HASH_MAX, so that SQL can add two of them without
 * overflow.  They are stored in files, so the function must never change.
 */
#ifndef ROW_HASH_H
#define ROW_HASH_H

#include <stddef.h>
#include <stdint.h>

#define ROW_HASH_MAX INT64_C(0x3fffffffffffffff)

struct row_hash {
	uint64_t state;
};

/* Starts a row.  Then come its values, in the order of its columns, and row_hash_end. */
void	row_hash_start(struct row_hash *h);
void	row_hash_int(struct row_hash *h, int64_t value);
void	row_hash_text(struct row_hash *h, const char *text);	/* NULL = SQL NULL */
void	row_hash_blob(struct row_hash *h, const void *data, size_t n);
void	row_hash_null(struct row_hash *h);
int64_t	row_hash_end(const struct row_hash *h);

/* Adds one more hash to the sum. */
int64_t	row_hash_sum(int64_t sum, int64_t hash);

#endif
