/*
 * A CSV file, read one record at a time: the only file that knows libcsv.
 *
 * Cells are separated by what the first line has most of, a comma, a semicolon, a tab or a bar, or by what a line `sep=` says:
 * Excel writes semicolons where the comma is part of numbers, and tabs in what it calls Unicode text.
 *
 * Nothing is known here of what the cells mean, and whoever reads a table says which of them it uses: a byte of Windows-1252 in
 * a text that nobody reads is no fault.  Records without any text are passed over, as are empty cells past the header.
 *
 * libcsv gets one physical line at a time, so that at most one record ends in each piece, and the line that a record begins
 * on is known.  It is lenient with stray quotation marks; one that is never closed is noticed by the size of the cell, or at
 * the end of the file.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <csv.h>

#include "import.h"
#include "base/utf8.h"

enum { BUFFER_SIZE = 64 * 1024 };

struct table {
	struct import *im;
	struct csv_parser parser;
	char buffer[BUFFER_SIZE];
	size_t start, end;		/* what is read and not yet parsed */
	bool has_begun;			/* the separator has been chosen */
	char delimiter;
	bool is_eof;
	bool is_open;			/* inside a record */
	bool is_whole;			/* a record has ended */
	bool was_cr;			/* the last piece ended in a carriage return */
	int64_t at_line, line;		/* of the next byte; of the record's start */
	char *text;			/* the record's cells, one after the other, each with a NUL */
	size_t used, max;
	size_t cells[TABLE_COLUMNS_MAX];	/* where each begins */
	bool is_text[TABLE_COLUMNS_MAX];	/* UTF-8 without a NUL, which a C string cannot hold */
	size_t count;
	const char *error;
	struct arena *texts;		/* of the header */
	const char *names[TABLE_COLUMNS_MAX];	/* of the columns; "" = not UTF-8 */
	bool is_used[TABLE_COLUMNS_MAX];
	size_t columns;
};

struct table *
table_new(struct import *im)
{
	struct table *t = xmalloc(sizeof(*t));

	memset(t, 0, sizeof(*t));
	t->im = im;
	t->at_line = 1;
	t->texts = arena_new();
	if (csv_init(&t->parser, CSV_APPEND_NULL) != 0)
		out_of_memory();
	csv_set_blk_size(&t->parser, 4096);
	return t;
}

void
table_free(struct table *t)
{
	csv_free(&t->parser);
	arena_free(t->texts);
	free(t->text);
	free(t);
}

int64_t
table_line(const struct table *t)
{
	return t->line;
}

const char *
table_cell(const struct table *t, size_t i)
{
	return i < t->count ? t->text + t->cells[i] : "";
}

char
table_delimiter(const struct table *t)
{
	return t->delimiter;
}

size_t
table_columns(const struct table *t)
{
	return t->columns;
}

const char *
table_name(const struct table *t, size_t column)
{
	return t->names[column];
}

void
table_use(struct table *t, size_t column)
{
	t->is_used[column] = true;
}

const char *
table_error(const struct table *t)
{
	struct arena *a = t->im->cli->arena;
	bool is_long = false;

	if (t->error != NULL)
		return t->error;
	for (size_t i = t->columns; i < t->count; i++)
		is_long |= table_cell(t, i)[0] != '\0';
	if (t->count < t->columns || is_long)
		return arena_printf(a, "record: has %zu cells; the header has %zu", t->count, t->columns);
	for (size_t i = 0; i < t->columns; i++)
		if (t->is_used[i] && !t->is_text[i])
			return arena_printf(a, "%s: not UTF-8, or contains a NUL; save the file as UTF-8",
			    cli_shown(t->im->cli, t->names[i]));
	return NULL;
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
	if (t->used + n + 1 > t->max) {
		t->max = 2 * (t->used + n + 1);
		t->text = xrealloc(t->text, t->max);
	}
	t->is_text[t->count] = utf8_is_valid(data, n) && memchr(data, '\0', n) == NULL;
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

/* The bytes up to the end of the line, CR or LF, or of the buffer. */
static size_t
piece_length(const char *text, size_t n)
{
	const char *lf = memchr(text, '\n', n), *cr = memchr(text, '\r', lf != NULL ? (size_t)(lf - text) : n);

	return cr != NULL ? (size_t)(cr - text) + 1 : lf != NULL ? (size_t)(lf - text) + 1 : n;
}

/* The bytes of the first line, without its end. */
static size_t
line_length(const char *text, size_t n)
{
	size_t length = piece_length(text, n);

	return length > 0 && (text[length - 1] == '\r' || text[length - 1] == '\n') ? length - 1 : length;
}

/* Which separator a line has most of outside of quotation marks; a comma if it has none. */
static char
separator_of(const char *line, size_t n)
{
	static const char separators[] = ",;\t|";
	size_t counts[sizeof(separators)] = { 0 }, best = 0;
	bool is_quoted = false;
	const char *which;

	for (size_t i = 0; i < n; i++) {
		is_quoted ^= line[i] == '"';
		if (!is_quoted && line[i] != '\0' && (which = strchr(separators, line[i])) != NULL)
			counts[which - separators]++;
	}
	for (size_t i = 1; separators[i] != '\0'; i++)
		if (counts[i] > counts[best])
			best = i;
	return separators[best];
}

/* Chooses the separator from the first line, or takes the one that a line `sep=;` names, which is then passed over. */
static void
choose_separator(struct table *t)
{
	const char *line = t->buffer;
	size_t n = line_length(line, t->end), quote = n > 0 && line[0] == '"';

	t->has_begun = true;
	if (n == 5 + 2 * quote && strncasecmp(line + quote, "sep=", 4) == 0 && strchr(",;\t|", line[4 + quote]) != NULL) {
		t->delimiter = line[4 + quote];
		t->start = n;	/* what is left of the line is a blank one */
	} else
		t->delimiter = separator_of(line, n);
	csv_set_delim(&t->parser, (unsigned char)t->delimiter);
}

/* Reads the next block of the file; false at the end. */
static bool
fill(struct table *t)
{
	t->start = 0;
	t->end = import_bytes(t->im, t->buffer, sizeof(t->buffer));
	if (!t->has_begun && t->end > 0 && t->buffer[0] == '{')
		return import_stop(t->im, 1, "this is JSON, not CSV; --format ndjson reads one object on each line");
	if (!t->has_begun)
		choose_separator(t);
	return t->end > t->start;
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

/* Reads the next record, which may have no text in it. */
static bool
read_record(struct table *t)
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

bool
table_next(struct table *t)
{
	/* Without text every cell is its NUL alone. */
	do {
		if (!read_record(t))
			return false;
	} while (t->error == NULL && t->used == t->count);
	return true;
}

bool
table_begin(struct table *t)
{
	struct import *im = t->im;

	if (!table_next(t))
		return im->is_over ? false : import_stop(im, 0, "the file is empty; its first line must name the columns");
	if (t->error != NULL)
		return import_stop(im, table_line(t), t->error);
	for (size_t i = 0; i < t->count; i++)
		t->names[i] = t->is_text[i] ? arena_strdup(t->texts, table_cell(t, i)) : "";
	t->columns = t->count;
	return true;
}
