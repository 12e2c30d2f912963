/*
 * Writes JSON onto a buf.  needs_comma is the only state: it is true after a value, and false after
 * an opening bracket and at the start.  The nesting is the caller's task.
 */
#include <string.h>

#include "base/json.h"
#include "base/money.h"
#include "base/utf8.h"

/* ---- Strings */

static bool
is_plain(char c)
{
	return (unsigned char)c >= ' ' && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* A character that JSON does not allow unescaped: the short escape if there is one, else \u00XX. */
static void
put_escape(struct buf *b, char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
	const char *found = memchr(from, c, sizeof(from) - 1);
	char unit[] = { '\\', 'u', '0', '0', hex[(c >> 4) & 15], hex[c & 15] };

	if (found != NULL) {
		buf_put_byte(b, '\\');
		buf_put_byte(b, to[found - from]);
	} else
		buf_put(b, unit, sizeof(unit));
}

/*
 * Copies a text and says whether all of it, as of nearly every text, is ASCII that needs no escape.  Eight characters at a time;
 * the last eight overlap those before them.
 */
static bool
copy_plain(char *to, const char *text, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = 0x80 * ones;
	uint64_t word, quote, backslash, found = 0;
	bool is_all_plain = true;

	if (n < sizeof(word)) {
		for (size_t i = 0; i < n; i++)
			is_all_plain &= is_plain(to[i] = text[i]);
		return is_all_plain;
	}
	for (size_t i = 0;; i = i + 2 * sizeof(word) <= n ? i + sizeof(word) : n - sizeof(word)) {
		memcpy(&word, text + i, sizeof(word));
		memcpy(to + i, &word, sizeof(word));
		quote = word ^ '"' * ones;
		backslash = word ^ '\\' * ones;
		/* A high bit shows up where a byte has one, is below the blank, or is equal to one of the two. */
		found |= word | (word - ' ' * ones) | (quote - ones) | (backslash - ones);
		if (i == n - sizeof(word))
			return (found & high) == 0;
	}
}

/* Writes a text that has something to escape.  Bytes that are not UTF-8 become U+FFFD, so that the result is always JSON. */
static void
put_escaped(struct buf *b, const char *text, size_t length)
{
	const char *p = text, *end = text + length, *run;
	size_t n;

	while (p < end) {
		/* Copies the longest run that needs no escape at once: that is nearly all of most texts. */
		for (run = p; p < end && is_plain(*p); p++)
			;
		buf_put(b, run, (size_t)(p - run));
		if (p == end)
			break;
		if ((unsigned char)*p < 0x80)
			put_escape(b, *p++);
		else if ((n = utf8_char(p, (size_t)(end - p))) > 0) {
			buf_put(b, p, n);
			p += n;
		} else {
			buf_put(b, "\xef\xbf\xbd", 3);
			p++;
		}
	}
}

/* Writes a text in quotes. */
static void
put_string(struct buf *b, const char *text)
{
	size_t n = strlen(text);
	char *at;

	if (b->capacity - b->size <= n + 2)
		buf_reserve(b, n + 3);
	at = b->text + b->size;
	if (!copy_plain(at + 1, text, n)) {
		buf_put_byte(b, '"');
		put_escaped(b, text, n);
		buf_put_byte(b, '"');
		return;
	}
	at[0] = at[n + 1] = '"';
	b->size += n + 2;
}

/* ---- Values */

/* Everything that comes before a value: the comma, if another value is before it, and the name. */
static void
put_name(struct json *j, const char *name)
{
	if (j->needs_comma)
		buf_put_byte(j->to, ',');
	if (name != NULL) {
		put_string(j->to, name);
		buf_put_byte(j->to, ':');
	}
	j->needs_comma = true;
}

static void
open_with(struct json *j, const char *name, char bracket)
{
	put_name(j, name);
	buf_put_byte(j->to, bracket);
	j->needs_comma = false;
}

static void
close_with(struct json *j, char bracket)
{
	buf_put_byte(j->to, bracket);
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
	buf_put(j->to, value, n);
}

void
json_put_text(struct json *j, const char *name, const char *value)
{
	put_name(j, name);
	put_string(j->to, value);
}

void
json_put_int(struct json *j, const char *name, int64_t value)
{
	put_name(j, name);
	buf_put_int(j->to, value);
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
