/*
 * API keys (see api_key.h): rows that hold the hash of a secret.  A plain SHA-256 is enough, without salt or
 * stretching, because the secret is 32 random bytes that nobody can guess.
 */
#include <string.h>

#include "auth/api_key.h"
#include "store/audit.h"
#include "store/installation.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/name.h"
#include "time/instant.h"

enum {
	RANDOM_SIZE = 32,
	RANDOM_TEXT = 43,	/* characters of base64url that 32 bytes make */
	HINT_SIZE = 8,
	PREFIX_SIZE = sizeof(API_KEY_PREFIX) - 1,
};

/* What read_row reads, in its order.  The join also excludes a key whose organization is missing. */
#define COLUMNS "k.key, k.number, k.hint, k.name, o.id, k.scopes, k.created_at, k.revoked_at, k.expires_at, k.used_at"
#define TABLES "api_key k JOIN organization o ON o.key = k.org"

bool
api_key_shape_ok(const char *text)
{
	return strncmp(text, API_KEY_PREFIX, PREFIX_SIZE) == 0 && strlen(text) == PREFIX_SIZE + RANDOM_TEXT &&
	    strspn(text + PREFIX_SIZE,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == RANDOM_TEXT;
}

const char *
api_key_state(const struct api_key *k, int64_t now)
{
	if (k->revoked_at != 0)
		return "revoked";
	return k->expires_at != 0 && k->expires_at <= now ? "expired" : "in force";
}

/* ---- Adding and revoking */

/*
 * Writes the audit row of a change that was just made.  Reads the row again for the detail, so that adding and revoking write
 * the same fields.
 */
static enum status
write_audit(struct db *db, const char *org, int64_t number, const char *action, int64_t now, const struct actor *by)
{
	struct query *q = db_query(db, "SELECT k.org, k.name, k.scopes, k.expires_at FROM " TABLES " "
	    "WHERE o.id = :org AND k.number = :number");
	char at[INSTANT_TEXT_MAX];
	int64_t org_key = 0;
	enum status st;
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);

	json_open_object(j, NULL);
	json_put_int(j, "key", number);
	query_bind_text(q, ":org", org);
	query_bind_int(q, ":number", number);
	if (query_step(q)) {
		org_key = query_int(q, 0);
		json_put_text(j, "name", query_text(q, 1));
		json_put_text(j, "scopes", query_text(q, 2));
		if (!query_is_null(q, 3))
			json_put_text(j, "expiresAt", instant_format(query_int(q, 3), at));
	}
	json_close_object(j);
	if ((st = query_done(q)) == OK)
		st = audit(db, now, org_key, by, action, buf_text(&detail));
	buf_free(&detail);
	return st;
}

static enum status
check_input(const struct api_key_input *input, int64_t now, struct error *err)
{
	/* An API key belongs to one organization and need not expire, so it never receives a scope of the installation. */
	if (input->scopes & SCOPE_INSTALLATION)
		return error_set(err, BAD_REQUEST, "scope: an API key cannot have admin or metrics; use a token for that");
	if (strlen(input->name) >= API_KEY_NAME_MAX)
		return error_set(err, BAD_REQUEST, "name: longer than %d bytes", API_KEY_NAME_MAX - 1);
	if (input->expires_at != 0 && input->expires_at <= now)
		return error_set(err, BAD_REQUEST, "expiresAt: has passed");
	if (input->expires_at > now + API_KEY_LIFE_MAX_MS)
		return error_set(err, BAD_REQUEST, "expiresAt: more than ten years away; leave it out for a key that does not expire");
	return name_check("name", input->name, err);
}

enum status
api_key_add(struct db *db, struct arena *a, const struct api_key_input *input, int64_t now, const struct actor *by,
    const char **secret, int64_t *number, struct error *err)
{
	uint8_t bytes[RANDOM_SIZE], hash[SHA256_SIZE];
	char text[RANDOM_TEXT + 2];
	struct query *q;
	enum status st;
	bool found;

	if ((st = check_input(input, now, err)) != OK)
		return st;
	/* The caller receives the secret in *secret; the database receives only its hash and a few characters as a hint. */
	random_bytes(bytes, sizeof(bytes));
	*secret = arena_printf(a, "%s%s", API_KEY_PREFIX, base64url(bytes, sizeof(bytes), text));
	sha256(*secret, strlen(*secret), hash);
	/* Inserts one row if the organization exists, otherwise none: no separate look-up of its key is needed. */
	q = db_query(db, "INSERT INTO api_key (sha256, hint, name, org, number, scopes, created_at, expires_at) "
	    "SELECT :sha256, :hint, :name, o.key, (SELECT coalesce(max(number), 0) + 1 FROM api_key WHERE org = o.key), :scopes, "
	    ":now, :expires_at FROM organization o WHERE id = :org RETURNING number");
	query_bind_blob(q, ":sha256", hash, sizeof(hash));
	query_bind_text(q, ":hint", arena_text(a, *secret, HINT_SIZE));
	query_bind_text(q, ":name", input->name);
	query_bind_text(q, ":scopes", scopes_format(a, input->scopes));
	query_bind_int(q, ":now", now);
	if (input->expires_at != 0)
		query_bind_int(q, ":expires_at", input->expires_at);
	query_bind_text(q, ":org", input->org);
	if ((found = query_step(q)))
		*number = query_int(q, 0);
	if ((st = query_done(q)) == OK && !found)
		return error_set(err, NOT_FOUND, "org: there is no organization \"%.64s\"", input->org);
	if (st == OK)
		st = installation_touch(db);
	return st == OK ? write_audit(db, input->org, *number, "apikey.add", now, by) : st;
}

/* coalesce keeps the first revocation, so that revoking twice does not change when it took effect. */
enum status
api_key_revoke(struct db *db, const char *org, int64_t number, int64_t now, const struct actor *by, struct error *err)
{
	struct query *q = db_query(db, "UPDATE api_key SET revoked_at = coalesce(revoked_at, :now) "
	    "WHERE number = :number AND org = (SELECT key FROM organization WHERE id = :org)");
	enum status st;

	query_bind_int(q, ":now", now);
	query_bind_int(q, ":number", number);
	query_bind_text(q, ":org", org);
	if ((st = query_run(q)) == OK && db_changes(db) == 0)
		return error_set(err, NOT_FOUND, "apikey: %.64s has no API key %lld", org, (long long)number);
	if (st == OK)
		st = installation_touch(db);
	return st == OK ? write_audit(db, org, number, "apikey.revoke", now, by) : st;
}

enum status
api_key_note_use(struct db *db, int64_t key, int64_t now)
{
	struct query *q = db_query(db, "UPDATE api_key SET used_at = :day WHERE key = :key AND coalesce(used_at, 0) < :day");

	query_bind_int(q, ":day", now - now % DAY_MS);
	query_bind_int(q, ":key", key);
	return query_run(q);
}

/* ---- Reading */

/* Reads the columns of COLUMNS; texts are copied into the arena. */
static void
read_row(struct query *q, struct arena *a, struct api_key *k)
{
	k->key = query_int(q, 0);
	k->number = query_int(q, 1);
	k->hint = arena_strdup(a, query_text(q, 2));
	k->name = arena_strdup(a, query_text(q, 3));
	k->org = arena_strdup(a, query_text(q, 4));
	k->scopes = scopes_known(query_text(q, 5)) & ~(unsigned)SCOPE_INSTALLATION; /* even if the row says so */
	k->created_at = query_int(q, 6);
	k->revoked_at = query_int(q, 7);
	k->expires_at = query_int(q, 8);
	k->used_at = query_int(q, 9);
}

enum status
api_key_each(struct db *db, struct arena *a, const char *org, void (*each)(const struct api_key *k, void *arg), void *arg)
{
	struct query *q = db_query(db, "SELECT " COLUMNS " FROM " TABLES " WHERE :org IS NULL OR o.id = :org "
	    "ORDER BY k.created_at, k.key");
	struct api_key k;

	query_bind_text(q, ":org", org);
	while (query_step(q)) {
		read_row(q, a, &k);
		each(&k, arg);
	}
	return query_done(q);
}

enum status
api_key_load(struct db *db, struct arena *a, const char *org, int64_t number, struct api_key *k, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS " FROM " TABLES " "
	    "WHERE k.number = :number AND (:org IS NULL OR o.id = :org)");
	enum status st;
	int found = 0;

	query_bind_int(q, ":number", number);
	query_bind_text(q, ":org", org);
	for (; found < 2 && query_step(q); found++)
		read_row(q, a, k);
	if ((st = query_done(q)) != OK || found == 1)
		return st;
	return found == 0 ? error_set(err, NOT_FOUND, "keyId: there is no API key %lld", (long long)number) :
	    error_set(err, CONFLICT, "apikey: several organizations have an API key %lld", (long long)number);
}

enum status
api_key_find(struct db *db, struct arena *a, const char *text, int64_t now, struct api_key *k, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS " FROM " TABLES " "
	    "WHERE k.sha256 = :sha256 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)");
	uint8_t hash[SHA256_SIZE];
	enum status st;
	bool found;

	/* Finds the row by the hash of the whole text: a unique index, so nothing of the secret is compared byte by byte. */
	sha256(text, strlen(text), hash);
	query_bind_blob(q, ":sha256", hash, sizeof(hash));
	query_bind_int(q, ":now", now);
	if ((found = query_step(q)))
		read_row(q, a, k);
	if ((st = query_done(q)) == OK && !found)
		return error_set(err, NOT_FOUND, "API key: unknown, expired or revoked");
	return st;
}
