/*
 * Each line is one write(2) of one buffer, so that lines of several processes on one file do not
 * mix.  No memory is allocated: out_of_memory logs too.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { LINE_SIZE = 4096, ID_SIZE = 72, CALLER_SIZE = 512 };

static char request[ID_SIZE], caller[CALLER_SIZE];

void
log_request(const char *request_id)
{
	snprintf(request, sizeof(request), "%s", request_id);
	caller[0] = '\0';
}

void
log_caller(const char *credential, const char *actor)
{
	char value[CALLER_SIZE / 2];

	snprintf(caller, sizeof(caller), " credential=%s%s%s", credential, actor[0] != '\0' ? " actor=" : "",
	    actor[0] != '\0' ? log_value(actor, value, sizeof(value)) : "");
}

static void line(const char *level, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Writes one line.  A text that is too long is cut; the line break is always there. */
static void
line(const char *level, const char *fmt, va_list ap)
{
	char buf[LINE_SIZE];
	size_t n;
	ssize_t written;

	n = (size_t)snprintf(buf, sizeof(buf), "level=%s%s%s%s ", level, request[0] != '\0' ? " request_id=" : "", request, caller);
	vsnprintf(buf + n, sizeof(buf) - n - 1, fmt, ap);
	n = strlen(buf);
	buf[n++] = '\n';
	written = write(STDERR_FILENO, buf, n);
	(void)written;	/* there is nowhere to report it */
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("info", fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("error", fmt, ap);
	va_end(ap);
}

const char *
log_value(const char *text, char *out, unsigned long size)
{
	char *p = out, *end = out + size - 8;	/* room for one more escape, the closing quote and the NUL */
	int is_plain = text[0] != '\0';

	/*
	 * A value needs quotes if a reader of logfmt could take a part of it for something else, or
	 * if it is empty.
	 */
	for (const char *t = text; *t != '\0'; t++)
		if ((unsigned char)*t <= ' ' || *t == '"' || *t == '\\' || *t == '=' || *t == 0x7f)
			is_plain = 0;
	if (!is_plain)
		*p++ = '"';
	for (; *text != '\0' && p < end; text++) {
		/* Control characters are escaped, so that no value can begin a line of its own in the log. */
		if (*text == '"' || *text == '\\') {
			*p++ = '\\';
			*p++ = *text;
		} else if ((unsigned char)*text < ' ' || *text == 0x7f)
			p += snprintf(p, (size_t)(out + size - p), "\\x%02x", (unsigned char)*text);
		else
			*p++ = *text;
	}
	if (!is_plain)
		*p++ = '"';
	*p = '\0';
	return out;
}
