#include <string.h>

#include "base/cursor.h"
#include "base/crypto.h"

const char *
cursor_of(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	return hex((const uint8_t *)text, n, arena_alloc(a, 2 * n + 1));
}

/*
 * Reads only what cursor_of writes: lower-case digits, in pairs.  The caller still has to check the
 * text, because a client can send any.
 */
char *
cursor_text(struct arena *a, const char *cursor)
{
	size_t n = strlen(cursor);
	char *out;

	if (n % 2 != 0 || strspn(cursor, "0123456789abcdef") != n)
		return NULL;
	out = arena_alloc(a, n / 2 + 1);
	for (size_t i = 0; i < n / 2; i++)
		out[i] = (char)(hex_digit(cursor[2 * i]) * 16 + hex_digit(cursor[2 * i + 1]));
	out[n / 2] = '\0';
	return out;
}
