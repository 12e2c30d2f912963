/*
 * Brings an older schema to this one, with a table of steps, one for each version.
 *
 * All steps are one transaction, which also sets the new user_version and compares the result with
 * schema.sql at its end: so a file has its old version, or is complete and has this one.  The
 * version is read inside the transaction, because another process may have upgraded the file
 * meanwhile.  A step is written once and never changed, whatever becomes of schema.sql; the columns
 * and indexes that it makes are those of schema.sql, in the same order.  Triggers do not run during
 * an upgrade, because the file may be from elsewhere.
 */
#include <stdio.h>
#include <string.h>

#include "db/db_file.h"
#include "db/db_schema.h"
#include "base/row_hash.h"
#include "time/instant.h"

/* ---- Version 3: digests */

/*
 * Fills ledger_day with the number and the digest of each day's events.  The digest is of the
 * columns that version 3 hashes, in their order (see ledger_day and campaign.digest in schema.sql).
 */
static enum status
write_ledger_days(struct db *db)
{
	struct query *q = db_query(db, "SELECT org, source, id, occurred_at, channel, messages, parts, status, cost_micros, "
	    "cost_given, campaign_given, segment_given, campaign, segment, voids_id, credential, received_at FROM event");
	struct query *add = db_query(db, "INSERT INTO ledger_day (org, day, events, digest) VALUES (:org, :day, 1, :hash) "
	    "ON CONFLICT (org, day) DO UPDATE SET events = events + 1, digest = (digest + excluded.digest) & 4611686018427387903");
	struct row_hash h;
	enum status st = OK;

	while (st == OK && query_step(q)) {
		row_hash_start(&h);
		query_hash(q, 0, 17, &h);
		query_bind_int(add, ":org", query_int(q, 0));
		query_bind_int(add, ":day", query_int(q, 3) / DAY_MS);
		query_bind_int(add, ":hash", row_hash_end(&h));
		st = query_run(add);
	}
	return query_done(q) == OK ? st : UNAVAILABLE;
}

/*
 * Hashes one campaign's plan, in the form of version 3: what was spent is not a part of it, so the
 * states of a segment that differ only by sending count as one.
 */
static enum status
write_campaign_digest(struct db *db, int64_t key)
{
	struct query *q = db_query(db, "SELECT c.org, c.id, c.name, c.is_segmented, r.body_sha256, s.number, s.org, s.scheduled_at, "
	    "s.contacts, s.parts_per_contact, CASE s.status WHEN 'draft' THEN 0 WHEN 'paused' THEN 1 WHEN 'cancelled' THEN 2 "
	    "ELSE 3 END "
	    "FROM campaign c LEFT JOIN segment s ON s.campaign = c.key "
	    "LEFT JOIN request r ON r.org = c.org AND r.kind = 'campaign' AND r.id = c.id "
	    "WHERE c.key = :key ORDER BY s.number");
	struct row_hash h;
	enum status st;

	row_hash_start(&h);
	query_bind_int(q, ":key", key);
	while (query_step(q))
		query_hash(q, 0, 11, &h);
	if ((st = query_done(q)) != OK)
		return st;
	q = db_query(db, "UPDATE campaign SET digest = :digest WHERE key = :key");
	query_bind_int(q, ":digest", row_hash_end(&h));
	query_bind_int(q, ":key", key);
	return query_run(q);
}

static enum status
write_campaign_digests(struct db *db)
{
	struct query *q = db_query(db, "SELECT key FROM campaign WHERE key > :after ORDER BY key LIMIT 1");
	int64_t key = 0;
	enum status st;

	do {	/* one key at a time: a statement must not read a table while it is changed */
		query_bind_int(q, ":after", key);
		key = query_step(q) ? query_int(q, 0) : 0;
		if ((st = query_done(q)) == OK && key != 0)
			st = write_campaign_digest(db, key);
	} while (st == OK && key != 0);
	return st;
}

static enum status
make_digests(struct db *db)
{
	enum status st = write_ledger_days(db);

	return st == OK ? write_campaign_digests(db) : st;
}

/* ---- The steps */

/* steps[n] turns version n into n + 1: first its statements, then what takes more than SQL. */
static const struct {
	const char *sql;
	enum status (*fill)(struct db *db);
} steps[3] = {
	[1] = { "ALTER TABLE organization ADD COLUMN week_start INTEGER NOT NULL DEFAULT 1 "
	    "CHECK (week_start BETWEEN 1 AND 7);"
	    "CREATE INDEX audit_newest ON audit (org);"
	    "PRAGMA user_version = 2;", NULL },
	[2] = { "CREATE TABLE ledger_day (org INTEGER NOT NULL REFERENCES organization, day INTEGER NOT NULL, "
	    "events INTEGER NOT NULL CHECK (events >= 1), "
	    "digest INTEGER NOT NULL CHECK (digest BETWEEN 0 AND 4611686018427387903), "
	    "PRIMARY KEY (org, day)) STRICT, WITHOUT ROWID;"
	    "CREATE TABLE zone_file (zone TEXT NOT NULL, tzdata_version TEXT NOT NULL, "
	    "sha256 BLOB NOT NULL CHECK (length(sha256) = 32), PRIMARY KEY (zone, tzdata_version, sha256)) STRICT, WITHOUT ROWID;"
	    "ALTER TABLE campaign ADD COLUMN digest INTEGER CHECK (digest BETWEEN 0 AND 4611686018427387903);"
	    "PRAGMA user_version = 3;", make_digests },
};

/* Goes up by one version. */
static enum status
take_step(struct db *db, int version, struct error *err)
{
	int rc;

	if (version < 1 || version > 2 || steps[version].sql == NULL)
		return error_set(err, CONFLICT, "%s: not a Daybook database: schema version %d", db->path, version);
	if ((rc = sqlite3_exec(db->handle, steps[version].sql, NULL, NULL, NULL)) != SQLITE_OK)
		return db_file_why(db->path, rc, db->handle, err);
	if (steps[version].fill != NULL && steps[version].fill(db) != OK)
		return db_why(db, err);
	return OK;
}

struct upgrade {
	struct db *db;
	int *from;
	struct error *err;
	enum status climbed;	/* OK as long as a failure is not that of a step */
};

/* Goes from the file's version to this one, inside the transaction, and compares the schema. */
static enum status
climb(struct db *db, int *from, struct error *err)
{
	int version = (int)db_file_pragma(db->handle, "PRAGMA user_version");
	enum status st = OK;

	*from = version;
	if (version > DB_SCHEMA_VERSION)
		return error_set(err, CONFLICT, "%s: schema version %d is newer than %d, the version of this program", db->path, version,
		    DB_SCHEMA_VERSION);
	if (version == DB_SCHEMA_VERSION)
		return OK;
	for (; st == OK && version < DB_SCHEMA_VERSION; version++)
		st = take_step(db, version, err);
	return st == OK ? db_schema_check(db, err) : st;
}

static enum status
climb_and_remember(void *arg)
{
	struct upgrade *u = arg;

	return u->climbed = climb(u->db, u->from, u->err);
}

enum status
db_upgrade(const char *path, int *from, struct error *err)
{
	struct db *db = db_open_any(path, err);
	struct upgrade upgrade = { db, from, err, OK };
	enum status st;

	if (db == NULL)
		return UNAVAILABLE;
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	if ((st = db_write(db, climb_and_remember, &upgrade)) != OK && upgrade.climbed == OK)
		st = db_why(db, err);
	db_close(db);
	return st;
}
