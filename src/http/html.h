/*
 * A page from its template:
 *
 *	{{name}}	the value, escaped for text and for attributes in double quotes
 *	{{*name}}	the value as it is: HTML already
 *	{{?name}}…{{/name}}	what is between, if the value is neither absent nor empty
 */
#ifndef HTML_H
#define HTML_H

#include "base/buf.h"

struct html_value {
	const char *name, *text;	/* text NULL = absent */
};

/* Appends the page.  The values end with a NULL name. */
void	html_fill(struct buf *out, const char *template, const struct html_value *values);

/* Appends text, escaped. */
void	html_text(struct buf *out, const char *text);

#endif
