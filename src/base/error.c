/*
 * An error's texts are part of the struct, with a fixed size, so that reporting one needs no memory
 * and nothing has to be freed.  A text that is too long is cut.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum status
error_set(struct error *err, enum status st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->status = st;
	/* A hint belongs to one error: an earlier one's must not follow this sentence. */
	err->hint[0] = '\0';
	return st;
}

void
error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

const char *
error_shown(const char *text, char out[ERROR_SHOWN_MAX])
{
	snprintf(out, ERROR_SHOWN_MAX, "%.*s", (int)utf8_cut(text, strlen(text), ERROR_SHOWN_MAX - 1), text);
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return out;
}
