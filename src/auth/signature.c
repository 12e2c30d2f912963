/*
 * Signatures of tokens (see signature.h).  libcrypto reports a lack of memory like any other failure, but leaves ENOMEM in errno.
 */
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "auth/pem.h"
#include "auth/signature.h"
#include "base/crypto.h"

/* These need no memory, unlike a search by name.  NULL for EdDSA, as libcrypto wants it. */
static const EVP_MD *
hash_of(const struct algorithm *alg)
{
	switch (alg->hash_bits) {
	case 256:
		return EVP_sha256();
	case 384:
		return EVP_sha384();
	case 512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static bool
make_mac(const EVP_MD *md, struct key_bytes key, const char *text, size_t text_n, uint8_t *out, size_t *n)
{
	unsigned size = 0;

	if (HMAC(md, key.data, (int)key.n, (const uint8_t *)text, text_n, out, &size) == NULL)
		return false;
	*n = size;
	return true;
}

/* RFC 7518, 3.5: the salt is as long as the hash, and other lengths are refused. */
static bool
set_padding(const struct algorithm *alg, EVP_PKEY_CTX *context)
{
	return !alg->is_pss || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* ---- Signing */

/* Signs in the form that libcrypto has: of ECDSA that is DER. */
static bool
sign(EVP_PKEY *key, const struct algorithm *alg, const char *text, uint8_t out[SIGNATURE_MAX], size_t *n)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL;
	bool good;

	*n = SIGNATURE_MAX;
	good = context != NULL && EVP_DigestSignInit(context, &padding, hash_of(alg), NULL, key) == 1 && set_padding(alg, padding) &&
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
		good = make_mac(hash_of(alg), key, text, strlen(text), out, n);
	else
		good = (pkey = pem_parse_private(key.data, key.n)) != NULL && sign(pkey, alg, text, out, n) &&
		    (alg->kind != KEY_EC || split(alg->half, out, n));
	EVP_PKEY_free(pkey);
	if (!good && errno == ENOMEM)
		out_of_memory();
	ERR_clear_error();
	return good;
}

/* ---- Verifying */

/* Turns the two numbers of ECDSA into DER, which the caller frees with OPENSSL_free; NULL if that fails. */
static uint8_t *
join(int half, const uint8_t *sig, size_t *der_n)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig, half, NULL), *s = BN_bin2bn(sig + half, half, NULL);
	uint8_t *der = NULL;
	int n = -1;

	/* Once set, the two belong to the pair. */
	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL;
		n = i2d_ECDSA_SIG(pair, &der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	*der_n = n > 0 ? (size_t)n : 0;
	return n > 0 ? der : NULL;
}

static bool
mac_holds(const struct algorithm *alg, struct key_bytes key, const char *text, size_t text_n, const uint8_t *sig, size_t n)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t mac_n;

	/* How long the comparison takes must not tell how many bytes of a guess were right. */
	return make_mac(hash_of(alg), key, text, text_n, mac, &mac_n) && n == mac_n && CRYPTO_memcmp(mac, sig, n) == 0;
}

/* With a public key. */
static bool
pair_holds(const struct algorithm *alg, struct key_bytes key, const char *text, size_t text_n, const uint8_t *sig, size_t n)
{
	EVP_PKEY *pkey = pem_parse_public(key.data, key.n);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL;
	uint8_t *der = NULL;
	bool good = pkey != NULL && context != NULL;

	if (good && alg->kind == KEY_EC)
		good = n == 2 * (size_t)alg->half && (sig = der = join(alg->half, sig, &n)) != NULL;
	good = good && EVP_DigestVerifyInit(context, &padding, hash_of(alg), NULL, pkey) == 1 && set_padding(alg, padding) &&
	    EVP_DigestVerify(context, sig, n, (const uint8_t *)text, text_n) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

bool
signature_holds(const struct algorithm *alg, struct key_bytes key, const char *text, size_t text_n, const uint8_t *sig, size_t n)
{
	bool good;

	crypto_start();
	errno = 0;
	good = alg->kind == KEY_SECRET ? mac_holds(alg, key, text, text_n, sig, n) : pair_holds(alg, key, text, text_n, sig, n);
	if (!good && errno == ENOMEM)
		out_of_memory();
	ERR_clear_error();
	return good;
}
