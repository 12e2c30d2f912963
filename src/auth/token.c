/*
 * JSON Web Tokens (see token.h).  The shape is checked by our own code, so that libjwt sees only tokens that it cannot
 * misread; libjwt then only has to verify.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jwt.h>

#include "base/crypto.h"
#include "base/json.h"
#include "auth/signature.h"
#include "auth/token.h"

enum { ALG_MAX = 16, TYP_MAX = 64 };	/* bytes of a header's alg and typ */

/* Decodes a segment and adds a NUL after it.  False if it is no base64url, or could be written in several ways. */
static bool
decode(struct arena *a, const char *text, size_t n, const char **bytes, size_t *size)
{
	char *out = arena_alloc(a, n + 1);

	*bytes = out;
	return base64url_decode(text, n, (uint8_t *)out, size);
}

/* ---- Reading */

/* Every refusal of a token is the same status; the log has the text. */
static enum status
refuse(struct error *err, const char *what)
{
	return error_set(err, UNAUTHENTICATED, "token: %s", what);
}

/*
 * RFC 7515, 4.1.9 and RFC 9068, 2.1: typ is a media type, which has no case, and `application/` may be left out.  Other types,
 * as of a logout or a proof, are no credentials although they have the same signature.
 */
static bool
is_access_token(const char *typ)
{
	static const char prefix[] = "application/";

	if (strncasecmp(typ, prefix, sizeof(prefix) - 1) == 0)
		typ += sizeof(prefix) - 1;
	return strcasecmp(typ, "JWT") == 0 || strcasecmp(typ, "at+jwt") == 0;
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
	    json_string(header, "typ", 1, TYP_MAX, &typ, err) != OK)
		return UNAUTHENTICATED;
	t->is_plain = typ == NULL || strcasecmp(typ, "JWT") == 0;
	if (json_has(header, "typ") && (typ == NULL || !is_access_token(typ)))
		return refuse(err, "typ is neither JWT nor at+jwt");
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
	size_t n = strnlen(text, TOKEN_MAX + 1), header_n;

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
	    !decode(a, second + 1, n - (size_t)(second + 1 - text), &signature, &t->signature_n))
		return refuse(err, "not canonical base64url");
	t->signature = (const uint8_t *)signature;
	t->signed_n = (size_t)(second - text);
	return read_header(a, header, header_n, t, err);
}

/* ---- Verifying */

/*
 * Verifies the signature by libjwt.  Its result is not enough: when memory is short it may return a token that it has
 * not verified, with alg none, or refuse a good one.  So the algorithm is compared again, and ENOMEM is what tells a
 * lack of memory from a wrong signature.
 */
static bool
libjwt_holds(const char *token, jwt_alg_t alg, struct key_bytes key)
{
	jwt_t *jwt = NULL;
	bool good;

	crypto_start();
	errno = 0;
	good = jwt_decode(&jwt, token, key.data, (int)key.n) == 0 && jwt != NULL && jwt_get_alg(jwt) == alg;
	if (!good && errno == ENOMEM)
		out_of_memory();
	jwt_free(jwt);
	return good;
}

/*
 * By the key's algorithm.  libjwt refuses a typ that is not JWT; it has no EdDSA, and of PS256 nothing or, later, what
 * takes no key but one that is for PSS alone.
 */
static bool
is_signed(const struct token *t, const struct algorithm *alg, struct key_bytes key)
{
	if (t->is_plain && !alg->is_pss && alg->kind != KEY_ED25519)
		return libjwt_holds(t->text, jwt_str_alg(alg->name), key);
	return signature_holds(alg, key, t->text, t->signed_n, t->signature, t->signature_n);
}

enum status
token_verify(const struct token *t, const char *name, struct key_bytes key, struct error *err)
{
	const struct algorithm *alg = algorithm_find(name);

	/* The algorithm is the key's; what the token says must be the same, and is otherwise not looked at. */
	if (alg == NULL || strcmp(t->alg, name) != 0)
		return refuse(err, "alg is not the algorithm of its key");
	/* An empty key would verify everything.  SECRET_MIN also suits PEM, which is always longer. */
	if (key.data == NULL || key.n < SECRET_MIN || key.n > INT_MAX)
		return refuse(err, "its key is damaged");
	if (!is_signed(t, alg, key))
		return refuse(err, "the signature does not match its key");
	/* Only now, after the signature, is the payload worth reading; claims.c requires that it was checked. */
	if (json_check("token payload", t->payload, t->payload_n, err) != OK)
		return UNAUTHENTICATED;
	if (json_kind(t->payload, t->payload_n) != '{')
		return refuse(err, "its payload is not a JSON object");
	return OK;
}
