/*
 * The fields of an HTML form (see form.h).
 */
#include <string.h>

#include "http/form.h"
#include "http/req.h"
#include "base/utf8.h"

/* Removes the blanks around a value, which pasted text often has. */
static char *
trim(char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	return text;
}

/*
 * Stores one name=value, in place.  Ignores a name that is no field of ours.  A known one may come once only and must be UTF-8,
 * so that what is stored is what was typed.
 */
static enum status
read_pair(char *name, const char *const *names, const char **values, struct error *err)
{
	char *value = strchr(name, '=');

	if (value == NULL)
		return OK;
	*value++ = '\0';
	if (!req_decode(name))
		return OK;
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		if (values[i] != NULL)
			return error_set(err, BAD_REQUEST, "%s: given twice", names[i]);
		if (!req_decode(value) || !utf8_is_valid(value, strlen(value)))
			return error_set(err, BAD_REQUEST, "%s: not UTF-8, or a broken %% escape", names[i]);
		values[i] = trim(value);
	}
	return OK;
}

enum status
form_read(struct arena *a, const char *body, size_t n, const char *const *names, const char **values, struct error *err)
{
	char *rest = arena_text(a, body != NULL ? body : "", n), *pair;
	enum status st = OK;
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		values[i] = NULL;
	if (n > 0 && memchr(body, '\0', n) != NULL)
		return error_set(err, BAD_REQUEST, "body: contains a NUL");
	while (st == OK && (pair = strsep(&rest, "&")) != NULL)
		st = read_pair(pair, names, values, err);
	/* The caller may read every value, given or not. */
	while (i-- > 0)
		if (values[i] == NULL)
			values[i] = "";
	return st;
}
