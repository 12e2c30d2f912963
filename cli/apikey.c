/*
 * API keys: apikey add, list, revoke.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth/api_key.h"
#include "cli.h"
#include "time/instant.h"

struct new_api_key {
	struct cli *cli;
	struct api_key_input input;
	const char *secret;	/* the key itself, and its number */
	int64_t number;
};

static enum status
add_api_key(void *arg)
{
	struct new_api_key *k = arg;
	struct cli *c = k->cli;

	return api_key_add(c->db, c->arena, &k->input, c->now, &cli_actor, &k->secret, &k->number, &c->err);
}

/* --expires: how long from now, or a day of UTC whose start ends it. */
static bool
read_expires(struct cli *c, const char *text, int64_t *expires_at)
{
	struct day d;
	int64_t ms;

	if (day_parse(text, &d)) {
		*expires_at = d.n * DAY_MS;
		return true;
	}
	if (!cli_duration("apikey", "--expires", text, &ms))
		return false;
	*expires_at = c->now + ms;
	return true;
}

static int
apikey_add(struct cli *c, int argc, char **argv)
{
	struct new_api_key key = { .cli = c, .input = { .name = NULL } };
	const char *scope = NULL, *expires = NULL;
	const struct option_spec specs[] = { { "--org", &key.input.org, NULL }, { "--scope", &scope, NULL },
		{ "--name", &key.input.name, NULL }, { "--expires", &expires, NULL }, { NULL, NULL, NULL } };

	if (!cli_options("apikey", argc, argv, specs, NULL, 0, 0))
		return USAGE;
	if (key.input.org == NULL)
		return cli_org_missing(c, "apikey", "--org is required");
	if (scope == NULL)
		return cli_usage("apikey", "--scope is required, as in --scope \"usage:write\"");
	if (!cli_scopes(c, "apikey", "--scope", scope, &key.input.scopes) ||
	    (expires != NULL && !read_expires(c, expires, &key.input.expires_at)))
		return USAGE;
	if (key.input.name == NULL)
		key.input.name = "";
	c->org = key.input.org;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, add_api_key, &key) != OK)
		return cli_fail(c);
	/* The note goes to stderr, so that stdout is the key alone. */
	fprintf(stderr, "API key %" PRId64 " of %s; copy it now, because it is shown only once:\n", key.number, key.input.org);
	printf("%s\n", key.secret);
	return DONE;
}

/* A day, or what stands for none. */
static const char *
day_text(struct cli *c, int64_t at, const char *none)
{
	char text[INSTANT_TEXT_MAX];

	return at != 0 ? arena_printf(c->arena, "%.10s", instant_format(at, text)) : none;
}

static void
print_api_key(const struct api_key *k, void *arg)
{
	struct cli *c = arg;

	printf("%4" PRId64 "  %-10s %-20s %-16s %-10s %-10s %-10s %-8s %s\n", k->number, k->hint, cli_shown(c, k->name), k->org,
	    day_text(c, k->created_at, ""), day_text(c, k->expires_at, "never"), day_text(c, k->used_at, "never"),
	    api_key_state(k, c->now), scopes_format(c->arena, k->scopes));
}

static int
apikey_list(struct cli *c)
{
	if (!cli_read(c))
		return FAILED;
	printf("%4s  %-10s %-20s %-16s %-10s %-10s %-10s %-8s %s\n", "N", "STARTS", "NAME", "ORGANIZATION", "CREATED", "EXPIRES",
	    "LAST USED", "STATE", "SCOPES");
	if (api_key_each(c->db, c->arena, NULL, print_api_key, c) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	return DONE;
}

struct api_key_to_revoke {
	struct cli *cli;
	const char *org;	/* NULL = the only one with a key of this number */
	int64_t number;
};

static enum status
revoke_api_key(void *arg)
{
	struct api_key_to_revoke *k = arg;
	struct cli *c = k->cli;
	struct api_key key;
	enum status st;

	if ((st = api_key_load(c->db, c->arena, k->org, k->number, &key, &c->err)) == CONFLICT)
		error_hint(&c->err, "Name one with --org.");
	return st == OK ? api_key_revoke(c->db, k->org = key.org, k->number, c->now, &cli_actor, &c->err) : st;
}

static int
apikey_revoke(struct cli *c, int argc, char **argv)
{
	struct api_key_to_revoke key = { .cli = c };
	const struct option_spec specs[] = { { "--org", &key.org, NULL }, { NULL, NULL, NULL } };
	const char *number;

	if (!cli_options("apikey", argc, argv, specs, &number, 1, 1) ||
	    !cli_int("apikey", "N", number, 1, INT64_MAX, &key.number))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	c->org = key.org;
	if (db_write(c->db, revoke_api_key, &key) != OK) {
		cli_hint_list(c, "daybook apikey list");
		return cli_fail(c);
	}
	printf("revoked API key %s of %s\n", number, key.org);
	return DONE;
}

int
cmd_apikey(struct cli *c, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "add") == 0)
		return apikey_add(c, argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0 && argc == 2)
		return apikey_list(c);
	if (strcmp(verb, "revoke") == 0)
		return apikey_revoke(c, argc - 1, argv + 1);
	return cli_no_form("apikey", argc, argv, (const char *const[]) { "add", "list", "revoke", NULL });
}
