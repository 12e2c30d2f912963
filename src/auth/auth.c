/*
 * The decision who is calling (see auth.h).  Finds one credential in the headers, checks it, and fills in the caller
 * only from what the database says about the key.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/api_key.h"
#include "auth/auth.h"
#include "auth/claims.h"
#include "auth/revoked_token.h"
#include "auth/signing_key.h"
#include "auth/token.h"
#include "base/utf8.h"
#include "time/instant.h"

/* ---- The headers */

/*
 * Tells an API key from a token in the same header.  A token cannot start with `d`: it starts with base64url of `{` or
 * of a blank.
 */
static bool
starts_like_api_key(const char *text)
{
	return strncmp(text, API_KEY_PREFIX, sizeof(API_KEY_PREFIX) - 1) == 0;
}

/*
 * Returns the token or API key itself, or NULL with the reason in err.  A header that is present decides: if
 * Authorization is malformed, X-API-Key is not tried instead.
 */
static const char *
find_credential(const char *authorization, const char *api_key, struct error *err)
{
	static const char scheme[] = "Bearer ";

	/* A web server that rewrites headers may send an empty one if the client sent none, so empty counts as absent. */
	if (authorization != NULL && authorization[0] != '\0') {
		if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) == 0)
			return authorization + sizeof(scheme) - 1;
		error_set(err, UNAUTHENTICATED, "Authorization: not a Bearer token");
		return NULL;
	}
	if (api_key != NULL && api_key[0] != '\0') {
		if (starts_like_api_key(api_key))
			return api_key;
		error_set(err, UNAUTHENTICATED, "X-API-Key: not an API key");
		return NULL;
	}
	error_set(err, UNAUTHENTICATED, "no credential");
	return NULL;
}

/* ---- API keys */

/* Fills in the caller of an API key.  Checks the form first, so that garbage costs no query. */
static enum status
check_api_key(struct db *db, struct arena *a, const char *text, int64_t now, struct caller *caller, struct error *err)
{
	struct api_key k;
	enum status st;

	if (!api_key_shape_ok(text))
		return error_set(err, UNAUTHENTICATED, "API key: malformed");
	if ((st = api_key_find(db, a, text, now, &k, err)) != OK)
		return st == NOT_FOUND ? UNAUTHENTICATED : st;
	snprintf(caller->org, sizeof(caller->org), "%s", k.org);
	caller->scopes = k.scopes;
	caller->expires_at = k.expires_at;
	if (k.used_at <= now - DAY_MS)
		caller->used_key = k.key;
	else
		caller->known_until = k.expires_at != 0 && k.expires_at < k.used_at + DAY_MS ? k.expires_at : k.used_at + DAY_MS;
	snprintf(caller->credential, sizeof(caller->credential), "apikey:%lld", (long long)k.number);
	return OK;
}

/* ---- Tokens */

/*
 * The bytes of the character at text, of which n are there, and whether a terminal, a log or a page shows it as it is: not the
 * control characters, nor those that change the direction of the text after them.
 */
static size_t
next_char(const char *text, size_t n, bool *is_shown)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = utf8_char(text, n);
	unsigned code = length == 2 ? (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu) :
	    length == 3 ? (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu) : c[0];

	*is_shown = length == 4 || (length > 0 && code >= ' ' && (code < 0x7f || code > 0x9f) && code != 0x061c && code != 0xfeff &&
	    !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2060 && code <= 0x206f));
	return length > 0 ? length : 1;
}

/* Copies a name; a character that is not shown becomes `?`, and one that does not fit is left out with what follows. */
static void
copy_name(char name[ACTOR_NAME_MAX], const char *text)
{
	size_t n = strlen(text), used = 0, length;
	bool is_shown;

	for (size_t i = 0; i < n; i += length) {
		length = next_char(text + i, n - i, &is_shown);
		if (used + (is_shown ? length : 1) >= ACTOR_NAME_MAX)
			break;
		if (is_shown)
			memcpy(name + used, text + i, length);
		else
			name[used] = '?';
		used += is_shown ? length : 1;
	}
	name[used] = '\0';
}

/* Recognizes the token of a link that signs in: one of a key that signs for us, with a jti of ours. */
static void
copy_link(char link[CALLER_LINK_MAX], const struct signing_key *k, const char *jti)
{
	size_t prefix = strlen(TOKEN_LINK_PREFIX);

	if (k->can_sign && strncmp(jti, TOKEN_LINK_PREFIX, prefix) == 0 && strlen(jti + prefix) < CALLER_LINK_MAX)
		snprintf(link, CALLER_LINK_MAX, "%s", jti + prefix);
}

/* Fills in the caller of a token: its claims, limited by what its key allows. */
static enum status
bound(const struct signing_key *k, const struct claims *c, struct caller *caller, struct error *err)
{
	const char *org = c->org != NULL ? c->org : k->org;
	unsigned scopes = signing_key_grant(k, c->scopes);

	/* A key of one organization cannot vouch for another; a token without organizationId inherits the key's. */
	if (k->org != NULL && strcmp(org, k->org) != 0)
		return error_set(err, UNAUTHENTICATED,
		    "organizationId: the key of this token is for \"%s\" only", k->org);
	/* Only the scopes of the installation can do without an organization. */
	if (org == NULL && !(scopes & SCOPE_INSTALLATION))
		return error_set(err, UNAUTHENTICATED, "organizationId: missing");
	snprintf(caller->org, sizeof(caller->org), "%s", org != NULL ? org : "");
	caller->scopes = scopes;
	caller->expires_at = c->expires_at;
	caller->known_until = c->expires_at;	/* nbf and iat, once they have passed, stay so */
	snprintf(caller->credential, sizeof(caller->credential), "jwt:%s", k->kid);
	copy_name(caller->name, c->sub[0] != '\0' ? c->sub : c->jti);
	copy_link(caller->link, k, c->jti);
	return OK;
}

/*
 * Fills in the caller of a token.  The order matters: the kid, which nobody has verified yet, only selects the key;
 * claims are read after the signature has been verified with that key and its algorithm.
 */
static enum status
check_token(struct db *db, struct arena *a, const char *text, int64_t now, struct caller *caller,
    struct error *err)
{
	struct claims_rules rules;
	struct claims claims;
	struct key_bytes verify;
	struct signing_key k;
	struct token t;
	enum status st;
	bool is_revoked;

	if ((st = token_read(a, text, &t, err)) != OK)
		return st;
	if ((st = signing_key_find(db, a, t.kid, &k, &verify, err)) != OK)
		return st == NOT_FOUND ? UNAUTHENTICATED : st;
	if ((st = token_verify(&t, k.alg, verify, err)) != OK ||
	    (st = signing_key_rules(db, a, &k, &rules)) != OK ||
	    (st = claims_read(a, t.payload, t.payload_n, &rules, now, &claims, err)) != OK ||
	    (st = revoked_token_has(db, k.kid, claims.jti, &is_revoked)) != OK)
		return st;
	if (is_revoked)
		return error_set(err, UNAUTHENTICATED, "jti: the token %.64s is revoked, or its link was used", claims.jti);
	return bound(&k, &claims, caller, err);
}

/* ---- Verified before */

/*
 * A caller that was found at an instant.  What it depends on is in the credential, in the time, and in rows that no write changes
 * without installation_touch; but for the day on which an API key was used last, which only moves on, as known_until would.
 */
struct verified {
	int64_t at;
	struct caller caller;
};

static const char verified_key[] = "verified ";

/* The key of a credential, in the arena; *n = its length. */
static const char *
key_of(struct arena *a, const char *credential, size_t *n)
{
	size_t prefix = sizeof(verified_key) - 1, length = strnlen(credential, TOKEN_MAX + 1);
	char *key = arena_alloc(a, prefix + length);

	memcpy(key, verified_key, prefix);
	memcpy(key + prefix, credential, length);
	*n = prefix + length;
	return key;
}

/* Not before the instant at which it was verified, if the clock has gone back, and not from known_until on. */
static bool
is_verified(struct db *db, const char *key, size_t key_n, int64_t now, struct caller *caller)
{
	size_t n;
	const struct verified *v = db_remembered(db, db_installation_version(db), key, key_n, &n);

	if (v == NULL || now < v->at || now >= v->caller.known_until)
		return false;
	*caller = v->caller;
	return true;
}

static void
keep_verified(struct db *db, const char *key, size_t key_n, int64_t now, const struct caller *caller)
{
	struct verified *v = caller->known_until > now ?
	    db_remember(db, db_installation_version(db), key, key_n, sizeof(*v)) : NULL;

	if (v != NULL)
		*v = (struct verified) { now, *caller };
}

enum status
auth_check(struct db *db, struct arena *a, const char *authorization, const char *api_key, int64_t now,
    struct caller *caller, struct error *err)
{
	const char *credential = find_credential(authorization, api_key, err), *key;
	enum status st;
	size_t key_n;

	/* The caller is all zero, without a single scope, until one of the two checks fills it in. */
	memset(caller, 0, sizeof(*caller));
	if (credential == NULL)
		return UNAUTHENTICATED;
	key = key_of(a, credential, &key_n);
	if (is_verified(db, key, key_n, now, caller))
		return OK;
	st = starts_like_api_key(credential) ? check_api_key(db, a, credential, now, caller, err) :
	    check_token(db, a, credential, now, caller, err);
	if (st == OK)
		keep_verified(db, key, key_n, now, caller);
	return st;
}

enum status
auth_organization(struct db *db, const struct caller *caller, const char *id, struct error *err)
{
	char key[sizeof("there ") + ID_MAX];
	size_t key_n = (size_t)snprintf(key, sizeof(key), "there %s", id), n;
	struct query *q;
	enum status st;
	bool is_there;

	if (key_n < sizeof(key) && db_remembered(db, db_installation_version(db), key, key_n, &n) != NULL)
		return OK;
	q = db_query(db, "SELECT 1 FROM organization WHERE id = :id");
	query_bind_text(q, ":id", id);
	is_there = query_step(q);
	if ((st = query_done(q)) == OK && is_there && key_n < sizeof(key))
		db_remember(db, db_installation_version(db), key, key_n, 0);
	if (st != OK || is_there)
		return st;
	if (caller->scopes & SCOPE_ADMIN)
		return error_set(err, NOT_FOUND, "organization: there is no organization \"%s\"", id);
	return error_set(err, FORBIDDEN, "the credential belongs to another organization");
}
