/*
 * Keys that sign tokens (see signing_key.h).  The row of a key, not the token, decides the algorithm and the most that
 * a token may claim.
 */
#include <string.h>

#include "auth/signing_key.h"

/* What read_row reads, in its order; queries that need a key's bytes add them as the next column. */
#define COLUMNS "k.kid, k.alg, o.id, k.max_scopes, k.sign_key IS NOT NULL, k.created_at, k.retired_at, k.iss, k.aud, " \
	"k.is_any_audience, k.may_access_role"
#define COLUMN_COUNT 11
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
	k->iss = query_is_null(q, 7) ? NULL : arena_strdup(a, query_text(q, 7));
	k->aud = query_is_null(q, 8) ? NULL : arena_strdup(a, query_text(q, 8));
	k->is_any_audience = query_int(q, 9) != 0;
	k->may_access_role = query_int(q, 10) != 0;
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

enum status
signing_key_load(struct db *db, struct arena *a, const char *kid, struct signing_key *k, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS " FROM " TABLES " WHERE k.kid = :kid");
	enum status st;
	bool found;

	query_bind_text(q, ":kid", kid);
	if ((found = query_step(q)))
		read_row(q, a, k);
	if ((st = query_done(q)) == OK && !found)
		return error_set(err, NOT_FOUND, "kid: there is no key \"%.64s\"", kid);
	return st;
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
		*verify = read_bytes(q, a, COLUMN_COUNT);
	}
	if ((st = query_done(q)) == OK && !found)
		return error_set(err, NOT_FOUND, "kid: there is no key \"%.64s\" in force", kid);
	return st;
}

/*
 * Only a query that succeeded may yield "": a failed read must not accept every issuer.  A setting without a row is "".
 */
enum status
signing_key_rules(struct db *db, struct arena *a, const struct signing_key *k, struct claims_rules *rules)
{
	struct query *q = db_query(db, "SELECT name, value FROM setting "
	    "WHERE name IN ('iss', 'aud', 'organization_claim', 'scope_claim')");

	*rules = (struct claims_rules) { .iss = "", .aud = "", .may_access_role = k->may_access_role, .org_claim = "",
		.scope_claim = "" };
	while (query_step(q)) {
		const char *name = query_text(q, 0), *value = arena_strdup(a, query_text(q, 1));

		if (strcmp(name, "iss") == 0)
			rules->iss = value;
		else if (strcmp(name, "aud") == 0)
			rules->aud = value;
		else if (!k->can_sign)
			/* What another issuer calls its claims; our own tokens always have our names. */
			*(name[0] == 'o' ? &rules->org_claim : &rules->scope_claim) = value;
	}
	if (k->iss != NULL)
		rules->iss = k->iss;
	if (k->aud != NULL)
		rules->aud = k->aud;
	else if (k->is_any_audience)
		rules->aud = "";
	return query_done(q);
}

bool
signing_key_is_open(const struct signing_key *k)
{
	return !k->can_sign && !k->is_any_audience && (k->iss == NULL || k->aud == NULL);
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
			*sign = read_bytes(q, a, COLUMN_COUNT);
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
