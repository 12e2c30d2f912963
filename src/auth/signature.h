/*
 * Signatures of tokens, made by libcrypto.  (libjwt signs too, but its JSON library crashes when memory runs out.)
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
 * Signs the text with a key that signing_key_add has accepted, in the form that a token has: of ES256 the two numbers, one after
 * the other.  False if the key does not suit the algorithm, so its row was damaged.
 */
bool	signature_make(const struct algorithm *alg, struct key_bytes key, const char *text, uint8_t out[SIGNATURE_MAX],
	    size_t *n);

#endif
