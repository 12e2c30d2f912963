/*
 * Revoked tokens (see revoked_token.h).
 */
#include <string.h>

#include "auth/auth.h"
#include "auth/revoked_token.h"
#include "base/json.h"
#include "store/audit.h"
#include "store/installation.h"

enum status
revoked_token_has(struct db *db, const char *kid, const char *jti, bool *is_there)
{
	struct query *q;

	*is_there = false;
	if (jti[0] == '\0' || strlen(jti) >= JTI_MAX)
		return OK;
	q = db_query(db, "SELECT 1 FROM revoked_token WHERE kid = :kid AND jti = :jti");
	query_bind_text(q, ":kid", kid);
	query_bind_text(q, ":jti", jti);
	*is_there = query_step(q);
	return query_done(q);
}

/* Each new row takes the place of those that are of no use any more, so the table stays short without another process. */
static enum status
remove_expired(struct db *db, int64_t now)
{
	struct query *q = db_query(db, "DELETE FROM revoked_token WHERE expires_at < :until");

	query_bind_int(q, ":until", now - AUTH_LEEWAY_MS);
	return query_run(q);
}

static enum status
write_audit(struct db *db, const char *kid, const char *jti, int64_t now, const struct actor *by)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	json_open_object(j, NULL);
	json_put_text(j, "kid", kid);
	json_put_text(j, "jti", jti);
	json_close_object(j);
	st = audit(db, now, 0, by, "token.revoke", buf_text(&detail));
	buf_free(&detail);
	return st;
}

enum status
revoked_token_add(struct db *db, const char *kid, const char *jti, int64_t expires_at, int64_t now, const struct actor *by,
    struct error *err)
{
	struct query *q;
	enum status st;
	bool is_there;

	if (jti[0] == '\0' || strlen(jti) >= JTI_MAX)
		return error_set(err, BAD_REQUEST, "jti: must be 1 to %d bytes", JTI_MAX - 1);
	q = db_query(db, "SELECT 1 FROM signing_key WHERE kid = :kid");
	query_bind_text(q, ":kid", kid);
	is_there = query_step(q);
	if ((st = query_done(q)) == OK && !is_there)
		return error_set(err, NOT_FOUND, "kid: there is no key \"%.64s\"", kid);
	if (st != OK || (st = remove_expired(db, now)) != OK)
		return st;
	q = db_query(db, "INSERT INTO revoked_token (kid, jti, revoked_at, expires_at) VALUES (:kid, :jti, :now, :expires_at) "
	    "ON CONFLICT DO NOTHING");
	query_bind_text(q, ":kid", kid);
	query_bind_text(q, ":jti", jti);
	query_bind_int(q, ":now", now);
	if (expires_at != 0)
		query_bind_int(q, ":expires_at", expires_at);
	if ((st = query_run(q)) == OK && db_changes(db) == 0)
		return error_set(err, CONFLICT, "jti: this token is revoked already");
	if (st == OK)
		st = installation_touch(db);
	return st == OK && by != NULL ? write_audit(db, kid, jti, now, by) : st;
}
