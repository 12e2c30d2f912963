/*
 * Credentials: key add, list, retire; token; apikey add, list, revoke.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/api_key.h"
#include "cli.h"
#include "base/crypto.h"
#include "time/instant.h"
#include "auth/scopes.h"
#include "auth/signing_key.h"
#include "auth/token.h"

#define DASHBOARD "http://127.0.0.1:8080/"	/* the one that `make run` serves */

enum { PEM_MAX = 16 * 1024 };

static bool
parse_scopes(struct cli *c, const char *command, const char *option, const char *text, unsigned *scopes)
{
	const char *unknown;

	if (scopes_parse(c->arena, text, scopes, &unknown))
		return true;
	cli_usage(command, "%s: unknown scope \"%s\"; the scopes are %s, metrics and admin", option, unknown,
	    scopes_format(c->arena, SCOPE_ALL & ~(unsigned)SCOPE_INSTALLATION));
	return false;
}

/* Reads a small file as text; NULL, with the error printed, if it cannot be read or is too long.  "-" is standard input. */
static char *
read_file(struct cli *c, const char *path)
{
	char *text = arena_alloc(c->arena, PEM_MAX + 1);
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "daybook: %s: cannot be read\n", path);
		return NULL;
	}
	n = fread(text, 1, PEM_MAX + 1, f);
	if (f != stdin)
		fclose(f);
	if (n <= PEM_MAX) {
		text[n] = '\0';
		return text;
	}
	fprintf(stderr, "daybook: %s: longer than %d bytes\n", path, PEM_MAX);
	return NULL;
}

/* Removes the end of the line, which is no part of a secret. */
static void
cut_newline(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
}

struct new_key {
	struct cli *cli;
	const char *kid, *alg, *pem, *org;
	unsigned max_scopes;
};

static enum status
add_key(void *arg)
{
	struct new_key *k = arg;
	struct cli *c = k->cli;

	return signing_key_add(c->db, c->arena, k->kid, k->alg, k->pem, k->org, k->max_scopes, c->now, &cli_actor, &c->err);
}

/* HS256 without --file gets a random secret; the other algorithms always need a key in PEM. */
static int
key_add(struct cli *c, int argc, char **argv)
{
	struct new_key key = { .cli = c, .alg = "HS256", .max_scopes = SCOPE_ALL };
	const char *alg = NULL, *file = NULL, *max = NULL;
	const struct option_spec specs[] = { { "--alg", &alg, NULL }, { "--kid", &key.kid, NULL },
		{ "--file", &file, NULL }, { "--org", &key.org, NULL }, { "--max-scopes", &max, NULL }, { NULL, NULL, NULL } };
	char made[16], *pem = NULL;
	uint8_t random[6];

	if (!cli_options("key", argc, argv, specs, NULL, 0, 0) ||
	    (max != NULL && !parse_scopes(c, "key", "--max-scopes", max, &key.max_scopes)))
		return USAGE;
	if (alg != NULL)
		key.alg = alg;
	if (strcmp(key.alg, "HS256") != 0 && file == NULL)
		return cli_usage("key", "%s needs --file with a public or private key in PEM", key.alg);
	if (file != NULL && (pem = read_file(c, file)) == NULL)
		return FAILED;
	if (pem != NULL && strcmp(key.alg, "HS256") == 0)
		cut_newline(pem);
	key.pem = pem;
	if (key.kid == NULL) {
		random_bytes(random, sizeof(random));
		key.kid = hex(random, sizeof(random), made);
	}
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, add_key, &key) != OK)
		return cli_fail(c);
	printf("added %s key %s\n", key.alg, key.kid);
	return DONE;
}

static void
print_key(const struct signing_key *k, void *arg)
{
	struct cli *c = arg;
	char at[INSTANT_TEXT_MAX];

	printf("%-20s %-6s %-16s %-8s %-10.10s %-8s %s\n", k->kid, k->alg, k->org != NULL ? k->org : "(all)",
	    k->can_sign ? "signs" : "verifies", instant_format(k->created_at, at),
	    k->retired_at != 0 ? "retired" : "in force", scopes_format(c->arena, k->max_scopes));
}

static int
key_list(struct cli *c)
{
	if (!cli_read(c))
		return FAILED;
	printf("%-20s %-6s %-16s %-8s %-10s %-8s %s\n", "KID", "ALG", "ORGANIZATION", "DOES", "CREATED", "STATE", "SCOPES");
	if (signing_key_each(c->db, c->arena, print_key, c) != OK)
		return cli_fail(c);
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

	return signing_key_retire(k->cli->db, k->kid, k->cli->now, &cli_actor, &k->cli->err);
}

static int
key_retire(struct cli *c, const char *kid)
{
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
	if (strcmp(verb, "list") == 0 && argc == 2)
		return key_list(c);
	if (strcmp(verb, "retire") == 0 && argc == 3)
		return key_retire(c, argv[2]);
	return cli_usage("key", "expected add, list or retire KID");
}

/* A time to live such as 90s, 15m, 1h or 30d. */
static bool
parse_ttl(const char *text, int64_t *ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', SECOND_MS }, { 'm', MINUTE_MS }, { 'h', HOUR_MS }, { 'd', DAY_MS } };
	char *end;
	long n = strtol(text, &end, 10);

	if (n < 1 || n > 1000000 || end == text || *end == '\0' || end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].unit) {
			*ms = n * units[i].ms;
			return true;
		}
	return false;
}

int
cmd_token(struct cli *c, int argc, char **argv)
{
	const char *org = NULL, *scope = NULL, *ttl = NULL, *kid = NULL, *url = NULL, *token;
	bool link = false;
	const struct option_spec specs[] = { { "--org", &org, NULL }, { "--scope", &scope, NULL }, { "--ttl", &ttl, NULL },
		{ "--kid", &kid, NULL }, { "--link", NULL, &link }, { "--url", &url, NULL }, { NULL, NULL, NULL } };
	int64_t ttl_ms = HOUR_MS;
	struct organization organization;
	unsigned scopes = SCOPE_USAGE_READ;

	if (!cli_options("token", argc, argv, specs, NULL, 0, 0) ||
	    (scope != NULL && !parse_scopes(c, "token", "--scope", scope, &scopes)))
		return USAGE;
	if (ttl != NULL && !parse_ttl(ttl, &ttl_ms))
		return cli_usage("token", "--ttl: \"%s\" is not a duration such as 90s, 15m, 1h or 30d", ttl);
	if (org == NULL && !(scopes & SCOPE_INSTALLATION))
		return cli_usage("token", "--org is required, except for the scopes admin and metrics");
	if (url != NULL && !link)
		return cli_usage("token", "--url is only for --link");
	if (!cli_read(c))
		return FAILED;
	if ((org != NULL && organization_load(c->db, org, &organization, &c->err) != OK) ||
	    token_sign(c->db, c->arena, kid, org, scopes, c->now, ttl_ms, &token, &c->err) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	if (link)	/* after a '#', so that no server and no log ever sees it */
		printf("%s#token=", url != NULL ? url : DASHBOARD);
	printf("%s\n", token);
	return DONE;
}

struct new_api_key {
	struct cli *cli;
	const char *org, *name;
	unsigned scopes;
	const char *secret;	/* the key itself, and its number */
	int64_t number;
};

static enum status
add_api_key(void *arg)
{
	struct new_api_key *k = arg;
	struct cli *c = k->cli;

	return api_key_add(c->db, c->arena, k->org, k->name != NULL ? k->name : "", k->scopes, c->now, &cli_actor, &k->secret,
	    &k->number, &c->err);
}

static int
apikey_add(struct cli *c, int argc, char **argv)
{
	struct new_api_key key = { .cli = c };
	const char *scope = NULL;
	const struct option_spec specs[] = { { "--org", &key.org, NULL }, { "--scope", &scope, NULL },
		{ "--name", &key.name, NULL }, { NULL, NULL, NULL } };

	if (!cli_options("apikey", argc, argv, specs, NULL, 0, 0))
		return USAGE;
	if (key.org == NULL || scope == NULL)
		return cli_usage("apikey", "--org and --scope are required");
	if (!parse_scopes(c, "apikey", "--scope", scope, &key.scopes))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, add_api_key, &key) != OK)
		return cli_fail(c);
	/* The note goes to stderr, so that stdout is the key alone. */
	fprintf(stderr, "API key %" PRId64 " of %s; copy it now, because it is shown only once:\n", key.number, key.org);
	printf("%s\n", key.secret);
	return DONE;
}

static void
print_api_key(const struct api_key *k, void *arg)
{
	struct cli *c = arg;
	char at[INSTANT_TEXT_MAX];

	printf("%4" PRId64 "  %-10s %-20s %-16s %-10.10s %-8s %s\n", k->key, k->hint, cli_shown(c, k->name), k->org,
	    instant_format(k->created_at, at), k->revoked_at != 0 ? "revoked" : "in force",
	    scopes_format(c->arena, k->scopes));
}

static int
apikey_list(struct cli *c)
{
	if (!cli_read(c))
		return FAILED;
	printf("%4s  %-10s %-20s %-16s %-10s %-8s %s\n", "N", "STARTS", "NAME", "ORGANIZATION", "CREATED", "STATE", "SCOPES");
	if (api_key_each(c->db, c->arena, NULL, print_api_key, c) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	return DONE;
}

struct api_key_to_revoke {
	struct cli *cli;
	int64_t number;
};

static enum status
revoke_api_key(void *arg)
{
	struct api_key_to_revoke *k = arg;

	return api_key_revoke(k->cli->db, k->number, k->cli->now, &cli_actor, &k->cli->err);
}

static int
apikey_revoke(struct cli *c, const char *number)
{
	struct api_key_to_revoke key = { .cli = c };

	if (!cli_int("apikey", "N", number, 1, INT64_MAX, &key.number))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, revoke_api_key, &key) != OK)
		return cli_fail(c);
	printf("revoked API key %s\n", number);
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
	if (strcmp(verb, "revoke") == 0 && argc == 3)
		return apikey_revoke(c, argv[2]);
	return cli_usage("apikey", "expected add, list or revoke N");
}
