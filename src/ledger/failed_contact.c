#include "ledger/failed_contact.h"
#include "store/audit.h"
#include "store/setting.h"
#include "time/instant.h"

/*
 * Blanking failed contacts (see failed_contact.h): the statements, each for the rows of `failure` that a condition
 * selects.
 *
 * The hash in the ledger goes too, because a phone number can be found from its hash by trying all numbers.  The
 * revisions go up, so that no cached reply and no 304 shows the number afterwards.
 */
#define BLANK_HASHES(which) "UPDATE event SET detail_sha256 = NULL WHERE (org, source, id) IN " \
	"(SELECT org, source, id FROM failure WHERE " which ")"
#define BLANK_REPLIES(which) "UPDATE organization SET revision = revision + 1 WHERE key IN " \
	"(SELECT org FROM failure WHERE " which ")"
#define BLANK_TAGS(which) "UPDATE campaign SET revision = revision + 1 WHERE key IN " \
	"(SELECT campaign FROM failure WHERE " which ")"
#define BLANK_ROWS(which) "UPDATE failure SET phone = '', reason = '' WHERE " which

/* A limited number per call: it holds the writers' lock, and the next write continues. */
#define IS_OLD "(org, source, id) IN (SELECT org, source, id FROM failure WHERE phone <> '' AND failed_at < :before " \
	"ORDER BY failed_at, org, source, id LIMIT 1000)"
#define IS_THEIRS "phone = :phone"

/* BLANK_ROWS must be last: the others find their rows by the phone number that it removes. */
enum { BLANKS = 4 };
static const char *const blank_old[BLANKS] = { BLANK_HASHES(IS_OLD), BLANK_REPLIES(IS_OLD), BLANK_TAGS(IS_OLD),
	BLANK_ROWS(IS_OLD) };
static const char *const blank_theirs[BLANKS] = { BLANK_HASHES(IS_THEIRS), BLANK_REPLIES(IS_THEIRS), BLANK_TAGS(IS_THEIRS),
	BLANK_ROWS(IS_THEIRS) };

static const char retention[] = "failure_retention_days";

/*
 * Finds out whether any failed contact is older than the retention period, and computes *before: failures earlier than
 * that are to be blanked.  Cheap, because every post asks: an index has the oldest one first.
 */
static enum status
look_for_old(struct db *db, int64_t now, int64_t *before, bool *is_due)
{
	struct query *q = db_query(db, "SELECT coalesce((SELECT value FROM setting WHERE name = :name), :default), "
	    "min(failed_at) FROM failure WHERE phone <> ''");

	*is_due = false;
	query_bind_text(q, ":name", retention);
	query_bind_text(q, ":default", setting_default(retention));
	if (query_step(q)) {
		*before = now - query_int(q, 0) * DAY_MS;
		*is_due = !query_is_null(q, 1) && query_int(q, 1) < *before;
	}
	return query_done(q);
}

enum status
failed_contact_is_due(struct db *db, int64_t now, bool *is_due)
{
	int64_t before;

	return look_for_old(db, now, &before, is_due);
}

enum status
failed_contact_expire(struct db *db, int64_t now)
{
	int64_t before;
	enum status st;
	struct query *q;
	bool is_due;

	if ((st = look_for_old(db, now, &before, &is_due)) != OK || !is_due)
		return st;
	for (size_t i = 0; st == OK && i < BLANKS; i++) {
		q = db_query(db, blank_old[i]);
		query_bind_int(q, ":before", before);
		st = query_run(q);
	}
	return st;
}

/* db_changes reports the last statement, which is the one that blanks the rows. */
enum status
failed_contact_erase(struct db *db, struct arena *a, const char *phone, int64_t now, const struct actor *by, int64_t *count)
{
	enum status st = OK;
	struct query *q;

	for (size_t i = 0; st == OK && i < BLANKS; i++) {
		q = db_query(db, blank_theirs[i]);
		query_bind_text(q, ":phone", phone);
		st = query_run(q);
	}
	*count = st == OK ? db_changes(db) : 0;
	if (st != OK)
		return st;
	return audit(db, now, 0, by, "failure.erase", arena_printf(a, "{\"rows\":%lld}", (long long)*count));
}

/* Removes the whole row, not only its texts: the list of failed contacts must no longer count it. */
enum status
failed_contact_forget(struct db *db, int64_t org_key, const char *source, const char *id)
{
	static const char *const both[] = {
		"DELETE FROM failure WHERE org = :org AND source = :source AND id = :id",
		"UPDATE event SET detail_sha256 = NULL WHERE org = :org AND source = :source AND id = :id" };
	enum status st = OK;
	struct query *q;

	for (size_t i = 0; st == OK && i < sizeof(both) / sizeof(both[0]); i++) {
		q = db_query(db, both[i]);
		query_bind_int(q, ":org", org_key);
		query_bind_text(q, ":source", source);
		query_bind_text(q, ":id", id);
		st = query_run(q);
	}
	return st;
}
