/*
 * Writes JSON into one growing buffer.  needs_comma is the only state: it is true after a value,
 * and false after an opening bracket, at the start and after json_append.  The nesting is the
 * caller's task.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/money.h"
#include "base/utf8.h"

enum { BUFFER_MIN = 4096, INT_TEXT_MAX = 20 };	/* bytes of -9223372036854775808 */

void
json_init(struct json *j)
{
	*j = (struct json){ .text = NULL };
}

void
json_reset(struct json *j)
{
	j->size = 0;
	j->needs_comma = false;
}

void
json_free(struct json *j)
{
	free(j->text);
	json_init(j);
}

/*
 * Makes room for n more bytes and returns their address; the caller writes there and adds to size.
 * The buffer doubles, so that appending byte by byte takes linear time.
 */
static char *
room(struct json *j, size_t n)
{
	size_t max = j->max > 0 ? j->max : BUFFER_MIN;

	if (n > SIZE_MAX / 4 || j->size > SIZE_MAX / 4)
		abort();	/* so that doubling cannot overflow */
	while (max - j->size < n)
		max *= 2;
	if (max > j->max) {
		j->text = xrealloc(j->text, max);
		j->max = max;
	}
	return j->text + j->size;
}

void
json_reserve(struct json *j, size_t n)
{
	room(j, n);
}

static void
put(struct json *j, const char *text, size_t n)
{
	memcpy(room(j, n), text, n);
	j->size += n;
}

static void
put_byte(struct json *j, char byte)
{
	*room(j, 1) = byte;
	j->size++;
}

const char *
json_text(struct json *j)
{
	/* The NUL is not counted in size: the next value overwrites it. */
	*room(j, 1) = '\0';
	return j->text;
}

void
json_append(struct json *j, const char *text, size_t n)
{
	put(j, text, n);
	j->needs_comma = false;
}

/* ---- Strings */

static bool
is_plain(char c)
{
	return (unsigned char)c >= ' ' && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* A character that JSON does not allow unescaped: the short escape if there is one, else \u00XX. */
static void
put_escape(struct json *j, char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
	const char *found = memchr(from, c, sizeof(from) - 1);
	char unit[] = { '\\', 'u', '0', '0', hex[(c >> 4) & 15], hex[c & 15] };

	if (found != NULL) {
		put_byte(j, '\\');
		put_byte(j, to[found - from]);
	} else
		put(j, unit, sizeof(unit));
}

/* Writes a text in quotes.  Bytes that are not UTF-8 become U+FFFD, so that the result is always JSON. */
static void
put_string(struct json *j, const char *text)
{
	const char *p = text, *end = text + strlen(text), *run;
	size_t n;

	put_byte(j, '"');
	while (p < end) {
		/* Copies the longest run that needs no escape at once: that is nearly all of most texts. */
		for (run = p; p < end && is_plain(*p); p++)
			;
		put(j, run, (size_t)(p - run));
		if (p == end)
			break;
		if ((unsigned char)*p < 0x80)
			put_escape(j, *p++);
		else if ((n = utf8_char(p, (size_t)(end - p))) > 0) {
			put(j, p, n);
			p += n;
		} else {
			put(j, "\xef\xbf\xbd", 3);
			p++;
		}
	}
	put_byte(j, '"');
}

/* ---- Values */

/* Everything that comes before a value: the comma, if another value is before it, and the name. */
static void
put_name(struct json *j, const char *name)
{
	if (j->needs_comma)
		put_byte(j, ',');
	if (name != NULL) {
		put_string(j, name);
		put_byte(j, ':');
	}
	j->needs_comma = true;
}

static void
open_with(struct json *j, const char *name, char bracket)
{
	put_name(j, name);
	put_byte(j, bracket);
	j->needs_comma = false;
}

static void
close_with(struct json *j, char bracket)
{
	put_byte(j, bracket);
	j->needs_comma = true;
}

void
json_open_object(struct json *j, const char *name)
{
	open_with(j, name, '{');
}

void
json_close_object(struct json *j)
{
	close_with(j, '}');
}

void
json_open_array(struct json *j, const char *name)
{
	open_with(j, name, '[');
}

void
json_close_array(struct json *j)
{
	close_with(j, ']');
}

void
json_put_raw(struct json *j, const char *name, const char *value, size_t n)
{
	put_name(j, name);
	put(j, value, n);
}

void
json_put_text(struct json *j, const char *name, const char *value)
{
	put_name(j, name);
	put_string(j, value);
}

void
json_put_int(struct json *j, const char *name, int64_t value)
{
	char text[INT_TEXT_MAX], *p = text + sizeof(text);
	/* Digits from the last to the first.  Unsigned, because -INT64_MIN is no int64. */
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--p = '-';
	json_put_raw(j, name, p, (size_t)(text + sizeof(text) - p));
}

void
json_put_bool(struct json *j, const char *name, bool value)
{
	json_put_raw(j, name, value ? "true" : "false", value ? 4 : 5);
}

void
json_put_null(struct json *j, const char *name)
{
	json_put_raw(j, name, "null", 4);
}

void
json_put_text_or_null(struct json *j, const char *name, const char *value)
{
	if (value != NULL)
		json_put_text(j, name, value);
	else
		json_put_null(j, name);
}

void
json_put_int_or_null(struct json *j, const char *name, int64_t value, int64_t none)
{
	if (value != none)
		json_put_int(j, name, value);
	else
		json_put_null(j, name);
}

void
json_put_money(struct json *j, const char *name, int64_t micros)
{
	char text[MONEY_TEXT_MAX];

	money_format(micros, text);
	json_put_raw(j, name, text, strlen(text));
}
