/*
 * key add: a secret, a key in PEM, or the keys of a JWK, of a set of them (JWKS) or of a URL.
 */
#include <stdio.h>
#include <string.h>

#include "key.h"
#include "auth/algorithm.h"
#include "auth/jwk.h"
#include "auth/pem.h"
#include "base/crypto.h"
#include "base/json.h"

/* Reads a small file as text; NULL, with the error printed, if it cannot be read or is too long.  "-" is standard input. */
static char *
read_file(struct cli *c, const char *path)
{
	char *text = arena_alloc(c->arena, JWK_TEXT_MAX + 1);
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t n, max;

	if (f == NULL) {
		fprintf(stderr, "daybook: %s: cannot be read\n", path);
		return NULL;
	}
	n = fread(text, 1, JWK_TEXT_MAX + 1, f);
	if (f != stdin)
		fclose(f);
	text[n <= JWK_TEXT_MAX ? n : JWK_TEXT_MAX] = '\0';
	max = jwk_is_json(text) ? JWK_TEXT_MAX : PEM_TEXT_MAX;
	if (n <= max)
		return text;
	fprintf(stderr, "daybook: %s: longer than %zu bytes\n", path, max);
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
	struct signing_key_input input;
	const struct jwk_set *set;	/* of a file in JSON; NULL = input has the key */
};

/* ---- Keys in JSON */

/* Adds each key of the file that can be used, or the one that --kid names, all in one transaction. */
static enum status
add_set(void *arg)
{
	struct new_key *k = arg;
	struct cli *c = k->cli;
	enum status st;

	for (size_t i = 0; i < k->set->count; i++) {
		const struct jwk *jwk = &k->set->keys[i];
		struct signing_key_input one = k->input;

		if (jwk->pem == NULL || (one.kid != NULL && k->set->count > 1 && (jwk->kid == NULL || strcmp(one.kid, jwk->kid) != 0)))
			continue;
		if (one.kid == NULL)
			one.kid = jwk->kid;
		one.alg = jwk->alg;
		one.pem = jwk->pem;
		if (one.kid == NULL)
			return error_set(&c->err, BAD_REQUEST, "kid: the key in the file has none; name it with --kid, as its tokens do");
		if ((st = signing_key_add(c->db, c->arena, &one, c->now, &cli_actor, &c->err)) != OK)
			return st;
	}
	return OK;
}

static void
print_set(const struct jwk_set *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct jwk *k = &set->keys[i];
		const char *name = k->kid != NULL ? k->kid : kid != NULL ? kid : "(without a kid)";

		if (kid != NULL && set->count > 1 && strcmp(name, kid) != 0)
			continue;
		if (k->pem != NULL)
			printf("added %s key %s\n", k->alg, kid != NULL ? kid : name);
		else
			printf("left out %s: %s\n", name, k->skipped);
	}
}

/* Whether the set has something to add: the key that --kid names, or any. */
static bool
has_usable(const struct jwk_set *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->keys[i].pem != NULL && (kid == NULL || set->count == 1 ||
		    (set->keys[i].kid != NULL && strcmp(set->keys[i].kid, kid) == 0)))
			return true;
	return false;
}

static int
add_json(struct cli *c, struct new_key *key, const char *text, const char *alg)
{
	struct jwk_set *set = arena_alloc(c->arena, sizeof(*set));

	if (jwk_read(c->arena, text, strlen(text), alg, set, &c->err) != OK)
		return cli_fail(c);
	if (!has_usable(set, key->input.kid)) {
		error_set(&c->err, BAD_REQUEST, "key: the file has no key that can be used%s%s",
		    set->count == 1 && set->keys[0].skipped != NULL ? ": " : "",
		    set->count == 1 && set->keys[0].skipped != NULL ? set->keys[0].skipped : "");
		return cli_fail(c);
	}
	key->set = set;
	c->org = key->input.org;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, add_set, key) != OK)
		return cli_fail(c);
	print_set(set, key->input.kid);
	return DONE;
}

/* ---- A secret, or a key in PEM */

static enum status
add_key(void *arg)
{
	struct new_key *k = arg;
	struct cli *c = k->cli;

	return signing_key_add(c->db, c->arena, &k->input, c->now, &cli_actor, &c->err);
}

/* A secret without a file is a random one; the other algorithms always need a key. */
static int
add_one(struct cli *c, struct new_key *key, char *text)
{
	const struct algorithm *alg = algorithm_find(key->input.alg);
	struct signing_key_input *in = &key->input;
	char *made = arena_alloc(c->arena, 16);
	uint8_t random[6];

	if (text == NULL && alg != NULL && alg->kind != KEY_SECRET)
		return cli_usage("key", "%s needs --file with a public or private key in PEM, or a JWK", in->alg);
	if (text != NULL && alg != NULL && alg->kind == KEY_SECRET)
		cut_newline(text);
	in->pem = text;
	if (in->kid == NULL) {
		random_bytes(random, sizeof(random));
		in->kid = hex(random, sizeof(random), made);
	}
	c->org = in->org;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, add_key, key) != OK)
		return cli_fail(c);
	printf("added %s key %s\n", in->alg, in->kid);
	return DONE;
}

/*
 * Whether the file is a secret that only looks like JSON, on the word of --alg.  A file that is JSON is never one: it may be a
 * JWK, which the provider publishes.
 */
static bool
is_secret(const char *name, const char *text)
{
	const struct algorithm *alg = name != NULL ? algorithm_find(name) : NULL;
	struct error err = { 0 };

	return alg != NULL && alg->kind == KEY_SECRET && json_check("key", text, strlen(text), &err) != OK;
}

int
key_add(struct cli *c, int argc, char **argv)
{
	struct new_key key = { .cli = c };
	struct signing_key_input *in = &key.input;
	const char *alg = NULL, *file = NULL, *max = NULL, *url = NULL;
	const struct option_spec specs[] = { { "--alg", &alg, NULL }, { "--kid", &in->kid, NULL }, { "--file", &file, NULL },
		{ "--org", &in->org, NULL }, { "--max-scopes", &max, NULL }, { "--iss", &in->iss, NULL }, { "--aud", &in->aud, NULL },
		{ "--any-audience", NULL, &in->is_any_audience }, { "--access-role", NULL, &in->may_access_role },
		{ "--verify-only", NULL, &in->is_verify_only }, { "--url", &url, NULL }, { NULL, NULL, NULL } };
	char *text = NULL;

	if (!cli_options("key", argc, argv, specs, NULL, 0, 0) ||
	    (max != NULL && !cli_scopes(c, "key", "--max-scopes", max, &in->max_scopes)))
		return USAGE;
	in->has_max_scopes = max != NULL;
	if (url != NULL) {
		if (alg != NULL || in->kid != NULL || file != NULL)
			return cli_usage("key", "--url says the names and algorithms of its keys; leave out --alg, --kid and --file");
		in->is_verify_only = false;	/* what a URL publishes is public anyway */
		return key_url_add(c, url, in);
	}
	if (file != NULL && (text = read_file(c, file)) == NULL)
		return FAILED;
	if (text != NULL && jwk_is_json(text) && !is_secret(alg, text))
		return add_json(c, &key, text, alg);
	in->alg = alg != NULL ? alg : "HS256";
	return add_one(c, &key, text);
}
