/*
 * Taking over what was revoked since a backup (see inspect_revoked.h).
 */
#include <string.h>

#include "admin/inspect_revoked.h"
#include "auth/auth.h"

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

/* Copies the rows of a query of the live database.  Only a failure of the staged one is one. */
static enum status
copy_rows(struct db *staged, struct query *from, copy_row *copy, int *count, bool *is_unknown)
{
	enum status st = OK;

	while (st == OK && query_step(from))
		st = copy(staged, from, count);
	*is_unknown = query_done(from) != OK || *is_unknown;
	return st;
}

enum status
inspect_revoked_carry(struct db *live, struct db *staged, int64_t now, struct inspect_revoked *out)
{
	struct query *tokens, *keys;
	enum status st;

	*out = (struct inspect_revoked) { 0 };
	if (db_read_begin(live) != OK) {
		out->is_unknown = true;
		return OK;
	}
	tokens = db_query(live, "SELECT kid, jti, revoked_at, expires_at FROM revoked_token "
	    "WHERE expires_at IS NULL OR expires_at >= :until");
	query_bind_int(tokens, ":until", now - AUTH_LEEWAY_MS);
	st = copy_rows(staged, tokens, copy_token, &out->tokens, &out->is_unknown);
	if (st == OK) {
		keys = db_query(live, "SELECT retired_at, kid, verify_key FROM signing_key WHERE retired_at IS NOT NULL");
		st = copy_rows(staged, keys, copy_retirement, &out->signing_keys, &out->is_unknown);
	}
	if (st == OK) {
		keys = db_query(live, "SELECT revoked_at, sha256 FROM api_key WHERE revoked_at IS NOT NULL");
		st = copy_rows(staged, keys, copy_revocation, &out->api_keys, &out->is_unknown);
	}
	db_read_end(live);
	return st;
}
