/* What the files of `daybook import` share: the batch that events are added to, and a CSV file read record by record. */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdio.h>

#include "base/json.h"
#include "cli.h"
#include "ledger/event.h"

#define IMPORT_BATCH 1000	/* events of one write transaction */
#define TABLE_COLUMNS_MAX 128
#define TABLE_RECORD_MAX (1 << 20)	/* bytes of one record */

#define INPUT_BLOCK (32 * 1024)	/* bytes that are read of a file at once */
#define CURRENCIES_MAX 8	/* that prices left out are counted by; the last one counts all others */

struct import;
struct import_look;
struct input;

/* A format; each is defined in its file, import_NAME.c, and listed in import.c. */
struct import_format {
	const char *name, *source;	/* of --format; of events that have no source, unless --source says otherwise */
	bool is_statement;		/* a carrier's statement (event_options) */
	void (*run)(struct import *im);	/* adds the events of the file */
};

/*
 * 1. items[0, count) wait for their transaction, bad ones among them, so that errors are reported in the order of the file.
 * 2.  The texts of the items are in cli->arena, which is reset after each batch. 3. is_over: the import has to end, and takes
 * no more lines.
 */
struct import {
	struct cli *cli;
	const char *name;		/* of the file, for messages */
	struct input *input;		/* the file */
	int64_t size, done;		/* bytes of the file (0 = unknown), and those read so far */
	int64_t taken, started_ms;	/* events and bad lines of this pass, and when it began (instant_monotonic) */
	char org[ID_MAX];
	char currency[CURRENCY_MAX];	/* of the organization */
	const char *source;		/* of events that have none */
	const struct import_format *format;
	struct report_map *map;		/* of --map; NULL */
	bool is_strict, ignores_prices;
	struct import_look *look;	/* not NULL: a first pass, which writes nothing (import_look.c) */
	bool is_over, has_failed;
	struct event_item *items;
	int64_t *lines;			/* the line that each item begins on */
	size_t count;
	int64_t accepted, duplicates, conflicts, rejected;
	int64_t adjusted, differ, voided, unknown_campaigns, inbound, not_sent;
	struct {
		char code[8];
		int64_t count;
	} left_out[CURRENCIES_MAX];	/* prices in other currencies; "" ends the list */
};

/* Adds an event, given as JSON text.  Returns false if the import is over. */
bool	import_event(struct import *im, int64_t line, const char *json, size_t n);

/* Adds a line that is no event, with "field: what was wrong".  Returns false if the import is over. */
bool	import_bad(struct import *im, int64_t line, const char *error);

/* Posts the batch.  Returns false if the import is over. */
bool	import_flush(struct import *im);

/* Says how far it is, to a terminal. */
void	import_progress(const struct import *im, const char *what);

/* Ends the import early: prints `daybook: FILE:LINE: …` (line 0: no line).  Returns false. */
bool	import_stop(struct import *im, int64_t line, const char *what);

/* ---- The file: import_input.c */

/* Opens it, `-` for standard input.  Returns false with the error printed.  input_close closes it. */
bool	input_open(struct import *im, const char *path);
void	input_close(struct import *im);

/* Makes sure that it can be read twice; goes back to its beginning.  False, with the error printed, if that fails. */
bool	input_keep(struct import *im);
bool	input_rewind(struct import *im);

/* Reads n bytes of it in UTF-8, without a byte order mark; fewer at its end, 0 if it cannot be read (then is_over). */
size_t	import_bytes(struct import *im, char *buffer, size_t n);

/* Reads n bytes of it as they are; fewer at its end, 0 if it cannot be read (then is_over). */
size_t	input_raw(struct import *im, void *to, size_t n);

/* Its first character, which stays to be read; NUL if it is empty or cannot be read. */
char	import_first(struct import *im);

/* What the file is, and what to do, if it begins with text[0, n) and cannot be imported; NULL if it may be: import_kind.c */
const char	*import_kind(const char *text, size_t n);

/* ---- gzip: import_gzip.c */

struct gzip;

/* Begins to unpack a file of which begin[0, n) has been read, at most INPUT_BLOCK bytes. */
struct gzip	*gzip_new(const unsigned char *begin, size_t n);
void		 gzip_free(struct gzip *g);	/* which may be NULL */

/* Unpacks n bytes; fewer at the end, or if the file is damaged (then the import is over). */
size_t		 gzip_read(struct gzip *g, struct import *im, void *to, size_t n);

/* ---- Ids that stand in the ledger under another source: import_look.c */

/* Looks for them.  Returns false, with the error printed, if the import must not begin. */
bool	import_look(struct import *im);

/* Takes the batch in the first pass.  Returns false if it is over. */
bool	import_look_batch(struct import *im);

/* ---- CSV (RFC 4180; any usual separator and line ends, quoted newlines): import_csv.c */

struct table;

struct table	*table_new(struct import *im);
void		 table_free(struct table *t);

/* Reads the header; false if it cannot be read (then the import is over).  A name that is not UTF-8 is "". */
bool		 table_begin(struct table *t);
size_t		 table_columns(const struct table *t);
const char	*table_name(const struct table *t, size_t column);
char		 table_delimiter(const struct table *t);

/* Says that the cells of this column are used. */
void		 table_use(struct table *t, size_t column);

/* Reads the next record; false at the end, or if the file cannot be read further (then the import is over). */
bool		 table_next(struct table *t);

/*
 * Of the present record: the line that it begins on, its cells (NUL-terminated), what is wrong with it (NULL = nothing): cells
 * too few or too many, or one that is used and is no text.
 */
int64_t		 table_line(const struct table *t);
const char	*table_cell(const struct table *t, size_t i);
const char	*table_error(const struct table *t);

/* ---- Lines: import_ndjson.c */

struct lines;

struct lines	*lines_new(struct import *im);
void		 lines_free(struct lines *l);
int64_t		 lines_number(const struct lines *l);	/* of the line that was read last, from 1 */

/*
 * Reads the next line that is not blank, without its newline.  If it does not fit into the buffer, is_long is set and the text
 * is only its end.  False at the end of the file, or if it cannot be read.
 */
bool		 lines_next(struct lines *l, const char **text, size_t *n, bool *is_long);

/* ---- A carrier's report, a table or lines of JSON: import_report.c */

struct report_field {
	const char *shown;		/* in messages */
	bool is_needed;			/* a table must have the column */
	const char *names[9];		/* ends with NULL */
};

struct report;

struct report	*report_new(struct import *im, const struct report_field *fields, size_t count);	/* at most 24 */
void		 report_free(struct report *r);

/* Finds out what it is and reads the header; false if it cannot be read (then the import is over). */
bool		 report_begin(struct report *r);

/* Whether records have that field; always true of JSON. */
bool		 report_has(const struct report *r, size_t field);

/* Reads the next record; false at the end.  Of it: its line, a field ("" = absent), what is wrong with it (NULL = nothing). */
bool		 report_next(struct report *r);
int64_t		 report_line(const struct report *r);
const char	*report_cell(const struct report *r, size_t field);
const char	*report_error(const struct report *r);

/* ---- The map of a carrier's report: import_map.c */

struct report_map;

/* Reads a map, or takes the ready one of that name; NULL, with the error printed, if it is none. */
struct report_map	*report_map_new(const char *text);
void			 report_map_free(struct report_map *map);	/* which may be NULL */
const char		*report_map_source(const struct report_map *map);	/* of its events */

/* The ready map whose columns a table has; NULL if there is none. */
const char		*report_map_for(const struct table *t);

/* ---- Cells as spreadsheets and carriers write them: import_cell.c */

/* What is wrong with an id that a spreadsheet has written as 1.23457E+17; NULL if it has not. */
const char	*cell_id_error(const char *id);

/*
 * Writes a carrier's sender and network as `from` and `network`.  Leaves out what is none: empty, rounded by a spreadsheet, too
 * long, with control characters.  The line is billed, and so it counts, whoever sent it.
 */
void		 cell_put_origin(struct json *j, const char *sender, const char *network);

/* The text, with a decimal point for a decimal comma if there is just one and it cannot separate thousands. */
const char	*cell_number(struct arena *a, const char *text);

/* Whether a cell is a number as JSON writes it. */
bool		 cell_is_number(const char *text);

/* Whether it is one of the words, which end with NULL, in any case. */
bool		 cell_is_word(const char *text, const char *const *words);

/*
 * Adds `cost` to an event: the absolute value of a price in the organization's currency, which is that of a price that says none.
 * A price in another one is left out and counted in im; none is added if the cell is empty or says so.  Returns what is wrong
 * with them, named by the two columns, or NULL.
 */
const char	*cell_price(struct import *im, struct json *event, const char *price, const char *currency,
		    const char *price_column, const char *currency_column);

/*
 * Parses an instant as Twilio's exports and other carriers' reports write it; false if it is not one, or its zone is neither UTC
 * nor a number.
 */
bool	twilio_instant(const char *text, int64_t *at);

#endif
