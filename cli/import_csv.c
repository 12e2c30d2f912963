/*
 * A CSV file, read one record at a time: the only file that knows libcsv.
 *
 * libcsv gets one physical line at a time, so that at most one record ends in each piece, and the line that a record begins
 * on is known.  It is lenient with stray quotation marks; one that is never closed is noticed by the size of the cell, or at
 * the end of the file.
 */
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "import.h"
#include "base/utf8.h"

enum { BUFFER_SIZE = 64 * 1024 };

struct table {
	struct import *im;
	struct csv_parser parser;
	char buffer[BUFFER_SIZE];
	size_t start, end;		/* what is read and not yet parsed */
	bool has_begun;			/* the first bytes have been checked for a byte order mark */
	bool is_eof;
	bool is_open;			/* inside a record */
	bool is_whole;			/* a record has ended */
	bool was_cr;			/* the last piece ended in a carriage return */
	int64_t at_line, line;		/* of the next byte; of the record's start */
	char *text;			/* the record's cells, one after the other, each with a NUL */
	size_t used, max;
	size_t cells[TABLE_COLUMNS_MAX];	/* where each begins */
	size_t count;
	const char *error;
};

struct table *
table_new(struct import *im)
{
	struct table *t = xmalloc(sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->im = im;
	t->at_line = 1;
	if (csv_init(&t->parser, CSV_APPEND_NULL) != 0)
		out_of_memory();
	csv_set_blk_size(&t->parser, 4096);
	return t;
}

void
table_free(struct table *t)
{
	csv_free(&t->parser);
	free(t->text);
	free(t);
}

int64_t
table_line(const struct table *t)
{
	return t->line;
}

size_t
table_count(const struct table *t)
{
	return t->count;
}

const char *
table_cell(const struct table *t, size_t i)
{
	return i < t->count ? t->text + t->cells[i] : "";
}

const char *
table_error(const struct table *t)
{
	return t->error;
}

/* Whether a cell is UTF-8 without a NUL, which a C string cannot hold. */
static bool
is_text(const char *text, size_t n)
{
	size_t length;

	for (size_t i = 0; i < n; i += length)
		if (text[i] == '\0' || (length = utf8_char(text + i, n - i)) == 0)
			return false;
	return true;
}

/*
 * Called by libcsv for each cell.  After a mistake the record is read to its end, so that the next one begins in the right
 * place.
 */
static void
on_cell(void *data, size_t n, void *arg)
{
	struct table *t = arg;

	if (t->count == TABLE_COLUMNS_MAX || t->used + n + 1 > TABLE_RECORD_MAX) {
		t->error = t->count == TABLE_COLUMNS_MAX ? "record: more than 128 cells" : "record: longer than 1 MiB";
		return;
	}
	if (!is_text(data, n))
		t->error = "record: not UTF-8, or contains a NUL";
	if (t->used + n + 1 > t->max) {
		t->max = 2 * (t->used + n + 1);
		t->text = xrealloc(t->text, t->max);
	}
	t->cells[t->count++] = t->used;
	memcpy(t->text + t->used, data, n);
	t->text[t->used + n] = '\0';
	t->used += n + 1;
}

/* Called by libcsv at the end of each record. */
static void
on_record(int end, void *arg)
{
	struct table *t = arg;

	(void)end;
	t->is_whole = true;
	t->is_open = false;
}

/* Reads the next block of the file, without the byte order mark that may begin it; false at the end. */
static bool
fill(struct table *t)
{
	t->start = 0;
	t->end = import_bytes(t->im, t->buffer, sizeof(t->buffer));
	if (!t->has_begun && t->end >= 3 && memcmp(t->buffer, "\xef\xbb\xbf", 3) == 0)
		t->start = 3;
	t->has_begun = true;
	return t->end > t->start;
}

/* The bytes up to the end of the line, CR or LF, or of the buffer. */
static size_t
piece_length(const char *text, size_t n)
{
	const char *lf = memchr(text, '\n', n), *cr = memchr(text, '\r', lf != NULL ? (size_t)(lf - text) : n);

	return cr != NULL ? (size_t)(cr - text) + 1 : lf != NULL ? (size_t)(lf - text) + 1 : n;
}

static bool
is_blank(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
			return false;
	return true;
}

/* Parses one piece.  False if the file cannot be read further. */
static bool
parse(struct table *t)
{
	const char *text = t->buffer + t->start;
	size_t n = piece_length(text, t->end - t->start);

	/* Blank lines between records are none: libcsv skips them. */
	if (!t->is_open && !is_blank(text, n)) {
		t->is_open = true;
		t->line = t->at_line;
	}
	if (csv_parse(&t->parser, text, n, on_cell, on_record, t) != n)
		return import_stop(t->im, t->line, csv_strerror(csv_error(&t->parser)));
	if (csv_get_buffer_size(&t->parser) > TABLE_RECORD_MAX)
		return import_stop(t->im, t->line, "a cell has more than 1 MiB; perhaps a quotation mark is not closed");
	/* CR LF is one end of a line, also if it is split between two pieces. */
	t->at_line += text[n - 1] == '\r' || (text[n - 1] == '\n' && !(n == 1 && t->was_cr));
	t->was_cr = text[n - 1] == '\r';
	t->start += n;
	return true;
}

bool
table_next(struct table *t)
{
	t->count = t->used = 0;
	t->error = NULL;
	t->is_whole = false;
	while (!t->is_whole && !t->is_eof) {
		if (t->start == t->end && !fill(t)) {
			t->is_eof = true;
			break;
		}
		if (!parse(t))
			return false;
	}
	if (t->is_whole)
		return true;
	if (t->im->is_over || !t->is_open)
		return false;
	/* The last record has no end of line: let libcsv finish it, and insist on closed quotation marks. */
	csv_set_opts(&t->parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI);
	if (csv_fini(&t->parser, on_cell, on_record, t) != 0)
		return import_stop(t->im, t->line, "a quotation mark is not closed");
	return t->is_whole;
}
