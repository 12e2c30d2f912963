/*
 * Pages from templates (see html.h).  Templates are ours, so a mistake in one stops the program; values are the user's, so
 * they are escaped.
 */
#include <assert.h>
#include <string.h>

#include "http/html.h"

/* Copies stretches without special characters at once, and writes each special one as its entity. */
void
html_text(struct buf *out, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const written[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	size_t n;

	for (;;) {
		n = strcspn(text, special);
		buf_put(out, text, n);
		if (*(text += n) == '\0')
			return;
		n = (size_t)(strchr(special, *text++) - special);
		buf_put_text(out, written[n]);
	}
}

/* The value of a name of n bytes; NULL if there is none, or it is absent. */
static const char *
find(const struct html_value *values, const char *name, size_t n)
{
	for (; values->name != NULL; values++)
		if (strlen(values->name) == n && memcmp(values->name, name, n) == 0)
			return values->text;
	return NULL;
}

/* The position after the {{/name}} that belongs to a {{?name}}.  Sections may contain others, but not one of their own name. */
static const char *
skip(const char *at, const char *name, size_t n)
{
	while ((at = strstr(at, "{{/")) != NULL) {
		at += 3;
		if (strncmp(at, name, n) == 0 && strncmp(at + n, "}}", 2) == 0)
			return at + n + 2;
	}
	assert(0 && "a template's {{?name}} without its {{/name}}");
	return "";
}

void
html_fill(struct buf *out, const char *template, const struct html_value *values)
{
	const char *at = template, *tag, *name, *end, *text;
	size_t n;

	/* An end tag {{/name}} writes nothing: its section was shown, or skip has passed it. */
	while ((tag = strstr(at, "{{")) != NULL) {
		buf_put(out, at, (size_t)(tag - at));
		name = tag + 2 + (tag[2] == '*' || tag[2] == '?' || tag[2] == '/');
		end = strstr(name, "}}");
		assert(end != NULL);
		n = (size_t)(end - name);
		text = find(values, name, n);
		at = end + 2;
		if (tag[2] == '?' && (text == NULL || text[0] == '\0'))
			at = skip(at, name, n);
		else if (tag[2] == '*' && text != NULL)
			buf_put_text(out, text);
		else if (name == tag + 2 && text != NULL)
			html_text(out, text);
	}
	buf_put_text(out, at);
}
