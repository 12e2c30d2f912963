/*
 * The inside of a database, and how its file is opened.  Only for db*.c.
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
	DB_STATEMENTS = 512,	/* statements that one process can prepare */
};

struct query {
	struct db *db;
	const char *sql;
	sqlite3_stmt *stmt;
	int rc;			/* sticky: SQLITE_OK, SQLITE_ROW, SQLITE_DONE or the first error */
	struct query_name {
		const char *literal;	/* the address is compared, not the text */
		int index;
		unsigned use;		/* the use of the query in which it was bound last */
	} *names;		/* those that were bound before, in that order */
	size_t names_count, names_max;
	size_t next;		/* where the search for the next name begins */
	unsigned use;		/* counts the uses, each of which ends with query_done */
};

/*
 * 1. At most one transaction is open; in_write or in_read says which.
 * 2. The writers' lock is held exactly while in_write, including the checkpoint after the commit.
 * 3. write_status is OK until a query of the write transaction fails.
 */
struct db {
	sqlite3 *handle;
	char path[DB_PATH_MAX];
	dev_t device;		/* which file was opened, whatever `path` names now */
	ino_t inode;
	int64_t number;		/* counts the openings in this process */
	struct writer_lock lock;
	bool is_accepted;	/* the stamp named the file when it was opened, or was written since */
	bool is_unfinished;	/* made by an upgrade that still has tables of its own in it (db_upgrade.h) */
	bool in_read, in_write;
	bool changes_cached;		/* this write transaction has written what processes keep copies of */
	int64_t version;	/* of the snapshot of the read transaction; 0 = not asked for yet (db_cached.c) */
	int64_t installation;	/* the state of what belongs to no organization, as it was in the version installation_read */
	int64_t installation_read, revision;
	char epoch[EPOCH_TEXT_MAX];
	struct kept *memory;	/* NULL = none */
	enum status write_status;
	enum db_trouble trouble;	/* of the last failure */
	int wal_pages;
	struct query *cache[DB_STATEMENTS];
};

/* schema.sql, which the Makefile turns into a C string. */
extern const char schema_sql[];

/* Opens an existing database of this schema version, with every pragma set. */
enum status	 db_file_open(const char *path, sqlite3 **handle, struct error *err);

/* The same for any schema version. */
enum status	 db_file_open_any(const char *path, sqlite3 **handle, struct error *err);

/* The same for a file from elsewhere: its triggers and views do not run, and Daybook changes nothing in it. */
enum status	 db_file_open_foreign(const char *path, sqlite3 **handle, struct error *err) MUST_CHECK;
/* The same, and as long as it is open nobody else can open it.  DB_BUSY (db_opening_trouble) if somebody has it open. */
enum status	 db_file_open_alone(const char *path, sqlite3 **handle, struct error *err) MUST_CHECK;

/* The same for a file that nobody uses: it is only read, and no file appears beside it. */
enum status	 db_file_open_at_rest(const char *path, sqlite3 **handle, struct error *err) MUST_CHECK;

/*
 * Opens a database with one of these, for queries.  Without has_lock it makes no lock file, and can only be read: a backup on
 * somebody's medium must stay one file.
 */
struct db	*db_open_with(const char *path, enum status (*open_file)(const char *path, sqlite3 **handle, struct error *err),
		    bool has_lock, struct error *err);

/* Whether another file has taken the path of the one that is open, or none is there. */
bool		 db_file_has_moved(struct db *db);

/* Sets what every connection to a database of ours needs.  A result code of SQLite. */
int		 db_file_configure(sqlite3 *handle);

/*
 * Writes a new epoch into the database and into `epoch`, so that no cached reply of an earlier
 * state counts as fresh.  A result code of SQLite.
 */
int		 db_file_new_epoch(sqlite3 *handle, char epoch[EPOCH_TEXT_MAX]);

/* Frees a query of the cache with its statement. */
void		 db_query_free(struct query *q);

/* What a result code of SQLite means; DB_NO_TROUBLE if it is a mistake of ours.  The handle may be NULL. */
enum db_trouble	 db_trouble_of(int rc, sqlite3 *handle);

/*
 * What db_write consists of.  Only for it, and for tests that look into an open transaction.  db_write_begin is UNAVAILABLE
 * if the writers' lock or the database stays busy; db_write_commit is OK only if the transaction is on the disk.
 */
enum status	 db_write_begin(struct db *db) MUST_CHECK;
enum status	 db_write_commit(struct db *db) MUST_CHECK;

/* ---- db_wal.c */

/* Notes the size of the WAL with each commit of this connection. */
void		 db_wal_watch(struct db *db);
/* After a commit, while this process still has the writers' lock: moves the WAL into the file if it has grown. */
void		 db_wal_checkpoint(struct db *db);

/* The integer that a pragma returns; -1 if it cannot be read. */
int64_t		 db_file_pragma(sqlite3 *handle, const char *sql);
/* Whether the first row of a pragma is this text. */
bool		 db_file_says(sqlite3 *handle, const char *pragma, const char *text);

/* Sets err to why a call of SQLite failed, with the path; returns UNAVAILABLE. */
enum status	 db_file_why(const char *path, int rc, sqlite3 *handle, struct error *err);

/* ---- db_stamp.c: which database a lock file, and so a -wal or a -journal, belongs to */

/*
 * Writes into an open lock file that it belongs to the database with this epoch, and also to the
 * one with the epoch `earlier`; "" = none.
 */
bool		 db_stamp_write(const struct writer_lock *g, const char *path, const char *epoch, const char *earlier);

/*
 * Whether an open lock file belongs to this database.  Does not use SQLite if the file is unchanged
 * since the last time.
 */
bool		 db_stamp_names(const struct writer_lock *g, const char *path, sqlite3 *handle);

/*
 * UNAVAILABLE and a reason if a -wal or a -journal of another database lies beside this file:
 * SQLite would apply it to this one.  To be called before SQLite reads the file.
 */
enum status	 db_stamp_check_left_over(const char *path, struct error *err) MUST_CHECK;

/*
 * The same for a file that is to be made: then any -wal or -journal that is not empty belongs to an
 * earlier database.
 */
enum status	 db_stamp_check_new(const char *path, struct error *err) MUST_CHECK;

/* The epoch of a database; "" if it cannot be read. */
void		 db_stamp_epoch(sqlite3 *handle, char epoch[EPOCH_TEXT_MAX]);

#endif
