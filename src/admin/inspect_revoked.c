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

static enum status
carry(struct db *live, struct db *staged, int64_t now, struct inspect_revoked *out)
{
	struct query *q;
	enum status st;

	q = db_query(live, "SELECT kid, jti, revoked_at, expires_at FROM revoked_token "
	    "WHERE expires_at IS NULL OR expires_at >= :until");
	query_bind_int(q, ":until", now - AUTH_LEEWAY_MS);
	if ((st = copy_rows(live, staged, q, copy_token, &out->tokens, out)) != OK)
		return st;
	q = db_query(live, "SELECT retired_at, kid, verify_key FROM signing_key WHERE retired_at IS NOT NULL");
	if ((st = copy_rows(live, staged, q, copy_retirement, &out->signing_keys, out)) != OK)
		return st;
	q = db_query(live, "SELECT revoked_at, sha256 FROM api_key WHERE revoked_at IS NOT NULL");
	return copy_rows(live, staged, q, copy_revocation, &out->api_keys, out);
}

enum status
inspect_revoked_carry(struct db *live, struct db *staged, int64_t now, struct inspect_revoked *out)
{
	enum status st;

	*out = (struct inspect_revoked) { 0 };
	if ((st = db_read_begin(live)) != OK)
		return reading_is(live, st, out);
	st = carry(live, staged, now, out);
	db_read_end(live);
	return st;
}
