/*
 * Signatures of tokens (see signature.h).  libcrypto reports a lack of memory like any other failure, but leaves ENOMEM in errno.
 */
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/pem.h"
#include "auth/signature.h"
#include "base/crypto.h"

/* These need no memory, unlike a search by name. */
static const EVP_MD *
hash_of(const struct algorithm *alg)
{
	return alg->hash_bits == 256 ? EVP_sha256() : alg->hash_bits == 384 ? EVP_sha384() : EVP_sha512();
}

static bool
make_mac(const EVP_MD *md, struct key_bytes key, const char *text, uint8_t *out, size_t *n)
{
	unsigned size = 0;

	if (HMAC(md, key.data, (int)key.n, (const uint8_t *)text, strlen(text), out, &size) == NULL)
		return false;
	*n = size;
	return true;
}

/* Signs in the form that libcrypto has: of ECDSA that is DER. */
static bool
sign(EVP_PKEY *key, const EVP_MD *md, const char *text, uint8_t out[SIGNATURE_MAX], size_t *n)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	*n = SIGNATURE_MAX;
	good = context != NULL && EVP_DigestSignInit(context, NULL, md, NULL, key) == 1 &&
	    EVP_DigestSign(context, out, n, (const uint8_t *)text, strlen(text)) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

/* RFC 7518, 3.4: turns DER into the two numbers, each with its leading zeros. */
static bool
split(int half, uint8_t out[SIGNATURE_MAX], size_t *n)
{
	const uint8_t *der = out;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)*n);
	bool good = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, half) == half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + half, half) == half;

	ECDSA_SIG_free(pair);
	*n = 2 * (size_t)half;
	return good;
}

bool
signature_make(const struct algorithm *alg, struct key_bytes key, const char *text, uint8_t out[SIGNATURE_MAX], size_t *n)
{
	EVP_PKEY *pkey = NULL;
	bool good;

	crypto_start();
	errno = 0;
	if (alg->kind == KEY_SECRET)
		good = make_mac(hash_of(alg), key, text, out, n);
	else
		good = (pkey = pem_parse_private(key.data, key.n)) != NULL && sign(pkey, hash_of(alg), text, out, n) &&
		    (alg->kind != KEY_EC || split(alg->half, out, n));
	EVP_PKEY_free(pkey);
	if (!good && errno == ENOMEM)
		out_of_memory();
	ERR_clear_error();
	return good;
}
