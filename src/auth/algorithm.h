/*
 * The algorithms that a key may have (RFC 7518, RFC 8037), by the name that stands in the header of its tokens.
 */
#ifndef ALGORITHM_H
#define ALGORITHM_H

#include <stdbool.h>

/* Of what kind the key is. */
enum key_kind { KEY_SECRET, KEY_RSA, KEY_EC, KEY_ED25519 };

struct algorithm {
	const char *name;
	enum key_kind kind;
	int hash_bits;		/* of SHA-2; 0 = EdDSA, which has a hash of its own */
	bool is_pss;		/* KEY_RSA: the padding of RFC 8017 with a salt as long as the hash; otherwise PKCS#1 1.5 */
	const char *curve;	/* KEY_EC: libcrypto's name of the one curve */
	const char *jwk_curve;	/* the name of the curve in a JWK */
	int half;		/* KEY_EC: bytes of each of the two numbers that are the signature, and of a coordinate; also of Ed25519 */
};

/* For people. */
#define ALGORITHM_NAMES "HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"

/* The algorithm with that name, byte for byte; NULL if there is none, above all for `none`. */
const struct algorithm	*algorithm_find(const char *name);

/* The one of a key on that curve, as a JWK names it; NULL if there is none. */
const struct algorithm	*algorithm_of_curve(const char *jwk_curve);

#endif
