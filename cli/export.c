/*
 * daybook export [--org ID] [--from DAY] [--to DAY] [--format ndjson|csv] [--adjustments]
 *
 * The events of the organisation's own days from..to (both inclusive; by default all) on standard output, in the order
 * of their time, a void behind the event that it takes back.  Field names are those of POST /api/events, so that
 * `import` into an empty database makes the same ledger.  Each page is a read transaction of its own: writers do
 * not wait, and what is written meanwhile may or may not be in it.
 *
 *	cost	is always written, as it stands after adjustments, so that the amounts add up to what the day book says,
 *		whatever prices the other database has; there it counts as given.  With --adjustments it is as it
 *		was pinned first, and the adjustments stand as rows of their own (status `adjust`), which cannot
 *		be imported.
 *	to, reason	of a failed event; `erased` where they were blanked, or a void took the event back
 *	reason	of a void: as the audit has it, else `exported`
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "instant.h"
#include "json.h"
#include "ledger.h"
#include "money.h"

enum { PAGE_ROWS = 1000 };

static const char csv_header[] = "id,source,channel,occurredAt,messages,parts,status,cost,campaignId,segmentNumber,"
    "to,reason,voids\n";

struct export {
	struct cli *cli;
	struct organization org;
	int64_t until_at;
	bool is_csv, with_adjusts;
	int64_t at;		/* behind this row: its time, whether it is a void, its names */
	int is_void;
	char source[EVENT_SOURCE_MAX * 2], id[EVENT_ID_MAX * 2];
	struct json out;
};

static bool
is_status(const struct ledger_line *l, const char *status)
{
	return strcmp(l->row.status, status) == 0;
}

static const char *
text_or(const char *text, const char *other)
{
	return text != NULL && text[0] != '\0' ? text : other;
}

/* ---- The two forms */

static void
put_ndjson(struct json *j, const struct ledger_line *l, int64_t cost)
{
	json_open_object(j, NULL);
	json_put_text(j, "id", l->row.id);
	if (l->row.source[0] != '\0')
		json_put_text(j, "source", l->row.source);
	if (is_status(l, "void")) {
		json_put_text(j, "voids", l->row.voids);
		json_put_text(j, "reason", text_or(l->reason, "exported"));
	} else {
		json_put_text(j, "channel", channel_facts(l->row.channel)->name);
		json_put_instant(j, "occurredAt", l->row.occurred_at);
		json_put_int(j, "messages", l->row.messages);
		json_put_int(j, "parts", l->row.parts);
		json_put_text(j, "status", l->row.status);
		if (is_status(l, "failed")) {
			json_put_text(j, "to", text_or(l->to, "erased"));
			json_put_text(j, "reason", text_or(l->reason, "erased"));
		} else
			json_put_money(j, "cost", cost);
		if (l->row.campaign_given != NULL)
			json_put_text(j, "campaignId", l->row.campaign_given);
		if (l->row.segment_given > 0)
			json_put_int(j, "segmentNumber", l->row.segment_given);
	}
	json_close_object(j);
	json_append(j, "\n", 1);
}

/* A cell and what ends it; quoted where it has to be. */
static void
put_cell(struct json *j, const char *text, char end)
{
	size_t n = strlen(text);

	/* Blanks at the ends are quoted too: many readers trim them. */
	if (strpbrk(text, ",\"\r\n") == NULL && (n == 0 || (text[0] != ' ' && text[0] != '\t' && text[n - 1] != ' ' &&
	    text[n - 1] != '\t')))
		json_append(j, text, n);
	else {
		json_append(j, "\"", 1);
		for (; *text != '\0'; text++)
			json_append(j, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
		json_append(j, "\"", 1);
	}
	json_append(j, &end, 1);
}

static void
put_int_cell(struct json *j, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	put_cell(j, text, ',');
}

static void
put_csv(struct json *j, const struct ledger_line *l, int64_t cost)
{
	bool is_void = is_status(l, "void"), is_failed = is_status(l, "failed");
	char text[MONEY_TEXT_MAX + INSTANT_TEXT_MAX];

	put_cell(j, l->row.id, ',');
	put_cell(j, l->row.source, ',');
	if (is_void)
		json_append(j, ",,,,,,,,,", strlen(",,,,,,,,,"));
	else {
		put_cell(j, channel_facts(l->row.channel)->name, ',');
		put_cell(j, instant_format(l->row.occurred_at, text), ',');
		put_int_cell(j, l->row.messages);
		put_int_cell(j, l->row.parts);
		put_cell(j, l->row.status, ',');
		put_cell(j, is_failed ? "" : money_format(cost, text), ',');
		put_cell(j, l->row.campaign_given != NULL ? l->row.campaign_given : "", ',');
		if (l->row.segment_given > 0)
			put_int_cell(j, l->row.segment_given);
		else
			put_cell(j, "", ',');
		put_cell(j, is_failed ? text_or(l->to, "erased") : "", ',');
	}
	put_cell(j, is_void ? text_or(l->reason, "exported") : is_failed ? text_or(l->reason, "erased") : "", ',');
	put_cell(j, is_void ? l->row.voids : "", '\n');
}

/* ---- Reading */

/* What is written as the cost of a line. */
static enum status
line_cost(const struct export *x, const struct price_list *prices, const struct ledger_line *l, int64_t *cost)
{
	int64_t adjusts;

	*cost = l->row.cost_micros;
	if (x->with_adjusts || !is_status(l, "sent"))
		return OK;
	return event_effective_cost(x->cli->db, &x->org, prices, &l->row, cost, &adjusts);
}

/* One page, in one read transaction.  *is_last: there was nothing more. */
static enum status
read_page(struct export *x, bool *is_last)
{
	struct ledger_place place = { .at = x->at, .is_void = x->is_void, .source = x->source, .id = x->id };
	struct cli *c = x->cli;
	struct price_list prices;
	struct ledger_line *lines;
	enum status st;
	size_t count;
	int64_t cost;

	if ((st = price_load(c->db, c->arena, &x->org, &prices)) != OK ||
	    (st = ledger_page(c->db, c->arena, &x->org, x->until_at, x->with_adjusts, PAGE_ROWS, &place, &lines, &count)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < count; i++) {
		if ((st = line_cost(x, &prices, &lines[i], &cost)) != OK)
			return st;
		if (x->is_csv)
			put_csv(&x->out, &lines[i], cost);
		else
			put_ndjson(&x->out, &lines[i], cost);
	}
	*is_last = count < PAGE_ROWS;
	x->at = place.at;
	x->is_void = place.is_void;
	snprintf(x->source, sizeof(x->source), "%s", place.source);
	snprintf(x->id, sizeof(x->id), "%s", place.id);
	return st;
}

static int
run(struct export *x)
{
	struct cli *c = x->cli;
	bool is_last = false;
	enum status st = OK;

	if (x->is_csv)
		fputs(csv_header, stdout);
	while (!is_last && !ferror(stdout)) {
		json_reset(&x->out);
		if ((st = db_read_begin(c->db)) != OK)
			break;
		st = read_page(x, &is_last);
		db_read_end(c->db);
		if (st != OK)
			break;
		if (x->out.size > 0)
			fwrite(x->out.text, 1, x->out.size, stdout);
		arena_reset(c->arena);
	}
	if (st != OK)
		return cli_fail(c);
	return ferror(stdout) ? FAILED : DONE;
}

/* The organisation, and the instants that the days begin and end at. */
static enum status
load(struct export *x, const char *id, const struct day *from, const struct day *to)
{
	struct cli *c = x->cli;
	enum status st;

	if ((st = db_read_begin(c->db)) != OK)
		return st;
	if ((st = cli_organization(c, id, &x->org)) == OK) {
		x->at = from != NULL ? day_start(x->org.days, *from) : INT64_MIN;
		x->until_at = to != NULL ? day_start(x->org.days, day_add(*to, 1)) : INT64_MAX;
	}
	db_read_end(c->db);
	return st;
}

int
cmd_export(struct cli *c, int argc, char **argv)
{
	const char *org = NULL, *from = NULL, *to = NULL, *format = NULL;
	struct export x = { .cli = c, .is_void = -1 };
	struct day first, last;
	int rc;

	if (!cli_options("export", argc, argv, (const struct option_spec[]) {
	    { "--org", &org, NULL }, { "--from", &from, NULL }, { "--to", &to, NULL }, { "--format", &format, NULL },
	    { "--adjustments", NULL, &x.with_adjusts }, { 0 } }, NULL, 0, 0) ||
	    (from != NULL && !cli_day("export", "--from", from, &first)) ||
	    (to != NULL && !cli_day("export", "--to", to, &last)))
		return USAGE;
	if (format != NULL && strcmp(format, "ndjson") != 0 && strcmp(format, "csv") != 0)
		return cli_usage("export", "--format: \"%s\" is not ndjson or csv", format);
	if (from != NULL && to != NULL && last.n < first.n)
		return cli_usage("export", "--to: before --from");
	x.is_csv = format != NULL && strcmp(format, "csv") == 0;
	if (!cli_open(c))
		return FAILED;
	if (load(&x, org, from != NULL ? &first : NULL, to != NULL ? &last : NULL) != OK)
		return cli_fail(c);
	json_init(&x.out);
	rc = run(&x);
	json_free(&x.out);
	return rc;
}
