/*
 * The ring (see kept.h).  A position counts all bytes ever put in, so that whether a value is still there is one comparison, and
 * the table of positions needs no care when values are overwritten.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/kept.h"
#include "base/log.h"

enum {
	ALIGNMENT = 16,
	TRIED = 4,		/* slots from the one of the hash on */
	BYTES_A_SLOT = 256,	/* of the ring: values are rarely shorter on average */
	PART = 4,		/* a value has at most this part of the ring */
	ASKED = 64,		/* keys that were asked for last */
};

struct entry {
	uint64_t hash;
	size_t key_n, n;	/* then the key, and from the next aligned place on the value */
};

struct kept {
	char *ring;
	uint64_t *slots;	/* position + 1 of an entry; 0 = none */
	size_t size, slot_count;
	uint64_t end;		/* the position of the next entry */
	uint32_t asked[ASKED];	/* of each key the other half of the hash; 0 = none */
	uint64_t seed;		/* so that nobody outside can choose keys that share slots */
};

static size_t
aligned(size_t n)
{
	return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t
value_at(size_t key_n)
{
	return aligned(sizeof(struct entry) + key_n);
}

struct kept *
kept_new(size_t bytes)
{
	struct kept *k = xmalloc(sizeof(*k));
	size_t slot_count = 1;

	*k = (struct kept) { 0 };
	while (slot_count * BYTES_A_SLOT * 2 <= bytes)
		slot_count *= 2;
	k->slot_count = slot_count;
	k->size = bytes > slot_count * sizeof(*k->slots) ? (bytes - slot_count * sizeof(*k->slots)) / ALIGNMENT * ALIGNMENT : 0;
	random_bytes(&k->seed, sizeof(k->seed));
	return k;
}

void
kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	free(k->ring);
	free(k->slots);
	free(k);
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Eight bytes at a time; the whole key is compared anyway. */
static uint64_t
hash_of(const struct kept *k, const void *key, size_t n)
{
	const char *at = key;
	uint64_t hash = k->seed ^ n, word;

	for (; n >= sizeof(word); at += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, at, n);
	return mix(hash, word);
}

/* The entry at a position, if nothing has been written over it since. */
static struct entry *
entry_at(const struct kept *k, uint64_t position)
{
	return k->end - position <= k->size ? (struct entry *)(k->ring + position % k->size) : NULL;
}

static struct entry *
entry_of(const struct kept *k, uint64_t hash, const void *key, size_t key_n)
{
	struct entry *e;
	uint64_t slot;

	for (size_t i = 0; i < TRIED; i++)
		if ((slot = k->slots[(hash + i) % k->slot_count]) > 0 && (e = entry_at(k, slot - 1)) != NULL && e->hash == hash &&
		    e->key_n == key_n && memcmp(e + 1, key, key_n) == 0)
			return e;
	return NULL;
}

void *
kept_find(const struct kept *k, const void *key, size_t key_n, size_t *n)
{
	struct entry *e = k->ring != NULL ? entry_of(k, hash_of(k, key, key_n), key, key_n) : NULL;

	if (e == NULL)
		return NULL;
	*n = e->n;
	return (char *)e + value_at(key_n);
}

bool
kept_is_again(struct kept *k, const void *key, size_t key_n)
{
	uint64_t hash = hash_of(k, key, key_n);
	uint32_t *asked = &k->asked[hash % ASKED], half = (uint32_t)(hash >> 32) | 1;
	bool is_again = *asked == half;

	*asked = half;
	return is_again;
}

/*
 * Of the slots that an entry may have the one whose entry is the oldest: most often it has none.  An earlier value of the key is
 * forgotten, or it would be found again once another key takes the later one's slot.
 */
static uint64_t *
free_slot(struct kept *k, uint64_t hash)
{
	uint64_t *oldest = NULL, *slot;
	const struct entry *e;

	for (size_t i = 0; i < TRIED; i++) {
		slot = &k->slots[(hash + i) % k->slot_count];
		if (*slot > 0 && ((e = entry_at(k, *slot - 1)) == NULL || e->hash == hash))
			*slot = 0;
		if (oldest == NULL || *slot < *oldest)
			oldest = slot;
	}
	return oldest;
}

static void *
keep_nothing(struct kept *k)
{
	log_error("event=configuration error=\"no memory for %zu KiB of DAYBOOK_REPLY_MEMORY: nothing is kept\"", k->size / 1024);
	free(k->ring);
	free(k->slots);
	k->ring = NULL;
	k->slots = NULL;
	k->size = 0;
	return NULL;
}

void *
kept_put(struct kept *k, const void *key, size_t key_n, size_t n)
{
	size_t all = aligned(value_at(key_n) + n), left;
	uint64_t hash = hash_of(k, key, key_n), *slot;
	struct entry *e;

	if (all > k->size / PART)
		return NULL;
	if (k->ring == NULL) {
		k->ring = malloc(k->size);
		k->slots = calloc(k->slot_count, sizeof(*k->slots));
		/* The request goes on without: what is kept only makes later ones faster. */
		if (k->ring == NULL || k->slots == NULL)
			return keep_nothing(k);
	}
	if ((e = entry_of(k, hash, key, key_n)) != NULL && e->n == n)
		return (char *)e + value_at(key_n);
	/* An entry lies in one piece: what is left at the end of the ring is passed over. */
	if ((left = k->size - k->end % k->size) < all)
		k->end += left;
	e = (struct entry *)(k->ring + k->end % k->size);
	slot = free_slot(k, hash);	/* while what is overwritten is still there to be told apart */
	*e = (struct entry) { hash, key_n, n };
	memcpy(e + 1, key, key_n);
	*slot = k->end + 1;
	k->end += all;
	return (char *)e + value_at(key_n);
}
