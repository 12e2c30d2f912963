/* How far a long command is, on standard error if that is a terminal (see cli.h). */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "time/instant.h"

enum {
	BAR_WIDTH = 40, REDRAW_MS = 100, GROUPED_MAX = 32,
	SETTLED_BYTES = 2 << 20		/* of a file, many times what is read ahead of the lines that are counted */
};

/* Whether the line is to be drawn now: not more often than the eye needs, and always at the end. */
static bool
is_due(bool is_end)
{
	static int64_t drawn_ms;

	if (!isatty(STDERR_FILENO) || (instant_monotonic() - drawn_ms < REDRAW_MS && !is_end))
		return false;
	drawn_ms = instant_monotonic();
	return true;
}

void
progress(const char *what, int64_t done, int64_t total)
{
	static const char full[] = "########################################";
	int width;

	if (!is_due(done == total))
		return;
	if (total <= 0) {
		fprintf(stderr, "\r%s %" PRId64 " ", what, done);
		return;
	}
	width = (int)(done >= total ? BAR_WIDTH : done * BAR_WIDTH / total);
	fprintf(stderr, "\r%s [%-*.*s] %3d%% ", what, BAR_WIDTH, width, full, width * 100 / BAR_WIDTH);
}

/* A count with a comma before each three digits. */
static const char *
grouped(int64_t n, char out[GROUPED_MAX])
{
	char digits[GROUPED_MAX];
	int length = snprintf(digits, sizeof(digits), "%" PRId64, n);
	char *to = out;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

/*
 * The total and the time left are what the part that was read suggests, once there is enough of it.  The rate is that of the
 * whole time since the start, because batches differ.
 */
void
progress_lines(const struct progress_lines *p)
{
	bool is_settled = p->size > 0 && p->done >= SETTLED_BYTES && p->done < p->size;
	int64_t passed_ms = instant_monotonic() - p->started_ms, left_ms;
	char text[GROUPED_MAX];
	const char *dot;

	if (!is_due(p->size > 0 && p->done >= p->size))
		return;
	setlocale(LC_CTYPE, "");
	dot = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "·" : "-";
	fprintf(stderr, "\r%s ", p->what);
	if (p->size > 0)
		fprintf(stderr, "%d%% ", (int)(p->done >= p->size ? 100 : p->done * 100 / p->size));
	fputs(grouped(p->count, text), stderr);
	if (is_settled)
		fprintf(stderr, " of ~%s", grouped((int64_t)((__int128)p->count * p->size / p->done), text));
	if (passed_ms > 0)
		fprintf(stderr, " %s %s/s", dot, grouped(p->count * SECOND_MS / passed_ms, text));
	if (is_settled) {
		left_ms = (int64_t)((__int128)passed_ms * (p->size - p->done) / p->done);
		if (left_ms < MINUTE_MS)
			fprintf(stderr, " %s %" PRId64 " s left", dot, left_ms / SECOND_MS + 1);
		else
			fprintf(stderr, " %s %" PRId64 " min left", dot, left_ms / MINUTE_MS + 1);
	}
	fputs("\033[K", stderr);
}

void
progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}
