/*
 * daybook import FILE|- [--org ID] [--format ndjson|csv|twilio] [--source NAME | --anyway] [--strict]
 *	[--map MAP] [--ignore-prices]
 *
 * Imports events from a file into the ledger, in constant memory: at most IMPORT_BATCH events in a write
 * transaction, with the writers' lock released between two of them.  Importing the same file again counts nothing twice.
 * Ids that stand in the ledger under another source than lines without one get are refused, before anything is written
 * (import_look.c); --source says whose they are, --anyway counts them again.
 *
 *	ndjson	one event a line, as POST /api/events takes it
 *	csv	a header of our field names; an empty cell is an absent field
 *	twilio	the logs of messages and calls of Twilio's console, and its bulk export (import_twilio.c)
 *
 *	--map	the report of any other carrier (import_map.c)
 *
 * A bad line is reported on stderr, `FILE:LINE: field: what was wrong`, and skipped; with --strict it ends the import, and
 * nothing after it is written.  The summary is on stdout.  Exit 1 if any line was rejected or conflicts with an event in the
 * ledger, or if one of a statement contradicts it.  Settlements of voided events are passed over and counted.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import.h"
#include "time/instant.h"
#include "base/json.h"

/* The formats.  A new one is defined in a file of its own, and has its place here and in the two texts. */
extern const struct import_format import_ndjson, import_columns, import_twilio, import_map;

static const struct import_format *const formats[] = { &import_ndjson, &import_columns, &import_twilio };
static const char format_names[] = "ndjson, csv or twilio";

const char import_usage[] = "import FILE|- [--org ID] [--format ndjson|csv|twilio] [--source NAME | --anyway] [--strict] "
    "[--map MAP] [--ignore-prices]";

enum { BUSY_TRIES = 12 };	/* of DB_LOCK_WAIT_MS each, before a busy database ends an import */

bool
import_stop(struct import *im, int64_t line, const char *what)
{
	const char *stays = im->accepted + im->adjusted > 0 ? "Accepted events are kept; to continue, import the file again" :
	    "Nothing was imported";

	progress_end();
	if (line > 0)
		fprintf(stderr, "daybook: %s:%" PRId64 ": %s. %s\n", im->name, line, what, stays);
	else
		fprintf(stderr, "daybook: %s: %s. %s\n", im->name, what, stays);
	im->is_over = im->has_failed = true;
	return false;
}

/* ---- The batch */

static bool
is_bad(const struct event_item *item)
{
	return (item->verdict == EVENT_REJECTED && !item->is_voided) || item->verdict == EVENT_CONFLICT || item->differs != NULL;
}

/* The index of the first bad item of the batch; count if there is none. */
static size_t
first_bad(const struct import *im)
{
	size_t i = 0;

	while (i < im->count && !is_bad(&im->items[i]))
		i++;
	return i;
}

/* The first `count` items of the batch, in one write transaction. */
struct posting {
	struct import *import;
	size_t count;
	int64_t now;
	bool has_begun;		/* the database was not too busy */
	bool is_refused;	/* by a strict import */
};

/* In a strict import, returns a failure if an item is bad, so that nothing is written; the verdicts of the items remain. */
static enum status
post_items(struct organization *org, void *arg)
{
	struct posting *p = arg;
	struct import *im = p->import;
	struct event_options options = { .now = p->now, .by = &cli_actor, .may_backfill = true,
		.is_statement = im->format->is_statement };
	enum status st;

	p->has_begun = true;
	if (strcmp(org->currency, im->currency) != 0)
		return error_set(&im->cli->err, CONFLICT, "currency: changed to %s during the import", org->currency);
	if ((st = event_post(im->cli->db, im->cli->arena, org, im->items, p->count, &options)) != OK)
		return st;
	p->is_refused = im->is_strict && first_bad(im) < p->count;
	return p->is_refused ? CONFLICT : OK;
}

/*
 * Posts the first `count` items in one transaction.  In a strict import, writes none if one of them is bad, which is no
 * failure.  Waits for longer than a request would, because an import that stops has to be repeated.
 */
static enum status
post(struct import *im, size_t count)
{
	struct posting posting = { .import = im, .count = count, .now = instant_now() };
	struct cli *c = im->cli;
	enum status st = UNAVAILABLE;

	for (int i = 0; st == UNAVAILABLE && !posting.has_begun && i < BUSY_TRIES; i++)
		st = organization_write(c->db, c->arena, im->org, posting.now, post_items, &posting, &c->err);
	return posting.is_refused ? OK : st;
}

/* Counts the verdicts of the batch and reports the bad lines. */
static void
tally(struct import *im, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct event_item *item = &im->items[i];

		if (is_bad(item)) {
			progress_end();
			fprintf(stderr, "%s:%" PRId64 ": %s%s\n", im->name, im->lines[i], item->differs != NULL ? "differs: " : "",
			    item->verdict == EVENT_CONFLICT ? "id: already used by an event with other content; "
			    "the first one is kept" : item->differs != NULL ? item->differs : item->error);
		}
		im->accepted += item->verdict == EVENT_ACCEPTED;
		im->duplicates += item->verdict == EVENT_DUPLICATE;
		im->conflicts += item->verdict == EVENT_CONFLICT;
		im->rejected += item->verdict == EVENT_REJECTED && !item->is_voided;
		im->adjusted += item->is_settled;
		im->differ += item->differs != NULL;
		im->voided += item->is_voided;
		im->unknown_campaigns += item->verdict == EVENT_ACCEPTED && item->warning != NULL;
	}
}

/*
 * Posts the batch; in a strict import only what precedes the first bad line: a post that finds one was rolled back, and is
 * repeated without it.  *count is how many were posted.
 */
static enum status
post_all(struct import *im, size_t *count)
{
	enum status st = post(im, im->count);
	size_t bad;

	*count = im->count;
	while (st == OK && im->is_strict && (bad = first_bad(im)) < *count) {
		for (size_t i = 0; i < bad; i++)
			im->items[i].verdict = EVENT_PENDING;
		if ((*count = bad) > 0)
			st = post(im, bad);
	}
	return st;
}

void
import_progress(const struct import *im, const char *what)
{
	progress_lines(&(const struct progress_lines) { what, im->taken, im->done, im->size, im->started_ms });
}

bool
import_flush(struct import *im)
{
	size_t count;

	if (im->count == 0 || im->is_over)
		return !im->is_over;
	if (im->look != NULL)
		return import_look_batch(im);
	if (post_all(im, &count) != OK)
		return import_stop(im, im->lines[0], im->cli->err.text[0] != '\0' ? im->cli->err.text :
		    "the database is busy or full");
	/* A strict import that posted less than the batch has met its bad line, the one after those posted. */
	im->is_over = count < im->count;
	tally(im, im->is_over ? count + 1 : count);
	if (im->is_over)
		fprintf(stderr, "daybook: stopped at %s:%" PRId64 " (--strict). Events accepted before it are kept\n",
		    im->name, im->lines[count]);
	im->count = 0;
	arena_reset(im->cli->arena);
	import_progress(im, "importing");
	return !im->is_over;
}

/* Takes note of the item just added.  A bad line of a strict import ends the batch at once, so that nothing more is read. */
static bool
added(struct import *im, int64_t line)
{
	im->lines[im->count++] = line;
	im->taken++;
	if (im->count < IMPORT_BATCH && !(im->is_strict && is_bad(&im->items[im->count - 1])))
		return true;
	return import_flush(im);
}

bool
import_bad(struct import *im, int64_t line, const char *error)
{
	im->items[im->count] = (struct event_item) { .verdict = EVENT_REJECTED,
		.error = arena_strdup(im->cli->arena, error) };
	return added(im, line);
}

bool
import_event(struct import *im, int64_t line, const char *json, size_t n)
{
	struct event_item *item = &im->items[im->count];
	struct arena *a = im->cli->arena;
	struct error err = { .text = "" };

	*item = (struct event_item) { .verdict = EVENT_PENDING };
	if (json_check("line", json, n, &err) != OK ||
	    event_read(a, EVENT_NATIVE, json, n, &item->event, &err) != OK)
		return import_bad(im, line, err.text);
	if (item->event.source[0] == '\0')
		item->event.source = im->source;
	return added(im, line);
}

/* ---- The command */

/* Keeps its id and currency: each batch loads the organization again, because it may change meanwhile. */
static bool
choose_organization(struct import *im, const char *id)
{
	struct cli *c = im->cli;
	struct organization org;
	enum status st = db_read_begin(c->db);

	if (st == OK && (st = cli_organization(c, id, &org)) == OK) {
		snprintf(im->org, sizeof(im->org), "%s", org.id);
		snprintf(im->currency, sizeof(im->currency), "%s", org.currency);
	}
	db_read_end(c->db);
	if (st != OK)
		cli_fail(c);
	return st == OK;
}

/* Checks --source by the rules for the member `source` of an event. */
static bool
source_ok(const char *source)
{
	for (const char *p = source; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return strlen(source) <= EVENT_SOURCE_MAX && strncmp(source, EVENT_OWN_SOURCE, strlen(EVENT_OWN_SOURCE)) != 0;
}

/* The format by name or, without a name, by the file's; NULL if there is none of that name. */
static const struct import_format *
choose_format(const char *name, const char *path)
{
	size_t n = strlen(path);

	if (n > 3 && strcasecmp(path + n - 3, ".gz") == 0)
		n -= 3;
	if (name == NULL)
		name = n > 4 && strncasecmp(path + n - 4, ".csv", 4) == 0 ? "csv" : "ndjson";
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

static void
print_summary(const struct import *im)
{
	printf("accepted %" PRId64 ", duplicates %" PRId64 ", conflicts %" PRId64 ", rejected %" PRId64 "\n", im->accepted,
	    im->duplicates, im->conflicts, im->rejected);
	if (im->format->is_statement)
		printf("skipped %" PRId64 " (%" PRId64 " inbound, %" PRId64 " never sent), adjusted %" PRId64 ", differ %" PRId64
		    "\n", im->inbound + im->not_sent, im->inbound, im->not_sent, im->adjusted, im->differ);
	for (size_t i = 0; i < CURRENCIES_MAX && im->left_out[i].count > 0; i++)
		printf("left out %" PRId64 " prices in %s; Daybook counts %s, and used its own prices\n", im->left_out[i].count,
		    im->left_out[i].code, currency_is_default(im->currency) ? "US dollars" : im->currency);
	if (im->voided > 0)
		printf("passed over %" PRId64 " of voided events\n", im->voided);
	if (im->unknown_campaigns > 0)
		printf("%" PRId64 " of the accepted events name an unknown campaignId or segmentNumber\n",
		    im->unknown_campaigns);
}

static int
run(struct import *im, bool looks)
{
	im->items = xmalloc(IMPORT_BATCH * sizeof(*im->items));
	im->lines = xmalloc(IMPORT_BATCH * sizeof(*im->lines));
	im->started_ms = instant_monotonic();
	if (!looks || import_look(im)) {
		im->started_ms = instant_monotonic();
		im->format->run(im);
		import_flush(im);
		progress_end();
		print_summary(im);
	}
	free(im->items);
	free(im->lines);
	return im->has_failed || im->rejected > 0 || im->conflicts > 0 || im->differ > 0 ? FAILED : DONE;
}

int
cmd_import(struct cli *c, int argc, char **argv)
{
	const char *path, *org = NULL, *format = NULL, *source = NULL, *map = NULL;
	struct import im = { .cli = c };
	bool is_anyway = false;
	int rc;

	if (!cli_options("import", argc, argv, (const struct option_spec[]) {
	    { "--org", &org, NULL }, { "--format", &format, NULL }, { "--source", &source, NULL },
	    { "--anyway", NULL, &is_anyway }, { "--strict", NULL, &im.is_strict },
	    { "--map", &map, NULL }, { "--ignore-prices", NULL, &im.ignores_prices }, { 0 } }, &path, 1, 1))
		return USAGE;
	if (source != NULL && is_anyway)
		return cli_usage("import", "--anyway: --source says already what the ids are");
	if (map != NULL && format != NULL)
		return cli_usage("import", "--map: is a format of its own; leave --format out");
	if ((im.format = map != NULL ? &import_map : choose_format(format, path)) == NULL)
		return cli_usage("import", "--format: \"%s\" is not %s", format, format_names);
	if (im.ignores_prices && !im.format->is_statement)
		return cli_usage("import", "--ignore-prices: only a carrier's report has prices to ignore: --format twilio or --map");
	if (map != NULL && (im.map = report_map_new(map)) == NULL)
		return USAGE;
	im.source = source != NULL ? source : im.map != NULL ? report_map_source(im.map) : im.format->source;
	if (!source_ok(im.source))
		return cli_usage("import", "--source: longer than %d bytes, contains control characters, or is reserved",
		    EVENT_SOURCE_MAX);
	if (!cli_open(c) || !choose_organization(&im, org) || !input_open(&im, path))
		return FAILED;
	rc = run(&im, source == NULL && !is_anyway);
	input_close(&im);
	report_map_free(im.map);
	return rc;
}
