/*
 * Tokens: token, token revoke.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/link.h"
#include "auth/revoked_token.h"
#include "auth/token.h"
#include "cli.h"
#include "time/instant.h"

#define DASHBOARD "http://127.0.0.1:8080/"	/* the one that `make run` serves */
#define LONG_MS (30 * DAY_MS)			/* a token that lives longer gets a warning, one with admin needs --force */

/* ---- token revoke */

struct token_to_revoke {
	struct cli *cli;
	const char *kid, *jti;
};

/* A link is revoked with the session that it has opened, if it was used. */
static enum status
revoke_token(void *arg)
{
	struct token_to_revoke *t = arg;
	struct cli *c = t->cli;
	bool is_link = strncmp(t->jti, TOKEN_LINK_PREFIX, strlen(TOKEN_LINK_PREFIX)) == 0;
	enum status st = revoked_token_add(c->db, t->kid, t->jti, 0, c->now, &cli_actor, &c->err);

	if (is_link && (st == OK || st == CONFLICT))
		st = revoked_token_add(c->db, t->kid, t->jti + strlen(TOKEN_LINK_PREFIX), 0, c->now, &cli_actor, &c->err);
	return st;
}

static int
token_revoke(struct cli *c, int argc, char **argv)
{
	struct token_to_revoke token = { .cli = c };
	const struct option_spec specs[] = { { "--kid", &token.kid, NULL }, { NULL, NULL, NULL } };

	if (!cli_options("token", argc, argv, specs, &token.jti, 1, 1))
		return USAGE;
	if (token.kid == NULL)
		return cli_usage("token", "--kid is required: the key that signed the token, which the audit shows as jwt:KID");
	c->kid = token.kid;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, revoke_token, &token) != OK)
		return cli_fail(c);
	printf("revoked token %s of key %s: it is refused from now on\n", cli_shown(c, token.jti), token.kid);
	return DONE;
}

/* ---- token */

/* Checks how long a token may live; returns DONE or USAGE. */
static int
check_ttl(const struct token_input *input, bool is_forced)
{
	if (input->is_link && input->ttl_ms > TOKEN_LINK_TTL_MAX_MS)
		return cli_usage("token", "--ttl: a link lives one hour at most; the session that it opens lives twelve");
	if (input->ttl_ms <= LONG_MS)
		return DONE;
	if ((input->scopes & SCOPE_ADMIN) && !is_forced)
		return cli_usage("token", "--ttl: a token with admin over more than 30 days is a risk to every organization; "
		    "choose less, or insist with --force");
	fprintf(stderr, "daybook token: this token lives longer than 30 days; whoever gets hold of it can use it until then\n");
	return DONE;
}

/* Prints the token alone on stdout; to a person also what revokes it. */
static void
print_token(const struct signed_token *token, bool is_link, const char *url)
{
	char at[INSTANT_TEXT_MAX];

	if (is_link)	/* after a '#', so that no server and no log ever sees it */
		printf("%s#token=", url != NULL ? url : DASHBOARD);
	printf("%s\n", token->text);
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "%s until %s. To end it %s: daybook token revoke --kid %s %s\n",
	    is_link ? "This link signs in once," : "Valid", instant_format(token->expires_at, at),
	    is_link ? "and its session" : "earlier", token->kid, token->jti);
}

int
cmd_token(struct cli *c, int argc, char **argv)
{
	struct token_input input = { .scopes = SCOPE_USAGE_READ };
	const char *scope = NULL, *ttl = NULL, *url = NULL;
	bool is_forced = false;
	const struct option_spec specs[] = { { "--org", &input.org, NULL }, { "--scope", &scope, NULL }, { "--ttl", &ttl, NULL },
		{ "--kid", &input.kid, NULL }, { "--sub", &input.sub, NULL }, { "--link", NULL, &input.is_link },
		{ "--url", &url, NULL }, { "--force", NULL, &is_forced }, { NULL, NULL, NULL } };
	struct organization organization;
	struct signed_token token;

	if (argc > 1 && strcmp(argv[1], "revoke") == 0)
		return token_revoke(c, argc - 1, argv + 1);
	if (!cli_options("token", argc, argv, specs, NULL, 0, 0) ||
	    (scope != NULL && !cli_scopes(c, "token", "--scope", scope, &input.scopes)))
		return USAGE;
	input.ttl_ms = input.is_link ? LINK_TTL_MS : HOUR_MS;
	if ((ttl != NULL && !cli_duration("token", "--ttl", ttl, &input.ttl_ms)) || check_ttl(&input, is_forced) != DONE)
		return USAGE;
	if (input.org == NULL && !(input.scopes & SCOPE_INSTALLATION))
		return cli_org_missing(c, "token", "--org is required, except for the scopes admin and metrics");
	if (url != NULL && !input.is_link)
		return cli_usage("token", "--url is only for --link");
	c->org = input.org;
	c->kid = input.kid;
	if (!cli_read(c))
		return FAILED;
	if ((input.org != NULL && organization_load(c->db, input.org, &organization, &c->err) != OK) ||
	    token_sign(c->db, c->arena, &input, c->now, &token, &c->err) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	print_token(&token, input.is_link, url);
	return DONE;
}
