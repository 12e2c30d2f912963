/* arena.c: zeroed, aligned, apart from one another, gone at the reset. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "table.h"

static const struct size_row {
	const char *name;
	size_t size;
	int count;
} sizes[] = {
	{ "allocations of no bytes", 0, 10 },
	{ "allocations of one byte", 1, 1000 },
	{ "allocations of odd sizes", 37, 10000 },
	{ "allocations that fill a block exactly", 64 * 1024, 3 },
	{ "allocations a little greater than a block", 64 * 1024 + 1, 3 },
	{ "allocations of many blocks", 5 * 1024 * 1024, 2 },
	{ "allocations of which two do not fit a block", 40 * 1024, 5 },
};

static bool
is_filled(const unsigned char *p, size_t n, unsigned char with)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != with)
			return false;
	return true;
}

/* Twice, with a reset between: the second round must find zeros where the first one wrote. */
static void
is_zeroed_aligned_and_apart(void **state)
{
	const struct size_row *row = *state;
	unsigned char **p = malloc((size_t)row->count * sizeof(*p));
	struct arena *a = arena_new();

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < row->count; i++) {
			p[i] = arena_alloc(a, row->size);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
			assert_true(is_filled(p[i], row->size, 0));
			memset(p[i], i % 255 + 1, row->size);
		}
		for (int i = 0; i < row->count; i++)
			assert_true(is_filled(p[i], row->size, (unsigned char)(i % 255 + 1)));
		arena_reset(a);
	}
	arena_free(a);
	free(p);
}

static void
texts_are_copied(void **state)
{
	struct arena *a = arena_new();
	char text[] = "one two";
	char *whole = arena_strdup(a, text), *part = arena_text(a, text, 3), *none = arena_text(a, text, 0);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(whole, "one two");
	assert_string_equal(part, "one");
	assert_string_equal(none, "");
	assert_memory_equal(arena_text(a, "a\0b", 3), "a\0b", 4);
	arena_free(a);
}

static void
texts_are_printed(void **state)
{
	struct arena *a = arena_new();
	char *text;

	(void)state;
	assert_string_equal(arena_printf(a, "%s %d", "SMS", 7), "SMS 7");
	assert_string_equal(arena_printf(a, "%s", ""), "");
	text = arena_printf(a, "%0100000d", 1);
	assert_int_equal(strlen(text), 100000);
	assert_int_equal(text[99999], '1');
	arena_free(a);
}

static const struct grow_row {
	const char *name;
	size_t size, count;
} grows[] = {
	{ "an array of bytes grows", 1, 1000 },
	{ "an array of odd sizes grows", 37, 100 },
	{ "an array grows beyond a block", 5000, 300 },
};

/* Item i is filled with i: growing must keep the items, and room for the next must be zeroed. */
static void
an_array_grows(void **state)
{
	const struct grow_row *row = *state;
	struct arena *a = arena_new();
	unsigned char *items = NULL, *before;
	size_t max = 0;

	for (size_t i = 0; i < row->count; i++) {
		before = items;
		if (i < max)
			assert_ptr_equal(items = arena_grow(a, items, i, &max, row->size), before);
		else
			items = arena_grow(a, items, i, &max, row->size);
		assert_true(i < max && max <= 2 * i + 1);
		assert_true(is_filled(items + i * row->size, row->size, 0));
		memset(items + i * row->size, (int)(i % 251), row->size);
	}
	for (size_t i = 0; i < row->count; i++)
		assert_true(is_filled(items + i * row->size, row->size, (unsigned char)(i % 251)));
	arena_free(a);
}

/* A process of its own, because running out of memory ends it. */
static void
a_size_never_wraps(void **state)
{
	size_t max = SIZE_MAX / 16;
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		arena_grow(arena_new(), NULL, max, &max, 64);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void
nothing_is_freed(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	arena_free(NULL);
	arena_reset(a);
	arena_reset(a);
	arena_free(a);
}

static void
xmalloc_gives_something(void **state)
{
	char *p = xmalloc(0);

	(void)state;
	assert_non_null(p);
	p = xrealloc(p, 4);
	memcpy(p, "abc", 4);
	p = xrealloc(p, 100000);
	assert_string_equal(p, "abc");
	free(p);
	p = xrealloc(NULL, 0);
	assert_non_null(p);
	free(p);
}

int
main(void)
{
	TABLE(sizes, is_zeroed_aligned_and_apart);
	CASE("texts are copied with a NUL after them", texts_are_copied);
	CASE("texts are printed, however long", texts_are_printed);
	TABLE(grows, an_array_grows);
	CASE("an array whose size would wrap around is out of memory", a_size_never_wraps);
	CASE("an empty arena can be reset and freed, and none can be freed", nothing_is_freed);
	CASE("xmalloc and xrealloc always give something", xmalloc_gives_something);
	return TABLE_RUN("arena");
}
