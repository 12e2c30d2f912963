/*
 * JSON Web Tokens in the compact form (RFC 7515, 7519): their shape, their signature, signing.
 *
 * The only file that knows libjwt, which takes much that must not pass: it follows the token's own alg,
 * ignores crit and exp, takes the last of two equal names, reads past an empty segment.  So a token comes
 * to it only when all of this has been seen:
 *
 *	1. 20 to 4096 characters of A-Z a-z 0-9 - _ and two dots; no empty segment.
 *	2. Each segment is canonical base64url: no other text has the same bytes.
 *	3. The header is strict JSON, an object, without `crit`; `typ` is absent or "JWT".
 *	4. `kid` names a key, and `alg` is that key's, byte for byte.
 *	5. The key is not empty.
 *
 * What the payload says is the business of claims.h.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "auth/signing_key.h"

#define TOKEN_MIN 20		/* characters */
#define TOKEN_MAX 4096
#define TOKEN_TTL_MIN_MS INT64_C(1000)
#define TOKEN_TTL_MAX_MS INT64_C(315576000000)	/* ten years */

/* A token taken apart.  Nothing in it is true before token_verify. */
struct token {
	const char *text;
	const char *kid, *alg;
	const char *payload;	/* decoded; NUL behind it */
	size_t payload_n;
};

/* Points 1 to 3, and that kid and alg are there.  UNAUTHENTICATED and why. */
enum status	token_read(struct arena *a, const char *text, struct token *t, struct error *err);

/*
 * Point 4, 5 and the signature, by that key; then the payload is a checked JSON object.
 * UNAUTHENTICATED and why where not.
 */
enum status	token_verify(const struct token *t, const char *alg, struct key_bytes key, struct error *err);

/*
 * A signed token for org (NULL = none, for admin) with these scopes, valid ttl_ms from now, by the newest
 * key in force that may and can sign it (kid NULL) or by that key.  Its iss and aud are the settings'.  In
 * the arena.  Inside a transaction.  Errors as signing_key_choose, and BAD_REQUEST for org and ttl_ms.
 */
enum status	token_sign(struct db *db, struct arena *a, const char *kid, const char *org, unsigned scopes,
		    int64_t now, int64_t ttl_ms, const char **token, struct error *err);

#endif
