#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { LINE_SIZE = 4096, ID_SIZE = 72 };

static char request[ID_SIZE];

void
log_request(const char *request_id)
{
	snprintf(request, sizeof(request), "%s", request_id);
}

static void line(const char *level, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void
line(const char *level, const char *fmt, va_list ap)
{
	char buf[LINE_SIZE];
	size_t n;
	ssize_t written;

	n = (size_t)snprintf(buf, sizeof(buf), "level=%s%s%s ", level,
	    request[0] != '\0' ? " request_id=" : "", request);
	vsnprintf(buf + n, sizeof(buf) - n - 1, fmt, ap);
	n = strlen(buf);
	buf[n++] = '\n';
	written = write(STDERR_FILENO, buf, n);
	(void)written;	/* nowhere to complain */
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
	char *p = out, *end = out + size - 8;	/* room for one escape, the quote and the NUL */
	int is_plain = text[0] != '\0';

	for (const char *t = text; *t != '\0'; t++)
		if ((unsigned char)*t <= ' ' || *t == '"' || *t == '\\' || *t == '=' || *t == 0x7f)
			is_plain = 0;
	if (!is_plain)
		*p++ = '"';
	for (; *text != '\0' && p < end; text++) {
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
