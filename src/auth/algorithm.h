/*
 * The algorithms that a key may have (RFC 7518, RFC 8037), by the name that stands in the header of its tokens.
 */
#ifndef ALGORITHM_H
#define ALGORITHM_H

/* Of what kind the key is. */
enum key_kind { KEY_SECRET, KEY_RSA, KEY_EC };

struct algorithm {
	const char *name;
	enum key_kind kind;
	int hash_bits;		/* of SHA-2 */
	const char *curve;	/* libcrypto's name of the one curve of a KEY_EC; otherwise NULL */
	int half;		/* KEY_EC: bytes of each of the two numbers that are the signature */
};

#define ALGORITHM_NAMES "HS256, RS256, ES256"	/* for people */

/* The algorithm with that name, byte for byte; NULL if there is none, above all for `none`. */
const struct algorithm	*algorithm_find(const char *name);

#endif
