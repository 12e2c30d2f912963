/*
 * Keys in PEM (libcrypto): looked at once, when a key is added, so that nothing weak is ever verified with.
 */
#ifndef PEM_H
#define PEM_H

#include "base/arena.h"
#include "base/error.h"

#define PEM_TEXT_MAX 16384	/* bytes of a key in PEM */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

/*
 * A public or a private key for alg (RS256: RSA of 2048 to 8192 bits; ES256: EC on P-256), written anew into
 * the arena: its public part, and itself where it is private (else *private_pem is NULL).  BAD_REQUEST
 * where it is no such key, is encrypted or is damaged, and where alg is another.
 */
enum status	pem_read(struct arena *a, const char *alg, const char *pem, const char **public_pem,
		    const char **private_pem, struct error *err);

#endif
