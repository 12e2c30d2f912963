/*
 * From an older schema to this one: a table of steps, one for each version.
 *
 * A step is one transaction, with the new user_version in it: a file is of one version or of the next, never between.
 * The version is read anew inside it, for somebody else may have been faster.  A step's SQL is written once and never
 * changed, whatever schema.sql becomes; the columns and indexes that it makes are those of schema.sql, in its order.
 */
#include <stdio.h>

#include "db_file.h"
#include "gate.h"

/* steps[n] makes version n + 1 of version n. */
static const char *const steps[DB_SCHEMA_VERSION] = {
	[1] = "ALTER TABLE organization ADD COLUMN week_start INTEGER NOT NULL DEFAULT 1 "
	    "CHECK (week_start BETWEEN 1 AND 7);"
	    "CREATE INDEX audit_newest ON audit (org);"
	    "PRAGMA user_version = 2;",
};

/* One step, or nothing where the file is of this version.  *version is what it had. */
static int
step(sqlite3 *handle, int *version)
{
	int rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return rc;
	*version = (int)db_file_pragma(handle, "PRAGMA user_version");
	if (*version < 0)
		rc = sqlite3_errcode(handle);
	else if (*version < DB_SCHEMA_VERSION)
		rc = steps[*version] != NULL ? sqlite3_exec(handle, steps[*version], NULL, NULL, NULL) : SQLITE_NOTADB;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	return rc;
}

static enum status
climb(sqlite3 *handle, const char *path, int *from, struct why *why)
{
	enum status st = OK;
	int version, rc;

	*from = -1;
	do {
		if ((rc = step(handle, &version)) != SQLITE_OK) {
			st = why_not(why, UNAVAILABLE, "%s: %s", path, rc == SQLITE_NOTADB ? "not a Daybook database" :
			    sqlite3_errmsg(handle));
			sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
			return st;
		}
		if (*from == -1)
			*from = version;
	} while (version < DB_SCHEMA_VERSION);
	if (version > DB_SCHEMA_VERSION)
		return why_not(why, CONFLICT, "%s: schema version %d is newer than this program's %d", path, version,
		    DB_SCHEMA_VERSION);
	sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return OK;
}

enum status
db_upgrade(const char *path, int *from, struct why *why)
{
	char gate_path[DB_GATE_PATH_MAX];
	sqlite3 *handle;
	enum status st;
	int gate;

	if ((st = db_file_open_any(path, &handle, why)) != OK)
		return st;
	db_gate_path(path, gate_path);
	gate = gate_open(gate_path, path);
	if (gate == -1 || gate_enter(gate, DB_GATE_WAIT_MS) != OK)
		st = why_not(why, UNAVAILABLE, "%s: the database stays busy", path);
	else {
		st = climb(handle, path, from, why);
		gate_leave(gate);
	}
	gate_close(gate);
	sqlite3_close(handle);
	return st;
}
