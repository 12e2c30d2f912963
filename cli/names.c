/* What there is, said when an argument names what is not there: forms of a command, organizations, keys (see cli.h). */
#include <stdio.h>
#include <string.h>

#include "auth/signing_key.h"
#include "base/conf.h"
#include "base/suggest.h"
#include "cli.h"

enum { NAMED_MAX = 10 };	/* names in a message; the rest is counted */

/* The names of what a person may have meant. */
struct names {
	struct cli *cli;
	const char **of;
	size_t count, max;
};

static void
add_name(struct names *n, const char *name)
{
	n->of = arena_grow(n->cli->arena, n->of, n->count, &n->max, sizeof(*n->of));
	n->of[n->count++] = arena_strdup(n->cli->arena, name);
}

static bool
has_name(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->of[i], name) == 0)
			return true;
	return false;
}

/* "a, b, c", of many only the first with the number of the others. */
static const char *
listed(const struct names *n)
{
	const char *text = "";

	for (size_t i = 0; i < n->count && i < NAMED_MAX; i++)
		text = arena_printf(n->cli->arena, "%s%s%s", text, i > 0 ? ", " : "", cli_shown(n->cli, n->of[i]));
	return n->count <= NAMED_MAX ? text : arena_printf(n->cli->arena, "%s and %zu more", text, n->count - NAMED_MAX);
}

/* Adds the hint: the nearest of the names, and what there is, or how to make the first one. */
static void
hint(const struct names *n, const char *wrong, const char *list_command, const char *add_command)
{
	struct error *err = &n->cli->err;
	struct suggestion s;
	const char *best;

	if (n->count == 0) {
		error_hint(err, "Add one with `%s`", add_command);
		return;
	}
	suggest_begin(&s, wrong);
	for (size_t i = 0; i < n->count; i++)
		suggest_offer(&s, n->of[i]);
	best = suggest_best(&s);
	error_hint(err, "%s%s%sThere %s %s (`%s`)", best != NULL ? "Did you mean " : "", best != NULL ? cli_shown(n->cli, best) : "",
	    best != NULL ? "? " : "", n->count == 1 ? "is" : "are", listed(n), list_command);
}

static enum status
read_organizations(struct names *n)
{
	const char **ids;
	size_t count;
	enum status st = organization_ids(n->cli->db, n->cli->arena, &ids, &count);

	for (size_t i = 0; st == OK && i < count; i++)
		add_name(n, ids[i]);
	return st;
}

static void
add_key(const struct signing_key *k, void *arg)
{
	if (k->retired_at == 0)
		add_name(arg, k->kid);
}

/* Only what is certainly missing gets a hint: the same error may be about something else that the command has named. */
void
cli_hint_names(struct cli *c)
{
	struct names organizations = { .cli = c }, keys = { .cli = c };

	if (c->db == NULL)
		return;
	db_read_end(c->db);
	if (db_read_begin(c->db) != OK)
		return;
	if (read_organizations(&organizations) == OK &&
	    (c->org != NULL ? !has_name(&organizations, c->org) : c->err.status == BAD_REQUEST))
		hint(&organizations, c->org != NULL ? c->org : "", "daybook org list", "daybook org add ID --timezone ZONE");
	else if (c->kid != NULL && signing_key_each(c->db, c->arena, add_key, &keys) == OK && !has_name(&keys, c->kid))
		hint(&keys, c->kid, "daybook key list", "daybook key add");
	db_read_end(c->db);
}

void
cli_hint_list(struct cli *c, const char *command)
{
	if (c->err.status != NOT_FOUND)
		return;
	cli_hint_names(c);
	if (c->err.hint[0] == '\0')
		error_hint(&c->err, "`%s` lists those there are", command);
}

int
cli_org_missing(struct cli *c, const char *command, const char *what)
{
	struct error err = { 0 };

	c->err = (struct error) { .status = BAD_REQUEST };
	if (c->path[0] != '\0' || conf_database(c->path, &err) == OK)
		c->db = db_open(c->path, &err);
	cli_hint_names(c);
	return cli_usage(command, "%s%s%s", what, c->err.hint[0] != '\0' ? ". " : "", c->err.hint);
}

int
cli_no_form(const char *command, int argc, char **argv, const char *const *verbs)
{
	char all[256] = "";

	for (const char *const *verb = verbs; *verb != NULL; verb++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", verb == verbs ? "" : verb[1] == NULL ? " or " : ", ",
		    *verb);
	if (argc == 1)
		return cli_usage(command, "expected %s", all);
	for (const char *const *verb = verbs; *verb != NULL; verb++)
		if (strcmp(argv[1], *verb) == 0)
			return cli_usage(command, argc == 2 ? "%s: an argument is missing" : "%s: too many arguments, or too few", *verb);
	return cli_usage(command, "expected %s, not \"%s\"%s", all, argv[1], suggest_say(argv[1], verbs));
}
