/* Grows by doubling, so that appending byte by byte takes linear time. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"

enum { CAPACITY_MIN = 4096, INT_TEXT_MAX = 20 };	/* bytes; -9223372036854775808 is the longest integer */

void
buf_free(struct buf *b)
{
	free(b->text);
	*b = (struct buf){ 0 };
}

void
buf_reset(struct buf *b)
{
	b->size = 0;
}

void
buf_reserve(struct buf *b, size_t n)
{
	size_t capacity = b->capacity > 0 ? b->capacity : CAPACITY_MIN;

	if (n > SIZE_MAX / 4 || b->size > SIZE_MAX / 4)
		abort();	/* so that doubling cannot overflow */
	while (capacity - b->size < n)
		capacity *= 2;
	if (capacity > b->capacity) {
		b->text = xrealloc(b->text, capacity);
		b->capacity = capacity;
	}
}

const char *
buf_text(struct buf *b)
{
	buf_reserve(b, 1);
	/* The NUL is not counted in size: the next byte overwrites it. */
	b->text[b->size] = '\0';
	return b->text;
}

void
buf_put_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void
buf_put_int(struct buf *b, int64_t value)
{
	/* Unsigned, because -INT64_MIN is no int64. */
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t digits = 1;

	if (b->capacity - b->size <= INT_TEXT_MAX)
		buf_reserve(b, INT_TEXT_MAX + 1);
	if (value < 0)
		b->text[b->size++] = '-';
	for (uint64_t more = rest; more >= 10; more /= 10)
		digits++;
	/* From the last digit to the first. */
	for (char *p = b->text + b->size + digits; digits > 0; digits--, b->size++, rest /= 10)
		*--p = (char)('0' + rest % 10);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	/* Measures first, so that the text has no maximum length. */
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	buf_reserve(b, (size_t)n + 1);	/* vsnprintf writes a NUL too */
	va_start(ap, fmt);
	vsnprintf(b->text + b->size, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->size += (size_t)n;
}
