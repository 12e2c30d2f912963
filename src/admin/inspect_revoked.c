/*
 * Taking over what was revoked since a backup (see inspect_revoked.h).
 */
#include <string.h>

#include "admin/inspect_revoked.h"
#include "auth/auth.h"
#include "auth/key_source.h"

/* Copies a row of the live database into the staged one with a statement of its own; counts it if it changed something. */
typedef enum status copy_row(struct db *staged, struct query *from, int *count);

static enum status
count_change(struct db *staged, struct query *to, int *count)
{
	enum status st = query_run(to);

	*count += st == OK && db_changes(staged) > 0;
	return st;
}

/* A token of a key that the backup does not have is refused without a row. */
static enum status
copy_token(struct db *staged, struct query *from, int *count)
{
	struct query *to = db_query(staged, "INSERT INTO revoked_token (kid, jti, revoked_at, expires_at) "
	    "SELECT :kid, :jti, :revoked_at, :expires_at WHERE EXISTS (SELECT 1 FROM signing_key WHERE kid = :kid) "
	    "ON CONFLICT DO NOTHING");

	query_bind_text(to, ":kid", query_text(from, 0));
	query_bind_text(to, ":jti", query_text(from, 1));
	query_bind_int(to, ":revoked_at", query_int(from, 2));
	if (!query_is_null(from, 3))
		query_bind_int(to, ":expires_at", query_int(from, 3));
	return count_change(staged, to, count);
}

/* A key of the same name with other bytes is another key. */
static enum status
copy_retirement(struct db *staged, struct query *from, int *count)
{
	struct query *to = db_query(staged, "UPDATE signing_key SET retired_at = :at "
	    "WHERE kid = :kid AND verify_key = :verify_key AND retired_at IS NULL");
	const void *bytes;
	size_t n;

	bytes = query_blob(from, 2, &n);
	query_bind_int(to, ":at", query_int(from, 0));
	query_bind_text(to, ":kid", query_text(from, 1));
	query_bind_blob(to, ":verify_key", bytes, n);
	return count_change(staged, to, count);
}

/* The row's text, or NULL. */
static const char *
text_or_null(struct query *from, int column)
{
	return query_is_null(from, column) ? NULL : query_text(from, column);
}

static enum status
is_in_force(struct db *staged, const char *kid, bool *found)
{
	struct query *q = db_query(staged, "SELECT retired_at FROM signing_key WHERE kid = :kid");

	query_bind_text(q, ":kid", kid);
	*found = !query_step(q) || query_is_null(q, 0);
	return query_done(q);
}

/*
 * A key of another issuer, whole, because the next `key fetch` would bring it to this state, or into force again if its row did
 * not tell that it is retired.  One whose organization is not in the backup is left out.
 */
static enum status
copy_verifier(struct db *staged, struct query *from, int *count)
{
	struct query *to;
	const void *bytes;
	bool was_in_force;
	enum status st;
	int changed = 0;
	size_t n;

	if ((st = is_in_force(staged, query_text(from, 0), &was_in_force)) != OK)
		return st;
	to = db_query(staged, "INSERT INTO signing_key (kid, alg, verify_key, org, max_scopes, created_at, retired_at, iss, aud, "
	    "is_any_audience, may_access_role) SELECT :kid, :alg, :verify_key, o.key, :max_scopes, :created_at, :retired_at, :iss, "
	    ":aud, :is_any_audience, :may_access_role FROM (SELECT 1) LEFT JOIN organization AS o ON o.id = :org "
	    "WHERE :org IS NULL OR o.key IS NOT NULL ON CONFLICT (kid) DO UPDATE SET alg = excluded.alg, "
	    "verify_key = excluded.verify_key, org = excluded.org, max_scopes = excluded.max_scopes, "
	    "retired_at = excluded.retired_at, iss = excluded.iss, aud = excluded.aud, is_any_audience = excluded.is_any_audience, "
	    "may_access_role = excluded.may_access_role WHERE sign_key IS NULL");
	bytes = query_blob(from, 2, &n);
	query_bind_text(to, ":kid", query_text(from, 0));
	query_bind_text(to, ":alg", query_text(from, 1));
	query_bind_blob(to, ":verify_key", bytes, n);
	query_bind_text(to, ":org", text_or_null(from, 3));
	query_bind_text(to, ":max_scopes", query_text(from, 4));
	query_bind_int(to, ":created_at", query_int(from, 5));
	if (!query_is_null(from, 6))
		query_bind_int(to, ":retired_at", query_int(from, 6));
	query_bind_text(to, ":iss", text_or_null(from, 7));
	query_bind_text(to, ":aud", text_or_null(from, 8));
	query_bind_int(to, ":is_any_audience", query_int(from, 9));
	query_bind_int(to, ":may_access_role", query_int(from, 10));
	st = count_change(staged, to, &changed);
	*count += changed > 0 && was_in_force && !query_is_null(from, 6);
	return st;
}

static enum status
copy_revocation(struct db *staged, struct query *from, int *count)
{
	struct query *to = db_query(staged, "UPDATE api_key SET revoked_at = :at WHERE sha256 = :sha256 AND revoked_at IS NULL");
	const void *bytes;
	size_t n;

	bytes = query_blob(from, 1, &n);
	query_bind_int(to, ":at", query_int(from, 0));
	query_bind_blob(to, ":sha256", bytes, n);
	return count_change(staged, to, count);
}

/*
 * The outcome of reading the live database.  Damage is a reason to restore, and so is a table that is missing, so they are no
 * failures; anything else, such as a disk that fails or a lack of memory, is one, because reading may succeed the next time.
 */
static enum status
reading_is(struct db *live, enum status st, struct inspect_revoked *out)
{
	bool is_misshapen = st == INTERNAL && db_trouble(live) == DB_NO_TROUBLE;	/* SQLite refused the statement itself */

	if (st == OK || (db_trouble(live) != DB_DAMAGED && !is_misshapen))
		return st;
	out->is_unknown = true;
	return OK;
}

/* Copies the rows of a query of the live database. */
static enum status
copy_rows(struct db *live, struct db *staged, struct query *from, copy_row *copy, int *count, struct inspect_revoked *out)
{
	enum status st = OK, read;

	while (st == OK && query_step(from))
		st = copy(staged, from, count);
	read = query_done(from);
	return st == OK ? reading_is(live, read, out) : st;
}

/* Sources that cannot be read are those of the backup. */
static enum status
carry_sources(struct db *live, struct db *staged, struct arena *a, struct inspect_revoked *out)
{
	struct key_source_list *list = arena_alloc(a, sizeof(*list));
	struct error err = { 0 };
	enum status st;

	if ((st = key_source_load(live, a, list, &err)) == OK)
		return key_source_carry(staged, a, list, &err);
	if (err.text[0] == '\0')
		return reading_is(live, st, out);
	out->is_unknown = true;
	return OK;
}

/* The keys come before what refers to them: sources, and revoked tokens. */
static enum status
carry_keys(struct db *live, struct db *staged, struct arena *a, struct inspect_revoked *out)
{
	struct query *q;
	enum status st;

	q = db_query(live, "SELECT retired_at, kid, verify_key FROM signing_key WHERE retired_at IS NOT NULL");
	if ((st = copy_rows(live, staged, q, copy_retirement, &out->signing_keys, out)) != OK)
		return st;
	q = db_query(live, "SELECT kid, alg, verify_key, id, max_scopes, created_at, retired_at, iss, aud, is_any_audience, "
	    "may_access_role FROM signing_key LEFT JOIN (SELECT key, id FROM organization) AS o ON o.key = org "
	    "WHERE sign_key IS NULL AND (org IS NULL OR o.key IS NOT NULL)");
	if ((st = copy_rows(live, staged, q, copy_verifier, &out->signing_keys, out)) != OK)
		return st;
	return carry_sources(live, staged, a, out);
}

static enum status
carry(struct db *live, struct db *staged, struct arena *a, int64_t now, struct inspect_revoked *out)
{
	struct query *q;
	enum status st;

	if ((st = carry_keys(live, staged, a, out)) != OK)
		return st;
	q = db_query(live, "SELECT kid, jti, revoked_at, expires_at FROM revoked_token "
	    "WHERE expires_at IS NULL OR expires_at >= :until");
	query_bind_int(q, ":until", now - AUTH_LEEWAY_MS);
	if ((st = copy_rows(live, staged, q, copy_token, &out->tokens, out)) != OK)
		return st;
	q = db_query(live, "SELECT revoked_at, sha256 FROM api_key WHERE revoked_at IS NOT NULL");
	return copy_rows(live, staged, q, copy_revocation, &out->api_keys, out);
}

enum status
inspect_revoked_carry(struct db *live, struct db *staged, struct arena *a, int64_t now, struct inspect_revoked *out)
{
	enum status st;

	*out = (struct inspect_revoked) { 0 };
	if ((st = db_read_begin(live)) != OK)
		return reading_is(live, st, out);
	st = carry(live, staged, a, now, out);
	db_read_end(live);
	return st;
}
