/*
 * Compares the schema of a database with schema.sql: its tables with their columns, checks and
 * keys, its indexes, triggers and views; nothing may be missing or added.  Comments and blanks do
 * not count.  SQLite's own statistics (sqlite_stat*) and Litestream's tables (_litestream_*) are
 * ignored.
 */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "db/db.h"

#define DB_SCHEMA_TEXT_MAX 256

/* Calls differs for each difference, with a sentence such as "the trigger event_is_not_deleted is missing". */
enum status	db_schema_compare(struct db *db, void (*differs)(void *arg, const char *what), void *arg) MUST_CHECK;

/* The same as one result: OK, or CONFLICT and the first difference in err. */
enum status	db_schema_check(struct db *db, struct error *err) MUST_CHECK;

/* Only whether it has anything that neither schema.sql nor an older version has: for a file of an older version. */
enum status	db_schema_check_foreign(struct db *db, struct error *err) MUST_CHECK;

#endif
