/*
 * Keys that sign tokens: key set, list, retire; key_add.c and key_url.c have the others.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "key.h"
#include "time/instant.h"
#include "auth/key_source.h"
#include "auth/scopes.h"

/* ---- key set */

struct key_to_set {
	struct cli *cli;
	const char *kid;
	struct signing_key_change change;
};

static enum status
set_key(void *arg)
{
	struct key_to_set *k = arg;
	struct cli *c = k->cli;

	return signing_key_set(c->db, c->arena, k->kid, &k->change, c->now, &cli_actor, &c->err);
}

static int
key_set(struct cli *c, int argc, char **argv)
{
	struct key_to_set key = { .cli = c };
	struct signing_key_change *change = &key.change;
	const char *max = NULL, *role = NULL;
	const struct option_spec specs[] = { { "--iss", &change->iss, NULL }, { "--aud", &change->aud, NULL },
		{ "--any-audience", NULL, &change->is_any_audience }, { "--max-scopes", &max, NULL }, { "--access-role", &role, NULL },
		{ NULL, NULL, NULL } };

	if (!cli_options("key", argc, argv, specs, &key.kid, 1, 1) ||
	    (max != NULL && !cli_scopes(c, "key", "--max-scopes", max, &change->max_scopes)))
		return USAGE;
	change->has_max_scopes = max != NULL;
	change->has_access_role = role != NULL;
	change->may_access_role = role != NULL && strcmp(role, "yes") == 0;
	if (role != NULL && !change->may_access_role && strcmp(role, "no") != 0)
		return cli_usage("key", "--access-role: \"%s\" is neither yes nor no", role);
	if (argc == 2)
		return cli_usage("key", "nothing to change is given");
	c->kid = key.kid;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, set_key, &key) != OK)
		return cli_fail(c);
	printf("changed key %s\n", key.kid);
	return DONE;
}

/* ---- key list, key retire */

/* What a key demands of its tokens, in words; a setting counts for a key without a value of its own. */
static const char *
parties(struct cli *c, const struct signing_key *k)
{
	const char *iss = k->iss != NULL ? arena_printf(c->arena, " iss=%s", k->iss) : "";
	const char *aud = k->aud != NULL ? arena_printf(c->arena, " aud=%s", k->aud) : k->is_any_audience ? " any-audience" : "";

	return arena_printf(c->arena, "%s%s%s", iss, aud, k->can_sign || !k->may_access_role ? "" : " access-role");
}

static void
print_key(const struct signing_key *k, void *arg)
{
	struct cli *c = arg;
	char at[INSTANT_TEXT_MAX];

	printf("%-20s %-6s %-16s %-8s %-10.10s %-8s %s%s\n", k->kid, k->alg, k->org != NULL ? k->org : "(all)",
	    k->can_sign ? "signs" : "verifies", instant_format(k->created_at, at),
	    k->retired_at != 0 ? "retired" : "in force", scopes_format(c->arena, k->max_scopes), parties(c, k));
}

static int
key_list(struct cli *c)
{
	if (!cli_read(c))
		return FAILED;
	printf("%-20s %-6s %-16s %-8s %-10s %-8s %s\n", "KID", "ALG", "ORGANIZATION", "DOES", "CREATED", "STATE", "SCOPES, ISS, AUD");
	if (signing_key_each(c->db, c->arena, print_key, c) != OK)
		return cli_fail(c);
	if (key_url_list(c) != DONE)
		return FAILED;
	db_read_end(c->db);
	return DONE;
}

struct key_to_retire {
	struct cli *cli;
	const char *kid;
};

static enum status
retire_key(void *arg)
{
	struct key_to_retire *k = arg;

	return key_source_retire(k->cli->db, k->cli->arena, k->kid, k->cli->now, &cli_actor, &k->cli->err);
}

static int
key_retire(struct cli *c, const char *kid)
{
	c->kid = kid;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, retire_key, &(struct key_to_retire) { c, kid }) != OK)
		return cli_fail(c);
	printf("retired key %s: its tokens are refused from now on\n", kid);
	return DONE;
}

int
cmd_key(struct cli *c, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "add") == 0)
		return key_add(c, argc - 1, argv + 1);
	if (strcmp(verb, "set") == 0)
		return key_set(c, argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0 && argc == 2)
		return key_list(c);
	if (strcmp(verb, "retire") == 0 && argc == 3)
		return key_retire(c, argv[2]);
	if (strcmp(verb, "fetch") == 0 && argc == 2)
		return cli_open(c) ? key_url_fetch(c) : FAILED;
	if (strcmp(verb, "forget") == 0 && argc == 3)
		return key_url_forget(c, argv[2]);
	return cli_no_form("key", argc, argv, (const char *const[]) { "add", "set", "list", "retire", "fetch", "forget", NULL });
}
