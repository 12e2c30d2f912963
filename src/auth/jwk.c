/*
 * JSON Web Keys (see jwk.h): their numbers become a key of libcrypto and that becomes PEM, which is checked like any other.
 */
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "auth/algorithm.h"
#include "auth/jwk.h"
#include "auth/pem.h"
#include "auth/signing_key.h"
#include "base/crypto.h"
#include "base/json.h"

enum {
	NUMBER_MAX = RSA_BITS_MAX / 8 + 1,		/* bytes of a number, with a zero in front */
	DIGITS_MAX = 4 * ((NUMBER_MAX + 2) / 3),
	WORD_MAX = 64,
	POINT_MAX = 1 + 2 * 66				/* bytes of a point on the largest curve */
};

struct number {
	uint8_t bytes[NUMBER_MAX];
	size_t n;
};

/* Reads a member in base64url; false if it is absent or malformed. */
static bool
number_of(struct arena *a, struct json_object *o, const char *name, struct number *number)
{
	const char *text;
	struct error ignored;
	uint8_t *bytes;

	if (json_string(o, name, 1, DIGITS_MAX, &text, &ignored) != OK || text == NULL)
		return false;
	bytes = arena_alloc(a, strlen(text));
	if (!base64url_decode(text, strlen(text), bytes, &number->n) || number->n > NUMBER_MAX)
		return false;
	memcpy(number->bytes, bytes, number->n);
	return true;
}

/* ---- Keys of libcrypto; NULL if the numbers make none */

static EVP_PKEY *
make(const char *kind, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (context != NULL && params != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
make_rsa(struct arena *a, struct json_object *o)
{
	struct number n, e;
	OSSL_PARAM_BLD *build;
	OSSL_PARAM *params = NULL;
	BIGNUM *modulus, *exponent;
	EVP_PKEY *key;

	if (!number_of(a, o, "n", &n) || !number_of(a, o, "e", &e))
		return NULL;
	build = OSSL_PARAM_BLD_new();
	modulus = BN_bin2bn(n.bytes, (int)n.n, NULL);
	exponent = BN_bin2bn(e.bytes, (int)e.n, NULL);
	if (build != NULL && modulus != NULL && exponent != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	key = make("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

/* RFC 7518, 6.2.1: each coordinate has as many bytes as the curve, leading zeros too. */
static EVP_PKEY *
make_ec(struct arena *a, struct json_object *o, const struct algorithm *alg)
{
	uint8_t point[POINT_MAX] = { 4 };	/* not compressed */
	struct number x, y;
	size_t half = (size_t)alg->half;
	char curve[WORD_MAX] = "";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half),
		OSSL_PARAM_construct_end()
	};

	if (!number_of(a, o, "x", &x) || !number_of(a, o, "y", &y) || x.n != half || y.n != half)
		return NULL;
	memcpy(curve, alg->curve, strlen(alg->curve) + 1);
	memcpy(point + 1, x.bytes, half);
	memcpy(point + 1 + half, y.bytes, half);
	params[0].data_size = strlen(curve);
	return make("EC", params);
}

static EVP_PKEY *
make_ed25519(struct arena *a, struct json_object *o)
{
	struct number x;

	return number_of(a, o, "x", &x) && x.n == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.bytes, x.n) : NULL;
}

/* ---- One JWK */

static void
skip(struct jwk *k, const char *why)
{
	k->pem = NULL;
	k->skipped = why;
}

/* Whether the member, if it is there, is that text. */
static bool
is_or_absent(struct json_object *o, const char *name, const char *wanted)
{
	struct error ignored;
	const char *text;

	return json_string(o, name, 0, WORD_MAX, &text, &ignored) == OK && (text == NULL || strcmp(text, wanted) == 0);
}

/* Makes the key and its PEM, and lets pem_read check that it is strong enough and suits the algorithm. */
static void
read_numbers(struct arena *a, struct json_object *o, const struct algorithm *alg, struct jwk *k)
{
	const char *public_pem, *private_pem;
	struct error err = { 0 };
	EVP_PKEY *key;

	errno = 0;
	key = alg->kind == KEY_RSA ? make_rsa(a, o) : alg->kind == KEY_EC ? make_ec(a, o, alg) : make_ed25519(a, o);
	k->alg = alg->name;
	if (key == NULL || (k->pem = pem_write_public(a, key)) == NULL) {
		if (errno == ENOMEM)
			out_of_memory();
		skip(k, "its numbers make no key");
	} else if (pem_read(a, alg, k->pem, &public_pem, &private_pem, &err) != OK)
		skip(k, arena_strdup(a, err.text));
	else
		k->pem = public_pem;
	EVP_PKEY_free(key);
	ERR_clear_error();
}

/* The algorithm of the key: what it says, else what was asked for, else what its kind says.  NULL if there is none of ours. */
static const struct algorithm *
algorithm_of(struct json_object *o, const char *asked, const char *kty)
{
	const char *alg = NULL, *curve = NULL;
	const struct algorithm *found;
	struct error ignored;

	if (json_string(o, "alg", 1, WORD_MAX, &alg, &ignored) != OK || json_string(o, "crv", 1, WORD_MAX, &curve, &ignored) != OK)
		return NULL;
	if (alg == NULL && asked == NULL)
		found = strcmp(kty, "RSA") == 0 ? algorithm_find("RS256") : curve != NULL ? algorithm_of_curve(curve) : NULL;
	else
		found = algorithm_find(alg != NULL ? alg : asked);
	if (found == NULL)
		return NULL;
	/* A key of one kind that claims the algorithm of another is none; nor is one on another curve than its algorithm's. */
	if (strcmp(kty, found->kind == KEY_RSA ? "RSA" : found->kind == KEY_EC ? "EC" : found->kind == KEY_ED25519 ? "OKP" : "") != 0)
		return NULL;
	return found->jwk_curve == NULL || (curve != NULL && strcmp(curve, found->jwk_curve) == 0) ? found : NULL;
}

/* A private key in a JWK is a mistake, and the key must not be used as if nothing had happened. */
static enum status
read_one(struct arena *a, struct json_object *o, const char *asked, struct jwk *k, struct error *err)
{
	const struct algorithm *alg;
	const char *kty = NULL;

	*k = (struct jwk) { 0 };
	if (json_has(o, "d")) {
		error_set(err, BAD_REQUEST, "key: this JWK is a private key, which its issuer alone should have");
		error_hint(err, "Give the public one; a key that Daybook is to sign with must be in PEM.");
		return BAD_REQUEST;
	}
	if (json_string(o, "kid", 1, KID_MAX - 1, &k->kid, err) != OK || (k->kid != NULL && !signing_key_kid_ok(k->kid))) {
		k->kid = NULL;
		skip(k, "its kid is malformed");
	} else if (json_string(o, "kty", 1, WORD_MAX, &kty, err) != OK || kty == NULL)
		skip(k, "it has no kty");
	else if (strcmp(kty, "oct") == 0)
		skip(k, "it is a secret");
	else if (!is_or_absent(o, "use", "sig"))
		skip(k, "it is not for signatures");
	else if ((alg = algorithm_of(o, asked, kty)) == NULL)
		skip(k, "its algorithm is not one of " ALGORITHM_NAMES);
	else
		read_numbers(a, o, alg, k);
	*err = (struct error) { 0 };
	return OK;
}

/* ---- A set */

bool
jwk_is_json(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '{';
}

/* Reads one JWK out of the set, and refuses a second one of its name, because a token could then mean either. */
static enum status
read_item(struct arena *a, const char *text, size_t n, const char *alg, struct jwk_set *set, struct error *err)
{
	struct jwk *k = &set->keys[set->count];
	struct json_object *o;
	enum status st;

	if (set->count == JWK_KEYS_MAX)
		return error_set(err, BAD_REQUEST, "keys: more than %d", JWK_KEYS_MAX);
	if ((st = json_parse(a, "keys", text, n, &o, err)) != OK)
		return st;
	st = read_one(a, o, alg, k, err);
	json_object_free(o);
	if (st != OK)
		return st;
	for (size_t i = 0; i < set->count; i++)
		if (k->pem != NULL && k->kid != NULL && set->keys[i].pem != NULL && set->keys[i].kid != NULL &&
		    strcmp(k->kid, set->keys[i].kid) == 0)
			return error_set(err, BAD_REQUEST, "keys: two have the kid \"%s\"", k->kid);
	set->count++;
	set->usable += k->pem != NULL;
	return OK;
}

enum status
jwk_read(struct arena *a, const char *text, size_t n, const char *alg, struct jwk_set *set, struct error *err)
{
	const char *keys, *item;
	size_t keys_n, item_n, pos = 0;
	enum status st;

	memset(set, 0, sizeof(*set));
	if (n > JWK_TEXT_MAX)
		return error_set(err, BAD_REQUEST, "keys: longer than %d bytes", JWK_TEXT_MAX);
	if ((st = json_check("keys", text, n, err)) != OK)
		return st;
	if (json_kind(text, n) != '{')
		return error_set(err, BAD_REQUEST, "keys: not a JSON object: neither a JWK nor a set of them");
	crypto_start();
	if (!json_find(text, n, "keys", &keys, &keys_n))
		return read_item(a, text, n, alg, set, err);
	if (json_kind(keys, keys_n) != '[')
		return error_set(err, BAD_REQUEST, "keys: not a list");
	while (json_next_item(keys, keys_n, &pos, &item, &item_n))
		if ((st = read_item(a, item, item_n, alg, set, err)) != OK)
			return st;
	return OK;
}
