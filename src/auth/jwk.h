/*
 * Public keys as JSON Web Keys (RFC 7517, 7518, 8037): one, or a set of them.
 */
#ifndef JWK_H
#define JWK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define JWK_TEXT_MAX 262144	/* bytes of a set; that of a provider with many certificates has 20,000 */
#define JWK_KEYS_MAX 64		/* of one set */

struct jwk {
	const char *kid;	/* NULL = it has none */
	const char *alg;	/* its own, else the usual one of its kind (algorithm.h) */
	const char *pem;	/* the public key; NULL = it cannot be used, and the reason is in `skipped` */
	const char *skipped;
};

struct jwk_set {
	struct jwk keys[JWK_KEYS_MAX];
	size_t count;
	size_t usable;		/* how many of them have a pem */
};

/* Whether a file of a key is JSON, and not PEM or a secret. */
bool		jwk_is_json(const char *text);

/*
 * Reads a JWK, or a set of them ({"keys": […]}), into the arena.  alg is the algorithm of keys that name none; NULL = RS256 for
 * RSA.  A key of a set that is for encryption, of an unknown kind, too weak or a secret is skipped, since providers publish those
 * too.  BAD_REQUEST if the text is no such thing, or if a private key is in it.
 */
enum status	jwk_read(struct arena *a, const char *text, size_t n, const char *alg, struct jwk_set *set, struct error *err);

#endif
