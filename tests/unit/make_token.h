/*
 * Tokens of any shape, signed by hand, and a database in a folder of its own to show them to.
 * Nothing here uses what it is to test: the signatures are libcrypto's.
 */
#ifndef MAKE_TOKEN_H
#define MAKE_TOKEN_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/arena.h"
#include "auth/auth.h"
#include "db/db_file.h"
#include "base/crypto.h"
#include "store/setting.h"
#include "auth/signing_key.h"

static const struct actor test_actor = { "test", "" };

#define NOW INT64_C(1780000000000)
#define SECRET "a secret of thirty-two bytes or more"
#define OTHER_SECRET "another secret of thirty-two bytes"

/* A payload of ten minutes, and headers of the keys that the tests add. */
#define EXP "\"exp\":1780000600"
#define ACME "{" EXP ",\"organizationId\":\"acme\",\"scope\":\"usage:read\"}"
#define HEAD(alg, kid) "{\"alg\":\"" alg "\",\"kid\":\"" kid "\",\"typ\":\"JWT\"}"
#define HS HEAD("HS256", "hs")
#define READ SCOPE_USAGE_READ

/* By what a token is signed. */
enum signer { SECRET_256, SECRET_384, SECRET_512, SECRET_OTHER, SECRET_IS_PEM, SECRET_EMPTY, RSA_256, RSA_512, EC_256,
	NOBODY };

static struct arena *arena;
static struct db *db;
static char folder[] = "/tmp/daybook-auth-XXXXXX";
static EVP_PKEY *rsa, *ec;

/* ---- Keys */

static inline const char *
pem_of(EVP_PKEY *key, bool is_private)
{
	BIO *out = BIO_new(BIO_s_mem());
	const char *pem;
	char *text;
	long n;

	assert((is_private ? PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) :
	    PEM_write_bio_PUBKEY(out, key)) == 1);
	n = BIO_get_mem_data(out, &text);
	pem = arena_text(arena, text, (size_t)n);
	BIO_free(out);
	return pem;
}

/* ---- Tokens */

/* n bytes in base64url, in the arena. */
static inline const char *
segment_of(const void *bytes, size_t n)
{
	return base64url(bytes, n, arena_alloc(arena, 4 * ((n + 2) / 3) + 1));
}

static inline const char *
mac(const char *text, const char *secret, const EVP_MD *md)
{
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	assert(HMAC(md, secret, (int)strlen(secret), (const unsigned char *)text, strlen(text), out, &n) != NULL);
	return segment_of(out, n);
}

static inline const char *
signature(const char *text, EVP_PKEY *key, const EVP_MD *md)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char out[512], raw[64];
	const unsigned char *der = out;
	size_t n = sizeof(out);
	ECDSA_SIG *sig;

	assert(EVP_DigestSignInit(context, NULL, md, NULL, key) == 1);
	assert(EVP_DigestSign(context, out, &n, (const unsigned char *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(context);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return segment_of(out, n);
	assert((sig = d2i_ECDSA_SIG(NULL, &der, (long)n)) != NULL);	/* a token has r and s, 32 bytes each */
	assert(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32);
	assert(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32);
	ECDSA_SIG_free(sig);
	return segment_of(raw, sizeof(raw));
}

/* The third segment for the first two. */
static inline const char *
sign(const char *text, enum signer by)
{
	switch (by) {
	case SECRET_256:
		return mac(text, SECRET, EVP_sha256());
	case SECRET_384:
		return mac(text, SECRET, EVP_sha384());
	case SECRET_512:
		return mac(text, SECRET, EVP_sha512());
	case SECRET_OTHER:
		return mac(text, OTHER_SECRET, EVP_sha256());
	case SECRET_IS_PEM:
		return mac(text, pem_of(rsa, false), EVP_sha256());
	case SECRET_EMPTY:
		return mac(text, "", EVP_sha256());
	case RSA_256:
		return signature(text, rsa, EVP_sha256());
	case RSA_512:
		return signature(text, rsa, EVP_sha512());
	case EC_256:
		return signature(text, ec, EVP_sha256());
	default:
		return "";
	}
}

static inline const char *
token_of(const char *header, const char *payload, enum signer by)
{
	const char *text = arena_printf(arena, "%s.%s", segment_of(header, strlen(header)),
	    segment_of(payload, strlen(payload)));

	return arena_printf(arena, "%s.%s", text, sign(text, by));
}

/* ---- The database */

static inline void
add_key(const char *kid, const char *alg, const char *pem, const char *org, unsigned max_scopes, int64_t at_ms)
{
	struct error err = { .text = "" };

	struct signing_key_input input = { .kid = kid, .alg = alg, .pem = pem, .org = org, .has_max_scopes = true,
		.max_scopes = max_scopes, .is_any_audience = pem != NULL && strstr(pem, "PUBLIC") != NULL, .may_access_role = true };

	if (signing_key_add(db, arena, &input, at_ms, &test_actor, &err) != OK) {
		fprintf(stderr, "%s: %s\n", kid, err.text);
		abort();
	}
}

static inline void
add_org(const char *id)
{
	struct query *q = db_query(db, "INSERT INTO organization (id, name, timezone, created_at, updated_at) "
	    "VALUES (:id, :id, 'UTC', 0, 0)");

	query_bind_text(q, ":id", id);
	assert(query_run(q) == OK);
}

/* A database with the organizations acme and globex, and no key. */
static inline void
world_open(void)
{
	struct error err = { .text = "" };
	const char *path;

	arena = arena_new();
	assert(mkdtemp(folder) != NULL);
	path = arena_printf(arena, "%s/daybook.db", folder);
	if (db_create(path, &err) != OK || (db = db_open(path, &err)) == NULL) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	rsa = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	assert(rsa != NULL && ec != NULL);
	assert(db_write_begin(db) == OK);
	add_org("acme");
	add_org("globex");
	assert(db_write_commit(db) == OK);
}

static inline void
world_close(void)
{
	static const char *const files[] = { "", "-wal", "-shm", "-gate" };

	db_close(db);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(arena_printf(arena, "%s/daybook.db%s", folder, files[i]));
	assert(rmdir(folder) == 0);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	arena_free(arena);
}

/* ---- Showing them */

static inline enum status
check(const char *authorization, const char *api_key, struct caller *caller)
{
	struct error err = { .text = "" };
	enum status st;

	assert_int_equal(db_read_begin(db), OK);
	st = auth_check(db, arena, authorization, api_key, NOW, caller, &err);
	db_read_end(db);
	assert_int_equal(err.text[0] != '\0', st != OK);
	return st;
}

static inline void
is_refused(const char *authorization, const char *api_key)
{
	static const struct caller nobody;
	struct caller caller;

	memset(&caller, 'x', sizeof(caller));
	assert_int_equal(check(authorization, api_key, &caller), UNAUTHENTICATED);
	assert_memory_equal(&caller, &nobody, sizeof(caller));
}

static inline void
is_caller(const char *authorization, const char *api_key, const char *org, unsigned scopes, const char *credential)
{
	struct caller caller;

	assert_int_equal(check(authorization, api_key, &caller), OK);
	assert_string_equal(caller.org, org);
	assert_int_equal(caller.scopes, scopes);
	assert_string_equal(caller.credential, credential);
}

static inline const char *
bearer(const char *token)
{
	return arena_printf(arena, "Bearer %s", token);
}

#endif
