/*
 * Signatures of tokens by libcrypto.
 *
 * libjwt signs too, but its JSON library crashes when memory runs out; it verifies (token.c) what it can read.
 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/algorithm.h"
#include "auth/pem.h"
#include "auth/signing_key.h"

#define SIGNATURE_MAX (RSA_BITS_MAX / 8)	/* bytes */

/*
 * Signs the text with a key that signing_key_add has accepted, in the form that a token has: of ECDSA the two numbers, one
 * after the other.  False if the key does not suit the algorithm, so its row was damaged.
 */
bool	signature_make(const struct algorithm *alg, struct key_bytes key, const char *text, uint8_t out[SIGNATURE_MAX],
	    size_t *n);

/*
 * Whether `sig` is the signature of text[0, text_n) by that key: a secret, or a public key that signing_key_add has accepted.
 * The algorithm is the key's own, never one that a token names.
 */
bool	signature_holds(const struct algorithm *alg, struct key_bytes key, const char *text, size_t text_n, const uint8_t *sig,
	    size_t n);

#endif
