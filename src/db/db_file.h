/*
 * What a database is inside, and how its file is opened.  For db*.c only.
 */
#ifndef DB_FILE_H
#define DB_FILE_H

#include <sys/types.h>
#include <sqlite3.h>

#include "db/db.h"
#include "db/writer_lock.h"

enum {
	EPOCH_TEXT_MAX = 40,
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
 * 2. The writers' lock is held exactly while in_write, its checkpoint included.
 * 3. write_status is OK until a query of the write transaction has failed.
 */
struct db {
	sqlite3 *handle;
	char path[DB_PATH_MAX];
	dev_t device;		/* which file was opened, whatever stands at path now */
	ino_t inode;
	int64_t number;		/* of the opening, in this process */
	struct writer_lock lock;
	bool is_accepted;	/* the file as it was opened is the one that db_accept has seen */
	bool in_read, in_write;
	enum status write_status;
	enum db_trouble trouble;	/* of the last failure */
	int wal_pages;
	struct query *cache[DB_STATEMENTS];
};

/* schema.sql, put there by the Makefile. */
extern const char schema_sql[];

/* Opens an existing database of this schema version, with every pragma set. */
enum status	 db_file_open(const char *path, sqlite3 **handle, struct error *err);

/* The same without looking at the schema version. */
enum status	 db_file_open_any(const char *path, sqlite3 **handle, struct error *err);

/* The same for a file from elsewhere: its triggers and views do nothing, and nothing of ours is set in it. */
enum status	 db_file_open_foreign(const char *path, sqlite3 **handle, struct error *err) MUST_CHECK;

/* What every connection to a database of ours needs. */
int		 db_file_configure(sqlite3 *handle);

/* Writes a new epoch, also into epoch, so that no reply of before is taken for fresh: a result code of SQLite. */
int		 db_file_new_epoch(sqlite3 *handle, char epoch[EPOCH_TEXT_MAX]);

/* What a result code of SQLite stands for; DB_NO_TROUBLE if it is a mistake of ours.  The handle may be NULL. */
enum db_trouble	 db_trouble_of(int rc, sqlite3 *handle);

/* A pragma's integer; -1 where it cannot be read. */
int64_t		 db_file_pragma(sqlite3 *handle, const char *sql);

/* Why a call of SQLite failed, with the path and the remedy; returns UNAVAILABLE. */
enum status	 db_file_why(const char *path, int rc, sqlite3 *handle, struct error *err);

/* ---- db_stamp.c: which database a lock file, and so a -wal or a -journal, belongs to */

/* Writes into an open lock file that it belongs to the database with this epoch.  `earlier` is taken for it too; "" = none. */
bool		 db_stamp_write(const struct writer_lock *g, const char *path, const char *epoch, const char *earlier);

/* Whether it does.  Free of SQLite if the file has not changed since the last time. */
bool		 db_stamp_names(const struct writer_lock *g, const char *path, sqlite3 *handle);

/*
 * UNAVAILABLE and why if a -wal or a -journal of another database lies beside this file: SQLite would play it over this one.
 * To be asked before SQLite reads the file.
 */
enum status	 db_stamp_check_left_over(const char *path, struct error *err) MUST_CHECK;

/* The same for a file that is to be made: any -wal or -journal with something in it is of an earlier database. */
enum status	 db_stamp_check_new(const char *path, struct error *err) MUST_CHECK;

/* The epoch of a file; "" if it cannot be read. */
void		 db_stamp_epoch(sqlite3 *handle, char epoch[EPOCH_TEXT_MAX]);

#endif
