/*
 * Why the database was unavailable (see db.h): the trouble behind a result code of SQLite, and its words.
 */
#include <errno.h>

#include "db/db.h"
#include "db/db_file.h"

/*
 * What SQLite's result codes mean to a caller.  Everything that is the machine's fault rather than
 * ours is UNAVAILABLE: the same request may succeed later.
 */
static const struct {
	int code;
	enum db_trouble trouble;
} troubles[] = {
	{ SQLITE_BUSY, DB_BUSY }, { SQLITE_LOCKED, DB_BUSY }, { SQLITE_PROTOCOL, DB_BUSY },
	{ SQLITE_INTERRUPT, DB_BUSY }, { SQLITE_ABORT, DB_BUSY },
	{ SQLITE_FULL, DB_FULL },
	{ SQLITE_IOERR, DB_IO_ERROR }, { SQLITE_CANTOPEN, DB_IO_ERROR }, { SQLITE_READONLY, DB_READ_ONLY },
	{ SQLITE_CORRUPT, DB_DAMAGED }, { SQLITE_NOTADB, DB_DAMAGED },
	{ SQLITE_NOMEM, DB_NO_MEMORY },
};

/*
 * Whether "damaged" was really a failed read: SQLite may report damage if a read fails, but the
 * file keeps the system's error.
 */
static bool
is_failed_read(sqlite3 *handle)
{
	int error = 0;

	return handle != NULL && sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &error) == SQLITE_OK && error == EIO;
}

/* Two codes need more than the table: IOERR is also how a lack of memory and a full disk appear. */
enum db_trouble
db_trouble_of(int rc, sqlite3 *handle)
{
	if (rc == SQLITE_IOERR_NOMEM)
		return DB_NO_MEMORY;
	if ((rc & 0xff) == SQLITE_IOERR && handle != NULL &&
	    (sqlite3_system_errno(handle) == ENOSPC || sqlite3_system_errno(handle) == EDQUOT))
		return DB_FULL;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (troubles[i].code == (rc & 0xff))
			return troubles[i].trouble == DB_DAMAGED && is_failed_read(handle) ? DB_IO_ERROR : troubles[i].trouble;
	return DB_NO_TROUBLE;
}

static const struct {
	const char *text, *fix;
} trouble_words[] = {
	[DB_NO_TROUBLE] = { "the database is unavailable", "" },
	[DB_BUSY] = { "the database is busy", "Try again." },
	[DB_FULL] = { "the disk of the database is full", "Free some space and try again." },
	[DB_IO_ERROR] = { "the database cannot be read or written: I/O error", "Check the disk and the permissions of the files." },
	[DB_READ_ONLY] = { "the database is read-only for this user", "Run the program as the user that owns the database." },
	[DB_DAMAGED] = { "the database is damaged", "Run `daybook verify`, then restore the newest backup that passes it." },
	[DB_NO_MEMORY] = { "there is not enough memory", "Try again." },
};

const char *
db_trouble_text(enum db_trouble trouble)
{
	return trouble_words[trouble].text;
}

enum status
db_why(const struct db *db, struct error *err)
{
	error_set(err, UNAVAILABLE, "%s", trouble_words[db->trouble].text);
	error_hint(err, "%s", trouble_words[db->trouble].fix);
	return UNAVAILABLE;
}

enum db_trouble
db_trouble(const struct db *db)
{
	return db->trouble;
}
