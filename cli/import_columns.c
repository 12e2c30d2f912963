/*
 * CSV with a header of our own field names.  Each record becomes the JSON of an event, so that event_read alone decides what
 * an event may be.
 */
#include <string.h>
#include <strings.h>

#include "import.h"
#include "base/json.h"

static const struct column {
	const char *name;
	bool is_number;
} columns[] = {
	{ "id", false }, { "source", false }, { "channel", false }, { "occurredAt", false }, { "messages", true },
	{ "parts", true }, { "status", false }, { "cost", true }, { "campaignId", false }, { "segmentNumber", true },
	{ "to", false }, { "reason", false }, { "voids", false }, { "settles", false },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

/* The columns of a file, in its order. */
struct header {
	const struct column *at[TABLE_COLUMNS_MAX];
	size_t count;
};

/* Whether a column is one that only Twilio's export has: a hint for the error. */
static bool
is_twilio(const char *name)
{
	return strcasecmp(name, "From") == 0 || strcasecmp(name, "Sid") == 0 || strcasecmp(name, "NumSegments") == 0;
}

static const struct column *
column_of(const char *name)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

/* Maps the columns to fields.  An unknown or repeated one ends the import, because every record would be read wrongly. */
static bool
read_header(struct import *im, struct table *t, struct header *h)
{
	bool has_id = false;
	struct arena *a = im->cli->arena;

	if (!table_next(t))
		return im->is_over ? false : import_stop(im, 0, "the file is empty; its first line must name the columns");
	if (table_error(t) != NULL)
		return import_stop(im, table_line(t), table_error(t));
	for (h->count = 0; h->count < table_count(t); h->count++) {
		const char *name = table_cell(t, h->count);
		const struct column *column = column_of(name);

		if (column == NULL)
			return import_stop(im, table_line(t), arena_printf(a, "header: unknown column \"%.64s\"; one of id, "
			    "source, channel, occurredAt, messages, parts, status, cost, campaignId, segmentNumber, to, "
			    "reason, voids, settles%s", name, is_twilio(name) ? "; for an export of Twilio use --format twilio" : ""));
		for (size_t i = 0; i < h->count; i++)
			if (h->at[i] == column)
				return import_stop(im, table_line(t), arena_printf(a, "header: the column \"%s\" is given twice", name));
		h->at[h->count] = column;
		has_id |= strcmp(name, "id") == 0;
	}
	return has_id || import_stop(im, table_line(t), "header: the column id is missing");
}

static const char *
skip_digits(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Whether a cell is a number as JSON writes it.  Anything else is passed on as a text, which event_read then rejects. */
static bool
is_number(const char *text)
{
	const char *p = text + (text[0] == '-'), *digits = p;

	p = skip_digits(p);
	if (p == digits || (digits[0] == '0' && p > digits + 1))
		return false;
	if (*p == '.') {
		digits = ++p;
		if ((p = skip_digits(p)) == digits)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = p;
		if ((p = skip_digits(p)) == digits)
			return false;
	}
	return *p == '\0';
}

/* A record as the JSON of an event; an empty cell is an absent member. */
static void
put_record(struct buf *to, const struct table *t, const struct header *h)
{
	struct json *j = json_on(to);

	buf_reset(to);
	json_open_object(j, NULL);
	for (size_t i = 0; i < h->count; i++) {
		const char *cell = table_cell(t, i);

		if (cell[0] == '\0')
			continue;
		if (h->at[i]->is_number && is_number(cell))
			json_put_raw(j, h->at[i]->name, cell, strlen(cell));
		else
			json_put_text(j, h->at[i]->name, cell);
	}
	json_close_object(j);
}

/* Adds the records after the header as events. */
static void
run(struct import *im)
{
	struct table *t = table_new(im);
	struct header h = { .count = 0 };
	struct buf event = { 0 };
	bool goes_on;

	goes_on = read_header(im, t, &h);
	while (goes_on && table_next(t)) {
		if (table_error(t) != NULL)
			goes_on = import_bad(im, table_line(t), table_error(t));
		else if (table_count(t) != h.count)
			goes_on = import_bad(im, table_line(t), arena_printf(im->cli->arena,
			    "record: has %zu cells; the header has %zu", table_count(t), h.count));
		else {
			put_record(&event, t, &h);
			goes_on = import_event(im, table_line(t), event.text, event.size);
		}
	}
	buf_free(&event);
	table_free(t);
}

const struct import_format import_columns = { .name = "csv", .source = "", .run = run };
