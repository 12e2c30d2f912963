/*
 * Opens the file of a database with everything that a connection needs, and reports what the file
 * is.
 *
 * No connection reads a file before db_stamp.c has checked that the -wal and -journal beside it are
 * its own, and none is used before its application id has shown that it is a Daybook database.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "db/db_file.h"
#include "db/scratch.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"

enum {
	APPLICATION_ID = 0x44426b6b,	/* "DBkk", as in schema.sql */
	LENGTH_MAX = 4 << 20,		/* bytes of one value */
	SQL_LENGTH_MAX = 64 << 10,
	EPOCH_SIZE = 16,
	ALONE_MS = 500,		/* programs of this version open an older file only to see its version */
};

/* statfs(2) magic numbers of filesystems whose locks or shared memory cannot support a WAL. */
static const long network_filesystems[] = {
	0x6969 /* NFS */, (long)0xff534d42 /* CIFS */, (long)0xfe534d42 /* SMB2 */, 0x517b /* SMB */,
	0x65735546 /* FUSE */, 0x5346414f /* AFS */, 0x01021997 /* 9P */, 0x00c36400 /* Ceph */,
};

int64_t
db_file_pragma(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value = -1;

	if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

bool
db_file_says(sqlite3 *handle, const char *pragma, const char *text)
{
	const char *value;
	sqlite3_stmt *stmt;
	bool yes = false;
	int rc;

	if ((rc = sqlite3_prepare_v2(handle, pragma, -1, &stmt, NULL)) == SQLITE_NOMEM)
		out_of_memory();
	if (rc != SQLITE_OK)
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		if ((value = (const char *)sqlite3_column_text(stmt, 0)) == NULL)
			out_of_memory();
		yes = strcmp(value, text) == 0;
	}
	sqlite3_finalize(stmt);
	return yes;
}

static bool
is_wal(sqlite3 *handle)
{
	return db_file_says(handle, "PRAGMA journal_mode", "wal");
}

/* Sets what every connection needs, above all against mistakes of ours and damaged files. */
int
db_file_configure(sqlite3 *handle)
{
	int one = 1;

	sqlite3_extended_result_codes(handle, 1);
	sqlite3_busy_timeout(handle, DB_BUSY_MS);
	/* Far above what we store and send; a damaged length must not take all memory. */
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SQL_LENGTH_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	/* No SQL can damage the file, even on purpose, and the schema cannot call unsafe functions. */
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);	/* "x" is a column, never a text */
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);	/* only under the writers' lock */
	sqlite3_file_control(handle, NULL, SQLITE_FCNTL_PERSIST_WAL, &one);	/* so that a database on a full disk opens */
	return sqlite3_exec(handle,
	    "PRAGMA synchronous = FULL;"		/* a commit returns when it is on the disk */
	    "PRAGMA wal_autocheckpoint = 0;"		/* only under the writers' lock */
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA cell_size_check = ON;"	/* finds damaged pages when they are read */
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA secure_delete = ON;"		/* what `erase` removes is overwritten in the file */
	    "PRAGMA mmap_size = 0;"	/* with mmap, an I/O error would be a signal that ends the process */
	    "PRAGMA cache_size = -8000;",		/* KiB */
	    NULL, NULL, NULL);
}

static enum db_trouble opening_trouble;

enum db_trouble
db_opening_trouble(void)
{
	return opening_trouble;
}

enum status
db_file_why(const char *path, int rc, sqlite3 *handle, struct error *err)
{
	enum db_trouble trouble = opening_trouble = db_trouble_of(rc, handle);

	if (trouble == DB_NO_TROUBLE)
		return error_set(err, UNAVAILABLE, "%s: %s", path, handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
	return error_set(err, UNAVAILABLE, "%s: %s", path, db_trouble_text(trouble));
}

/*
 * Whether the file is a Daybook database: SQLITE_OK, SQLITE_NOTADB, or the failure to read it.
 * This is the first time that the file is read, so it also finds a file that is damaged or no
 * database at all.
 */
static int
check_application(sqlite3 *handle)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(handle, "PRAGMA application_id", -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return rc;
	if ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = sqlite3_column_int64(stmt, 0) == APPLICATION_ID ? SQLITE_OK : SQLITE_NOTADB;
	sqlite3_finalize(stmt);
	return rc;
}

/* Opens a file that nobody changes: SQLite takes no locks then, and makes no file beside it. */
static int
open_immutable(const char *path, sqlite3 **handle)
{
	struct buf uri = { 0 };
	int rc;

	buf_put_text(&uri, path[0] == '/' ? "file://" : "file:");
	for (; *path != '\0'; path++)
		buf_printf(&uri, strchr("%?#", *path) != NULL ? "%%%02X" : "%c", (unsigned char)*path);
	buf_put_text(&uri, "?immutable=1");
	rc = sqlite3_open_v2(buf_text(&uri), handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	buf_free(&uri);
	return rc;
}

/*
 * Opens an existing file and runs `set_up` on it.  Never makes one: a mistyped path must not become
 * an empty database.  On failure there is no handle, and the error has the path and the remedy.
 */
static enum status
open_and(const char *path, int flags, int (*set_up)(sqlite3 *handle), sqlite3 **handle, struct error *err)
{
	enum status st;
	int rc;

	*handle = NULL;
	opening_trouble = DB_NO_TROUBLE;
	if (access(path, F_OK) == -1) {
		scratch_why(path, err);
		error_hint(err, "Run `daybook -d FILE init`, or name the database with -d or DAYBOOK_DB.");
		return UNAVAILABLE;
	}
	if ((st = db_stamp_check_left_over(path, err)) != OK)
		return st;
	rc = flags == SQLITE_OPEN_READONLY ? open_immutable(path, handle) :
	    sqlite3_open_v2(path, handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = set_up(*handle);
	if (rc == SQLITE_OK)
		rc = check_application(*handle);
	if (rc == SQLITE_OK)
		return OK;
	if (rc == SQLITE_NOTADB)
		error_set(err, UNAVAILABLE, "%s: not a Daybook database", path);
	else
		db_file_why(path, rc, *handle, err);
	sqlite3_close(*handle);
	*handle = NULL;
	return UNAVAILABLE;
}

enum status
db_file_open_any(const char *path, sqlite3 **handle, struct error *err)
{
	enum status st;

	if ((st = open_and(path, SQLITE_OPEN_READWRITE, db_file_configure, handle, err)) != OK)
		return st;
	if (!is_wal(*handle))	/* `init` uses a rollback journal if the filesystem cannot support a WAL */
		sqlite3_exec(*handle, "PRAGMA journal_mode = TRUNCATE", NULL, NULL, NULL);
	return OK;
}

/*
 * Sets what a file from elsewhere needs.  It may contain anything, so it is only read, no trigger
 * or view of it runs, and a size that it claims is limited.
 */
static int
configure_foreign(sqlite3 *handle)
{
	sqlite3_busy_timeout(handle, DB_BUSY_MS);
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SQL_LENGTH_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);	/* it may be in use: only under its lock */
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	return sqlite3_exec(handle, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;", NULL,
	    NULL, NULL);
}

enum status
db_file_open_foreign(const char *path, sqlite3 **handle, struct error *err)
{
	return open_and(path, SQLITE_OPEN_READWRITE, configure_foreign, handle, err);
}

static int
configure_alone(sqlite3 *handle)
{
	int rc = configure_foreign(handle);

	sqlite3_busy_timeout(handle, ALONE_MS);
	return rc == SQLITE_OK ? sqlite3_exec(handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL) : rc;
}

enum status
db_file_open_alone(const char *path, sqlite3 **handle, struct error *err)
{
	return open_and(path, SQLITE_OPEN_READWRITE, configure_alone, handle, err);
}

/* Closes a file that has another schema version than this program. */
static enum status
check_version(const char *path, sqlite3 **handle, struct error *err)
{
	int64_t version = db_file_pragma(*handle, "PRAGMA user_version");

	if (version == DB_SCHEMA_VERSION)
		return OK;
	sqlite3_close(*handle);
	*handle = NULL;
	error_set(err, UNAVAILABLE, "%s: has schema version %lld; this program needs %d", path, (long long)version,
	    DB_SCHEMA_VERSION);
	error_hint(err, version > DB_SCHEMA_VERSION ? "Install a newer Daybook." : "Run `daybook -d FILE upgrade`.");
	return UNAVAILABLE;
}

enum status
db_file_open(const char *path, sqlite3 **handle, struct error *err)
{
	enum status st = db_file_open_any(path, handle, err);

	return st == OK ? check_version(path, handle, err) : st;
}

enum status
db_file_open_at_rest(const char *path, sqlite3 **handle, struct error *err)
{
	enum status st = open_and(path, SQLITE_OPEN_READONLY, configure_foreign, handle, err);

	return st == OK ? check_version(path, handle, err) : st;
}

void
db_lock_path(const char *path, char *out)
{
	char real[PATH_MAX];

	/* realpath fails if the file does not exist yet; then the path is the best name that there is. */
	snprintf(out, DB_LOCK_PATH_MAX, "%.*s-gate", DB_PATH_MAX - 1, realpath(path, real) != NULL ? real : path);
}

bool
db_on_network(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) == -1)
		return false;
	for (size_t i = 0; i < sizeof(network_filesystems) / sizeof(network_filesystems[0]); i++)
		if ((long)fs.f_type == network_filesystems[i])
			return true;
	return false;
}

/* The epoch is part of every ETag, so a new one makes clients fetch everything again. */
int
db_file_new_epoch(sqlite3 *handle, char epoch[EPOCH_TEXT_MAX])
{
	uint8_t bytes[EPOCH_SIZE];
	char sql[128];

	random_bytes(bytes, sizeof(bytes));
	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO setting (name, value) VALUES ('epoch', '%s')",
	    hex(bytes, sizeof(bytes), epoch));
	return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

enum status
db_version_of(const char *path, int *schema_version, struct error *err)
{
	sqlite3 *handle;
	enum status st;

	/*
	 * NOT_FOUND only if the file certainly does not exist; a folder that cannot be searched
	 * proves nothing.
	 */
	if (access(path, F_OK) == -1 && (errno == ENOENT || errno == ENOTDIR))
		return error_set(err, NOT_FOUND, "%s: %s", path, strerror(errno));
	if ((st = db_file_open_any(path, &handle, err)) != OK)
		return st;
	*schema_version = (int)db_file_pragma(handle, "PRAGMA user_version");
	sqlite3_close(handle);
	return OK;
}

const char *
db_sqlite_version(void)
{
	return sqlite3_libversion();
}

const char *
db_journal_mode(struct db *db)
{
	return is_wal(db->handle) ? "wal" : "truncate";
}
