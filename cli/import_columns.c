/*
 * CSV with a header of our own field names, and any others, which are not read.  Each record becomes the JSON of an event, so
 * that event_read alone decides what an event may be.
 */
#include <string.h>
#include <strings.h>

#include "import.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/suggest.h"

static const char currency_name[] = "currency";

static const struct column {
	const char *name;
	bool is_number;
	bool is_late;	/* a name like it may be a column of people's own, as it was before there was this one; without its ' */
} columns[] = {
	{ "id", false }, { "source", false }, { "channel", false }, { "occurredAt", false }, { "messages", true },
	{ "parts", true }, { "status", false }, { "cost", true }, { "campaignId", false }, { "segmentNumber", true },
	{ "to", false }, { "reason", false }, { "voids", false }, { "settles", false },
	{ "from", false, true }, { "network", false, true }, { "tag", false, true },
	{ currency_name, false, true },	/* no member of an event: record_error compares it */
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* The columns of a file, in its order; NULL is one that is not read.  The places of some, or SIZE_MAX. */
struct header {
	const struct column *at[TABLE_COLUMNS_MAX];
	size_t id, cost, currency, from;
};

static const struct column *
column_of(const char *name)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

static bool
has_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < table_columns(t); i++)
		if (strcmp(table_name(t, i), name) == 0)
			return true;
	return false;
}

/* The field that a name probably means, which the file does not have; NULL if there is none. */
static const char *
meant(const struct table *t, const char *name)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (!columns[i].is_late && strlen(name) > 1 && suggest_distance(name, columns[i].name) <= 1 &&
		    !has_column(t, columns[i].name))
			return columns[i].name;
	return NULL;
}

/* Stops because a column is missing without which no line is an event: says whose report it is, or which columns it has. */
static bool
stop_without(struct import *im, const struct table *t, const char *column)
{
	const char *carrier = report_map_for(t), *all = "";
	struct arena *a = im->cli->arena;

	if (has_column(t, "Sid") || has_column(t, "NumSegments"))
		return import_stop(im, table_line(t), arena_printf(a, "header: the column %s is missing; for an export of Twilio use "
		    "--format twilio", column));
	if (carrier != NULL)
		return import_stop(im, table_line(t), arena_printf(a, "header: the column %s is missing; this has the columns of a "
		    "report of %s: use --map %s", column, carrier, carrier));
	for (size_t i = 0; i < table_columns(t); i++)
		all = arena_printf(a, "%.300s%s%.64s", all, i > 0 ? ", " : "", cli_shown(im->cli, table_name(t, i)));
	return import_stop(im, table_line(t), arena_printf(a, "header: the column %s is missing; there are %s. For a carrier's "
	    "report use --format twilio or --map", column, all));
}

/* Stops if a column is missing without which no line is an event. */
static bool
has_needed(struct import *im, const struct table *t)
{
	if (!has_column(t, "id"))
		return stop_without(im, t, "id");
	if (!has_column(t, "occurredAt") && !has_column(t, "voids") && !has_column(t, "settles"))
		return stop_without(im, t, "occurredAt");
	return true;
}

/* The place of a column; SIZE_MAX, whose cell is "", if the file has none. */
static size_t
place_of(const struct table *t, const struct header *h, const char *name)
{
	for (size_t i = 0; i < table_columns(t); i++)
		if (h->at[i] != NULL && strcmp(h->at[i]->name, name) == 0)
			return i;
	return SIZE_MAX;
}

/* Maps one column.  False, with the import stopped, if every record would be read wrongly: it is repeated, or a slip. */
static bool
map_column(struct import *im, struct table *t, struct header *h, size_t n)
{
	const char *name = table_name(t, n), *near = NULL;
	struct arena *a = im->cli->arena;

	if ((h->at[n] = column_of(name)) == NULL)
		near = meant(t, name);
	else
		table_use(t, n);
	if (near != NULL)
		return import_stop(im, table_line(t), arena_printf(a, "header: unknown column \"%.64s\"; perhaps %s is meant",
		    cli_shown(im->cli, name), near));
	for (size_t i = 0; h->at[n] != NULL && i < n; i++)
		if (h->at[i] == h->at[n])
			return import_stop(im, table_line(t), arena_printf(a, "header: the column \"%s\" is given twice", name));
	return true;
}

/* Maps the columns to fields, and reports those that are none of ours: a table of a person has columns of its own. */
static bool
read_header(struct import *im, struct table *t, struct header *h)
{
	struct arena *a = im->cli->arena;
	const char *unread = "";

	if (!table_begin(t))
		return false;
	if (!has_column(t, "id") && (has_column(t, "Sid") || has_column(t, "NumSegments") || report_map_for(t) != NULL))
		return stop_without(im, t, "id");
	for (size_t n = 0; n < table_columns(t); n++) {
		const char *name = table_name(t, n);

		if (!map_column(im, t, h, n))
			return false;
		if (h->at[n] == NULL && name[0] != '\0' && strcmp(name, "localTime") != 0)	/* which is for people */
			unread = arena_printf(a, "%.400s%s%.64s", unread, unread[0] != '\0' ? ", " : "", cli_shown(im->cli, name));
	}
	if (!has_needed(im, t))
		return false;
	h->id = place_of(t, h, "id");
	h->cost = place_of(t, h, "cost");
	h->currency = place_of(t, h, currency_name);
	h->from = place_of(t, h, "from");
	if (unread[0] != '\0' && im->look == NULL)
		fprintf(stderr, "%s: columns that are not read: %s\n", im->name, unread);
	return true;
}

/* A record as the JSON of an event; an empty cell is an absent member. */
static void
put_record(struct buf *to, const struct table *t, const struct header *h, struct arena *a)
{
	struct json *j = json_on(to);

	buf_reset(to);
	json_open_object(j, NULL);
	for (size_t i = 0; i < table_columns(t); i++) {
		const char *cell = table_cell(t, i);

		if (cell[0] == '\0' || h->at[i] == NULL || i == h->currency)
			continue;
		/* A ' in front keeps a spreadsheet from taking +1555… for a formula.  A sender that one has rounded is nobody's. */
		if (h->at[i]->is_late)
			cell = csv_unquoted(cell);
		if (i == h->from && cell_id_error(cell) != NULL)
			continue;
		if (h->at[i]->is_number && table_delimiter(t) != ',')
			cell = cell_number(a, cell);
		if (h->at[i]->is_number && cell_is_number(cell))
			json_put_raw(j, h->at[i]->name, cell, strlen(cell));
		else
			json_put_text(j, h->at[i]->name, cell);
	}
	json_close_object(j);
}

/* What is wrong with a record before it is read as an event; NULL = nothing.  Amounts are not converted. */
static const char *
record_error(struct import *im, const struct table *t, const struct header *h)
{
	const char *error = table_error(t), *currency = table_cell(t, h->currency);

	if (error == NULL)
		error = cell_id_error(table_cell(t, h->id));
	if (error == NULL && currency[0] != '\0' && table_cell(t, h->cost)[0] != '\0' && strcasecmp(currency, im->currency) != 0)
		error = arena_printf(im->cli->arena, "currency: %.64s, and the organization's is %s; leave costs out, or convert them",
		    cli_shown(im->cli, currency), im->currency);
	return error;
}

/* Adds the records after the header as events. */
static void
run(struct import *im)
{
	struct table *t = table_new(im);
	struct header h = { .at = { NULL } };
	struct buf event = { 0 };
	const char *error;
	bool goes_on;

	goes_on = read_header(im, t, &h);
	while (goes_on && table_next(t)) {
		if ((error = record_error(im, t, &h)) != NULL)
			goes_on = import_bad(im, table_line(t), error);
		else {
			put_record(&event, t, &h, im->cli->arena);
			goes_on = import_event(im, table_line(t), event.text, event.size);
		}
	}
	buf_free(&event);
	table_free(t);
}

const struct import_format import_columns = { .name = "csv", .source = "", .run = run };
