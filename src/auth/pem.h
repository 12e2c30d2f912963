/*
 * Keys in PEM (libcrypto), checked once, when a key is added, so that no weak key is ever used.
 */
#ifndef PEM_H
#define PEM_H

#include <stddef.h>

#include "auth/algorithm.h"
#include "base/arena.h"
#include "base/error.h"

struct evp_pkey_st;	/* libcrypto's EVP_PKEY */

#define PEM_TEXT_MAX 16384	/* bytes of a key in PEM */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

/*
 * Reads a public or a private key for alg (RSA of 2048 to 8192 bits, EC on the curve of the algorithm, or Ed25519) and writes it
 * as new PEM into the arena: its public part, and the whole key if it is private (else *private_pem is NULL).  BAD_REQUEST if
 * it is no such key, is encrypted or damaged.
 */
enum status	pem_read(struct arena *a, const struct algorithm *alg, const char *pem, const char **public_pem,
		    const char **private_pem, struct error *err);

/* Writes the public part of a key of libcrypto as PEM, in the arena; NULL if that fails. */
const char	*pem_write_public(struct arena *a, struct evp_pkey_st *key);

/* The key in a row that pem_read has written; NULL if it is none.  The caller frees it with libcrypto's EVP_PKEY_free. */
struct evp_pkey_st	*pem_parse_private(const void *pem, size_t n);
struct evp_pkey_st	*pem_parse_public(const void *pem, size_t n);

#endif
