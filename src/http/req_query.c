/* Parsing the query string: known parameters, each at most once, decoded, in UTF-8, not empty. */
#include <string.h>

#include "base/crypto.h"
#include "http/req.h"
#include "base/suggest.h"
#include "base/utf8.h"

enum { QUERY_MAX_BYTES = 8192 };

/* Decodes in place: the result is never longer than the text. */
bool
req_decode(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++)
		if (*text == '+')
			*out++ = ' ';
		else if (*text != '%')
			*out++ = *text;
		else {
			/* text[2] is looked at only if text[1] is a digit, so that a "%" at the end is safe. %00 is refused. */
			int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);

			if (high < 0 || low < 0 || high + low == 0)
				return false;
			*out++ = (char)(high * 16 + low);
			text += 2;
		}
	*out = '\0';
	return true;
}

static bool
is_known(const struct route *route, const char *name)
{
	for (const char *const *known = route->query; known != NULL && *known != NULL; known++)
		if (strcmp(*known, name) == 0)
			return true;
	return false;
}

/* Every mistake with a known parameter has the same remedy. */
static enum status
wrong(struct req *r, const char *name, const char *what)
{
	error_set(&r->err, BAD_REQUEST, "%s: %s", name, what);
	error_hint(&r->err, "Give %s once, with a value.", name);
	return BAD_REQUEST;
}

/*
 * Decodes one name=value, in place, and stores it.  Ignores an unknown name unless the endpoint refuses such; a name that
 * cannot be decoded is unknown too.
 */
static enum status
add_param(struct req *r, char *name)
{
	char *value = strchr(name, '=');

	if (value == NULL)
		value = name + strlen(name);
	else
		*value++ = '\0';
	if (!req_decode(name) || !utf8_is_valid(name, strlen(name)) || !is_known(r->route, name)) {
		if (!r->endpoint->refuses_unknown)
			return OK;	/* a front end may add a cache-buster */
		if (!utf8_is_valid(name, strlen(name)))
			return error_set(&r->err, BAD_REQUEST, "query: unknown parameter");
		return error_set(&r->err, BAD_REQUEST, "%.64s: unknown parameter%s", name,
		    r->route->query != NULL ? suggest_say(name, r->route->query) : "");
	}
	/* The name is known: from here on every mistake is an error. */
	if (req_query(r, name) != NULL)
		return wrong(r, name, "given twice");
	if (!req_decode(value) || !utf8_is_valid(value, strlen(value)))
		return wrong(r, name, "not UTF-8, or a broken % escape");
	if (value[0] == '\0')
		return wrong(r, name, "empty");
	if (r->query_count == PARAMS_MAX)
		return error_set(&r->err, BAD_REQUEST, "%s: too many parameters", name);
	r->query[r->query_count++] = (struct param) { name, value };
	return OK;
}

/* Splits at "&" and skips empty parts, as in "?a=1&&b=2". */
enum status
req_read_query(struct req *r)
{
	const char *query = req_env(r, "QUERY_STRING");
	char *pair, *rest;
	enum status st = OK;

	if (query == NULL)
		return OK;
	if (strlen(query) > QUERY_MAX_BYTES)
		return error_set(&r->err, BAD_REQUEST, "query: longer than %d bytes", QUERY_MAX_BYTES);
	rest = arena_strdup(r->arena, query);
	while (st == OK && (pair = strsep(&rest, "&")) != NULL)
		if (pair[0] != '\0')
			st = add_param(r, pair);
	return st;
}
