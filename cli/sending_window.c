/*
 * Sending windows of organizations: org sending-window.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <string.h>

#include "cli.h"
#include "base/name.h"
#include "org/sending_row.h"
#include "time/ical.h"
#include "time/instant.h"

struct window_options {
	const char *hours, *close, *name, *open, *import;
	bool remove, json;
};

/* A change: what was asked for, and what the file said. */
struct window_change {
	struct cli *cli;
	struct window_options options;
	const char *text;		/* of the iCalendar file; NULL = none */
	size_t text_n;
	struct ical_days found;		/* its dates */
	struct sending_import counts;
	struct segment_outside *outside;
	size_t outside_count;
	bool is_usage;			/* an option was wrong, and the error has been printed */
};

/* ---- Showing */

static void
print_json(const struct sending_window *w)
{
	struct buf text = { 0 };

	sending_row_text(w, &text);
	puts(buf_text(&text));
	buf_free(&text);
}

static void
print_window(struct cli *c, const struct sending_window *w)
{
	char day[DAY_TEXT_MAX];
	struct buf hours = { 0 };

	sending_hours_format(&hours, w);
	printf("hours   %s\n", buf_text(&hours));
	buf_free(&hours);
	if (w->closed_count == 0)
		printf("closed  none\n");
	for (size_t i = 0; i < w->closed_count; i++)
		printf("%-8s%s%s%s\n", i == 0 ? "closed" : "", day_format(w->closed[i].day, day),
		    w->closed[i].name[0] != '\0' ? "  " : "", cli_shown(c, w->closed[i].name));
}

static int
show(struct cli *c, const char *id, bool is_json)
{
	struct organization org;
	struct sending_window w;

	if (!cli_read(c))
		return FAILED;
	if (organization_load(c->db, id, &org, &c->err) != OK || sending_row_load(c->db, c->arena, &org, &w) != OK)
		return cli_fail(c);
	if (is_json)
		print_json(&w);
	else
		print_window(c, &w);
	db_read_end(c->db);
	return DONE;
}

/* ---- Changing */

/* Calls apply for each date of a list; false, with the error printed, at the first that is wrong. */
static bool
each_date(const char *option, const char *list, struct window_change *change, struct sending_window *w,
    bool (*apply)(struct window_change *change, struct sending_window *w, struct day d))
{
	char text[DAY_TEXT_MAX + 16];
	struct day d;

	for (;;) {
		size_t n = strcspn(list, ",");

		snprintf(text, sizeof(text), "%.*s", (int)(n < DAY_TEXT_MAX ? n : DAY_TEXT_MAX), list);
		if (!cli_day("org", option, text, &d)) {
			change->is_usage = true;
			return false;
		}
		if (!apply(change, w, d))
			return false;
		if (list[n] == '\0')
			return true;
		list += n + 1;
	}
}

static bool
close_date(struct window_change *change, struct sending_window *w, struct day d)
{
	const char *name = change->options.name != NULL ? change->options.name : "";

	if (sending_window_close(change->cli->arena, w, (struct closed_day) { d, name }, SENDING_CLOSED_MAX))
		return true;
	error_set(&change->cli->err, BAD_REQUEST, "--close: more than %d dates would be closed", SENDING_CLOSED_MAX);
	return false;
}

static bool
open_date(struct window_change *change, struct sending_window *w, struct day d)
{
	char text[DAY_TEXT_MAX];

	if (sending_window_open(w, d))
		return true;
	error_set(&change->cli->err, BAD_REQUEST, "--open: %s is not closed", day_format(d, text));
	return false;
}

/* Applies the options to the present window. */
static enum status
apply(struct window_change *change, const struct organization *org, struct sending_window *w)
{
	const struct window_options *o = &change->options;
	struct cli *c = change->cli;
	enum status st;

	*w = (struct sending_window) { 0 };
	if (o->remove)
		return OK;
	st = change->text != NULL ? sending_row_import(c->db, c->arena, org, o->import, &change->found, w, &change->counts, &c->err) :
	    sending_row_load(c->db, c->arena, org, w);
	if (st != OK)
		return st;
	if (o->hours != NULL && sending_hours_parse("--hours", o->hours, w, &c->err) != OK) {
		cli_usage("org", "%s", c->err.text);
		change->is_usage = true;
		return BAD_REQUEST;
	}
	if ((o->close != NULL && !each_date("--close", o->close, change, w, close_date)) ||
	    (o->open != NULL && !each_date("--open", o->open, change, w, open_date)))
		return BAD_REQUEST;
	return OK;
}

static enum status
write_window(struct organization *org, void *arg)
{
	struct window_change *change = arg;
	struct cli *c = change->cli;
	struct sending_window w;
	enum status st;

	if ((st = apply(change, org, &w)) != OK ||
	    (st = sending_row_replace(c->db, c->arena, org, &w, c->now, &cli_actor)) != OK)
		return st;
	return sending_row_outside(c->db, c->arena, org, &w, c->now, &change->outside, &change->outside_count);
}

/* Reads the file, `-` for standard input; false, with the error printed. */
static bool
read_file(struct cli *c, const char *path, struct window_change *change)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *text = arena_alloc(c->arena, ICAL_SIZE_MAX + 1);
	size_t n = file != NULL ? fread(text, 1, ICAL_SIZE_MAX + 1, file) : 0;
	bool is_read = file != NULL && !ferror(file);

	if (!is_read)
		error_set(&c->err, BAD_REQUEST, "%s: %s", path, strerror(errno));
	else if (n > ICAL_SIZE_MAX)
		error_set(&c->err, BAD_REQUEST, "%s: larger than %d bytes", path, ICAL_SIZE_MAX);
	if (file != NULL && file != stdin)
		fclose(file);
	change->text = text;
	change->text_n = n;
	if (is_read && n <= ICAL_SIZE_MAX)
		return true;
	cli_fail(c);
	return false;
}

/* Reads which dates the file has, before anything waits for the write; false, with the error printed. */
static bool
read_dates(struct cli *c, const char *id, struct window_change *change)
{
	struct organization org;
	enum status st = db_read_begin(c->db);

	if (st == OK && (st = organization_load(c->db, id, &org, &c->err)) == OK)
		st = sending_row_read_file(c->arena, &org, change->options.import, change->text, change->text_n, c->now, &change->found,
		    &c->err);
	db_read_end(c->db);
	if (st != OK)
		cli_fail(c);
	return st == OK;
}

static int
change_window(struct cli *c, const char *id, const struct window_options *o)
{
	struct window_change change = { .cli = c, .options = *o };
	char at[INSTANT_TEXT_MAX];

	if (o->import != NULL && !read_file(c, o->import, &change))
		return FAILED;
	c->org = id;
	if (!cli_open(c) || (o->import != NULL && !read_dates(c, id, &change)))
		return FAILED;
	if (organization_write(c->db, c->arena, id, c->now, write_window, &change, &c->err) != OK)
		return change.is_usage ? USAGE : cli_fail(c);
	printf("%s the sending window of %s\n", o->remove ? "removed" : "set", id);
	if (o->import != NULL)
		printf("closed %zu date%s of %s; skipped %zu event%s\n", change.counts.imported, change.counts.imported == 1 ? "" : "s",
		    o->import, change.counts.skipped, change.counts.skipped == 1 ? "" : "s");
	for (size_t i = 0; i < change.outside_count; i++)
		printf("outside: campaign %s, segment %" PRId64 " at %s\n", change.outside[i].campaign, change.outside[i].segment,
		    instant_format(change.outside[i].scheduled_at, at));
	return DONE;
}

int
cmd_org_sending_window(struct cli *c, int argc, char **argv)
{
	struct window_options o = { 0 };
	const struct option_spec specs[] = { { "--hours", &o.hours, NULL }, { "--close", &o.close, NULL },
		{ "--name", &o.name, NULL }, { "--open", &o.open, NULL }, { "--import", &o.import, NULL },
		{ "--remove", NULL, &o.remove }, { "--json", NULL, &o.json }, { 0 } };
	bool is_change;
	const char *id;

	if (!cli_options("org", argc, argv, specs, &id, 1, 1))
		return USAGE;
	is_change = o.hours != NULL || o.close != NULL || o.open != NULL || o.import != NULL;
	if (o.name != NULL && o.close == NULL)
		return cli_usage("org", "--name is the name of the dates that --close closes");
	if (o.name != NULL && (strlen(o.name) > SENDING_NAME_MAX || name_check("--name", o.name, &c->err) != OK))
		return cli_usage("org", "%s", c->err.text[0] != '\0' ? c->err.text : "--name: longer than 200 bytes");
	if (o.remove && (is_change || o.json))
		return cli_usage("org", "--remove stands alone");
	if (o.json && is_change)
		return cli_usage("org", "--json only shows");
	c->org = id;
	return is_change || o.remove ? change_window(c, id, &o) : show(c, id, o.json);
}
