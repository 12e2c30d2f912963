/*
 * JSON Web Tokens in the compact form (RFC 7515, 7519): their shape, their signature, signing (token_sign.c).
 *
 * The only file that uses libjwt, to verify.  It accepts too much: it follows the token's own alg, ignores crit and exp,
 * takes the last of two equal names, and reads past an empty segment.  So a token reaches it only if all of this holds.  What
 * it does not know, PS256 and EdDSA and at+jwt, signature.h verifies.
 *
 *	1. 20 to 8000 characters of A-Z a-z 0-9 - _ and two dots; no empty segment.
 *	2. Each segment is canonical base64url: no other text decodes to the same bytes.
 *	3. The header is strict JSON, an object, without `crit`; `typ` is absent, JWT or at+jwt.
 *	4. `kid` names a key, and `alg` is that key's, byte for byte.
 *	5. The key is not empty.
 *
 * claims.h reads what the payload says.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "auth/signing_key.h"

#define TOKEN_MIN 20		/* characters */
#define TOKEN_MAX 8000	/* what the web servers pass on in one header */
#define TOKEN_TTL_MIN_MS INT64_C(1000)
#define TOKEN_TTL_MAX_MS INT64_C(315576000000)	/* ten years */
#define TOKEN_JTI_MAX 48	/* bytes of a jti that we write, with its NUL */
#define TOKEN_LINK_PREFIX "link:"	/* of the jti of a sign-in link (link.h) */
#define TOKEN_LINK_TTL_MAX_MS INT64_C(3600000)	/* one hour */

/* A token split into its parts.  Nothing in it can be trusted before token_verify. */
struct token {
	const char *text;
	const char *kid, *alg;
	const char *payload;	/* decoded, with a NUL after it */
	size_t payload_n;
	size_t signed_n;	/* how much of the text is signed: the first two segments */
	const uint8_t *signature;	/* decoded */
	size_t signature_n;
	bool is_plain;		/* typ is absent or JWT: libjwt refuses every other one */
};

/* Checks points 1 to 3, and that kid and alg are present.  UNAUTHENTICATED and the reason. */
enum status	token_read(struct arena *a, const char *text, struct token *t, struct error *err);

/*
 * Checks points 4 and 5 and the signature, with that key and its algorithm, and then that the payload is a valid JSON
 * object.  UNAUTHENTICATED and the reason if not.
 */
enum status	token_verify(const struct token *t, const char *alg, struct key_bytes key, struct error *err);

/* A token that is to be signed. */
struct token_input {
	const char *kid;	/* the key that signs; NULL = the newest in force that may */
	const char *org;	/* NULL = none, for admin */
	unsigned scopes;
	int64_t ttl_ms;		/* how long it is valid, from now */
	const char *sub;	/* who will use it; NULL or "" = not said */
	bool is_link;		/* it is part of a sign-in link: at most TOKEN_LINK_TTL_MAX_MS */
	const char *jti;	/* NULL = a new one */
};

struct signed_token {
	const char *text, *kid, *jti;	/* in the arena */
	int64_t expires_at;
};

/*
 * Signs a token.  iss and aud are those that its key demands.  Inside a transaction.  Errors as signing_key_choose; also
 * BAD_REQUEST for org, sub and ttl_ms.
 */
enum status	token_sign(struct db *db, struct arena *a, const struct token_input *input, int64_t now,
		    struct signed_token *out, struct error *err);

#endif
