/*
 * What the parts of the upgrade share.  Only for db_upgrade*.c.
 */
#ifndef DB_UPGRADE_PARTS_H
#define DB_UPGRADE_PARTS_H

#include "db/db_file.h"
#include "db/db_upgrade.h"
#include "db/scratch.h"

enum { UPGRADE_OLDEST = 1, UPGRADE_NEWEST = DB_SCHEMA_VERSION - 1 };

enum { DB_COPY_DAYS = 1024, DB_COPY_CREDENTIAL = 128 };

/* The events of a day of UTC that are in the new file already, but not yet in the sums of its days. */
struct db_copy_day {
	int64_t org, day, events, digest, old_digest;
};

/* Two open files, and how far the copy is. */
struct db_copy {
	struct db *old, *new;
	int version;		/* of the old one */
	bool is_forced;
	int step;		/* the table that is being copied */
	int64_t done, total;	/* rows */

	int64_t actor;		/* the key of the credential's; 0 = none yet */
	char credential[DB_COPY_CREDENTIAL];	/* of the last event */
	struct db_copy_day days[DB_COPY_DAYS];
};

/*
 * 1. The lock on the unfinished file is held from db_upgrade_begin to db_upgrade_end.
 * 2. The old file is open in one read transaction until db_upgrade_finish, so all that one process copies is of one moment.
 */
struct db_upgrade {
	struct db_copy copy;
	char path[DB_PATH_MAX], unfinished[SCRATCH_PATH_MAX];
	char kept[DB_UPGRADE_KEPT_MAX];		/* "" = the old file is not kept */
	int fd;				/* of the unfinished file, with the lock; -1 = none */
	int64_t fingerprint;		/* of the old file */
	bool is_wal;			/* the old file's journal */
	struct db_upgrade_check check;
	bool is_checked, is_in_place;
	bool is_spent;			/* the unfinished file has no record any more: nobody can continue with it */
};

/* ---- db_upgrade_old.c: the file that is upgraded, which may be from elsewhere */

/* Opens it for reading only, without a lock file; nothing that it contains is run. */
struct db	*db_upgrade_open_old(const char *path, int *version, struct error *err);

/* Whether it is sound, and has nothing that would be lost: a foreign table, trigger or column. */
enum status	 db_upgrade_check_old(struct db *old, int version, struct error *err) MUST_CHECK;

/* A hash of values of which every write of an older version changes at least one. */
enum status	 db_upgrade_fingerprint(struct db *old, int version, int64_t *hash, struct error *err) MUST_CHECK;

/* Whether the filesystem of `beside` has room for the new file.  UNAVAILABLE, and how much is needed and there. */
enum status	 db_upgrade_check_space(struct db *old, const char *beside, struct error *err) MUST_CHECK;

/* ---- db_upgrade_tables.c: what is copied */

/* A table of the old file: the queries count its rows, read all and those after a key, and find the new table's last key. */
struct db_copy_table {
	int since, until;	/* the versions of the old file that have it in this form */
	const char *count, *first, *next, *last, *insert;
	enum status (*add)(struct db_copy *c, struct query *q, struct error *err);	/* instead of insert */
	enum status (*after)(struct db_copy *c, struct query *q, struct error *err);
	bool precedes_its_parent;	/* its references are checked in the end */
};

extern const struct db_copy_table db_upgrade_tables[];
extern const int db_upgrade_table_count;

/* ---- db_upgrade_copy.c: table by table */

/* The rows of all tables of the old file. */
enum status	 db_upgrade_count(struct db *old, int version, int64_t *rows, struct error *err) MUST_CHECK;

/* Makes the schema of this version in an empty file, and what an unfinished upgrade has in addition.  A result of SQLite. */
int		 db_upgrade_make(const char *path, const char *state_sql);

/* Opens such a file for the copy. */
struct db	*db_upgrade_open_new(const char *path, struct error *err);

/*
 * Copies the next rows in one transaction, which calls `note` at its end to record how far the copy is.  Inside a read
 * transaction of the old file.
 */
enum status	 db_upgrade_copy_some(struct db_copy *c, enum status (*note)(struct db_copy *c), struct error *err) MUST_CHECK;
bool		 db_upgrade_is_copied(const struct db_copy *c);

/* Binds the first n columns of the row of `from` to the parameters ?1 to ?n, which must be used before the next row is read. */
void		 db_upgrade_bind(struct query *to, struct query *from, int n);

/* ---- db_upgrade_ledger.c: rows that take more than SQL */

/* After a row of the old file, which is q's, was inserted. */
enum status	 db_upgrade_add_limits(struct db_copy *c, struct query *q, struct error *err) MUST_CHECK;
enum status	 db_upgrade_add_reason(struct db_copy *c, struct query *q, struct error *err) MUST_CHECK;
enum status	 db_upgrade_seal_campaign(struct db_copy *c, struct query *q, struct error *err) MUST_CHECK;

/* ---- db_upgrade_event.c: events and the digests of their days */

/* Inserts an event of the old file, and adds it to the sums of its day. */
enum status	 db_upgrade_add_event(struct db_copy *c, struct query *q, struct error *err) MUST_CHECK;

/* Writes the sums of days into the new file, before the transaction ends. */
enum status	 db_upgrade_write_days(struct db_copy *c) MUST_CHECK;

/* Compares the digests of the old file's days with those of the rows that were copied from it. */
enum status	 db_upgrade_compare_days(struct db_copy *c, struct error *err) MUST_CHECK;

#endif
