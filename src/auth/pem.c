/*
 * Keys in PEM (see pem.h), by libcrypto.  A key is checked when it is added, not when it is used: verification then
 * needs no further check of its strength.
 */
#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "auth/pem.h"
#include "base/crypto.h"

/*
 * Refuses to give a password.  Without this callback, libcrypto would ask for the password of an encrypted key on the
 * terminal.
 */
static int
no_password(char *out, int size, int is_writing, void *arg)
{
	(void)out;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

/*
 * Parses the first key in the text, trying a private key before a public one; NULL if there is neither.  Reads again
 * from the start, because the first attempt has consumed the text.
 */
static EVP_PKEY *
parse(const char *pem, bool *is_private)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key;

	if (in == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	*is_private = key != NULL;
	if (key == NULL && BIO_reset(in) == 1)
		key = PEM_read_bio_PUBKEY(in, NULL, no_password, NULL);
	BIO_free(in);
	return key;
}

EVP_PKEY *
pem_parse_private(const void *pem, size_t n)
{
	BIO *in = BIO_new_mem_buf(pem, (int)n);
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;

	BIO_free(in);
	return key;
}

EVP_PKEY *
pem_parse_public(const void *pem, size_t n)
{
	BIO *in = BIO_new_mem_buf(pem, (int)n);
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PUBKEY(in, NULL, no_password, NULL) : NULL;

	BIO_free(in);
	return key;
}

/* Whether the numbers of the key are consistent: the public part by itself, and the private part with the public one. */
static bool
is_sound(EVP_PKEY *key, bool is_private)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	bool sound;

	sound = context != NULL && EVP_PKEY_public_check(context) == 1 &&
	    (!is_private || EVP_PKEY_pairwise_check(context) == 1);
	EVP_PKEY_CTX_free(context);
	return sound;
}

static enum status
check_rsa(EVP_PKEY *key, const struct algorithm *alg, struct error *err)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		return error_set(err, BAD_REQUEST, "key: not an RSA key; %s needs one", alg->name);
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return error_set(err, BAD_REQUEST, "key: RSA with %d bits; it must have %d to %d", bits, RSA_BITS_MIN, RSA_BITS_MAX);
	return OK;
}

/* RFC 7518, 3.4: each ES algorithm is ECDSA on one curve and on no other. */
static bool
is_on_curve(EVP_PKEY *key, const char *curve)
{
	char name[64] = "";

	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 &&
	    strcmp(name, curve) == 0;
}

/*
 * Checks that the key is of the kind and strength that alg requires.  The algorithm is compared with the key here,
 * because a token is later verified by the algorithm of its key only.
 */
static enum status
check(EVP_PKEY *key, const struct algorithm *alg, bool is_private, struct error *err)
{
	enum status st;

	if (alg->kind == KEY_RSA && (st = check_rsa(key, alg, err)) != OK)
		return st;
	if (alg->kind == KEY_EC && !is_on_curve(key, alg->curve))
		return error_set(err, BAD_REQUEST, "key: not an EC key on %s; %s needs one", alg->jwk_curve, alg->name);
	if (alg->kind == KEY_ED25519 && EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519)
		return error_set(err, BAD_REQUEST, "key: not an Ed25519 key; %s needs one", alg->name);
	if (!is_sound(key, is_private))
		return error_set(err, BAD_REQUEST, "key: its parts do not fit together; export it again");
	return OK;
}

/* Writes the key as new PEM, which leaves out anything else that its file contained; NULL if that fails. */
static const char *
write_pem(struct arena *a, EVP_PKEY *key, bool is_private)
{
	BIO *out = BIO_new(BIO_s_mem());
	const char *pem = NULL;
	char *text;
	long n;
	int good;

	if (out == NULL)
		return NULL;
	good = is_private ? PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) :
	    PEM_write_bio_PUBKEY(out, key);
	if (good == 1 && (n = BIO_get_mem_data(out, &text)) > 0)
		pem = arena_text(a, text, (size_t)n);
	BIO_free(out);
	return pem;
}

const char *
pem_write_public(struct arena *a, EVP_PKEY *key)
{
	return write_pem(a, key, false);
}

enum status
pem_read(struct arena *a, const struct algorithm *alg, const char *pem, const char **public_pem, const char **private_pem,
    struct error *err)
{
	bool is_private = false;
	EVP_PKEY *key = NULL;
	enum status st;

	crypto_start();
	*public_pem = *private_pem = NULL;
	if (strlen(pem) <= PEM_TEXT_MAX)
		key = parse(pem, &is_private);
	if (key == NULL) {
		st = error_set(err, BAD_REQUEST, "key: not a public or private key in PEM, or it is encrypted");
		if (strstr(pem, "-----BEGIN CERTIFICATE-----") != NULL)
			error_hint(err, "Extract the public key from the certificate: `openssl x509 -pubkey -noout`.");
	} else if ((st = check(key, alg, is_private, err)) == OK) {
		/* The public part is kept separately: a private key also verifies, but a verifier should never need it. */
		*public_pem = write_pem(a, key, false);
		if (is_private)
			*private_pem = write_pem(a, key, true);
		if (*public_pem == NULL || (is_private && *private_pem == NULL))
			st = error_set(err, INTERNAL, "key: could not be written");
	}
	EVP_PKEY_free(key);
	ERR_clear_error();	/* the failed attempts above must not show up as another call's error */
	return st;
}
