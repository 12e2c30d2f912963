/* kept.c: what is found, what is overwritten, and that a value is never another key's or half of one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kept.h"
#include "table.h"

enum { RING = 64 * 1024, KEYS = 500, ROUNDS = 50000 };

static void
put_text(struct kept *k, const char *key, const char *value)
{
	char *to = kept_put(k, key, strlen(key), strlen(value) + 1);

	assert_non_null(to);
	memcpy(to, value, strlen(value) + 1);
}

static const char *
find_text(const struct kept *k, const char *key)
{
	size_t n;

	return kept_find(k, key, strlen(key), &n);
}

static void
later_value_of_a_key_is_found(void **state)
{
	struct kept *k = kept_new(RING);

	(void)state;
	assert_null(find_text(k, "a"));
	put_text(k, "a", "first");
	put_text(k, "ab", "another key");
	put_text(k, "a", "second");
	assert_string_equal(find_text(k, "a"), "second");
	assert_string_equal(find_text(k, "ab"), "another key");
	assert_null(find_text(k, "b"));
	kept_free(k);
}

static void
nothing_is_kept_without_bytes(void **state)
{
	struct kept *k = kept_new(0);

	(void)state;
	assert_null(kept_put(k, "a", 1, 1));
	assert_null(find_text(k, "a"));
	kept_free(k);
}

static void
a_value_of_more_than_a_quarter_is_refused(void **state)
{
	struct kept *k = kept_new(RING);

	(void)state;
	assert_null(kept_put(k, "a", 1, RING / 4));
	assert_non_null(kept_put(k, "a", 1, RING / 5));
	kept_free(k);
}

/* Of each key the round in which it was last put; a value is its key and round, and bytes that follow from them. */
static uint64_t last[KEYS];

static unsigned char
byte_of(uint64_t key, uint64_t round, size_t i)
{
	return (unsigned char)(key * 31 + round * 7 + i);
}

static void
put_random(struct kept *k, uint64_t key, uint64_t round, size_t value_max)
{
	size_t n = sizeof(round) + (size_t)rand() % value_max;
	unsigned char *to = kept_put(k, &key, sizeof(key), n);

	assert_non_null(to);
	assert_int_equal((uintptr_t)to % _Alignof(max_align_t), 0);
	memcpy(to, &round, sizeof(round));
	for (size_t i = sizeof(round); i < n; i++)
		to[i] = byte_of(key, round, i);
	last[key] = round;
}

/* Whether it is there; if it is, it is whole and the last one. */
static bool
check_random(const struct kept *k, uint64_t key)
{
	const unsigned char *value;
	uint64_t round;
	size_t n;

	if ((value = kept_find(k, &key, sizeof(key), &n)) == NULL)
		return false;
	memcpy(&round, value, sizeof(round));
	assert_int_equal(round, last[key]);
	for (size_t i = sizeof(round); i < n; i++)
		assert_int_equal(value[i], byte_of(key, round, i));
	return true;
}

/* Long values are overwritten in the ring; of short ones there are more than slots. */
static void
random_values_are_whole_or_gone(void **state)
{
	static const struct { size_t value_max, found_min; } rows[] = { { 3000, ROUNDS / 20 }, { 60, ROUNDS / 10 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kept *k = kept_new(RING);
		size_t found = 0;

		srand(1);
		for (uint64_t round = 1; round <= ROUNDS; round++) {
			put_random(k, (uint64_t)rand() % KEYS, round, rows[i].value_max);
			found += check_random(k, (uint64_t)rand() % KEYS);
		}
		assert_true(found > rows[i].found_min);	/* a memory that forgets would pass the rest */
		kept_free(k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_value_of_a_key_is_found),
		cmocka_unit_test(nothing_is_kept_without_bytes),
		cmocka_unit_test(a_value_of_more_than_a_quarter_is_refused),
		cmocka_unit_test(random_values_are_whole_or_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
