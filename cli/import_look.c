/*
 * The look at a file before it is imported: which of its ids stand in the ledger under another source?  The messages of such
 * lines would be counted twice, because a source and an id together name an event.
 *
 * Only lines without a source of their own are looked at, and only if neither --source nor --anyway says what is meant, and the
 * organization has events of another source at all.  The file is then read twice, a pipe from a temporary copy, so that the
 * import is refused before anything of it is written.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "ledger/event_source.h"

enum { SOURCES_NAMED = 5 };	/* in the message */

struct import_look {
	const char **sources;		/* the other sources of the organization; `texts` owns them */
	struct arena *texts;
	size_t count;
	int64_t *found;			/* how many ids of the file stand under each */
	int64_t total;
};

/* ---- The passes */

/* Counts the ids of a batch, in a read transaction of its own.  Lines that are bad are the import's affair. */
static enum status
look(struct import *im)
{
	struct import_look *l = im->look;
	struct cli *c = im->cli;
	struct organization org;
	enum status st;
	size_t which;

	if ((st = cli_organization(c, im->org, &org)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < im->count; i++) {
		const struct event *e = &im->items[i].event;

		if (im->items[i].verdict != EVENT_PENDING || e->source != im->source ||
		    (e->kind != EVENT_SENT && e->kind != EVENT_FAILED))
			continue;
		st = event_source_of(c->db, &org, e->source, e->id, l->sources, l->count, &which);
		if (st == OK && which < l->count) {
			l->found[which]++;
			l->total++;
		}
	}
	return st;
}

bool
import_look_batch(struct import *im)
{
	enum status st = db_read_begin(im->cli->db);

	if (st == OK)
		st = look(im);
	db_read_end(im->cli->db);
	im->count = 0;
	arena_reset(im->cli->arena);
	import_progress(im, "looking");
	return st == OK || import_stop(im, 0, "the database cannot be read");
}

/* Reads the whole file without writing, and goes back to its beginning. */
static bool
read_all(struct import *im)
{
	struct import pass;

	if (!input_keep(im))
		return false;
	pass = *im;
	pass.format->run(&pass);
	import_flush(&pass);
	progress_end();
	im->has_failed = pass.has_failed;
	return !im->has_failed && input_rewind(im);
}

/* ---- The decision */

static bool
refuse(struct import *im)
{
	struct import_look *l = im->look;
	size_t named = 0, only = 0;

	fprintf(stderr, "daybook: %s: %" PRId64 " of its ids stand in the ledger under another source:", im->name, l->total);
	for (size_t i = 0; i < l->count; i++) {
		if (l->found[i] == 0)
			continue;
		if (named++ < SOURCES_NAMED)
			fprintf(stderr, " %" PRId64 " under \"%s\"", l->found[i], cli_shown(im->cli, l->sources[i]));
		only = i;
	}
	fprintf(stderr, ". As events of the source \"%s\" they would count twice. Nothing was written. "
	    "Import them with --source \"%s\" if they are the same messages, or with --anyway if they are not\n",
	    cli_shown(im->cli, im->source), named == 1 ? cli_shown(im->cli, l->sources[only]) : "NAME");
	im->has_failed = true;
	return false;
}

/* Reads which other sources there are. */
static enum status
list_sources(struct import *im, struct import_look *l)
{
	struct cli *c = im->cli;
	struct organization org;
	enum status st = db_read_begin(c->db);

	if (st == OK && (st = cli_organization(c, im->org, &org)) == OK)
		st = event_source_list(c->db, l->texts, &org, im->source, &l->sources, &l->count);
	db_read_end(c->db);
	return st;
}

bool
import_look(struct import *im)
{
	struct import_look l = { .texts = arena_new() };
	bool is_fine;

	im->look = &l;
	if (list_sources(im, &l) != OK)
		is_fine = import_stop(im, 0, "the database cannot be read");
	else if ((is_fine = l.count == 0) == false) {
		l.found = xmalloc(l.count * sizeof(*l.found));
		memset(l.found, 0, l.count * sizeof(*l.found));
		is_fine = read_all(im) && (l.total == 0 || refuse(im));
		free(l.found);
	}
	im->look = NULL;
	arena_free(l.texts);
	return is_fine;
}
