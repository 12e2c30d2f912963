/*
 * The file that is upgraded: whether it can be, and what state it is in.  It may come from elsewhere, so it is opened without
 * running anything that it contains.
 */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/row_hash.h"
#include "db/db_schema.h"
#include "db/db_upgrade_parts.h"

enum { SPACE_RESERVE = 4 << 20, MIB = 1 << 20 };

struct db *
db_upgrade_open_old(const char *path, int *version, struct error *err)
{
	struct db *db = db_open_with(path, db_file_open_foreign, false, err);

	if (db == NULL)
		return NULL;
	*version = (int)db_file_pragma(db->handle, "PRAGMA user_version");
	if (*version >= UPGRADE_OLDEST && *version <= UPGRADE_NEWEST)
		return db;
	error_set(err, CONFLICT, "%s: not a Daybook database: schema version %d", path, *version);
	db_close(db);
	return NULL;
}

/*
 * The columns of each table, by version.  Only these are copied: a column that somebody has added would be lost.
 */
static const struct {
	const char *table;
	int columns[UPGRADE_NEWEST + 1];	/* [0] is not used; 0 = not in that version */
} tables[] = {
	{ "installation", { 0, 0, 0, 0, 2, 2, 2 } }, { "organization", { 0, 17, 18, 18, 11, 11, 13 } },
	{ "zone_span", { 0, 5, 5, 5, 5, 5, 5 } }, { "zone_file", { 0, 0, 0, 3, 3, 3, 3 } },
	{ "limit_rule", { 0, 0, 0, 0, 12, 12, 12 } }, { "limit_amount", { 0, 0, 0, 0, 3, 3, 3 } },
	{ "limit_span", { 0, 0, 0, 0, 5, 5, 5 } }, { "actor", { 0, 0, 0, 0, 3, 3, 3 } },
	{ "event", { 0, 18, 18, 18, 24, 25, 25 } }, { "usage_quarter", { 0, 6, 6, 6, 6, 6, 6 } },
	{ "usage_day", { 0, 6, 6, 6, 6, 6, 6 } }, { "usage_origin", { 0, 0, 0, 0, 8, 8, 0 } },
	{ "ledger_day", { 0, 0, 0, 4, 4, 4, 4 } }, { "campaign", { 0, 8, 8, 9, 10, 10, 11 } },
	{ "segment", { 0, 11, 11, 11, 14, 14, 14 } }, { "failure", { 0, 8, 8, 8, 8, 8, 8 } }, { "price", { 0, 5, 5, 5, 5, 5, 6 } },
	{ "request", { 0, 5, 5, 5, 5, 5, 5 } }, { "signing_key", { 0, 8, 8, 8, 8, 12, 12 } },
	{ "api_key", { 0, 8, 8, 8, 8, 11, 11 } }, { "setting", { 0, 2, 2, 2, 2, 2, 2 } }, { "audit", { 0, 6, 6, 6, 7, 8, 8 } },
	{ "held", { 0, 0, 0, 0, 0, 6, 6 } }, { "revoked_token", { 0, 0, 0, 0, 0, 4, 4 } }, { "job", { 0, 0, 0, 0, 0, 14, 15 } },
	{ "cycle_change", { 0, 0, 0, 0, 0, 0, 3 } }, { "closed_day", { 0, 0, 0, 0, 0, 0, 3 } },
	{ "limit_usage", { 0, 0, 0, 0, 0, 0, 5 } }, { "statement", { 0, 0, 0, 0, 0, 0, 10 } },
	{ "statement_line", { 0, 0, 0, 0, 0, 0, 7 } }, { "statement_day", { 0, 0, 0, 0, 0, 0, 5 } },
};

static enum status
check_columns(struct db *old, int version, struct error *err)
{
	enum status st = OK;
	int64_t columns;

	for (size_t i = 0; st == OK && i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct query *q = db_query(old, "SELECT count(*) FROM pragma_table_xinfo(:name)");

		query_bind_text(q, ":name", tables[i].table);
		columns = query_step(q) ? query_int(q, 0) : -1;
		if (query_done(q) != OK)
			return db_why(old, err);
		if (columns != tables[i].columns[version])
			st = error_set(err, CONFLICT, "schema: the table %s has %d columns instead of %d", tables[i].table, (int)columns,
			    tables[i].columns[version]);
	}
	return st;
}

enum status
db_upgrade_check_old(struct db *old, int version, struct error *err)
{
	enum status st;

	/* The indexes are not copied; references are checked when the rows are. */
	if ((st = db_check_but_events(old, true, err)) != OK || (st = db_schema_check_foreign(old, err)) != OK)
		return st;
	return check_columns(old, version, err);
}

/*
 * Every write of versions 1 to 6 that concerns an organization increments its revision; one that concerns the installation
 * writes to the audit or to the settings; maintenance blanks failed contacts, turns of jobs move them on, a sign-in link that was
 * used adds a row, and an API key that is used notes the day.
 */
enum status
db_upgrade_fingerprint(struct db *old, int version, int64_t *hash, struct error *err)
{
	struct query *q = db_query(old, "SELECT (SELECT count(*) FROM organization), (SELECT sum(revision) FROM organization), "
	    "(SELECT sum(zone_revision) FROM organization), (SELECT sum(updated_at) FROM organization), "
	    "(SELECT count(*) FROM price), (SELECT max(key) FROM price), (SELECT count(*) FROM signing_key), "
	    "(SELECT count(retired_at) FROM signing_key), (SELECT count(*) FROM api_key), (SELECT count(revoked_at) FROM api_key), "
	    "(SELECT max(key) FROM audit), (SELECT count(*) FROM failure WHERE phone <> '')");
	struct row_hash h;

	row_hash_start(&h);
	if (query_step(q))
		query_hash(q, 0, 12, &h);
	if (query_done(q) != OK)
		return db_why(old, err);
	if (version >= 5) {
		q = db_query(old, "SELECT (SELECT count(*) FROM revoked_token), (SELECT max(revoked_at) FROM revoked_token), "
		    "(SELECT count(*) FROM job), (SELECT sum(next_quarter) FROM job), (SELECT sum(next_campaign) FROM job), "
		    "(SELECT sum(updated_at) FROM job), (SELECT sum(used_at) FROM api_key)");
		if (query_step(q))
			query_hash(q, 0, 7, &h);
		if (query_done(q) != OK)
			return db_why(old, err);
	}
	q = db_query(old, "SELECT name, value FROM setting ORDER BY name");
	while (query_step(q))
		query_hash(q, 0, 2, &h);
	if (query_done(q) != OK)
		return db_why(old, err);
	/* Changes by hand usually move one of these. */
	row_hash_int(&h, db_file_pragma(old->handle, "PRAGMA page_count"));
	row_hash_int(&h, db_file_pragma(old->handle, "PRAGMA schema_version"));
	*hash = row_hash_end(&h);
	return OK;
}

/*
 * The new file has the same rows with a few more columns, and is packed more densely, because it is filled in order: a quarter
 * more than the pages that the old one uses is ample.
 */
enum status
db_upgrade_check_space(struct db *old, const char *beside, struct error *err)
{
	int64_t pages = db_file_pragma(old->handle, "PRAGMA page_count") - db_file_pragma(old->handle, "PRAGMA freelist_count");
	int64_t needed = pages * db_file_pragma(old->handle, "PRAGMA page_size") / 4 * 5 + SPACE_RESERVE, there;
	struct statvfs fs;

	if (statvfs(beside, &fs) == -1)
		return OK;	/* a write that fails will say so */
	there = (int64_t)(fs.f_bavail * fs.f_frsize);
	if (there >= needed)
		return OK;
	error_set(err, UNAVAILABLE, "the disk has no room for the upgraded database: %lld MiB are needed, %lld MiB are free",
	    (long long)((needed + MIB - 1) / MIB), (long long)(there / MIB));
	error_hint(err, "Free some space and try again.");
	return UNAVAILABLE;
}
