/*
 * Keys that sign tokens (see signing_key.h).  The row of a key, not the token, decides the algorithm and the most that
 * a token may claim.
 */
#include <string.h>

#include "base/crypto.h"
#include "auth/pem.h"
#include "store/audit.h"
#include "store/installation.h"
#include "auth/signing_key.h"

/* What read_row reads, in its order; queries that need a key's bytes add them as column 7. */
#define COLUMNS "k.kid, k.alg, o.id, k.max_scopes, k.sign_key IS NOT NULL, k.created_at, k.retired_at"
#define TABLES "signing_key k LEFT JOIN organization o ON o.key = k.org"
/* Excludes a key whose organization is missing: its o.id is NULL too, and NULL means all organizations. */
#define ORG_IS_SOUND "(k.org IS NULL OR o.key IS NOT NULL)"

bool
signing_key_kid_ok(const char *kid)
{
	size_t n = strlen(kid);

	return n >= 1 && n < KID_MAX &&
	    strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~+/=:@") == n;
}

/* ---- Adding and retiring */

/* Resolves an organization's id to its key in this file. */
static enum status
find_org(struct db *db, const char *id, int64_t *key, struct error *err)
{
	struct query *q = db_query(db, "SELECT key FROM organization WHERE id = :id");
	enum status st;
	bool found;

	query_bind_text(q, ":id", id);
	if ((found = query_step(q)))
		*key = query_int(q, 0);
	if ((st = query_done(q)) == OK && !found)
		return error_set(err, NOT_FOUND, "org: there is no organization \"%.64s\"", id);
	return st;
}

/* The secret of an HS256 key: the one given, or 32 random bytes if none was given. */
static enum status
secret_of(struct arena *a, const char *given, struct key_bytes *secret, struct error *err)
{
	void *made;

	if (given == NULL) {
		made = arena_alloc(a, SECRET_MIN);
		random_bytes(made, SECRET_MIN);
		*secret = (struct key_bytes) { made, SECRET_MIN };
		return OK;
	}
	*secret = (struct key_bytes) { given, strlen(given) };
	if (secret->n < SECRET_MIN || secret->n > SECRET_MAX)
		return error_set(err, BAD_REQUEST, "key: the secret has %zu bytes; HS256 needs %d to %d",
		    secret->n, SECRET_MIN, SECRET_MAX);
	/* Refuses PEM: if a public key were taken for a secret, everybody who knows it could sign tokens. */
	if (strstr(given, "-----BEGIN") != NULL)
		return error_set(err, BAD_REQUEST,
		    "key: PEM is for RS256 and ES256; HS256 needs a secret");
	return OK;
}

/*
 * The bytes for the row.  An HS256 secret both verifies and signs; of PEM only a private key signs, and sign->data is
 * NULL without one.
 */
static enum status
read_key(struct arena *a, const char *alg, const char *given, struct key_bytes *verify,
    struct key_bytes *sign, struct error *err)
{
	const char *public_pem, *private_pem;
	enum status st;

	if (strcmp(alg, "HS256") == 0) {
		st = secret_of(a, given, verify, err);
		*sign = *verify;
		return st;
	}
	if ((st = pem_read(a, alg, given != NULL ? given : "", &public_pem, &private_pem, err)) != OK)
		return st;
	*verify = (struct key_bytes) { public_pem, strlen(public_pem) };
	*sign = (struct key_bytes) { private_pem, private_pem != NULL ? strlen(private_pem) : 0 };
	return OK;
}

enum status
signing_key_add(struct db *db, struct arena *a, const char *kid, const char *alg, const char *pem,
    const char *org, unsigned max_scopes, int64_t now, const struct actor *by, struct error *err)
{
	struct key_bytes verify, sign;
	int64_t org_key = 0;
	struct query *q;
	enum status st;

	if (!signing_key_kid_ok(kid))
		return error_set(err, BAD_REQUEST, "kid: must be 1 to 64 of A-Z a-z 0-9 . _ - ~ + / = : @");
	if ((st = read_key(a, alg, pem, &verify, &sign, err)) != OK)
		return st;
	if (org != NULL && (st = find_org(db, org, &org_key, err)) != OK)
		return st;
	/* A key of one organization never grants admin, which reaches across all of them. */
	max_scopes = scopes_expand(max_scopes);
	if (org != NULL)
		max_scopes &= ~(unsigned)SCOPE_INSTALLATION;
	q = db_query(db,
	    "INSERT INTO signing_key (kid, alg, verify_key, sign_key, org, max_scopes, created_at) "
	    "VALUES (:kid, :alg, :verify_key, :sign_key, :org, :max_scopes, :now) "
	    "ON CONFLICT (kid) DO NOTHING");
	query_bind_text(q, ":kid", kid);
	query_bind_text(q, ":alg", alg);
	query_bind_blob(q, ":verify_key", verify.data, verify.n);
	query_bind_blob(q, ":sign_key", sign.data, sign.n);	/* NULL if the key only verifies */
	if (org != NULL)
		query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":max_scopes", scopes_format(a, max_scopes));
	query_bind_int(q, ":now", now);
	if ((st = query_run(q)) == OK && db_changes(db) == 0)
		return error_set(err, CONFLICT, "kid: there is already a key \"%s\"; choose another name", kid);
	if (st == OK)
		st = installation_touch(db);
	return st == OK && by != NULL ? audit_pair(db, now, 0, by, "key.add", "kid", kid) : st;
}

/* coalesce keeps the first retirement, so that retiring twice does not change when it took effect. */
enum status
signing_key_retire(struct db *db, const char *kid, int64_t now, const struct actor *by, struct error *err)
{
	struct query *q = db_query(db, "UPDATE signing_key SET retired_at = coalesce(retired_at, :now) "
	    "WHERE kid = :kid");
	enum status st;

	query_bind_int(q, ":now", now);
	query_bind_text(q, ":kid", kid);
	if ((st = query_run(q)) == OK && db_changes(db) == 0)
		return error_set(err, NOT_FOUND, "kid: there is no key \"%.64s\"", kid);
	if (st == OK)
		st = installation_touch(db);
	return st == OK ? audit_pair(db, now, 0, by, "key.retire", "kid", kid) : st;
}

/* ---- Reading */

/* Reads the columns of COLUMNS; texts are copied into the arena. */
static void
read_row(struct query *q, struct arena *a, struct signing_key *k)
{
	k->kid = arena_strdup(a, query_text(q, 0));
	k->alg = arena_strdup(a, query_text(q, 1));
	k->org = query_is_null(q, 2) ? NULL : arena_strdup(a, query_text(q, 2));
	k->max_scopes = scopes_expand(scopes_known(query_text(q, 3)));
	k->can_sign = query_int(q, 4) != 0;
	k->created_at = query_int(q, 5);
	k->retired_at = query_int(q, 6);
}

/* Copies a key's bytes out of the row, which is valid only until the next step; data is NULL if the column is empty. */
static struct key_bytes
read_bytes(struct query *q, struct arena *a, int column)
{
	struct key_bytes b;
	const void *blob = query_blob(q, column, &b.n);

	b.data = b.n > 0 ? arena_text(a, blob, b.n) : NULL;
	return b;
}

enum status
signing_key_each(struct db *db, struct arena *a, void (*each)(const struct signing_key *k, void *arg),
    void *arg)
{
	struct query *q = db_query(db, "SELECT " COLUMNS " FROM " TABLES " ORDER BY k.created_at, k.kid");
	struct signing_key k;

	while (query_step(q)) {
		read_row(q, a, &k);
		each(&k, arg);
	}
	return query_done(q);
}

/* Excludes retired keys in SQL, so that no caller can forget to check. */
enum status
signing_key_find(struct db *db, struct arena *a, const char *kid, struct signing_key *k,
    struct key_bytes *verify, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS ", k.verify_key FROM " TABLES " "
	    "WHERE k.kid = :kid AND k.retired_at IS NULL AND " ORG_IS_SOUND);
	enum status st;
	bool found;

	query_bind_text(q, ":kid", kid);
	if ((found = query_step(q))) {
		read_row(q, a, k);
		*verify = read_bytes(q, a, 7);
	}
	if ((st = query_done(q)) == OK && !found)
		return error_set(err, NOT_FOUND, "kid: there is no key \"%.64s\" in force", kid);
	return st;
}

unsigned
signing_key_grant(const struct signing_key *k, unsigned claimed)
{
	/*
	 * Expand both before the intersection: a claim of admin means everything, so it receives all that the key may
	 * grant, even if the key may not grant admin itself.
	 */
	unsigned granted = scopes_expand(claimed) & scopes_expand(k->max_scopes);

	return k->org != NULL ? granted & ~(unsigned)SCOPE_INSTALLATION : granted;
}

/*
 * Whether a token that k signs would grant exactly these scopes for this org.  Anything less is refused: the owner of
 * the token should not find out later.
 */
static enum status
may_sign(const struct signing_key *k, const char *org, unsigned scopes, struct error *err)
{
	if (k->retired_at != 0)
		return error_set(err, CONFLICT, "kid: the key \"%s\" is retired", k->kid);
	if (!k->can_sign)
		return error_set(err, CONFLICT, "kid: the key \"%s\" can only verify, not sign", k->kid);
	if (k->org != NULL && (org == NULL || strcmp(k->org, org) != 0))
		return error_set(err, BAD_REQUEST,
		    "kid: the key \"%s\" is for the organization \"%s\" only", k->kid, k->org);
	if (signing_key_grant(k, scopes) != scopes_expand(scopes))
		return error_set(err, BAD_REQUEST,
		    "kid: the key \"%s\" may not grant all these scopes", k->kid);
	return OK;
}

/* Tries the candidates newest first and stops at the first that may sign.  may_sign leaves its reason in err. */
enum status
signing_key_choose(struct db *db, struct arena *a, const char *kid, const char *org, unsigned scopes,
    struct signing_key *k, struct key_bytes *sign, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS ", k.sign_key FROM " TABLES " "
	    "WHERE (:kid IS NULL OR k.kid = :kid) AND " ORG_IS_SOUND " ORDER BY k.created_at DESC, k.kid");
	enum status st, verdict = NOT_FOUND;

	error_set(err, NOT_FOUND, "kid: there is no key \"%.64s\"", kid != NULL ? kid : "");
	query_bind_text(q, ":kid", kid);
	while (verdict != OK && query_step(q)) {
		read_row(q, a, k);
		if ((verdict = may_sign(k, org, scopes, err)) == OK)
			*sign = read_bytes(q, a, 7);
	}
	if ((st = query_done(q)) != OK || verdict == OK)
		return st;
	if (kid != NULL)
		return verdict;
	/* If no kid was requested, the reason why the last candidate failed would only confuse; report that none fits. */
	error_set(err, NOT_FOUND, "key: no key in force may sign such a token");
	error_hint(err, "Add one with `daybook key add`.");
	return NOT_FOUND;
}
