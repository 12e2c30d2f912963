/*
 * A row of `request` is written in the transaction of the write that it identifies.  So a retry
 * after a lost reply finds it if, and only if, the write was done.
 */
#include <string.h>

#include "store/idempotency.h"

enum status
idempotency_check(struct db *db, int64_t org_key, const char *kind, const char *id,
    const uint8_t sha256[SHA256_SIZE], enum idempotency_seen *seen)
{
	struct query *q = db_query(db, "SELECT body_sha256 FROM request WHERE org = :org AND kind = :kind AND id = :id");
	const void *stored;
	size_t n;

	*seen = IDEMPOTENCY_NEW;
	query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":kind", kind);
	query_bind_text(q, ":id", id);
	if (query_step(q)) {
		stored = query_blob(q, 0, &n);
		/*
		 * The same id with another body is the client's mistake, and must not be answered
		 * as a success.
		 */
		*seen = n == SHA256_SIZE && memcmp(stored, sha256, n) == 0 ? IDEMPOTENCY_SAME : IDEMPOTENCY_OTHER;
	}
	return query_done(q);
}

enum status
idempotency_remember(struct db *db, int64_t org_key, const char *kind, const char *id,
    const uint8_t sha256[SHA256_SIZE], int64_t now)
{
	struct query *q = db_query(db, "INSERT INTO request (org, kind, id, body_sha256, received_at) "
	    "VALUES (:org, :kind, :id, :sha256, :now)");

	query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":kind", kind);
	query_bind_text(q, ":id", id);
	query_bind_blob(q, ":sha256", sha256, SHA256_SIZE);
	query_bind_int(q, ":now", now);
	return query_run(q);
}

enum status
idempotency_forget(struct db *db, int64_t org_key, const char *campaign)
{
	/*
	 * Results have ids of the form CAMPAIGN/ID.  '0' is the character after '/', so the range
	 * is all ids that start with the campaign's and a slash, and uses the primary key.
	 */
	struct query *q = db_query(db, "DELETE FROM request WHERE org = :org AND ((kind = 'campaign' AND id = :id) "
	    "OR (kind = 'results' AND id > :id || '/' AND id < :id || '0'))");

	query_bind_int(q, ":org", org_key);
	query_bind_text(q, ":id", campaign);
	return query_run(q);
}
