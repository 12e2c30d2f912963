#include <endian.h>
#include <string.h>

#include "base/row_hash.h"

/*
 * Mixed in before each value, with a length if it has one, so that 1, "1" and NULL differ, and
 * ("a", "bc") differs from ("ab", "c").
 */
enum { TAG_NULL = 1, TAG_INT, TAG_TEXT, TAG_BLOB };

/*
 * Mixes 64 bits in.  Every step is invertible (multiplication by an odd number, and a shift onto
 * itself), so that a change of one chunk always changes the state.  The factor is 2^64 divided by
 * the golden ratio, as in Fibonacci hashing.
 */
static void
mix(struct row_hash *h, uint64_t chunk)
{
	h->state = (h->state ^ chunk) * UINT64_C(0x9e3779b97f4a7c15);
	h->state ^= h->state >> 29;
}

/* Mixes in the tag, the length and the bytes, eight at a time. */
static void
mix_bytes(struct row_hash *h, int tag, const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t chunk;

	mix(h, (uint64_t)n << 3 | (uint64_t)tag);
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&chunk, p, sizeof(chunk));
		mix(h, le64toh(chunk));		/* little-endian, on every machine */
	}
	if (n == 0)
		return;
	chunk = 0;
	if (p - (const unsigned char *)data >= 8) {	/* the last eight bytes, without those that were mixed in */
		memcpy(&chunk, p + n - 8, sizeof(chunk));
		chunk = le64toh(chunk) >> 8 * (8 - n);
	} else
		for (size_t i = n; i-- > 0; )
			chunk = chunk << 8 | p[i];
	mix(h, chunk);
}

void
row_hash_start(struct row_hash *h)
{
	h->state = UINT64_C(0x6a09e667f3bcc908);	/* an arbitrary start; it is the first constant of SHA-512 */
}

void
row_hash_int(struct row_hash *h, int64_t value)
{
	mix(h, TAG_INT);
	mix(h, (uint64_t)value);
}

void
row_hash_text(struct row_hash *h, const char *text)
{
	if (text == NULL)
		row_hash_null(h);
	else
		mix_bytes(h, TAG_TEXT, text, strlen(text));
}

void
row_hash_blob(struct row_hash *h, const void *data, size_t n)
{
	mix_bytes(h, TAG_BLOB, data, n);
}

void
row_hash_null(struct row_hash *h)
{
	mix(h, TAG_NULL);
}

/* Two more rounds, so that the last value reaches all bits too; on a copy, so that h can take more values. */
int64_t
row_hash_end(const struct row_hash *h)
{
	struct row_hash last = *h;

	mix(&last, 0);
	mix(&last, 0);
	return (int64_t)(last.state & (uint64_t)ROW_HASH_MAX);
}

/* Addition modulo 2^62: the order of the rows makes no difference. */
int64_t
row_hash_sum(int64_t sum, int64_t hash)
{
	return (int64_t)(((uint64_t)sum + (uint64_t)hash) & (uint64_t)ROW_HASH_MAX);
}
