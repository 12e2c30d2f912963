/* buf.c: appending, growing, and the memory that a reset keeps and a reserve promises. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "table.h"

static const struct int_row {
	const char *name;
	int64_t n;
	const char *text;
} ints[] = {
	{ "0 is one digit", 0, "0" },
	{ "10 ends with a 0", 10, "10" },
	{ "a negative number has a minus", -7, "-7" },
	{ "1e15 has no exponent", INT64_C(1000000000000000), "1000000000000000" },
	{ "the greatest integer has all its digits", INT64_MAX, "9223372036854775807" },
	{ "the least integer has all its digits", INT64_MIN, "-9223372036854775808" },
};

static void
int_is_put(void **state)
{
	const struct int_row *row = *state;
	struct buf b = { 0 };

	buf_put_int(&b, row->n);
	assert_string_equal(buf_text(&b), row->text);
	buf_free(&b);
}

static void
pieces_are_joined(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_put_text(&b, "sent");
	buf_put_byte(&b, '=');
	buf_put_int(&b, -12);
	buf_put(&b, "; left", 2);
	buf_printf(&b, "%s=%d", "room", 7);
	assert_string_equal(buf_text(&b), "sent=-12; room=7");
	buf_put(&b, "\0x", 2);
	assert_int_equal(b.size, 18);
	assert_memory_equal(b.text + 16, "\0x", 2);
	buf_free(&b);
}

static void
an_empty_one_has_a_text(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_put(&b, "", 0);
	assert_non_null(b.text);
	buf_free(&b);
	buf_put_text(&b, "");
	buf_printf(&b, "%s", "");
	assert_int_equal(b.size, 0);
	buf_free(&b);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
	assert_null(b.text);
	assert_int_equal(b.capacity, 0);
}

/* The NUL of buf_text is not part of the text. */
static void
more_follows_a_read(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_put_text(&b, "one");
	assert_string_equal(buf_text(&b), "one");
	buf_put_text(&b, " two");
	assert_string_equal(buf_text(&b), "one two");
	assert_int_equal(b.size, 7);
	buf_free(&b);
}

static bool
is_counted(const struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (b->text[i] != (char)('a' + i % 26))
			return false;
	return b->size == n && b->capacity >= n;
}

static void
bytes_survive_growing(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		buf_put_byte(&b, (char)('a' + i % 26));
	assert_true(is_counted(&b, 100000));
	buf_free(&b);
}

static void
long_texts_are_printed(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_put_text(&b, "n=");
	buf_printf(&b, "%0100000d;", 1);
	assert_int_equal(b.size, 100003);
	assert_memory_equal(b.text, "n=00", 4);
	assert_memory_equal(b.text + 100001, "1;", 2);
	buf_free(&b);

	/* vsnprintf writes a NUL, for which there must be room, too. */
	buf_reserve(&b, 4096);
	buf_printf(&b, "%04096d", 1);
	assert_int_equal(b.size, 4096);
	assert_int_equal(b.capacity, 8192);
	buf_free(&b);
}

static void
a_reset_keeps_the_memory(void **state)
{
	struct buf b = { 0 };
	const char *text;
	size_t capacity;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_put_text(&b, "0123456789");
	text = b.text;
	capacity = b.capacity;
	buf_reset(&b);
	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 10000; i++)
		buf_put_text(&b, "0123456789");
	assert_ptr_equal(b.text, text);
	assert_int_equal(b.capacity, capacity);
	buf_free(&b);
}

/* What is reserved must do without memory: the last reply before the process ends is written into it. */
static void
reserved_bytes_need_no_memory(void **state)
{
	struct buf b = { 0 };
	const char *text;

	(void)state;
	buf_put_text(&b, "abc");
	buf_reserve(&b, 8189);
	assert_int_equal(b.capacity, 8192);
	text = b.text;
	for (int i = 0; i < 8189; i++)
		buf_put_byte(&b, 'x');
	assert_int_equal(b.size, 8192);
	assert_ptr_equal(b.text, text);
	assert_int_equal(b.capacity, 8192);
	assert_int_equal(strlen(buf_text(&b)), 8192);	/* the NUL needs one byte more */
	buf_free(&b);
}

int
main(void)
{
	TABLE(ints, int_is_put);
	CASE("pieces of all kinds are joined", pieces_are_joined);
	CASE("an empty one has a text, too", an_empty_one_has_a_text);
	CASE("more can follow after the text was read", more_follows_a_read);
	CASE("bytes survive growing", bytes_survive_growing);
	CASE("texts are printed, however long", long_texts_are_printed);
	CASE("a reset keeps the memory", a_reset_keeps_the_memory);
	CASE("reserved bytes need no memory", reserved_bytes_need_no_memory);
	return TABLE_RUN("buf");
}
