/*
 * JSON Web Tokens (see token.h).  The shape is checked by our own code, so that libjwt sees only tokens that it cannot
 * misread; libjwt then only has to verify or to sign.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jwt.h>

#include "auth/claims.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "store/setting.h"
#include "auth/token.h"

enum {
	ALG_MAX = 16,		/* bytes of a header's alg and typ */
	UUID_SIZE = 37,
};

/* ---- base64url */

/* The value of a base64url digit, or -1. */
static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/*
 * Decodes text[0, n) and adds a NUL after the bytes.  False unless this is the only text that decodes to them: a single
 * last digit, and bits left over at the end, are refused like any character that is no digit.  Otherwise one token
 * could be written in several ways.
 */
static bool
decode(struct arena *a, const char *text, size_t n, const char **bytes, size_t *size)
{
	char *out = arena_alloc(a, n + 1);
	uint32_t pool = 0;
	int bits = 0, value;

	*bytes = out;
	*size = 0;
	for (size_t i = 0; i < n; i++) {
		if ((value = digit(text[i])) < 0)
			return false;
		/*
		 * pool collects six bits per digit; only its lowest `bits` are pending, older ones are masked or
		 * shifted out.
		 */
		pool = pool << 6 | (uint32_t)value;
		if ((bits += 6) >= 8) {
			bits -= 8;
			out[(*size)++] = (char)(pool >> bits & 0xff);
		}
	}
	return n % 4 != 1 && (pool & ((UINT32_C(1) << bits) - 1)) == 0;
}

/* ---- Reading */

/* Every refusal of a token is the same status; the log has the text. */
static enum status
refuse(struct error *err, const char *what)
{
	return error_set(err, UNAUTHENTICATED, "token: %s", what);
}

/*
 * Reads alg and kid from the header, and refuses what we do not support.  Neither is trusted yet: kid selects a key,
 * and alg must be that key's.
 */
static enum status
read_header_fields(struct json_object *header, struct token *t, struct error *err)
{
	const char *typ;

	/* RFC 7515, 4.1.11: a verifier must refuse critical extensions that it does not understand; we understand none. */
	if (json_has(header, "crit"))
		return refuse(err, "crit is not supported");
	if (json_string(header, "alg", 1, ALG_MAX, &t->alg, err) != OK ||
	    json_string(header, "kid", 1, KID_MAX - 1, &t->kid, err) != OK ||
	    json_string(header, "typ", 1, ALG_MAX, &typ, err) != OK)
		return UNAUTHENTICATED;
	if (json_has(header, "typ") && (typ == NULL || strcmp(typ, "JWT") != 0))
		return refuse(err, "typ is not JWT");
	if (t->alg == NULL)
		return refuse(err, "alg is missing");
	if (t->kid == NULL || !signing_key_kid_ok(t->kid))
		return refuse(err, "kid is missing or malformed");
	return OK;
}

/*
 * Validates the header strictly before parsing it: duplicate members, for example, would let two readers see two
 * algorithms.
 */
static enum status
read_header(struct arena *a, const char *json, size_t n, struct token *t, struct error *err)
{
	struct json_object *header;
	enum status st;

	if (json_check("token header", json, n, err) != OK ||
	    json_parse(a, "token header", json, n, &header, err) != OK)
		return UNAUTHENTICATED;
	st = read_header_fields(header, t, err);
	json_object_free(header);
	return st;
}

enum status
token_read(struct arena *a, const char *text, struct token *t, struct error *err)
{
	const char *dot, *second, *header, *signature;
	size_t n = strnlen(text, TOKEN_MAX + 1), header_n, signature_n;

	*t = (struct token) { .text = text };
	if (n < TOKEN_MIN || n > TOKEN_MAX)
		return refuse(err, "too short or too long");
	/* Find the two dots, and require three segments that are not empty. */
	if ((dot = strchr(text, '.')) == NULL || (second = strchr(dot + 1, '.')) == NULL)
		return refuse(err, "not three segments");
	if (dot == text || second == dot + 1 || second[1] == '\0')
		return refuse(err, "an empty segment");
	/* A third dot, like any other foreign character, fails here because it is no digit of base64url. */
	if (!decode(a, text, (size_t)(dot - text), &header, &header_n) ||
	    !decode(a, dot + 1, (size_t)(second - dot - 1), &t->payload, &t->payload_n) ||
	    !decode(a, second + 1, n - (size_t)(second + 1 - text), &signature, &signature_n))
		return refuse(err, "not canonical base64url");
	return read_header(a, header, header_n, t, err);
}

/* ---- Verifying */

/* Only the three algorithms that a key can have; above all not `none`. */
static jwt_alg_t
alg_of(const char *name)
{
	if (strcmp(name, "HS256") == 0)
		return JWT_ALG_HS256;
	if (strcmp(name, "RS256") == 0)
		return JWT_ALG_RS256;
	return strcmp(name, "ES256") == 0 ? JWT_ALG_ES256 : JWT_ALG_INVAL;
}

/*
 * Verifies the signature.  The result of libjwt is not enough: when memory is short it may return a token that it has
 * not verified, with alg none, or refuse a good one.  So the algorithm is compared again, and ENOMEM is what tells a
 * lack of memory from a wrong signature.
 */
static bool
is_signed(const char *token, jwt_alg_t alg, struct key_bytes key)
{
	jwt_t *jwt = NULL;
	bool good;

	errno = 0;
	good = jwt_decode(&jwt, token, key.data, (int)key.n) == 0 && jwt != NULL && jwt_get_alg(jwt) == alg;
	if (!good && errno == ENOMEM)
		out_of_memory();
	jwt_free(jwt);
	return good;
}

enum status
token_verify(const struct token *t, const char *alg, struct key_bytes key, struct error *err)
{
	jwt_alg_t pinned = alg_of(alg);

	if (strcmp(t->alg, alg) != 0 || pinned == JWT_ALG_INVAL)
		return refuse(err, "alg is not the algorithm of its key");
	/* An empty key would verify everything.  SECRET_MIN also suits PEM, which is always longer. */
	if (key.data == NULL || key.n < SECRET_MIN || key.n > INT_MAX)
		return refuse(err, "its key is damaged");
	if (!is_signed(t->text, pinned, key))
		return refuse(err, "the signature does not match its key");
	/* Only now, after the signature, is the payload worth reading; claims.c requires that it was checked. */
	if (json_check("token payload", t->payload, t->payload_n, err) != OK)
		return UNAUTHENTICATED;
	if (json_kind(t->payload, t->payload_n) != '{')
		return refuse(err, "its payload is not a JSON object");
	return OK;
}

/* ---- Signing */

/*
 * Writes the claims as JSON, in the arena.  iss and aud are those that check_parties will require; jti makes each token
 * distinct.
 */
static enum status
payload(struct db *db, struct arena *a, const char *org, unsigned scopes, int64_t now, int64_t ttl_ms, const char **text)
{
	const char *iss, *aud;
	char jti[UUID_SIZE];
	enum status st;
	struct buf claims = { 0 };
	struct json *j = json_on(&claims);

	if ((st = setting_get(db, a, "iss", &iss)) != OK || (st = setting_get(db, a, "aud", &aud)) != OK)
		return st;

	json_open_object(j, NULL);
	json_put_int(j, "iat", now / 1000);
	json_put_int(j, "exp", (now + ttl_ms) / 1000);
	json_put_text(j, "jti", uuid7(now, jti));
	if (org != NULL)
		json_put_text(j, "organizationId", org);
	json_put_text(j, "scope", scopes_format(a, scopes));
	if (iss[0] != '\0')
		json_put_text(j, "iss", iss);
	if (aud[0] != '\0')
		json_put_text(j, "aud", aud);
	json_close_object(j);
	*text = arena_strdup(a, buf_text(&claims));
	buf_free(&claims);
	return OK;
}

/*
 * Whether a token says what it was made of and is signed.  Without memory libjwt may leave out pieces of it, or its signature,
 * and report nothing.
 */
static bool
is_whole(jwt_t *made, const char *text)
{
	jwt_t *read = NULL;
	char *is = NULL, *should_be = NULL;
	bool is_same = text[strlen(text) - 1] != '.' && jwt_decode(&read, text, NULL, 0) == 0 &&
	    (is = jwt_get_grants_json(read, NULL)) != NULL && (should_be = jwt_get_grants_json(made, NULL)) != NULL &&
	    strcmp(is, should_be) == 0 && jwt_get_header(read, "kid") != NULL;

	free(is);
	free(should_be);
	jwt_free(read);
	return is_same;
}

/* Signs the claims; returns the token's text in the arena, or NULL if libjwt fails. */
static const char *
encode(struct arena *a, const struct signing_key *k, struct key_bytes sign, const char *claims)
{
	const char *token = NULL;
	char *text = NULL;
	jwt_t *jwt = NULL;

	crypto_start();
	errno = 0;
	if (jwt_new(&jwt) == 0 && jwt_add_header(jwt, "kid", k->kid) == 0 &&
	    jwt_add_grants_json(jwt, claims) == 0 &&
	    jwt_set_alg(jwt, alg_of(k->alg), sign.data, (int)sign.n) == 0)
		text = jwt_encode_str(jwt);
	if (errno == ENOMEM || (text != NULL && !is_whole(jwt, text)))
		out_of_memory();
	if (text != NULL)
		token = arena_strdup(a, text);
	free(text);
	jwt_free(jwt);
	return token;
}

enum status
token_sign(struct db *db, struct arena *a, const char *kid, const char *org, unsigned scopes, int64_t now,
    int64_t ttl_ms, const char **token, struct error *err)
{
	struct key_bytes sign;
	struct signing_key k;
	const char *claims;
	enum status st;

	/* Refuse what auth_check would refuse later: a token is only useful if this server accepts it. */
	if (org == NULL && !(scopes & SCOPE_INSTALLATION))
		return error_set(err, BAD_REQUEST, "org: required, except for the scopes admin and metrics");
	if (org != NULL && !id_ok(org))
		return error_set(err, BAD_REQUEST, "org: must be 1 to 64 of A-Z a-z 0-9 . _ -");
	if (ttl_ms < TOKEN_TTL_MIN_MS || ttl_ms > TOKEN_TTL_MAX_MS)
		return error_set(err, BAD_REQUEST, "ttl: must be from one second to ten years");
	if ((st = signing_key_choose(db, a, kid, org, scopes, &k, &sign, err)) != OK ||
	    (st = payload(db, a, org, scopes, now, ttl_ms, &claims)) != OK)
		return st;
	/* signing_key_add stores nothing shorter or longer, so this row was damaged; libjwt takes the length as an int. */
	if (sign.n < SECRET_MIN || sign.n > INT_MAX)
		return error_set(err, INTERNAL, "token: the key \"%s\" is damaged; run `daybook verify`", k.kid);
	if ((*token = encode(a, &k, sign, claims)) == NULL)
		return error_set(err, INTERNAL, "token: could not be signed with the key \"%s\"", k.kid);
	if (strlen(*token) > TOKEN_MAX)
		return error_set(err, BAD_REQUEST, "token: too long; shorten the settings iss and aud");
	return OK;
}
