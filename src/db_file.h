/*
 * What a database is inside, and how its file is opened.  For db*.c only.
 */
#ifndef DB_FILE_H
#define DB_FILE_H

#include <sys/types.h>
#include <sqlite3.h>

#include "db.h"

enum {
	DB_PATH_MAX = 4096,
	DB_STATEMENTS = 512,	/* prepared ones of one process */
};

struct query {
	struct db *db;
	const char *sql;
	sqlite3_stmt *stmt;
	int rc;			/* sticky: SQLITE_OK, SQLITE_ROW, SQLITE_DONE or the first error */
};

/*
 * 1. At most one transaction is open; in_write or in_read says which.
 * 2. The gate is held exactly while in_write, its checkpoint included.
 * 3. write_status is OK until a query of the write transaction has failed.
 */
struct db {
	sqlite3 *handle;
	char path[DB_PATH_MAX];
	dev_t device;		/* which file was opened, whatever stands at path now */
	ino_t inode;
	int64_t number;		/* of the opening, in this process */
	int gate;
	bool in_read, in_write;
	enum status write_status;
	int wal_pages;
	struct query *cache[DB_STATEMENTS];
};

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

#endif
