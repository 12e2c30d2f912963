/*
 * signature.c, algorithm.c and token.c: every algorithm signs and verifies, and nothing but its own key and its own text.  A token
 * whose typ is JWT is verified by libjwt if libjwt has the algorithm, and one of at+jwt by our own code: so each of the two is
 * held against what the other one's rules are.
 */
#include "table.h"
#include "make_token.h"
#include "auth/signature.h"
#include "auth/token.h"

static EVP_PKEY *p384, *p521, *ed;

static const struct alg_row {
	const char *name, *alg;
	EVP_PKEY **key;		/* NULL: the secret */
} algs[] = {
	{ "HS256", "HS256", NULL },
	{ "HS384", "HS384", NULL },
	{ "HS512", "HS512", NULL },
	{ "RS256", "RS256", &rsa },
	{ "RS384", "RS384", &rsa },
	{ "RS512", "RS512", &rsa },
	{ "PS256", "PS256", &rsa },
	{ "PS384", "PS384", &rsa },
	{ "PS512", "PS512", &rsa },
	{ "ES256", "ES256", &ec },
	{ "ES384", "ES384", &p384 },
	{ "ES512", "ES512", &p521 },
	{ "EdDSA", "EdDSA", &ed },
};

static struct key_bytes
bytes_of(const char *text)
{
	return (struct key_bytes) { text, strlen(text) };
}

static struct key_bytes
key_of(const struct alg_row *row, bool is_private)
{
	return bytes_of(row->key == NULL ? SECRET SECRET : pem_of(*row->key, is_private));
}

/* A token of that algorithm, signed by our own code. */
static const char *
made(const struct alg_row *row, const char *typ)
{
	const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"k\",\"typ\":\"%s\"}", row->alg, typ);
	const char *text = arena_printf(arena, "%s.%s", segment_of(header, strlen(header)), segment_of(ACME, strlen(ACME)));
	uint8_t sig[SIGNATURE_MAX];
	size_t n;

	assert_true(signature_make(algorithm_find(row->alg), key_of(row, true), text, sig, &n));
	return arena_printf(arena, "%s.%s", text, segment_of(sig, n));
}

static enum status
verified(const char *text, const char *alg, struct key_bytes key)
{
	struct error err;
	struct token t;

	assert_int_equal(token_read(arena, text, &t, &err), OK);
	return token_verify(&t, alg, key, &err);
}

static void
own_key_verifies_and_no_other(void **state)
{
	static const char *const types[] = { "JWT", "at+jwt" };
	const struct alg_row *row = *state;

	for (size_t i = 0; i < 2; i++) {
		const char *text = made(row, types[i]);

		assert_int_equal(verified(text, row->alg, key_of(row, false)), OK);
		/* A token verifies as its own algorithm only, even with its own key. */
		for (size_t k = 0; k < sizeof(algs) / sizeof(algs[0]); k++)
			if (strcmp(algs[k].alg, row->alg) != 0)
				assert_int_equal(verified(text, algs[k].alg, key_of(&algs[k], false)), UNAUTHENTICATED);
		assert_int_equal(verified(text, row->alg, bytes_of(row->key == NULL ? OTHER_SECRET OTHER_SECRET :
		    pem_of(row->key == &rsa ? ec : rsa, false))), UNAUTHENTICATED);
	}
}

/* One bit of the signature after the other, and signatures that are too short or too long. */
static void
no_other_signature_holds(void **state)
{
	const struct alg_row *row = *state;
	const struct algorithm *alg = algorithm_find(row->alg);
	struct key_bytes key = key_of(row, false);
	uint8_t sig[SIGNATURE_MAX + 1] = { 0 };
	const char *text = "header.payload";
	size_t n;

	assert_true(signature_make(alg, key_of(row, true), text, sig, &n));
	assert_true(signature_holds(alg, key, text, strlen(text), sig, n));
	for (size_t bit = 0; bit < 8 * n; bit += 5) {
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(signature_holds(alg, key, text, strlen(text), sig, n));
		sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_false(signature_holds(alg, key, text, strlen(text), sig, n - 1));
	assert_false(signature_holds(alg, key, text, strlen(text), sig, n + 1));
	assert_false(signature_holds(alg, key, text, strlen(text), sig, 0));
	assert_false(signature_holds(alg, key, text, strlen(text) - 1, sig, n));
	assert_true(signature_holds(alg, key, text, strlen(text), sig, n));
}

/* RFC 7518, 3.5: a salt of another length than the hash is not PS256, although libcrypto could read it. */
static void
a_salt_of_another_length(void **state)
{
	const char *text = "header.payload";
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding;
	uint8_t sig[SIGNATURE_MAX];
	size_t n;

	(void)state;
	for (int salt = 31; salt <= 32; salt++) {
		n = sizeof(sig);
		assert_int_equal(EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL, rsa), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, salt), 1);
		assert_int_equal(EVP_DigestSign(context, sig, &n, (const uint8_t *)text, strlen(text)), 1);
		assert_int_equal(signature_holds(algorithm_find("PS256"), bytes_of(pem_of(rsa, false)), text, strlen(text), sig, n),
		    salt == 32);
		EVP_MD_CTX_reset(context);
	}
	EVP_MD_CTX_free(context);
}

/* RFC 8037, A.4: a signature that somebody else has made. */
static void
the_example_of_rfc_8037(void **state)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
	    "-----END PUBLIC KEY-----\n";
	static const char text[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
	static const char sig[] = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
	uint8_t bytes[64];
	size_t n;

	(void)state;
	assert_true(base64url_decode(sig, strlen(sig), bytes, &n));
	assert_true(signature_holds(algorithm_find("EdDSA"), bytes_of(pem), text, strlen(text), bytes, n));
	assert_false(signature_holds(algorithm_find("EdDSA"), bytes_of(pem), text, strlen(text) - 1, bytes, n));
}

static void
other_names_are_no_algorithms(void **state)
{
	static const char *const names[] = { "", "none", "None", "hs256", "HS256 ", "HS1", "RS1", "ES256K", "Ed25519", "EDDSA", "ES" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(algorithm_find(names[i]));
}

int
main(void)
{
	int failed;

	world_open();
	assert((p384 = EVP_EC_gen("P-384")) != NULL && (p521 = EVP_EC_gen("P-521")) != NULL);
	assert((ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")) != NULL);
	TABLE(algs, own_key_verifies_and_no_other);
	TABLE(algs, no_other_signature_holds);
	CASE("a salt of another length is refused", a_salt_of_another_length);
	CASE("the example of RFC 8037 holds", the_example_of_rfc_8037);
	CASE("other names are no algorithms", other_names_are_no_algorithms);
	failed = TABLE_RUN("signature");
	EVP_PKEY_free(p384);
	EVP_PKEY_free(p521);
	EVP_PKEY_free(ed);
	world_close();
	return failed;
}
