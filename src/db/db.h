/*
 * The database: the only file that knows SQLite.
 *
 * Reading: db_read_begin … db_read_end is one snapshot; a reply never shows half of a write.
 * Writing: db_write_begin … db_write_commit.  Every write transaction and its checkpoint run
 * under one exclusive lock on the file `DATABASE-gate`: fair, blocking, at most DB_LOCK_WAIT_MS.
 * It keeps writers from starving one another, and two processes from the WAL-reset fault of
 * SQLite before 3.51.3.
 *
 * Errors are sticky: bind, step and read cannot fail visibly; query_done says once how it went, and
 * logs the SQL.  After the first failed query of a write transaction no further statement of it is run (SQLite may have
 * rolled it back by itself), each later query reports that failure, and db_write_commit rolls back and reports it too.
 *
 * SQL is a string literal, prepared once per process and kept by its address.  An unknown
 * parameter name is a mistake of ours and ends the process.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DB_LOCK_WAIT_MS 5000
#define DB_TRY_WAIT_MS 50
#define DB_BUSY_MS 5000
#define DB_SCHEMA_VERSION 3
#define DB_LOCK_PATH_MAX 4104	/* GATE_PATH_MAX */

struct db;
struct query;

/* ---- Trouble: why something was UNAVAILABLE */

enum db_trouble { DB_NO_TROUBLE, DB_BUSY, DB_FULL, DB_IO_ERROR, DB_READ_ONLY, DB_DAMAGED, DB_NO_MEMORY };

/* What the last query or transaction that failed ran into. */
enum db_trouble	 db_trouble(const struct db *db);
/* What the last opening of a file that failed ran into. */
enum db_trouble	 db_opening_trouble(void);
/* In words, without a path: "the disk of the database is full". */
const char	*db_trouble_text(enum db_trouble trouble);
/* The same as a reason with its remedy, for the command; returns UNAVAILABLE. */
enum status	 db_why(const struct db *db, struct error *err);

/* ---- Opening */

/* NULL and why where the file is missing, no Daybook database, of a newer schema, or of an older one. */
struct db	*db_open(const char *path, struct error *err);
/* The same whatever the schema version, for what reads or replaces a file as a whole. */
struct db	*db_open_any(const char *path, struct error *err);
void		 db_close(struct db *db);

/* Whether a -wal or a -journal with something in it lies where a new file is to be made: it would be played over that one. */
bool		 db_has_left_over(const char *path);

/*
 * Makes a new file with the schema in it, which is whole and on the disk or not there.  CONFLICT if the file exists;
 * UNAVAILABLE also if db_has_left_over.
 */
enum status	 db_create(const char *path, struct error *err) MUST_CHECK;

/*
 * Brings an older file to this schema, one version after the other, under the writers' lock.  *from is the version that it had;
 * CONFLICT where it is a newer one.  Several may try at once: one does it, the others find it done.
 */
enum status	 db_upgrade(const char *path, int *from, struct error *err) MUST_CHECK;

/* The schema version of a file of whatever version.  NOT_FOUND where there is no file; UNAVAILABLE and why. */
enum status	 db_version_of(const char *path, int *schema_version, struct error *err) MUST_CHECK;

const char	*db_path(const struct db *db);

/* The lock file of a database into out: beside the file itself, whatever link names it.  Needs DB_GATE_PATH_MAX bytes. */
void		 db_lock_path(const char *path, char *out);

/* Whether a path names this very file. */
bool		 db_is_same_file(const struct db *db, const char *path);

/* Whether the path still names the file that was opened.  What is written to one that was moved away is lost. */
bool		 db_is_in_place(const struct db *db);

/*
 * Whether this file is known here: made, restored, upgraded or checked by Daybook at this place (its lock file says so).  One
 * that was put there by hand is not, until somebody has checked it (inspect.h) and accepts it.
 */
bool		 db_is_accepted(const struct db *db);
enum status	 db_accept(struct db *db) MUST_CHECK;

/* Another one for each opening in this process: what is kept of one file is not true of the next. */
int64_t		 db_number(const struct db *db);

/* ---- Transactions */

enum status	 db_read_begin(struct db *db) MUST_CHECK;
void		 db_read_end(struct db *db);

/* UNAVAILABLE where the writers' lock or the database stays busy. */
enum status	 db_write_begin(struct db *db) MUST_CHECK;
/* The same for what can wait for another time: waits at most DB_TRY_WAIT_MS for the writers' lock. */
enum status	 db_write_try(struct db *db) MUST_CHECK;
/* OK only when the transaction is on the disk. */
enum status	 db_write_commit(struct db *db) MUST_CHECK;
void		 db_write_abort(struct db *db);

/* Moves the whole WAL into the file, so that what was blanked is nowhere any more.  UNAVAILABLE while somebody reads. */
enum status	 db_checkpoint(struct db *db) MUST_CHECK;

/* ---- Queries */

struct query	*db_query(struct db *db, const char *sql);
void		 query_bind_int(struct query *q, const char *name, int64_t value);
/* A text (NULL = SQL NULL) and a blob are kept by address until query_done. */
void		 query_bind_text(struct query *q, const char *name, const char *text);
void		 query_bind_blob(struct query *q, const char *name, const void *data, size_t n);
void		 query_bind_null(struct query *q, const char *name);

/* True while there is a row. */
bool		 query_step(struct query *q);

/* Columns of the row, from 0.  Texts and blobs stand until the next step. */
int64_t		 query_int(struct query *q, int column);
const char	*query_text(struct query *q, int column);	/* "" for SQL NULL */
const void	*query_blob(struct query *q, int column, size_t *n);
bool		 query_is_null(struct query *q, int column);

/* Adds the values of some columns of the row to a hash. */
struct row_hash;
void		 query_hash(struct query *q, int first, int count, struct row_hash *h);

/* Ends the query: OK, UNAVAILABLE (busy, full, I/O error) or INTERNAL (anything else). */
enum status	 query_done(struct query *q) MUST_CHECK;

/* For a statement without rows: steps it once and ends it. */
enum status	 query_run(struct query *q) MUST_CHECK;

/* Rows changed by the statement that ran last. */
int64_t		 db_changes(struct db *db);


/* ---- The whole file */

/*
 * A consistent copy into a new file, while others write; the file has its name when it is whole and on the disk.  CONFLICT if
 * it exists, UNAVAILABLE if the copy is damaged.  progress (may be NULL) receives pages done and pages in all.
 */
enum status	 db_backup(struct db *db, const char *to, void (*progress)(int64_t done, int64_t total),
		    struct error *err) MUST_CHECK;
/* The same into an empty file that the caller made and holds. */
enum status	 db_backup_into(struct db *db, const char *to, bool must_be_sound, void (*progress)(int64_t done, int64_t total),
		    struct error *err) MUST_CHECK;
/* The same of a database that may be damaged: what is there is better than nothing. */
enum status	 db_keep(struct db *db, const char *to, struct error *err) MUST_CHECK;
/* The same of a file of whatever schema version, before it is upgraded. */
enum status	 db_backup_file(const char *from, const char *to, struct error *err) MUST_CHECK;

/* Copies a file from elsewhere into the empty file `staged`; nothing in it is run. */
enum status	 db_stage(const char *from, const char *staged, struct error *err) MUST_CHECK;

/* Copies a staged file that was checked into this live database, under the lock, and gives it a new epoch. */
enum status	 db_replace(struct db *db, const char *staged, struct error *err) MUST_CHECK;

/* SQLite's own integrity and foreign-key checks: OK, or CONFLICT and why. */
enum status	 db_check(struct db *db, struct error *err) MUST_CHECK;
/* The same without indexes against their tables and without foreign keys: a fraction of the time. */
enum status	 db_check_quickly(struct db *db, struct error *err) MUST_CHECK;

/* Version of the linked SQLite, as "3.40.1"; the journal mode, "wal" or "truncate"; bytes of file and WAL. */
const char	*db_sqlite_version(void);
const char	*db_journal_mode(struct db *db);
/* Whether a file lies on a filesystem whose locks or shared memory do not carry a WAL. */
bool		 db_on_network(const char *path);
int64_t		 db_file_bytes(struct db *db);
int64_t		 db_wal_bytes(struct db *db);

#endif
