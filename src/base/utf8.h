/*
 * UTF-8: recognizes well-formed characters (RFC 3629: no overlong forms, no surrogates, nothing
 * past U+10FFFF).
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

static inline bool
utf8_continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The number of bytes of the character that text[0, n) starts with: 1 to 4, or 0 if it is not well-formed. */
static inline size_t
utf8_char(const char *text, size_t n)
{
	unsigned char first, second;

	if (n == 0)
		return 0;
	first = (unsigned char)text[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || n < 2 || !utf8_continues(text[1]))
		return 0;
	if (first < 0xe0)
		return 2;
	second = (unsigned char)text[1];
	if (n < 3 || !utf8_continues(text[2]))
		return 0;
	if (first < 0xf0)
		return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ? 0 : 3;
	if (n < 4 || !utf8_continues(text[3]))
		return 0;
	return (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ? 0 : 4;
}

/* Whether text[0, n) is well-formed as a whole. */
static inline bool
utf8_is_valid(const char *text, size_t n)
{
	size_t length;

	for (; n > 0; text += length, n -= length)
		if ((length = utf8_char(text, n)) == 0)
			return false;
	return true;
}

/* The longest prefix of well-formed text[0, n), of up to max bytes, that does not split a character. */
static inline size_t
utf8_cut(const char *text, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && utf8_continues(text[max]))
		max--;
	return max;
}

#endif
