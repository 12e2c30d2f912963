/* NDJSON: one event a line, as POST /api/events takes it.  Skips empty lines. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import.h"

enum { BUFFER_SIZE = 256 * 1024 };	/* bytes; also the longest line */

struct lines {
	struct import *im;
	char *buffer;
	size_t start, end;	/* what has been read and not yet returned */
	int64_t number;		/* of the line returned last */
};

struct lines *
lines_new(struct import *im)
{
	struct lines *l = xmalloc(sizeof(*l));

	*l = (struct lines) { .im = im, .buffer = xmalloc(BUFFER_SIZE) };
	return l;
}

void
lines_free(struct lines *l)
{
	free(l->buffer);
	free(l);
}

int64_t
lines_number(const struct lines *l)
{
	return l->number;
}

static bool
next_line(struct lines *l, const char **text, size_t *n, bool *is_long)
{
	char *newline;
	size_t got;

	*is_long = false;
	l->number++;
	for (;;) {
		*text = l->buffer + l->start;
		if ((newline = memchr(*text, '\n', l->end - l->start)) != NULL) {
			*n = (size_t)(newline - *text);
			l->start += *n + 1;
			return true;
		}
		/* The buffer is full and has no newline: drop what it holds of this line. */
		if (l->end - l->start == BUFFER_SIZE) {
			*is_long = true;
			l->start = l->end;
		}
		/* Move the beginning of the line to the front, to make room for the rest. */
		memmove(l->buffer, l->buffer + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
		if ((got = import_bytes(l->im, l->buffer + l->end, BUFFER_SIZE - l->end)) == 0)
			break;
		l->end += got;
	}
	*text = l->buffer;	/* the last line, without a newline */
	*n = l->start = l->end;
	return !l->im->is_over && (*n > 0 || *is_long);
}

static bool
is_blank(const char *text, size_t n)
{
	while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL && text[n - 1] != '\0')
		n--;
	return n == 0;
}

/*
 * Whether the first line names columns: it has a separator, and the column of ids that every table of ours or of Twilio has.
 */
static bool
is_table(const char *text, size_t n)
{
	static const char *const names[] = { "id", "sid", "messageid", "messagesid" };
	size_t from = 0, length;

	if (memchr(text, ',', n) == NULL && memchr(text, ';', n) == NULL && memchr(text, '\t', n) == NULL)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && (text[i] == '\0' || strchr(",;\t\r\"", text[i]) == NULL))
			continue;
		length = i - from;
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (strlen(names[k]) == length && strncasecmp(text + from, names[k], length) == 0)
				return true;
		from = i + 1;
	}
	return false;
}

bool
lines_next(struct lines *l, const char **text, size_t *n, bool *is_long)
{
	bool is_there;

	do {
		is_there = next_line(l, text, n, is_long);
	} while (is_there && !*is_long && is_blank(*text, *n));
	return is_there;
}

static void
run(struct import *im)
{
	struct lines *l = lines_new(im);
	bool is_long, goes_on = true;
	const char *text;
	size_t n;

	while (goes_on && lines_next(l, &text, &n, &is_long)) {
		if (l->number == 1 && text[0] != '{' && is_table(text, n))
			goes_on = import_stop(im, 1, "this is CSV; choose its format by --format csv or --format twilio");
		else if (is_long)
			goes_on = import_bad(im, l->number, "line: longer than 256 KiB");
		else
			goes_on = import_event(im, l->number, text, n);
	}
	lines_free(l);
}

const struct import_format import_ndjson = { .name = "ndjson", .source = "", .run = run };
