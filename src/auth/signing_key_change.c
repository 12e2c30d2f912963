/*
 * Adding, changing and retiring keys that sign tokens (see signing_key.h).
 */
#include <string.h>

#include "base/crypto.h"
#include "auth/algorithm.h"
#include "auth/pem.h"
#include "store/audit.h"
#include "store/installation.h"
#include "auth/signing_key.h"

/* ---- Adding */

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

/* The secret: the one given, or random bytes if none was given, as many as the hash has (RFC 7518, 3.2). */
static enum status
secret_of(struct arena *a, const struct algorithm *alg, const char *given, struct key_bytes *secret, struct error *err)
{
	size_t min = (size_t)alg->hash_bits / 8;
	void *made;

	if (given == NULL) {
		made = arena_alloc(a, min);
		random_bytes(made, min);
		*secret = (struct key_bytes) { made, min };
		return OK;
	}
	*secret = (struct key_bytes) { given, strlen(given) };
	if (secret->n < min || secret->n > SECRET_MAX)
		return error_set(err, BAD_REQUEST, "key: the secret has %zu bytes; %s needs %zu to %d",
		    secret->n, alg->name, min, SECRET_MAX);
	/* Refuses PEM: if a public key were taken for a secret, everybody who knows it could sign tokens. */
	if (strstr(given, "-----BEGIN") != NULL)
		return error_set(err, BAD_REQUEST, "key: PEM is for RS, PS, ES and EdDSA; %s needs a secret", alg->name);
	return OK;
}

/*
 * The bytes for the row.  A secret both verifies and signs; of PEM only a private key signs, and sign->data is
 * NULL without one.
 */
static enum status
read_key(struct arena *a, const char *name, const char *given, struct key_bytes *verify,
    struct key_bytes *sign, struct error *err)
{
	const struct algorithm *alg = algorithm_find(name);
	const char *public_pem, *private_pem;
	enum status st;

	if (alg == NULL)
		return error_set(err, BAD_REQUEST, "alg: unknown \"%.16s\"; one of " ALGORITHM_NAMES, name);
	if (alg->kind == KEY_SECRET) {
		st = secret_of(a, alg, given, verify, err);
		*sign = *verify;
		return st;
	}
	if ((st = pem_read(a, alg, given != NULL ? given : "", &public_pem, &private_pem, err)) != OK)
		return st;
	*verify = (struct key_bytes) { public_pem, strlen(public_pem) };
	*sign = (struct key_bytes) { private_pem, private_pem != NULL ? strlen(private_pem) : 0 };
	return OK;
}

/* What a token must name is compared byte for byte, so it has no blanks at its ends and no control characters by mistake. */
static enum status
check_party(const char *name, const char *value, struct error *err)
{
	size_t n;

	if (value == NULL)
		return OK;
	n = strlen(value);
	if (n == 0 || n >= PARTY_MAX)
		return error_set(err, BAD_REQUEST, "%s: must be 1 to %d bytes", name, PARTY_MAX - 1);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return error_set(err, BAD_REQUEST, "%s: has a control character", name);
	if (value[0] == ' ' || value[n - 1] == ' ')
		return error_set(err, BAD_REQUEST, "%s: has a blank at its beginning or end", name);
	return OK;
}

/* Checks whom tokens of a key may be from and for. */
static enum status
check_parties(const struct signing_key *k, struct error *err)
{
	enum status st;

	if ((st = check_party("iss", k->iss, err)) != OK || (st = check_party("aud", k->aud, err)) != OK)
		return st;
	if (k->aud != NULL && k->is_any_audience)
		return error_set(err, BAD_REQUEST, "aud: a key has an audience, or accepts any, not both");
	if (signing_key_is_open(k)) {
		error_set(err, BAD_REQUEST, "key: this one only verifies, so another issuer signs with it, for other services too; "
		    "%s is missing", k->iss == NULL ? "iss" : "aud");
		error_hint(err, "Say what its tokens for Daybook contain with --iss and --aud, or insist with --any-audience.");
		return BAD_REQUEST;
	}
	return OK;
}

/* The most that a key may grant: a key of one organization never grants admin, which reaches across all of them. */
static unsigned
bounded(const struct signing_key *k, unsigned max_scopes)
{
	max_scopes = scopes_expand(max_scopes);
	return k->org != NULL ? max_scopes & ~(unsigned)SCOPE_INSTALLATION : max_scopes;
}

/* What a key demands and grants that is added with that input; can_sign is known. */
static void
grant(struct signing_key *k, const struct signing_key_input *input)
{
	k->org = input->org;
	k->iss = input->iss;
	k->aud = input->aud;
	k->is_any_audience = input->is_any_audience;
	k->may_access_role = k->can_sign || input->may_access_role;
	k->max_scopes = bounded(k, input->has_max_scopes ? input->max_scopes :
	    k->can_sign ? SCOPE_ALL : SCOPE_ALL & ~(unsigned)SCOPE_INSTALLATION);
}

/* Writes the row of a new key; CONFLICT if the kid is taken. */
static enum status
insert(struct db *db, struct arena *a, const struct signing_key *k, int64_t org_key, struct key_bytes verify,
    struct key_bytes sign, struct error *err)
{
	struct query *q = db_query(db, "INSERT INTO signing_key (kid, alg, verify_key, sign_key, org, max_scopes, created_at, iss, "
	    "aud, is_any_audience, may_access_role) VALUES (:kid, :alg, :verify_key, :sign_key, :org, :max_scopes, :now, :iss, :aud, "
	    ":is_any_audience, :may_access_role) ON CONFLICT (kid) DO NOTHING");
	enum status st;

	query_bind_text(q, ":kid", k->kid);
	query_bind_text(q, ":alg", k->alg);
	query_bind_blob(q, ":verify_key", verify.data, verify.n);
	query_bind_blob(q, ":sign_key", sign.data, sign.n);	/* NULL if the key only verifies */
	if (k->org != NULL)
		query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":max_scopes", scopes_format(a, k->max_scopes));
	query_bind_int(q, ":now", k->created_at);
	query_bind_text(q, ":iss", k->iss);
	query_bind_text(q, ":aud", k->aud);
	query_bind_int(q, ":is_any_audience", k->is_any_audience);
	query_bind_int(q, ":may_access_role", k->may_access_role);
	if ((st = query_run(q)) == OK && db_changes(db) == 0)
		return error_set(err, CONFLICT, "kid: there is already a key \"%s\"; choose another name", k->kid);
	return st;
}

enum status
signing_key_add(struct db *db, struct arena *a, const struct signing_key_input *input, int64_t now, const struct actor *by,
    struct error *err)
{
	struct signing_key k = { .kid = input->kid, .alg = input->alg, .created_at = now };
	char shown[ERROR_SHOWN_MAX];
	struct key_bytes verify = { NULL, 0 }, sign = { NULL, 0 };
	int64_t org_key = 0;
	enum status st;

	if (input->is_verify_only && input->pem == NULL)
		return error_set(err, BAD_REQUEST, "key: a key that only verifies is the issuer's; give it with --file");
	if (!signing_key_kid_ok(k.kid))
		return error_set(err, BAD_REQUEST, "kid: \"%s\" is not 1 to 64 of A-Z a-z 0-9 . _ - ~ + / = : @",
		    error_shown(k.kid, shown));
	if ((st = read_key(a, k.alg, input->pem, &verify, &sign, err)) != OK)
		return st;
	if (input->is_verify_only)
		sign = (struct key_bytes) { NULL, 0 };
	k.can_sign = sign.data != NULL;
	grant(&k, input);
	if ((st = check_parties(&k, err)) != OK ||
	    (k.org != NULL && (st = find_org(db, k.org, &org_key, err)) != OK) ||
	    (st = insert(db, a, &k, org_key, verify, sign, err)) != OK ||
	    (st = installation_touch(db)) != OK)
		return st;
	return by != NULL ? audit_pair(db, now, 0, by, "key.add", "kid", k.kid) : OK;
}

/* ---- Changing and retiring */

static const char *
yes_or_no(bool is_yes)
{
	return is_yes ? "yes" : "no";
}

static enum status
write_set_audit(struct db *db, struct arena *a, const struct signing_key *was, const struct signing_key *is, int64_t now,
    const struct actor *by)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	json_open_object(j, NULL);
	json_put_text(j, "kid", is->kid);
	json_open_object(j, "changed");
	audit_put_text_change(j, "org", was->org, is->org);
	audit_put_text_change(j, "iss", was->iss, is->iss);
	audit_put_text_change(j, "aud", was->aud, is->aud);
	audit_put_text_change(j, "anyAudience", yes_or_no(was->is_any_audience), yes_or_no(is->is_any_audience));
	audit_put_text_change(j, "maxScopes", scopes_format(a, was->max_scopes), scopes_format(a, is->max_scopes));
	audit_put_text_change(j, "accessRole", yes_or_no(was->may_access_role), yes_or_no(is->may_access_role));
	json_close_object(j);
	json_close_object(j);
	st = audit(db, now, 0, by, "key.set", buf_text(&detail));
	buf_free(&detail);
	return st;
}

/* Writes what a key demands and grants, and the audit row. */
static enum status
write_set(struct db *db, struct arena *a, const struct signing_key *was, const struct signing_key *is, int64_t now,
    const struct actor *by, struct error *err)
{
	int64_t org_key;
	struct query *q;
	enum status st;

	if ((st = check_parties(is, err)) != OK || (is->org != NULL && (st = find_org(db, is->org, &org_key, err)) != OK))
		return st;
	q = db_query(db, "UPDATE signing_key SET iss = :iss, aud = :aud, is_any_audience = :is_any_audience, org = :org, "
	    "max_scopes = :max_scopes, may_access_role = :may_access_role WHERE kid = :kid");
	query_bind_text(q, ":iss", is->iss);
	query_bind_text(q, ":aud", is->aud);
	query_bind_int(q, ":is_any_audience", is->is_any_audience);
	if (is->org != NULL)
		query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":max_scopes", scopes_format(a, is->max_scopes));
	query_bind_int(q, ":may_access_role", is->may_access_role);
	query_bind_text(q, ":kid", is->kid);
	if ((st = query_run(q)) != OK || (st = installation_touch(db)) != OK)
		return st;
	return write_set_audit(db, a, was, is, now, by);
}

enum status
signing_key_set(struct db *db, struct arena *a, const char *kid, const struct signing_key_change *change, int64_t now,
    const struct actor *by, struct error *err)
{
	struct signing_key was, is;
	enum status st;

	if ((st = signing_key_load(db, a, kid, &was, err)) != OK)
		return st;
	is = was;
	if (change->iss != NULL)
		is.iss = change->iss;
	if (change->aud != NULL) {
		is.aud = change->aud;
		is.is_any_audience = false;
	}
	if (change->is_any_audience) {
		is.aud = change->aud;
		is.is_any_audience = true;
	}
	if (change->has_max_scopes)
		is.max_scopes = bounded(&is, change->max_scopes);
	if (change->has_access_role)
		is.may_access_role = change->may_access_role;
	return write_set(db, a, &was, &is, now, by, err);
}

static bool
is_same_text(const char *x, const char *y)
{
	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

enum status
signing_key_regrant(struct db *db, struct arena *a, const char *kid, const struct signing_key_input *input, int64_t now,
    const struct actor *by, bool *has_changed, struct error *err)
{
	struct signing_key was, is;
	enum status st;

	*has_changed = false;
	if ((st = signing_key_load(db, a, kid, &was, err)) != OK)
		return st;
	is = was;
	grant(&is, input);
	if (is_same_text(was.org, is.org) && is_same_text(was.iss, is.iss) && is_same_text(was.aud, is.aud) &&
	    was.is_any_audience == is.is_any_audience && was.max_scopes == is.max_scopes && was.may_access_role == is.may_access_role)
		return OK;
	*has_changed = true;
	return write_set(db, a, &was, &is, now, by, err);
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

enum status
signing_key_renew(struct db *db, struct arena *a, const char *kid, const char *alg, const char *pem, bool was_withdrawn,
    int64_t now, const struct actor *by, bool *has_changed, struct error *err)
{
	const char *public_pem, *private_pem;
	struct query *q;
	enum status st;

	*has_changed = false;
	if ((st = pem_read(a, algorithm_find(alg), pem, &public_pem, &private_pem, err)) != OK)
		return st;
	q = db_query(db, "UPDATE signing_key SET alg = :alg, verify_key = :pem, "
	    "retired_at = CASE WHEN :was_withdrawn THEN NULL ELSE retired_at END WHERE kid = :kid AND sign_key IS NULL "
	    "AND (alg <> :alg OR verify_key <> :pem OR (:was_withdrawn AND retired_at IS NOT NULL))");
	query_bind_text(q, ":kid", kid);
	query_bind_text(q, ":alg", alg);
	query_bind_blob(q, ":pem", public_pem, strlen(public_pem));
	query_bind_int(q, ":was_withdrawn", was_withdrawn);
	if ((st = query_run(q)) != OK || db_changes(db) == 0)
		return st;
	*has_changed = true;
	st = installation_touch(db);
	return st == OK ? audit_pair(db, now, 0, by, "key.renew", "kid", kid) : st;
}
