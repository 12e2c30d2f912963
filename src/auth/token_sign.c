/*
 * Signing tokens (see token.h): the header and the claims as our own JSON, their signature by signature.h.
 */
#include <stdbool.h>
#include <string.h>

#include "auth/pem.h"
#include "auth/signature.h"
#include "auth/token.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "base/name.h"

enum { UUID_SIZE = 37 };

/* Writes the claims as JSON, in the arena.  iss and aud are those that check_parties will require. */
static enum status
payload(struct db *db, struct arena *a, const struct token_input *input, const struct signing_key *k, int64_t now,
    const struct signed_token *token, const char **text)
{
	struct claims_rules rules;
	enum status st;
	struct buf claims = { 0 };
	struct json *j = json_on(&claims);

	if ((st = signing_key_rules(db, a, k, &rules)) != OK)
		return st;

	json_open_object(j, NULL);
	json_put_int(j, "iat", now / 1000);
	json_put_int(j, "exp", token->expires_at / 1000);
	json_put_text(j, "jti", token->jti);
	if (input->sub != NULL && input->sub[0] != '\0')
		json_put_text(j, "sub", input->sub);
	if (input->org != NULL)
		json_put_text(j, "organizationId", input->org);
	json_put_text(j, "scope", scopes_format(a, input->scopes));
	if (rules.iss[0] != '\0')
		json_put_text(j, "iss", rules.iss);
	if (rules.aud[0] != '\0')
		json_put_text(j, "aud", rules.aud);
	json_close_object(j);
	*text = arena_strdup(a, buf_text(&claims));
	buf_free(&claims);
	return OK;
}

/* n bytes as a segment. */
static const char *
segment(struct arena *a, const void *bytes, size_t n)
{
	return base64url(bytes, n, arena_alloc(a, 4 * ((n + 2) / 3) + 1));
}

/* The header that token_read expects. */
static const char *
header_of(struct arena *a, const struct signing_key *k)
{
	struct buf header = { 0 };
	struct json *j = json_on(&header);
	const char *made;

	json_open_object(j, NULL);
	json_put_text(j, "alg", k->alg);
	json_put_text(j, "kid", k->kid);
	json_put_text(j, "typ", "JWT");
	json_close_object(j);
	made = segment(a, header.text, header.size);
	buf_free(&header);
	return made;
}

/* Signs the claims; returns the token's text in the arena, or NULL if the key is damaged. */
static const char *
encode(struct arena *a, const struct signing_key *k, struct key_bytes sign, const char *claims)
{
	const struct algorithm *alg = algorithm_find(k->alg);
	uint8_t signature[SIGNATURE_MAX];
	const char *text;
	size_t n;

	/* signing_key_add stores nothing shorter or longer. */
	if (alg == NULL || sign.data == NULL || sign.n < SECRET_MIN || sign.n > PEM_TEXT_MAX)
		return NULL;
	text = arena_printf(a, "%s.%s", header_of(a, k), segment(a, claims, strlen(claims)));
	if (!signature_make(alg, sign, text, signature, &n))
		return NULL;
	return arena_printf(a, "%s.%s", text, segment(a, signature, n));
}

/* Refuses what auth_check would refuse later: a token is only useful if this server accepts it. */
static enum status
check_input(const struct token_input *input, struct error *err)
{
	if (input->org == NULL && !(input->scopes & SCOPE_INSTALLATION))
		return error_set(err, BAD_REQUEST, "org: required, except for the scopes admin and metrics");
	if (input->org != NULL && !id_ok(input->org))
		return id_refuse("org", input->org, err);
	if (input->ttl_ms < TOKEN_TTL_MIN_MS || input->ttl_ms > TOKEN_TTL_MAX_MS)
		return error_set(err, BAD_REQUEST, "ttl: must be from one second to ten years");
	if (input->is_link && input->ttl_ms > TOKEN_LINK_TTL_MAX_MS)
		return error_set(err, BAD_REQUEST, "ttl: a link that signs in may live one hour at most");
	if (input->sub != NULL && strlen(input->sub) >= ACTOR_NAME_MAX)
		return error_set(err, BAD_REQUEST, "sub: longer than %d bytes", ACTOR_NAME_MAX - 1);
	return input->sub != NULL ? name_check("sub", input->sub, err) : OK;
}

/* jti makes each token distinct, and names it where it is used or revoked. */
enum status
token_sign(struct db *db, struct arena *a, const struct token_input *input, int64_t now, struct signed_token *out,
    struct error *err)
{
	struct key_bytes sign;
	struct signing_key k;
	const char *claims;
	char jti[UUID_SIZE];
	enum status st;

	if ((st = check_input(input, err)) != OK)
		return st;
	if ((st = signing_key_choose(db, a, input->kid, input->org, input->scopes, &k, &sign, err)) != OK)
		return st;
	*out = (struct signed_token) { .kid = k.kid, .expires_at = (now + input->ttl_ms) / 1000 * 1000 };
	out->jti = input->jti != NULL ? input->jti :
	    arena_printf(a, "%s%s", input->is_link ? TOKEN_LINK_PREFIX : "", uuid7(now, jti));
	if ((st = payload(db, a, input, &k, now, out, &claims)) != OK)
		return st;
	if ((out->text = encode(a, &k, sign, claims)) == NULL)
		return error_set(err, INTERNAL, "token: the key \"%s\" is damaged; run `daybook verify`", k.kid);
	if (strlen(out->text) > TOKEN_MAX)
		return error_set(err, BAD_REQUEST, "token: too long; shorten the settings iss and aud");
	return OK;
}
