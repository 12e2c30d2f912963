/*
 * SQLite's own checks of a whole file, as one sentence.
 */
#include <string.h>

#include "db/db_file.h"

#define EACH_TABLE(check) "SELECT " check " FROM sqlite_schema s, pragma_" check "(s.name) WHERE s.type = 'table' " \
	"AND s.name <> 'event' AND " check " <> 'ok' LIMIT 1"

/* Runs a check and describes its first row.  OK, CONFLICT and a reason if that is a problem, or UNAVAILABLE if it cannot run. */
static enum status
run_check(struct db *db, const char *sql, void (*describe)(sqlite3_stmt *row, struct error *err), struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	enum status st = OK;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);

	err->text[0] = '\0';
	if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		describe(stmt, err);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		db->trouble = db_trouble_of(rc, db->handle);
		/* A database too damaged to be checked is a result of the check, and not a failure of it. */
		st = db->trouble != DB_DAMAGED ? db_file_why(db->path, rc, db->handle, err) :
		    error_set(err, CONFLICT, "integrity_check: %s", sqlite3_errmsg(db->handle));
	} else if (err->text[0] != '\0')
		st = CONFLICT;
	sqlite3_finalize(stmt);
	return st;
}

static void
describe_integrity(sqlite3_stmt *row, struct error *err)
{
	const char *text = (const char *)sqlite3_column_text(row, 0);

	if (text == NULL || strcmp(text, "ok") != 0)
		error_set(err, CONFLICT, "integrity_check: %s", text != NULL ? text : "?");
	for (char *c = err->text; *c != '\0'; c++)	/* SQLite puts a heading on a line of its own */
		if (*c == '\n')
			*c = ' ';
}

static void
describe_foreign_key(sqlite3_stmt *row, struct error *err)
{
	error_set(err, CONFLICT, "foreign_key_check: a row of %s refers to a missing row of %s",
	    (const char *)sqlite3_column_text(row, 0), (const char *)sqlite3_column_text(row, 2));
}

enum status
db_check_quickly(struct db *db, struct error *err)
{
	return run_check(db, "PRAGMA quick_check(1)", describe_integrity, err);
}

enum status
db_check_but_events(struct db *db, bool quickly, struct error *err)
{
	return run_check(db, quickly ? EACH_TABLE("quick_check") : EACH_TABLE("integrity_check"), describe_integrity, err);
}

enum status
db_check(struct db *db, struct error *err)
{
	enum status st;

	if ((st = run_check(db, "PRAGMA integrity_check(1)", describe_integrity, err)) != OK)
		return st;
	return run_check(db, "PRAGMA foreign_key_check", describe_foreign_key, err);
}

bool
db_file_has_moved(struct db *db)
{
	int has = 0;

	return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has) == SQLITE_OK && has != 0;
}
