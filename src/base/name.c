/*
 * Names that people enter (see name.h).
 */
#include <string.h>

#include "base/name.h"
#include "base/utf8.h"

/* The code point of a well-formed character of so many bytes. */
static unsigned
code_point(const char *text, size_t length)
{
	const unsigned char *c = (const unsigned char *)text;
	unsigned code = length == 1 ? c[0] : c[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (c[i] & 0x3fu);
	return code;
}

/* U+202A to U+202E embed and override, U+2066 to U+2069 isolate.  The marks U+200E, U+200F and U+061C change only themselves. */
static bool
turns_text(unsigned code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool
is_control(unsigned code)
{
	return code < ' ' || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029;
}

enum status
name_check(const char *field, const char *text, struct error *err)
{
	size_t n = strlen(text), length;

	for (; n > 0; text += length, n -= length) {
		unsigned code;

		if ((length = utf8_char(text, n)) == 0)
			return error_set(err, BAD_REQUEST, "%s: not UTF-8", field);
		code = code_point(text, length);
		if (turns_text(code))
			return error_set(err, BAD_REQUEST, "%s: contains U+%04X, which changes the direction of text; leave it out", field,
			    code);
		if (is_control(code))
			return error_set(err, BAD_REQUEST, "%s: contains U+%04X, a control character; leave it out", field, code);
	}
	return OK;
}
