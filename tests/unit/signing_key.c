/* signing_key.c, pem.c and token_sign: what may be added, what signs, what it signs. */
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "table.h"
#include "make_token.h"
#include "auth/token.h"

#define WRITE (SCOPE_USAGE_READ | SCOPE_USAGE_WRITE)
#define ORG_ALL ((unsigned)SCOPE_ALL & ~(unsigned)SCOPE_INSTALLATION)
#define HOUR INT64_C(3600000)
#define LETTERS_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* ---- Adding */

/* What is given as the key. */
enum given { NONE, TEXT_31, TEXT_32, TEXT_1025, RSA_PUBLIC, RSA_PRIVATE, RSA_1024, RSA_PSS, RSA_LOCKED, RSA_CERTIFICATE,
	RSA_E_1, EC_PUBLIC, EC_PRIVATE, EC_384, EC_LOOSE, RSA_CUT, GARBAGE };

static const char *
certificate_like(const char *pem)
{
	const char *body = strchr(pem, '\n') + 1;

	return arena_printf(arena, "-----BEGIN CERTIFICATE-----\n%.*s-----END CERTIFICATE-----\n",
	    (int)(strstr(body, "-----") - body), body);
}

static const char *
locked(EVP_PKEY *key)
{
	BIO *out = BIO_new(BIO_s_mem());
	const char *pem;
	char *text;
	long n;

	assert_int_equal(PEM_write_bio_PrivateKey(out, key, EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL,
	    NULL), 1);
	n = BIO_get_mem_data(out, &text);
	pem = arena_text(arena, text, (size_t)n);
	BIO_free(out);
	return pem;
}

static EVP_PKEY *
rsa_pss_gen(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA_PSS, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_keygen(context, &key), 1);	/* 2048 bits, unless told */
	EVP_PKEY_CTX_free(context);
	return key;
}

/* With the exponent 1 every text is its own signature. */
static EVP_PKEY *
rsa_e_1(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, BN_value_one()), 1);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
	assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	EVP_PKEY_CTX_free(context);
	return key;
}

/* A key that is made for this and gone after it. */
static const char *
fresh(EVP_PKEY *key, bool is_private)
{
	const char *pem;

	assert_non_null(key);
	pem = pem_of(key, is_private);
	EVP_PKEY_free(key);
	return pem;
}

static const char *
given_text(enum given given)
{
	const char *pem;

	switch (given) {
	case TEXT_31:
		return "0123456789012345678901234567890";
	case TEXT_32:
		return "01234567890123456789012345678901";
	case TEXT_1025:
		return arena_printf(arena, "%01025d", 0);
	case RSA_PUBLIC:
		return pem_of(rsa, false);
	case RSA_PRIVATE:
		return pem_of(rsa, true);
	case RSA_1024:
		return fresh(EVP_RSA_gen(1024), false);
	case RSA_PSS:
		return fresh(rsa_pss_gen(), false);
	case RSA_E_1:
		return fresh(rsa_e_1(), false);
	case RSA_LOCKED:
		return locked(rsa);
	case RSA_CERTIFICATE:
		return certificate_like(pem_of(rsa, false));
	case EC_PUBLIC:
		return pem_of(ec, false);
	case EC_PRIVATE:
		return pem_of(ec, true);
	case EC_384:
		return fresh(EVP_EC_gen("P-384"), true);
	case EC_LOOSE:
		return arena_printf(arena, "Here is the key:\n\n%s\nThank you.\n", pem_of(ec, true));
	case RSA_CUT:
		pem = pem_of(rsa, false);
		return arena_text(arena, pem, strlen(pem) / 2);
	case GARBAGE:
		return "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
	default:
		return NULL;
	}
}

static const struct add_row {
	const char *name, *kid, *alg;
	enum given given;
	const char *org;
	enum status status;
	bool can_sign;
} adds[] = {
	{ "HS256 without a secret makes one", "k", "HS256", NONE, NULL, OK, true },
	{ "a secret of 32 bytes is taken", "k", "HS256", TEXT_32, NULL, OK, true },
	{ "a secret of 31 bytes is refused", "k", "HS256", TEXT_31, NULL, BAD_REQUEST, false },
	{ "a secret of 1,025 bytes is refused", "k", "HS256", TEXT_1025, NULL, BAD_REQUEST, false },
	{ "a public key as a secret is refused", "k", "HS256", EC_PUBLIC, NULL, BAD_REQUEST, false },
	{ "a public RSA key verifies", "k", "RS256", RSA_PUBLIC, NULL, OK, false },
	{ "a private RSA key signs too", "k", "RS256", RSA_PRIVATE, NULL, OK, true },
	{ "an RSA key of 1,024 bits is refused", "k", "RS256", RSA_1024, NULL, BAD_REQUEST, false },
	{ "an RSA-PSS key is refused", "k", "RS256", RSA_PSS, NULL, BAD_REQUEST, false },
	{ "an RSA key with the exponent 1 is refused", "k", "RS256", RSA_E_1, NULL, BAD_REQUEST, false },
	{ "an encrypted key is refused, and asks nothing", "k", "RS256", RSA_LOCKED, NULL, BAD_REQUEST, false },
	{ "a certificate is refused", "k", "RS256", RSA_CERTIFICATE, NULL, BAD_REQUEST, false },
	{ "an EC key for RS256 is refused", "k", "RS256", EC_PUBLIC, NULL, BAD_REQUEST, false },
	{ "half a key is refused", "k", "RS256", RSA_CUT, NULL, BAD_REQUEST, false },
	{ "a key of nonsense is refused", "k", "RS256", GARBAGE, NULL, BAD_REQUEST, false },
	{ "a secret for RS256 is refused", "k", "RS256", TEXT_32, NULL, BAD_REQUEST, false },
	{ "RS256 without a key is refused", "k", "RS256", NONE, NULL, BAD_REQUEST, false },
	{ "a public EC key verifies", "k", "ES256", EC_PUBLIC, NULL, OK, false },
	{ "a private EC key signs too", "k", "ES256", EC_PRIVATE, NULL, OK, true },
	{ "text around a key does not matter", "k", "ES256", EC_LOOSE, NULL, OK, true },
	{ "a key on P-384 is refused", "k", "ES256", EC_384, NULL, BAD_REQUEST, false },
	{ "an RSA key for ES256 is refused", "k", "ES256", RSA_PUBLIC, NULL, BAD_REQUEST, false },
	{ "ES256 without a key is refused", "k", "ES256", NONE, NULL, BAD_REQUEST, false },
	{ "alg none is refused", "k", "none", NONE, NULL, BAD_REQUEST, false },
	{ "alg RS1 is refused", "k", "RS1", RSA_PUBLIC, NULL, BAD_REQUEST, false },
	{ "alg in lower case is refused", "k", "hs256", TEXT_32, NULL, BAD_REQUEST, false },
	{ "a key of one organization is taken", "k", "HS256", NONE, "acme", OK, true },
	{ "a key of an unknown organization is refused", "k", "HS256", NONE, "nobody", NOT_FOUND, false },
	{ "a taken kid is a conflict", "first", "HS256", NONE, NULL, CONFLICT, false },
	{ "an empty kid is refused", "", "HS256", NONE, NULL, BAD_REQUEST, false },
	{ "a kid of 64 characters is taken", LETTERS_64, "HS256", NONE, NULL, OK, true },
	{ "a kid of 65 is refused", LETTERS_64 "a", "HS256", NONE, NULL, BAD_REQUEST, false },
	{ "a kid in base64 is taken", "ab+/cd==", "HS256", NONE, NULL, OK, true },
	{ "a kid with a blank is refused", "a b", "HS256", NONE, NULL, BAD_REQUEST, false },
	{ "a kid with a quote is refused", "a\"b", "HS256", NONE, NULL, BAD_REQUEST, false },
};

/* Adds, and shows the row with its kid; the transaction is undone. */
static void
key_is_added(void **state)
{
	const struct add_row *row = *state;
	const char *key = given_text(row->given);
	struct error err = { .text = "" };
	struct key_bytes verify;
	struct signing_key k;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(signing_key_add(db, arena, &(const struct signing_key_input) { .kid = row->kid, .alg = row->alg, .pem = key,
	    .org = row->org, .has_max_scopes = true, .max_scopes = SCOPE_ALL, .is_any_audience = true }, NOW, &test_actor, &err),
	    row->status);
	assert_int_equal(err.text[0] != '\0', row->status != OK);
	if (row->status == OK) {
		assert_int_equal(signing_key_find(db, arena, row->kid, &k, &verify, &err), OK);
		assert_string_equal(k.alg, row->alg);
		assert_int_equal(k.can_sign, row->can_sign);
		assert_int_equal(k.created_at, NOW);
		assert_int_equal(k.max_scopes, row->org != NULL ? ORG_ALL : SCOPE_ALL);
		assert_in_range(verify.n, SECRET_MIN, 4096);
		assert_null(memmem(verify.data, verify.n, "PRIVATE", 7));
	}
	db_write_abort(db);
}

static void
two_new_secrets_differ(void **state)
{
	struct key_bytes one, two;
	struct signing_key k;
	struct error err;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	add_key("one", "HS256", NULL, NULL, 0, NOW);
	add_key("two", "HS256", NULL, NULL, 0, NOW);
	assert_int_equal(signing_key_find(db, arena, "one", &k, &one, &err), OK);
	assert_int_equal(signing_key_find(db, arena, "two", &k, &two, &err), OK);
	assert_int_equal(one.n, 32);
	assert_int_equal(two.n, 32);
	assert_memory_not_equal(one.data, two.data, 32);
	db_write_abort(db);
}

/* ---- Retiring and listing */

static void
list_kid(const struct signing_key *k, void *arg)
{
	const char **list = arg;

	*list = arena_printf(arena, "%s%s/%s/%s/%s/%d/%lld ", *list, k->kid, k->alg, k->org != NULL ? k->org : "all",
	    scopes_format(arena, k->max_scopes), k->can_sign, (long long)k->retired_at);
}

static void
retired_once_and_listed(void **state)
{
	struct error err = { .text = "" };
	struct key_bytes verify;
	struct signing_key k;
	const char *list = "";

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(signing_key_retire(db, "nobody", 7, &test_actor, &err), NOT_FOUND);
	assert_int_equal(signing_key_find(db, arena, "first", &k, &verify, &err), OK);
	assert_int_equal(signing_key_retire(db, "first", 7, &test_actor, &err), OK);
	assert_int_equal(signing_key_retire(db, "first", 8, &test_actor, &err), OK);
	assert_int_equal(signing_key_find(db, arena, "first", &k, &verify, &err), NOT_FOUND);
	assert_int_equal(signing_key_each(db, arena, list_kid, &list), OK);
	assert_string_equal(list, "first/HS256/all/admin/1/7 verifier/RS256/all/admin/0/0 "
	    "acme/ES256/acme/usage:read usage:write/1/0 rsa/RS256/all/usage:read usage:write/1/0 "
	    "old/HS256/all/admin/1/5 ");
	db_write_abort(db);
}

/* ---- What a key grants */

static const struct grant_row {
	const char *name, *org;
	unsigned max_scopes, claimed, granted;
} grants[] = {
	{ "a key of everything grants what is claimed", NULL, SCOPE_ALL, READ, READ },
	{ "the word admin alone is everything to a key", NULL, SCOPE_ADMIN, WRITE, WRITE },
	{ "the word admin alone is everything to a claim", NULL, SCOPE_ALL, SCOPE_ADMIN, SCOPE_ALL },
	{ "a claim of admin gets all that a narrow key has", NULL, WRITE, SCOPE_ADMIN, WRITE },
	{ "a claim beyond the key gets what both have", NULL, WRITE, READ | SCOPE_ORG_ADMIN, READ },
	{ "a claim beside the key gets nothing", NULL, WRITE, SCOPE_ORG_ADMIN, 0 },
	{ "a key of nothing grants nothing", NULL, 0, SCOPE_ALL, 0 },
	{ "a claim of nothing gets nothing", NULL, SCOPE_ALL, 0, 0 },
	{ "a key of one organization never grants admin", "acme", SCOPE_ALL, SCOPE_ADMIN, ORG_ALL },
	{ "nor where admin is all that it says", "acme", SCOPE_ADMIN, SCOPE_ADMIN, ORG_ALL },
};

static void
key_grants(void **state)
{
	const struct grant_row *row = *state;
	const struct signing_key k = { .org = row->org, .max_scopes = row->max_scopes };

	assert_int_equal(signing_key_grant(&k, row->claimed), row->granted);
}

/* ---- Signing */

static const struct sign_row {
	const char *name, *kid, *org;
	unsigned scopes;
	int64_t ttl_ms;
	enum status status;
	const char *credential;	/* by whom it is signed */
} signs[] = {
	{ "the newest key that may signs", NULL, "globex", WRITE, HOUR, OK, "jwt:rsa" },
	{ "a broad scope takes an older key", NULL, "globex", SCOPE_ORG_ADMIN, HOUR, OK, "jwt:first" },
	{ "admin needs no organization", NULL, NULL, SCOPE_ADMIN, HOUR, OK, "jwt:first" },
	{ "no scope at all is signed", NULL, "acme", 0, HOUR, OK, "jwt:rsa" },
	{ "a key that is named signs", "acme", "acme", READ, HOUR, OK, "jwt:acme" },
	{ "an organization that does not exist is signed", "first", "nobody", READ, HOUR, OK, "jwt:first" },
	{ "a key of acme does not sign for globex", "acme", "globex", READ, HOUR, BAD_REQUEST, NULL },
	{ "a key of acme does not sign for none", "acme", NULL, SCOPE_ADMIN, HOUR, BAD_REQUEST, NULL },
	{ "a narrow key does not sign more than it has", "rsa", "acme", SCOPE_ORG_ADMIN, HOUR, BAD_REQUEST, NULL },
	{ "a narrow key does not sign admin", "rsa", "acme", SCOPE_ADMIN, HOUR, BAD_REQUEST, NULL },
	{ "a key that only verifies does not sign", "verifier", "acme", READ, HOUR, CONFLICT, NULL },
	{ "a retired key does not sign", "old", "acme", READ, HOUR, CONFLICT, NULL },
	{ "an unknown key does not sign", "nobody", "acme", READ, HOUR, NOT_FOUND, NULL },
	{ "no organization needs admin", NULL, NULL, SCOPE_ORG_ADMIN, HOUR, BAD_REQUEST, NULL },
	{ "a malformed organization is refused", NULL, "a b", READ, HOUR, BAD_REQUEST, NULL },
	{ "a second is signed", NULL, "acme", READ, 1000, OK, "jwt:rsa" },
	{ "less than a second is refused", NULL, "acme", READ, 999, BAD_REQUEST, NULL },
	{ "ten years are signed", NULL, "acme", READ, TOKEN_TTL_MAX_MS, OK, "jwt:rsa" },
	{ "more than ten years are refused", NULL, "acme", READ, TOKEN_TTL_MAX_MS + 1, BAD_REQUEST, NULL },
};

static void
token_is_signed(void **state)
{
	const struct sign_row *row = *state;
	struct error err = { .text = "" };
	struct signed_token token;
	enum status st;

	assert_int_equal(db_read_begin(db), OK);
	st = token_sign(db, arena, &(const struct token_input) { .kid = row->kid, .org = row->org, .scopes = row->scopes,
	    .ttl_ms = row->ttl_ms }, NOW, &token, &err);
	db_read_end(db);
	assert_int_equal(st, row->status);
	if (st == OK)
		is_caller(bearer(token.text), NULL, row->org != NULL ? row->org : "", scopes_expand(row->scopes),
		    row->credential);
	else
		assert_true(err.text[0] != '\0');
}

/* The bytes of a segment; good enough for a test, and not the code under test. */
static const char *
decoded(const char *segment)
{
	size_t n = strcspn(segment, ".");
	char *text = arena_printf(arena, "%.*s%s", (int)n, segment, n % 4 == 2 ? "==" : n % 4 == 3 ? "=" : "");
	unsigned char *out = arena_alloc(arena, n + 4);

	for (char *c = text; *c != '\0'; c++)
		*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
	assert_true(EVP_DecodeBlock(out, (const unsigned char *)text, (int)strlen(text)) > 0);
	return (const char *)out;
}

static void
what_a_token_says(void **state)
{
	const struct token_input input = { .kid = "acme", .org = "acme", .scopes = WRITE, .ttl_ms = HOUR, .sub = "ana" };
	struct signed_token signed_one;
	const char *token, *payload;
	struct error err;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(setting_set(db, "iss", "https://id", &err), OK);
	assert_int_equal(setting_set(db, "aud", "day\"book", &err), OK);
	assert_int_equal(token_sign(db, arena, &input, NOW + 999, &signed_one, &err), OK);
	db_write_abort(db);
	token = signed_one.text;
	assert_string_equal(signed_one.kid, "acme");
	assert_int_equal(signed_one.expires_at, INT64_C(1780003600000));
	assert_non_null(strstr(decoded(token), "\"kid\":\"acme\""));
	assert_non_null(strstr(decoded(token), "\"alg\":\"ES256\""));
	assert_non_null(strstr(decoded(token), "\"typ\":\"JWT\""));
	payload = decoded(strchr(token, '.') + 1);
	assert_non_null(strstr(payload, "\"iat\":1780000000,"));
	assert_non_null(strstr(payload, "\"exp\":1780003600,"));
	assert_non_null(strstr(payload, "\"jti\":\"019e7"));
	assert_non_null(strstr(payload, arena_printf(arena, "\"jti\":\"%s\"", signed_one.jti)));
	assert_non_null(strstr(payload, "\"sub\":\"ana\""));
	assert_non_null(strstr(payload, "\"organizationId\":\"acme\""));
	assert_non_null(strstr(payload, "\"scope\":\"usage:read usage:write\""));
	assert_non_null(strstr(payload, "\"iss\":\"https://id\""));
	assert_non_null(strstr(payload, "\"aud\":\"day\\\"book\""));
}

static void
without_keys_nothing_is_signed(void **state)
{
	const struct token_input input = { .org = "acme", .scopes = READ, .ttl_ms = HOUR };
	struct signed_token token;
	struct error err;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(query_run(db_query(db, "DELETE FROM signing_key")), OK);
	assert_int_equal(token_sign(db, arena, &input, NOW, &token, &err), NOT_FOUND);
	assert_string_equal(err.hint, "Add one with `daybook key add`.");
	db_write_abort(db);
}

/* Signing by libjwt leaves no zero byte off. */
static void
many_signed_by_es256(void **state)
{
	const struct token_input input = { .kid = "acme", .org = "acme", .scopes = READ, .ttl_ms = HOUR };
	struct signed_token token;
	struct error err;

	(void)state;
	for (int i = 0; i < 500; i++) {
		assert_int_equal(db_read_begin(db), OK);
		assert_int_equal(token_sign(db, arena, &input, NOW, &token, &err), OK);
		db_read_end(db);
		is_caller(bearer(token.text), NULL, "acme", READ, "jwt:acme");
	}
}

static void
add_keys(void)
{
	struct error err;

	assert(db_write_begin(db) == OK);
	add_key("first", "HS256", NULL, NULL, SCOPE_ALL, 1);
	add_key("verifier", "RS256", pem_of(rsa, false), NULL, SCOPE_ALL, 2);
	add_key("acme", "ES256", pem_of(ec, true), "acme", WRITE, 3);
	add_key("rsa", "RS256", pem_of(rsa, true), NULL, WRITE, 4);
	add_key("old", "HS256", SECRET, NULL, SCOPE_ALL, 5);
	assert(signing_key_retire(db, "old", 5, &test_actor, &err) == OK);
	assert(db_write_commit(db) == OK);
}

int
main(void)
{
	int failed;

	world_open();
	add_keys();
	TABLE(adds, key_is_added);
	CASE("two secrets that are made differ", two_new_secrets_differ);
	CASE("a key is retired once, and listed with the others", retired_once_and_listed);
	TABLE(grants, key_grants);
	TABLE(signs, token_is_signed);
	CASE("a token says who, what, until when, and for whom", what_a_token_says);
	CASE("without keys nothing is signed", without_keys_nothing_is_signed);
	CASE("500 ES256 tokens of ours are let in", many_signed_by_es256);
	failed = TABLE_RUN("signing_key");
	world_close();
	return failed;
}
