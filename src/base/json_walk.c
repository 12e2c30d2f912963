/*
 * Walks checked JSON text: finds the bytes of a value without parsing it.  The syntax is known to
 * be right, so most of it is skipped without a look; but no function reads past the n bytes of
 * text.
 */
#include <string.h>

#include "base/json.h"
#include "base/json_text.h"

static size_t
skip_space(const char *text, size_t n, size_t at)
{
	while (at < n && json_is_space(text[at]))
		at++;
	return at;
}

/*
 * The position after the string that starts at `at`.  Skips what a backslash escapes, a quote above all; but most strings have
 * none, and are found faster as a whole.
 */
static size_t
skip_string(const char *text, size_t n, size_t at)
{
	const char *inside = text + at + 1, *quote = memchr(inside, '"', n - at - 1);

	if (quote != NULL && memchr(inside, '\\', (size_t)(quote - inside)) == NULL)
		return (size_t)(quote - text) + 1;
	for (at++; at < n && text[at] != '"'; at++)
		if (text[at] == '\\')
			at++;
	return at < n ? at + 1 : n;
}

/* The position after the number or the word that starts at `at`, which nothing closes. */
static size_t
skip_word(const char *text, size_t n, size_t at)
{
	while (at < n && text[at] != ',' && text[at] != ']' && text[at] != '}' && !json_is_space(text[at]))
		at++;
	return at;
}

/*
 * The position after the value that starts at `at`.  Counts brackets of both kinds together,
 * because checked text closes them in order; strings are skipped whole, because they may contain
 * brackets.
 */
static size_t
skip_value(const char *text, size_t n, size_t at)
{
	static const bool counts[256] = { ['"'] = true, ['{'] = true, ['['] = true, ['}'] = true, [']'] = true };
	int depth = 0;

	if (at < n && text[at] == '"')
		return skip_string(text, n, at);
	if (at == n || (text[at] != '{' && text[at] != '['))
		return skip_word(text, n, at);
	for (;;) {
		while (at < n && !counts[(unsigned char)text[at]])
			at++;
		if (at == n)
			return n;
		if (text[at] == '"')
			at = skip_string(text, n, at);
		else if (text[at] == '{' || text[at] == '[') {
			depth++;
			at++;
		} else if (at++, --depth == 0)
			return at;
	}
}

/* Between calls *pos is on the next element or on the closing bracket, past the comma; 0 is the start. */
bool
json_next_item(const char *text, size_t n, size_t *pos, const char **item, size_t *item_n)
{
	size_t at = skip_space(text, n, *pos), end;

	if (*pos == 0) {
		if (at == n || text[at] != '[')
			return false;
		at = skip_space(text, n, at + 1);
	}
	if (at == n || text[at] == ']')
		return false;
	/* No progress: the caller's loop must end even on text that nobody has checked. */
	if ((end = skip_value(text, n, at)) == at)
		return false;
	*item = text + at;
	*item_n = end - at;
	end = skip_space(text, n, end);
	if (end < n && text[end] == ',')
		end = skip_space(text, n, end + 1);
	*pos = end;
	return true;
}

/* '-' and all digits become '0'; the other values differ in their first byte. */
char
json_kind(const char *text, size_t n)
{
	size_t at = skip_space(text, n, 0);

	if (at == n)
		return '\0';
	return text[at] == '-' || (text[at] >= '0' && text[at] <= '9') ? '0' : text[at];
}

/* Compares the members one after the other; good for a few of them, without the cost of parsing. */
bool
json_find(const char *text, size_t n, const char *name, const char **value, size_t *value_n)
{
	size_t name_n = strlen(name), key_n, at, end;
	char buf[JSON_KEY_MAX];
	const char *key;

	at = skip_space(text, n, 0);
	if (at == n || text[at] != '{')
		return false;
	for (at = skip_space(text, n, at + 1); at < n && text[at] == '"';) {
		end = skip_string(text, n, at);
		if (end - at - 2 > JSON_KEY_MAX)
			return false;	/* json_check refuses such a key */
		/* The key may be written with escapes; the name that the caller asks for is not. */
		key = json_unescape(text + at + 1, end - at - 2, buf, &key_n);
		at = skip_space(text, n, end);
		if (at < n && text[at] == ':')
			at = skip_space(text, n, at + 1);
		end = skip_value(text, n, at);
		if (key_n == name_n && memcmp(key, name, name_n) == 0) {
			*value = text + at;
			*value_n = end - at;
			return true;
		}
		at = skip_space(text, n, end);
		if (at < n && text[at] == ',')
			at = skip_space(text, n, at + 1);
	}
	return false;
}

/* A string without escapes, whose quotes become the NULs around it; NULL for another one.  *p ends up after it. */
static char *
plain_string(char **p, char *end)
{
	char *at = *p + 1, *q = memchr(at, '"', (size_t)(end - at));

	if (q == NULL || memchr(at, '\\', (size_t)(q - at)) != NULL)
		return NULL;
	*q = '\0';
	*p = q + 1;
	return at;
}

static void
pass_space(char **p, const char *end)
{
	while (*p < end && json_is_space(**p))
		++*p;
}

/* One member, up to the comma or the bracket after it. */
static bool
plain_member(char **p, char *end, struct json_plain *m)
{
	if (*p == end || **p != '"' || (m->name = plain_string(p, end)) == NULL)
		return false;
	pass_space(p, end);
	if (*p == end || *(*p)++ != ':')
		return false;
	pass_space(p, end);
	if (*p == end || **p == '{' || **p == '[')
		return false;
	m->kind = **p;
	m->value = *p;
	if (**p == '"' && (m->value = plain_string(p, end)) == NULL)
		return false;
	/* A number or a word ends at a byte that no part of it can be, so that strtod stops there. */
	while (*p < end && **p != ',' && **p != '}' && !json_is_space(**p))
		++*p;
	pass_space(p, end);
	return *p < end;
}

bool
json_plain_members(char *text, size_t n, struct json_plain *m, size_t max, size_t *count)
{
	char *p = text, *end = text + n;

	*count = 0;
	pass_space(&p, end);
	if (p == end || *p++ != '{')
		return false;
	pass_space(&p, end);
	if (p < end && *p == '}')
		return true;
	while (*count < max && plain_member(&p, end, &m[*count])) {
		++*count;
		if (*p != ',')
			return *p == '}';
		p++;
		pass_space(&p, end);
	}
	return false;
}
