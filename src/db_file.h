/*
 * The file behind a database: how it is opened.  For db*.c only.
 */
#ifndef DB_FILE_H
#define DB_FILE_H

#include <sqlite3.h>

#include "db.h"

/* schema.sql, put there by the Makefile. */
extern const char schema_sql[];

/* Opens an existing database of this schema version, with every pragma set. */
enum status	 db_file_open(const char *path, sqlite3 **handle, struct why *why);

/* The same without looking at the schema version. */
enum status	 db_file_open_any(const char *path, sqlite3 **handle, struct why *why);

/* Makes an empty file that nobody else can read; CONFLICT where it exists. */
enum status	 db_file_new(const char *path, struct why *why);

/* Writes a new epoch, so that no reply of before is taken for fresh. */
enum status	 db_file_new_epoch(sqlite3 *handle);

/* A pragma's integer; -1 where it cannot be read. */
int64_t		 db_file_pragma(sqlite3 *handle, const char *sql);

sqlite3		*db_handle(struct db *db);
int		 db_gate(struct db *db);

#endif
