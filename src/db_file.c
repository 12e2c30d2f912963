#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "db_file.h"
#include "digest.h"

enum {
	APPLICATION_ID = 0x44426b6b,	/* "DBkk", as in schema.sql */
	LENGTH_MAX = 4 << 20,		/* bytes of one value */
	SQL_LENGTH_MAX = 64 << 10,
	EPOCH_SIZE = 16,
};

/* Filesystems whose locks or shared memory do not carry a WAL. */
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

static bool
is_wal(sqlite3 *handle)
{
	sqlite3_stmt *stmt;
	bool yes = false;

	if (sqlite3_prepare_v2(handle, "PRAGMA journal_mode", -1, &stmt, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		yes = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	sqlite3_finalize(stmt);
	return yes;
}

/* What every connection needs; the reasons stand beside each. */
static int
configure(sqlite3 *handle)
{
	int one = 1;

	sqlite3_extended_result_codes(handle, 1);
	sqlite3_busy_timeout(handle, DB_BUSY_MS);
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SQL_LENGTH_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);	/* "x" is a column, never a text */
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);	/* only under the gate */
	sqlite3_file_control(handle, NULL, SQLITE_FCNTL_PERSIST_WAL, &one);	/* so that a full disk can be read */
	return sqlite3_exec(handle,
	    "PRAGMA synchronous = FULL;"		/* acknowledged means on the disk */
	    "PRAGMA wal_autocheckpoint = 0;"		/* only under the gate */
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA cell_size_check = ON;"
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA mmap_size = 0;"
	    "PRAGMA cache_size = -8000;",		/* KiB */
	    NULL, NULL, NULL);
}

enum status
db_file_open_any(const char *path, sqlite3 **handle, struct why *why)
{
	int rc;

	*handle = NULL;
	if (access(path, F_OK) == -1) {
		why_not(why, UNAVAILABLE, "%s: %s", path, strerror(errno));
		why_fix(why, "Run `daybook -d FILE init`, or name the database with -d or DAYBOOK_DB.");
		return UNAVAILABLE;
	}
	rc = sqlite3_open_v2(path, handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = configure(*handle);
	if (rc == SQLITE_OK && db_file_pragma(*handle, "PRAGMA application_id") != APPLICATION_ID)
		rc = SQLITE_NOTADB;
	if (rc != SQLITE_OK) {
		why_not(why, UNAVAILABLE, "%s: %s", path,
		    rc == SQLITE_NOTADB ? "not a Daybook database" : sqlite3_errmsg(*handle));
		sqlite3_close(*handle);
		*handle = NULL;
		return UNAVAILABLE;
	}
	if (!is_wal(*handle))	/* where `init` found no room for a WAL: a rollback journal, with its safest close */
		sqlite3_exec(*handle, "PRAGMA journal_mode = TRUNCATE", NULL, NULL, NULL);
	return OK;
}

enum status
db_file_open(const char *path, sqlite3 **handle, struct why *why)
{
	enum status st;
	int64_t version;

	if ((st = db_file_open_any(path, handle, why)) != OK)
		return st;
	version = db_file_pragma(*handle, "PRAGMA user_version");
	if (version == DB_SCHEMA_VERSION)
		return OK;
	sqlite3_close(*handle);
	*handle = NULL;
	why_not(why, UNAVAILABLE, "%s: schema version %lld, this program needs %d", path, (long long)version,
	    DB_SCHEMA_VERSION);
	why_fix(why, version > DB_SCHEMA_VERSION ? "Install a newer Daybook." : "Run `daybook -d FILE upgrade`.");
	return UNAVAILABLE;
}

void
db_gate_path(const char *path, char *out)
{
	char real[PATH_MAX];

	snprintf(out, DB_GATE_PATH_MAX, "%.*s-gate", DB_PATH_MAX - 1, realpath(path, real) != NULL ? real : path);
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

enum status
db_file_new(const char *path, struct why *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1)
		return why_not(why, errno == EEXIST ? CONFLICT : UNAVAILABLE, "%s: %s", path,
		    errno == EEXIST ? "exists already, and is left as it is" : strerror(errno));
	close(fd);
	return OK;
}

enum status
db_file_new_epoch(sqlite3 *handle)
{
	uint8_t bytes[EPOCH_SIZE];
	char text[2 * EPOCH_SIZE + 1], sql[128];

	random_bytes(bytes, sizeof(bytes));
	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO setting (name, value) VALUES ('epoch', '%s')",
	    hex(bytes, sizeof(bytes), text));
	return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : UNAVAILABLE;
}

enum status
db_version_of(const char *path, int *schema_version, struct why *why)
{
	sqlite3 *handle;
	enum status st;

	if (access(path, F_OK) == -1 && (errno == ENOENT || errno == ENOTDIR))
		return why_not(why, NOT_FOUND, "%s: %s", path, strerror(errno));
	if ((st = db_file_open_any(path, &handle, why)) != OK)
		return st;
	*schema_version = (int)db_file_pragma(handle, "PRAGMA user_version");
	sqlite3_close(handle);
	return OK;
}

/* A file with the schema in it and nothing beside it that it needs. */
static enum status
make(const char *path, struct why *why)
{
	sqlite3 *handle = NULL;
	enum status st;
	int rc;

	if ((st = db_file_new(path, why)) != OK)
		return st;
	rc = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = configure(handle);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, db_on_network(path) ? "PRAGMA journal_mode = TRUNCATE" :
		    "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, schema_sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK && db_file_new_epoch(handle) != OK)
		rc = SQLITE_ERROR;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_OK)	/* nobody else is here yet: the file is whole by itself */
		rc = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK) {
		st = why_not(why, UNAVAILABLE, "%s: %s", path, sqlite3_errmsg(handle));
		unlink(path);
	}
	sqlite3_close(handle);
	return st;
}

int
db_give_name(const char *made, const char *path)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* Not every filesystem can do that in one step. */
	if (link(made, path) == 0)
		return unlink(made);
	if (errno == EEXIST || access(path, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(made, path);
}

enum status
db_create(const char *path, struct why *why)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal", NULL };
	char made[DB_PATH_MAX], name[DB_PATH_MAX + 16];
	enum status st;

	if (access(path, F_OK) == 0)
		return why_not(why, CONFLICT, "%s: exists already, and is left as it is", path);
	if (snprintf(made, sizeof(made), "%s-new-%d", path, (int)getpid()) >= DB_PATH_MAX)
		return why_not(why, UNAVAILABLE, "%s: too long", path);
	unlink(made);	/* of another process of this number, which died of it */
	if ((st = make(made, why)) == OK && db_give_name(made, path) == -1)
		st = why_not(why, errno == EEXIST ? CONFLICT : UNAVAILABLE, "%s: %s", path,
		    errno == EEXIST ? "exists already, and is left as it is" : strerror(errno));
	for (const char *const *ending = beside; *ending != NULL; ending++) {
		snprintf(name, sizeof(name), "%s%s", made, *ending);
		unlink(name);
	}
	return st;
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

static int64_t
file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int64_t
db_file_bytes(struct db *db)
{
	return file_bytes(db_path(db));
}

int64_t
db_wal_bytes(struct db *db)
{
	char path[DB_PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s-wal", db_path(db));
	return file_bytes(path);
}
