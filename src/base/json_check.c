/*
 * The strict validator: one pass of recursive descent, never deeper than JSON_DEPTH_MAX.
 *
 * A function that reads begins with the cursor on the first byte of what it reads and leaves it
 * after the last one; or it records the error and returns false.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/json_text.h"
#include "base/utf8.h"

enum {
	KEYS_MAX = JSON_DEPTH_MAX * JSON_MEMBERS_MAX,
	SHOWN_MAX = 64,		/* bytes of a key in an error */
};

struct check {
	const char *label;
	const char *text, *p, *end;
	struct error *err;
	int depth;

	/*
	 * The keys, as written, of all open objects, the outermost object first; and a hash of
	 * each, decoded.
	 */
	size_t keys;
	struct {
		const char *at;
		size_t n;
	} key[KEYS_MAX];
	uint64_t hash[KEYS_MAX];
};

static bool	value(struct check *c);

/* ---- Errors */

static bool __attribute__((format(printf, 4, 5)))
fail(struct check *c, const char *how, const char *at, const char *fmt, ...)
{
	char what[ERROR_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	error_set(c->err, BAD_REQUEST, "%s: %s at byte %zu: %s", c->label, how, (size_t)(at - c->text), what);
	return false;
}

/* Text that is not JSON; and JSON that Daybook refuses. */
#define not_json(c, ...) fail(c, "not JSON", __VA_ARGS__)
#define refused(c, ...) fail(c, "refused", __VA_ARGS__)

/* Fails because of the byte at the cursor; shows it as a character only if it is printable ASCII. */
static bool
expected(struct check *c, const char *what)
{
	unsigned char byte;

	if (c->p == c->end)
		return not_json(c, c->p, "%s expected, but the text ends", what);
	byte = (unsigned char)*c->p;
	if (byte > ' ' && byte < 0x7f)
		return not_json(c, c->p, "%s expected, not %c", what, byte);
	return not_json(c, c->p, "%s expected, not the byte 0x%02x", what, byte);
}

/* ---- Strings */

/* Bytes that a string may hold unescaped: ASCII without control characters, the quote and the backslash. */
static const bool is_plain[256] = { [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7f] = true };

/* One escape.  Half of a surrogate pair is no character, so it must be followed by its other half. */
static bool
escape(struct check *c)
{
	const char *at = c->p;
	int32_t unit;

	if (c->end - at < 2)
		return not_json(c, c->end, "a string without a closing quote");
	if (at[1] != 'u') {
		if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
			return not_json(c, at, "an unknown escape in a string");
		c->p += 2;
		return true;
	}
	if ((unit = json_unit(at, c->end)) < 0)
		return not_json(c, at, "\\u without four hexadecimal digits");
	if (unit == 0)
		return refused(c, at, "the character \\u0000");
	c->p += 6;
	if (json_is_high_surrogate(unit) && json_is_low_surrogate(json_unit(c->p, c->end)))
		c->p += 6;
	else if (json_is_high_surrogate(unit) || json_is_low_surrogate(unit))
		return refused(c, at, "half of a surrogate pair");
	return true;
}

static bool
string(struct check *c)
{
	const char *p = c->p + 1, *end = c->end;
	unsigned char byte;
	size_t n;

	for (;; p = c->p) {
		while (p < end && is_plain[(unsigned char)*p])
			p++;
		if ((c->p = p) == end)
			return not_json(c, p, "a string without a closing quote");
		byte = (unsigned char)*p;
		if (byte == '"') {
			c->p++;
			return true;
		} else if (byte == '\\') {
			if (!escape(c))
				return false;
		} else if (byte < ' ')
			return not_json(c, c->p, "the byte 0x%02x in a string, not escaped", byte);
		else if ((n = utf8_char(c->p, (size_t)(c->end - c->p))) > 0)
			c->p += n;
		else
			return not_json(c, c->p, "not UTF-8");
	}
}

/* ---- Numbers */

static bool
is_digit(const struct check *c)
{
	return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static bool
digits(struct check *c)
{
	if (!is_digit(c))
		return expected(c, "a digit");
	while (is_digit(c))
		c->p++;
	return true;
}

/* The grammar of numbers, then their range, which a short integer cannot exceed. */
static bool
number(struct check *c)
{
	const char *at = c->p;
	bool is_plain_int = true;

	if (*c->p == '-')
		c->p++;
	if (c->p < c->end && *c->p == '0') {
		c->p++;
		if (is_digit(c))
			return not_json(c, at, "a number that starts with 0");
	} else if (!digits(c))
		return false;
	if (c->p < c->end && *c->p == '.') {
		is_plain_int = false;
		c->p++;
		if (!digits(c))
			return false;
	}
	if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
		is_plain_int = false;
		c->p++;
		if (c->p < c->end && (*c->p == '-' || *c->p == '+'))
			c->p++;
		if (!digits(c))
			return false;
	}
	if (is_plain_int && c->p - at < 16)
		return true;	/* at most 15 digits: within JSON_INT_MAX */
	if (c->p - at > JSON_NUMBER_MAX)
		return refused(c, at, "a number of more than %d characters", JSON_NUMBER_MAX);
	if (!json_is_in_range(at, c->p))
		return refused(c, at, "a number beyond +-%lld", (long long)JSON_INT_MAX);
	return true;
}

/* ---- Objects, arrays and the rest */

static void
skip_space(struct check *c)
{
	while (c->p < c->end && json_is_space(*c->p))
		c->p++;
}

static bool
at_byte(const struct check *c, char byte)
{
	return c->p < c->end && *c->p == byte;
}

/*
 * Adds the key raw[0, n) to the object whose keys begin at `first`; refuses it if it is there
 * already.  Decodes before it compares, because "a" and "\u0061" are one key; a hash first, so that
 * this is rare.
 */
static bool
key_add(struct check *c, size_t first, const char *raw, size_t n)
{
	char buf[JSON_KEY_MAX], other_buf[JSON_KEY_MAX];
	const char *key, *other;
	size_t key_n, other_n;
	uint64_t hash;

	if (n > JSON_KEY_MAX)
		return refused(c, raw - 1, "a key of more than %d bytes", JSON_KEY_MAX);
	if (c->keys - first == JSON_MEMBERS_MAX)
		return refused(c, raw - 1, "more than %d members in one object", JSON_MEMBERS_MAX);
	key = json_unescape(raw, n, buf, &key_n);
	hash = json_key_hash(key, key_n);
	for (size_t i = first; i < c->keys; i++) {
		if (c->hash[i] != hash)
			continue;
		other = json_unescape(c->key[i].at, c->key[i].n, other_buf, &other_n);
		if (other_n == key_n && memcmp(other, key, key_n) == 0)
			return refused(c, raw - 1, "the key \"%.*s\" is given twice",
			    (int)utf8_cut(raw, n, SHOWN_MAX), raw);
	}
	c->key[c->keys].at = raw;
	c->key[c->keys].n = n;
	c->hash[c->keys++] = hash;
	return true;
}

static bool
member(struct check *c, size_t first)
{
	const char *at;

	if (!at_byte(c, '"'))
		return expected(c, "a key in quotes");
	at = c->p + 1;
	if (!string(c) || !key_add(c, first, at, (size_t)(c->p - 1 - at)))
		return false;
	skip_space(c);
	if (!at_byte(c, ':'))
		return expected(c, "a colon");
	c->p++;
	return value(c);
}

/* The inside of an object (first: the index of its first key) or of an array, up to the closing bracket. */
static bool
members(struct check *c, char close, size_t first)
{
	c->p++;
	skip_space(c);
	if (at_byte(c, close)) {
		c->p++;
		return true;
	}
	for (;;) {
		skip_space(c);
		if (!(close == '}' ? member(c, first) : value(c)))
			return false;
		skip_space(c);
		if (at_byte(c, close)) {
			c->p++;
			return true;
		}
		if (!at_byte(c, ','))
			return expected(c, close == '}' ? "a comma or }" : "a comma or ]");
		c->p++;
	}
}

static bool
nested(struct check *c)
{
	size_t first = c->keys;

	if (c->depth == JSON_DEPTH_MAX)
		return refused(c, c->p, "more than %d levels", JSON_DEPTH_MAX);
	c->depth++;
	if (!members(c, *c->p == '{' ? '}' : ']', first))
		return false;
	c->depth--;
	/* The object's keys are complete: their room is free for its next sibling. */
	c->keys = first;
	return true;
}

static bool
word(struct check *c, const char *is)
{
	size_t n = strlen(is);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, is, n) != 0)
		return expected(c, "a value");
	c->p += n;
	return true;
}

static bool
value(struct check *c)
{
	skip_space(c);
	if (c->p == c->end)
		return expected(c, "a value");
	switch (*c->p) {
	case '{':
	case '[':
		return nested(c);
	case '"':
		return string(c);
	case 't':
		return word(c, "true");
	case 'f':
		return word(c, "false");
	case 'n':
		return word(c, "null");
	case '-':
		return number(c);
	default:
		return is_digit(c) ? number(c) : expected(c, "a value");
	}
}

enum status
json_check(const char *label, const char *text, size_t n, struct error *err)
{
	NOT_CLEARED struct check c;	/* clearing 24 KiB of keys took a quarter of the instructions of an import */

	c.label = label;
	c.text = c.p = text;
	c.end = text + n;
	c.err = err;
	c.depth = 0;
	c.keys = 0;
	if (!value(&c))
		return BAD_REQUEST;
	skip_space(&c);
	if (c.p < c.end) {
		expected(&c, "the end");
		return BAD_REQUEST;
	}
	return OK;
}
