/*
 * A carrier's report, record by record, as the cells of named fields, whether it is a table or has one JSON object on each line.
 *
 * A field is found under any of its names, in their order, so that the preferred one wins if a report has two.  In a table case,
 * blanks and the signs _ - . of a name do not matter; in JSON a name is a member's exact one, and `cost.amount` is a member of a
 * member.  Nothing but the fields is read: neither columns nor members may mislead by what else they hold.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

enum { FIELDS_MAX = 24 };

struct report {
	struct import *im;
	const struct report_field *fields;
	size_t count;
	struct table *table;		/* either */
	struct lines *lines;		/* or */
	size_t at[FIELDS_MAX];		/* the column of each field in a table; their number if there is none */
	const char *cells[FIELDS_MAX];	/* the present record */
	const char *error;
};

struct report *
report_new(struct import *im, const struct report_field *fields, size_t count)
{
	struct report *r = xmalloc(sizeof(*r));

	assert(count <= FIELDS_MAX);
	memset(r, 0, sizeof(*r));
	r->im = im;
	r->fields = fields;
	r->count = count;
	return r;
}

void
report_free(struct report *r)
{
	if (r->table != NULL)
		table_free(r->table);
	if (r->lines != NULL)
		lines_free(r->lines);
	free(r);
}

const char *
report_cell(const struct report *r, size_t field)
{
	return r->cells[field];
}

const char *
report_error(const struct report *r)
{
	return r->error;
}

int64_t
report_line(const struct report *r)
{
	return r->table != NULL ? table_line(r->table) : lines_number(r->lines);
}

/* ---- Tables */

/* Whether two names are the same but for case, blanks, `_`, `-` and `.`. */
static bool
is_name(const char *a, const char *b)
{
	static const char passed_over[] = " _-.";

	for (;;) {
		a += strspn(a, passed_over);
		b += strspn(b, passed_over);
		if (*a == '\0' || *b == '\0')
			return *a == *b;
		if ((*a++ | 0x20) != (*b++ | 0x20))
			return false;
	}
}

static void
find_column(struct report *r, size_t field)
{
	size_t columns = table_columns(r->table);

	r->at[field] = columns;
	for (const char *const *name = r->fields[field].names; *name != NULL; name++)
		for (size_t i = 0; i < columns; i++)
			if (is_name(table_name(r->table, i), *name)) {
				r->at[field] = i;
				table_use(r->table, i);
				return;
			}
}

bool
report_has(const struct report *r, size_t field)
{
	return r->table == NULL || r->at[field] < table_columns(r->table);
}

bool
report_begin(struct report *r)
{
	if (import_first(r->im) == '{') {
		r->lines = lines_new(r->im);
		return true;
	}
	r->table = table_new(r->im);
	if (!table_begin(r->table))
		return false;
	for (size_t f = 0; f < r->count; f++) {
		find_column(r, f);
		if (r->fields[f].is_needed && !report_has(r, f))
			return import_stop(r->im, table_line(r->table), arena_printf(r->im->cli->arena,
			    "header: the column %s is missing", r->fields[f].shown));
	}
	return true;
}

static void
read_record(struct report *r)
{
	r->error = table_error(r->table);
	for (size_t f = 0; f < r->count; f++)
		r->cells[f] = report_has(r, f) ? table_cell(r->table, r->at[f]) : "";
}

/* ---- Lines of JSON */

/* The value of a member as a text; "" if it is absent, null, or neither a text nor a number. */
static const char *
member_text(struct report *r, struct json_object *o, const char *text, size_t n, const char *name)
{
	struct error err;
	const char *dot = strchr(name, '.'), *value;
	struct arena *a = r->im->cli->arena;
	struct json_object *child;
	size_t length;

	if (dot != NULL) {
		name = arena_text(a, name, (size_t)(dot - name));
		if (!json_find(text, n, name, &value, &length) || json_member(o, name, '{', &child, &err) != OK || child == NULL)
			return "";
		return member_text(r, child, value, length, dot + 1);
	}
	if (!json_find(text, n, name, &value, &length))
		return "";
	if (json_kind(value, length) == '0')
		return arena_text(a, value, length);
	return json_string(o, name, 0, TABLE_RECORD_MAX, &value, &err) == OK && value != NULL ? value : "";
}

static void
read_line(struct report *r, const char *text, size_t n)
{
	struct error err = { .text = "" };
	struct json_object *o;

	for (size_t f = 0; f < r->count; f++)
		r->cells[f] = "";
	if (json_check("line", text, n, &err) != OK || json_parse(r->im->cli->arena, "", text, n, &o, &err) != OK) {
		r->error = arena_strdup(r->im->cli->arena, err.text);
		return;
	}
	for (size_t f = 0; f < r->count; f++)
		for (const char *const *name = r->fields[f].names; *name != NULL && r->cells[f][0] == '\0'; name++)
			r->cells[f] = member_text(r, o, text, n, *name);
	json_object_free(o);
}

bool
report_next(struct report *r)
{
	const char *text;
	bool is_long;
	size_t n;

	r->error = NULL;
	if (r->table != NULL) {
		if (!table_next(r->table))
			return false;
		read_record(r);
		return true;
	}
	if (!lines_next(r->lines, &text, &n, &is_long))
		return false;
	read_line(r, text, n);
	if (is_long)
		r->error = "line: longer than 256 KiB";
	return true;
}
