/*
 * daybook export [--org ID] [--from DAY] [--to DAY] [--format ndjson|csv] [--report] [--adjustments]
 *
 * Writes the events of the organization's local days from..to (both inclusive; by default all) to standard output, in the
 * order of their time, a settlement after its event and a void after both.  Field names are those of POST /api/events, so that
 * `import` into an empty database makes a ledger of the same figures.  Each page is a read transaction of its own: writers do
 * not wait, and what is written meanwhile may or may not be included.
 *
 *	messages, parts, cost, status
 *		are what stands after settlements and new prices, so that the amounts add up to what Daybook reports,
 *		whatever prices the other database has; there the cost counts as given.
 *	settles	a settlement that a client posted says what stands of its event, too: it keeps its id taken, and changes nothing.
 *
 *	voids	take an event back: they have no figures, which an import refuses, because the event has them.
 *
 * --report writes CSV that is not for an import but for adding up: a void has the figures that it takes back, so that the sum of
 * `cost` is what the channels cost, and there are no rows of settlements.  It is the file of GET /api/events.
 *
 * With --adjustments figures are as first recorded, and settlements and other adjustments are rows of differences (status
 * `adjust`), which cannot be imported.
 *
 *	localTime	the organization's day and time, in CSV, for people: `import` does not read it
 *	to, reason	of a failed event; `erased` if they were blanked, or if a void took the event back
 *	reason	of a void; `exported` if it has none, as in files that an old version wrote
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "ledger/ledger.h"

enum { PAGE_ROWS = 1000, LOOKED_AT_MAX = 20000 };	/* of one page: lines, and rows of the ledger */

struct export {
	struct cli *cli;
	struct organization org;
	int64_t until_at;
	bool is_csv, is_report, with_adjusts;
	int64_t at;		/* the last row written: its time, its rank, its names */
	int rank;
	char source[EVENT_SOURCE_MAX * 2], id[EVENT_ID_MAX * 2];
	struct buf out;
};

/* ---- Reading */

/*
 * Reads one page and formats it, in one read transaction.  *is_last: no more rows follow.  Keeps a copy of the position,
 * because the arena is reset after each page.
 */
static enum status
read_page(struct export *x, bool *is_last)
{
	struct ledger_position place = { .at = x->at, .rank = x->rank, .source = x->source, .id = x->id };
	struct ledger_filter filter = { .until_at = x->until_at, .with = x->is_report ? LEDGER_EVENTS :
	    x->with_adjusts ? LEDGER_ADJUSTS : LEDGER_SETTLEMENTS };
	struct csv csv = { .to = &x->out, .is_for_import = !x->is_report };
	struct cli *c = x->cli;
	struct price_list prices;
	struct ledger_page page;
	enum status st;

	if ((st = price_load(c->db, c->arena, &x->org, &prices)) != OK ||
	    (st = ledger_page(c->db, c->arena, &x->org, &filter, PAGE_ROWS, LOOKED_AT_MAX, &place, &page)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < page.count; i++) {
		if (!x->with_adjusts && (st = ledger_stand(c->db, c->arena, &x->org, &prices, &page.lines[i])) != OK)
			return st;
		if (x->is_csv)
			ledger_put_csv(&csv, &x->org, &page.lines[i]);
		else {
			ledger_put_event(json_on(&x->out), &page.lines[i]);
			buf_put_byte(&x->out, '\n');
		}
	}
	*is_last = page.is_last;
	x->at = place.at;
	x->rank = place.rank;
	snprintf(x->source, sizeof(x->source), "%s", place.source);
	snprintf(x->id, sizeof(x->id), "%s", place.id);
	return st;
}

/*
 * Writes page by page, each one after its transaction has ended: a reader that is slow to take the output must not hold a
 * snapshot open.
 */
static int
run(struct export *x)
{
	struct cli *c = x->cli;
	bool is_last = false;
	enum status st = OK;

	/* A spreadsheet reads UTF-8 only with a byte order mark, without which names become nonsense. */
	if (x->is_csv) {
		buf_put_text(&x->out, "\xef\xbb\xbf");
		ledger_put_csv_names(&(struct csv) { .to = &x->out, .is_for_import = !x->is_report }, &x->org);
	}
	while (!is_last && !ferror(stdout)) {
		if ((st = db_read_begin(c->db)) != OK)
			break;
		st = read_page(x, &is_last);
		db_read_end(c->db);
		if (st != OK)
			break;
		if (x->out.size > 0)
			fwrite(x->out.text, 1, x->out.size, stdout);
		buf_reset(&x->out);
		arena_reset(c->arena);
	}
	if (st != OK)
		return cli_fail(c);
	return ferror(stdout) ? FAILED : DONE;
}

/* Loads the organization and turns the days into instants. */
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
	struct export x = { .cli = c, .rank = -1 };
	struct day first, last;
	int rc;

	if (!cli_options("export", argc, argv, (const struct option_spec[]) {
	    { "--org", &org, NULL }, { "--from", &from, NULL }, { "--to", &to, NULL }, { "--format", &format, NULL },
	    { "--adjustments", NULL, &x.with_adjusts }, { "--report", NULL, &x.is_report }, { 0 } }, NULL, 0, 0) ||
	    (from != NULL && !cli_day("export", "--from", from, &first)) ||
	    (to != NULL && !cli_day("export", "--to", to, &last)))
		return USAGE;
	if (format != NULL && strcmp(format, "ndjson") != 0 && strcmp(format, "csv") != 0)
		return cli_usage("export", "--format: \"%s\" is not ndjson or csv", format);
	if (from != NULL && to != NULL && last.n < first.n)
		return cli_usage("export", "--to: must not be earlier than --from");
	if (x.is_report && (x.with_adjusts || (format != NULL && strcmp(format, "csv") != 0)))
		return cli_usage("export", "--report: is CSV of what stands; leave --adjustments and --format ndjson out");
	x.is_csv = x.is_report || (format != NULL && strcmp(format, "csv") == 0);
	if (!cli_open(c))
		return FAILED;
	if (load(&x, org, from != NULL ? &first : NULL, to != NULL ? &last : NULL) != OK)
		return cli_fail(c);
	rc = run(&x);
	buf_free(&x.out);
	return rc;
}
