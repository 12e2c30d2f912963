/*
 * Whether a database has just the schema of schema.sql: its tables with their columns, checks and keys, its indexes, triggers
 * and views, nothing missing and nothing more.  Compared as SQL without comments and blanks.  SQLite's own statistics
 * (sqlite_stat*) and Litestream's tables (_litestream_*) are nobody's concern.
 */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "db/db.h"

#define DB_SCHEMA_TEXT_MAX 256

/* Calls differs for each difference, in a sentence such as "the trigger event_is_not_deleted is missing". */
enum status	db_schema_compare(struct db *db, void (*differs)(void *arg, const char *what), void *arg) MUST_CHECK;

/* The same as an answer: OK, or CONFLICT and the first difference in why. */
enum status	db_schema_check(struct db *db, struct error *err) MUST_CHECK;

#endif
