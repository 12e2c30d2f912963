/*
 * The database.  Only src/db/ uses SQLite.
 *
 * Reading: db_read_begin … db_read_end is one snapshot; a reply never shows half of a write.
 * Writing: db_write, and nothing else.  Every write transaction and its checkpoint run under
 * one exclusive lock on the file `DATABASE-gate`: fair, blocking, for at most DB_LOCK_WAIT_MS.  It
 * prevents writers from starving one another, and protects against the WAL-reset fault of SQLite
 * before 3.51.3, which two processes can trigger.
 *
 * Errors are sticky: bind, step and read cannot fail visibly; query_done reports once how the query
 * went, and logs the SQL.  After the first failed query of a write transaction no further statement
 * of it is run (SQLite may have rolled it back by itself), each later query reports that failure,
 * and db_write rolls back and reports it too.
 *
 * SQL is a string literal, prepared once per process and found again by its address; so is the name of a parameter.  An unknown
 * name is a mistake of ours and ends the process.
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
#define DB_SCHEMA_VERSION 7
#define DB_LOCK_PATH_MAX 4104	/* WRITER_LOCK_PATH_MAX */

struct db;
struct query;

/* ---- Trouble: why something was UNAVAILABLE */

enum db_trouble { DB_NO_TROUBLE, DB_BUSY, DB_FULL, DB_IO_ERROR, DB_READ_ONLY, DB_DAMAGED, DB_NO_MEMORY };

/* Why the most recent failed query or transaction failed. */
enum db_trouble	 db_trouble(const struct db *db);
/* Why the most recent failed opening of a file failed. */
enum db_trouble	 db_opening_trouble(void);
/* In words, without a path: "the disk of the database is full". */
const char	*db_trouble_text(enum db_trouble trouble);
/* db_trouble as an error with its remedy, for the command; returns UNAVAILABLE. */
enum status	 db_why(const struct db *db, struct error *err);

/* ---- Opening */

/* NULL and a reason if the file is missing, is no Daybook database, or has a newer or an older schema. */
struct db	*db_open(const char *path, struct error *err);
/* The same for any schema version: for callers that read or replace a file as a whole. */
struct db	*db_open_any(const char *path, struct error *err);
/* As db_open, but leaves a file that nobody uses, such as a backup, as it is: without a lock file or others beside it. */
struct db	*db_open_to_read(const char *path, struct error *err);
/* Whether this process, of all that use the database, is the one to report on the installation: the first that asked. */
bool		 db_claim_report(struct db *db);
void		 db_close(struct db *db);

/* Frees what can be read or made again, outside of a transaction: pages of the file, prepared statements. */
void		 db_free_memory(struct db *db);

/*
 * Whether a -wal or a -journal that is not empty is beside a file that is to be made: SQLite would
 * apply it to that file.
 */
bool		 db_has_left_over(const char *path);

/*
 * Makes a new file with the schema.  It appears complete and on the disk, or not at all.  CONFLICT
 * if the file exists; UNAVAILABLE also if db_has_left_over.
 */
enum status	 db_create(const char *path, struct error *err) MUST_CHECK;

/* The schema version of a file, whichever it is.  NOT_FOUND if there is no file; UNAVAILABLE and a reason. */
enum status	 db_version_of(const char *path, int *schema_version, struct error *err) MUST_CHECK;

const char	*db_path(const struct db *db);

/*
 * Writes the path of a database's lock file into out (DB_LOCK_PATH_MAX bytes).  It lies beside the
 * file itself, even if `path` is a link, so that all names of a file share one lock.
 */
void		 db_lock_path(const char *path, char *out);

/* Whether a path names the file that was opened. */
bool		 db_is_same_file(const struct db *db, const char *path);

/*
 * Whether the database's path still names the file that was opened.  Changes to a file that was
 * moved away are lost.
 */
bool		 db_is_in_place(const struct db *db);

/*
 * Whether this file is known here: made, restored, upgraded or checked by Daybook at this path (its
 * lock file records that).  A file that was put there by hand is not, until it has been checked
 * (inspect.h) and db_accept is called.
 */
bool		 db_is_accepted(const struct db *db);
enum status	 db_accept(struct db *db) MUST_CHECK;

/*
 * Differs each time a database is opened in this process, so that caches of one file are never used
 * for another.
 */
int64_t		 db_number(const struct db *db);

/* ---- Transactions */

enum status	 db_read_begin(struct db *db) MUST_CHECK;
void		 db_read_end(struct db *db);

/*
 * What a write transaction does.  It also writes the audit row and the reply, because after the commit nothing may fail:
 * the change is on the disk, and the client must learn that.
 */
typedef enum status db_work(void *arg);

/*
 * Runs work(arg) in a write transaction, and commits if its outcome is a success (status_is_success); otherwise, nothing
 * that it wrote remains.  Returns that outcome once the transaction is on the disk.  UNAVAILABLE, without calling work, if
 * the writers' lock or the database stays busy.  Not inside another transaction.
 */
enum status	 db_write(struct db *db, db_work *work, void *arg) MUST_CHECK;

/* The same for work that can be done another time: waits at most DB_TRY_WAIT_MS for the writers' lock. */
enum status	 db_write_try(struct db *db, db_work *work, void *arg) MUST_CHECK;

/*
 * Rolls back the open write transaction, if there is one: for the caller of a handler that was abandoned halfway because
 * memory ran out.
 */
void		 db_write_abort(struct db *db);

/*
 * Caches of a process last longer than a transaction, so they may have only what is on the disk.  Whoever writes something of
 * which processes keep copies says so, and the number under which they keep it goes up in the same transaction; until that ends,
 * readers pass by their caches, because what they would find or keep may yet be undone.
 */
void		 db_changes_cached(struct db *db);
bool		 db_may_cache(const struct db *db);

/*
 * The state of the database that the open read transaction sees: as long as it is the same number, no transaction was
 * committed in between, by any process, and no other file was opened.  0 = not known: no read transaction is open, or it cannot
 * read.
 */
int64_t		 db_version(struct db *db);

/*
 * The same of what belongs to no organization, and of who may do what: as long as it is the same number, no transaction was
 * committed in between that called installation_touch (store/installation.h).
 */
int64_t		 db_installation_version(struct db *db);

/*
 * Memory for what is known of one state of the database (base/kept.h; NULL = none, as at first).  It belongs to the caller, who
 * keeps it as long as the database is open.
 */
struct kept;
void		 db_set_memory(struct db *db, struct kept *memory);

/*
 * The value that was kept under the key in the same version (one of the two above, as it is now); NULL = none.  db_remember
 * returns where to write a value of n bytes, or NULL if it cannot be kept.  Both are valid until the next call of either, aligned
 * for any type.  A key begins with the name of what keeps it, so that no two use the same.
 */
const void	*db_remembered(struct db *db, int64_t version, const void *key, size_t key_n, size_t *n);
void		*db_remember(struct db *db, int64_t version, const void *key, size_t key_n, size_t n);
/* The same of what is true in every state: the key has what proves it, db_number among it. */
const void	*db_always_kept(struct db *db, const void *key, size_t key_n, size_t *n);
void		*db_keep_always(struct db *db, const void *key, size_t key_n, size_t n);

/*
 * Moves the whole WAL into the file, so that no copy of erased data remains.  UNAVAILABLE while
 * there are readers.
 */
enum status	 db_checkpoint(struct db *db) MUST_CHECK;

/*
 * For a process that has written and ends, as db_close does: if the WAL has grown and nobody is in the way, moves it into the
 * file.  Otherwise, where no process stays, each one that opens the file would read the whole WAL first.
 */
void		 db_tidy(struct db *db);

/* ---- Queries */

struct query	*db_query(struct db *db, const char *sql);
void		 query_bind_int(struct query *q, const char *name, int64_t value);
/* Texts (NULL = SQL NULL) and blobs are not copied: they must remain valid until query_done. */
void		 query_bind_text(struct query *q, const char *name, const char *text);
void		 query_bind_blob(struct query *q, const char *name, const void *data, size_t n);

/* Goes to the next row; false if there is none, or after a failure. */
bool		 query_step(struct query *q);

/* Columns of the row, from 0.  Texts and blobs are valid until the next step. */
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

/* The number of rows that the last statement changed. */
int64_t		 db_changes(struct db *db);


/* ---- The whole file */

/*
 * A consistent copy into a new file, while others write.  The file gets its name when it is
 * complete and on the disk.  CONFLICT if it exists, UNAVAILABLE if the copy is damaged.  progress
 * (may be NULL) receives the pages done and all pages.
 */
enum status	 db_backup(struct db *db, const char *to, void (*progress)(int64_t done, int64_t total),
		    struct error *err) MUST_CHECK;
/* The same into an empty file that the caller has made and holds. */
enum status	 db_backup_into(struct db *db, const char *to, bool must_be_sound, void (*progress)(int64_t done, int64_t total),
		    struct error *err) MUST_CHECK;
/* The same for a database that may be damaged: a damaged copy is better than none. */
enum status	 db_keep(struct db *db, const char *to, struct error *err) MUST_CHECK;
/* The same for a file of any schema version, before it is upgraded. */
enum status	 db_backup_file(const char *from, const char *to, struct error *err) MUST_CHECK;

/*
 * Copies a file from elsewhere into the empty file `staged`, which gets this schema version if it is older (db_upgrade.h; so does
 * is_forced).  Runs nothing that the file contains.
 */
enum status	 db_stage(const char *from, const char *staged, bool is_forced, struct error *err) MUST_CHECK;

/*
 * Copies a staged file that was checked into this live database, under the lock, with a new epoch.  Under the lock it first calls
 * complete(arg), which may read the live database, as nobody can change that any more, and write the staged file; a failure of
 * it, for which it sets err, is the outcome.  *is_replaced says whether the database holds or may hold the new data: on a failure
 * too, once the copy has begun.
 */
enum status	 db_replace(struct db *db, const char *staged, db_work *complete, void *arg, bool *is_replaced,
		    struct error *err) MUST_CHECK;

/* SQLite's own integrity and foreign-key checks: OK, or CONFLICT and a reason. */
enum status	 db_check(struct db *db, struct error *err) MUST_CHECK;
/* The same without foreign keys, and without comparing indexes with tables: a fraction of the time. */
enum status	 db_check_quickly(struct db *db, struct error *err) MUST_CHECK;
/*
 * SQLite's check of every table but the events, which would take longer than all others together; quickly = without comparing
 * indexes with tables.  For an upgrade, which reads all events and compares them with their digests or sums.
 */
enum status	 db_check_but_events(struct db *db, bool quickly, struct error *err) MUST_CHECK;

/*
 * The version of the linked SQLite, such as "3.40.1"; the journal mode, "wal" or "truncate"; the
 * bytes of the file and of the WAL.
 */
const char	*db_sqlite_version(void);
const char	*db_journal_mode(struct db *db);
/* Whether a file lies on a filesystem whose locks or shared memory cannot support a WAL. */
bool		 db_on_network(const char *path);
int64_t		 db_file_bytes(struct db *db);
int64_t		 db_wal_bytes(struct db *db);

#endif
