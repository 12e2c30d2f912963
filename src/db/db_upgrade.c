/*
 * The sequence of an upgrade (see db_upgrade.h): takes the unfinished file or makes it, and lets it copy.  db_upgrade_swap.c
 * puts it in the old one's place.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/version.h"
#include "db/db_upgrade_parts.h"
#include "db/scratch.h"
#include "time/instant.h"

/* The record in the unfinished file.  `kept` is where the old file goes in the end; '' = nowhere. */
#define STATE_SQL "CREATE TABLE upgrade_state (key INTEGER PRIMARY KEY, build TEXT, version INTEGER, fingerprint INTEGER, " \
	"is_wal INTEGER, kept TEXT, step INTEGER, done INTEGER, total INTEGER, is_checked INTEGER DEFAULT 0, " \
	"check0 INTEGER DEFAULT 0, check1 INTEGER DEFAULT 0, check2 INTEGER DEFAULT 0, check3 INTEGER DEFAULT 0); " \
	"INSERT INTO upgrade_state (key, build, version, fingerprint, is_wal, kept, step, done, total) " \
	"VALUES (1, %Q, %d, %lld, %d, %Q, 0, 0, %lld);"

static enum status
unfinished_path(const char *path, char *out, struct error *err)
{
	if (snprintf(out, SCRATCH_PATH_MAX, "%s-upgrading", path) < SCRATCH_PATH_MAX)
		return OK;
	return error_set(err, UNAVAILABLE, "%s: %s", path, strerror(ENAMETOOLONG));
}

static void
tell_state(const struct db_upgrade *u, struct db_upgrade_state *state)
{
	*state = (struct db_upgrade_state) { u->copy.version, db_upgrade_is_copied(&u->copy), u->is_checked, u->check, u->copy.done,
		u->copy.total };
}

/* ---- Making the unfinished file, or taking up one that is there */

/* Reads the record of an unfinished file; false if it is of another build or of another state of the old file. */
static bool
read_state(struct db_upgrade *u)
{
	struct query *q = db_query(u->copy.new, "SELECT version, is_wal, kept, step, done, total, is_checked, check0, "
	    "check1, check2, check3 FROM upgrade_state WHERE key = 1 AND build = :build AND fingerprint = :fingerprint");
	bool is_there;

	query_bind_text(q, ":build", version_build);
	query_bind_int(q, ":fingerprint", u->fingerprint);
	if ((is_there = query_step(q))) {
		is_there = query_int(q, 0) == u->copy.version;
		u->is_wal = query_int(q, 1) != 0;
		snprintf(u->kept, sizeof(u->kept), "%s", query_text(q, 2));
		u->copy.step = (int)query_int(q, 3);
		u->copy.done = query_int(q, 4);
		u->copy.total = query_int(q, 5);
		u->is_checked = query_int(q, 6) != 0;
		for (int i = 0; i < 4; i++)
			u->check.number[i] = query_int(q, 7 + i);
	}
	return query_done(q) == OK && is_there;
}

/* Checks all that can be known before the first write, then makes the file with its record. */
static enum status
make_new(struct db_upgrade *u, const char *kept, struct error *err)
{
	enum status st;
	char *sql;
	int rc;

	if ((st = db_upgrade_check_old(u->copy.old, u->copy.version, err)) != OK ||
	    (st = db_upgrade_check_space(u->copy.old, u->unfinished, err)) != OK ||
	    (st = db_upgrade_count(u->copy.old, u->copy.version, &u->copy.total, err)) != OK)
		return st;
	u->is_wal = db_file_says(u->copy.old->handle, "PRAGMA journal_mode", "wal");
	sql = sqlite3_mprintf(STATE_SQL, version_build, u->copy.version, (long long)u->fingerprint, u->is_wal,
	    kept != NULL ? kept : "", (long long)u->copy.total);
	if (sql == NULL)
		out_of_memory();
	rc = db_upgrade_make(u->unfinished, sql);
	sqlite3_free(sql);
	if (rc != SQLITE_OK)
		return db_file_why(u->path, rc, NULL, err);
	if ((u->copy.new = db_upgrade_open_new(u->unfinished, err)) == NULL || !read_state(u))
		return UNAVAILABLE;
	return OK;
}

/* Opens the unfinished file that is there; false if it is of no use. */
static bool
take_up(struct db_upgrade *u)
{
	struct error err;

	if ((u->copy.new = db_upgrade_open_new(u->unfinished, &err)) != NULL && read_state(u))
		return true;
	db_close(u->copy.new);
	u->copy.new = NULL;
	return false;
}

/* Opens the old file in the one snapshot of which this process copies. */
static enum status
open_old(struct db_upgrade *u, struct error *err)
{
	if ((u->copy.old = db_upgrade_open_old(u->path, &u->copy.version, err)) == NULL)
		return err->status != OK ? err->status : UNAVAILABLE;
	if (db_read_begin(u->copy.old) != OK)
		return db_why(u->copy.old, err);
	return db_upgrade_fingerprint(u->copy.old, u->copy.version, &u->fingerprint, err);
}

/* With the lock held: continues with the unfinished file, or begins again with it as an empty one, so that the lock stays. */
static enum status
open_both(struct db_upgrade *u, const char *kept, bool is_new, struct error *err)
{
	enum status st;

	if ((st = open_old(u, err)) != OK)
		return st;
	if (!is_new && take_up(u))
		return OK;
	if (!is_new) {
		if (ftruncate(u->fd, 0) == -1)
			return error_set(err, UNAVAILABLE, "%s: %s", u->path, strerror(errno));
		scratch_remove_companions(u->unfinished);	/* after it: a journal does not count for an empty file */
	}
	return make_new(u, kept, err);
}

static struct db_upgrade *
new_upgrade(const char *path)
{
	struct db_upgrade *u = xmalloc(sizeof(*u));
	char real[PATH_MAX];

	memset(u, 0, sizeof(*u));
	u->fd = -1;
	/* The file itself gets a successor, and not a link to it. */
	snprintf(u->path, sizeof(u->path), "%.*s", DB_PATH_MAX - 1, realpath(path, real) != NULL ? real : path);
	return u;
}

/* OK if the file is older than this version, or is of it; *from is its version. */
static enum status
check_version(const char *path, int *from, struct error *err)
{
	enum status st = db_version_of(path, from, err);

	if (st == OK && *from > DB_SCHEMA_VERSION)
		return error_set(err, CONFLICT, "%s: schema version %d is newer than this program's %d", path, *from,
		    DB_SCHEMA_VERSION);
	return st;
}

enum status
db_upgrade_begin(const char *path, const char *kept, struct db_upgrade **result, bool *is_busy,
    struct db_upgrade_state *state, struct error *err)
{
	struct db_upgrade *u;
	enum status st;
	bool is_new;

	*result = NULL;
	*is_busy = false;
	*state = (struct db_upgrade_state) { 0 };
	if ((st = check_version(path, &state->from, err)) != OK || state->from == DB_SCHEMA_VERSION)
		return st;
	u = new_upgrade(path);
	if ((st = unfinished_path(u->path, u->unfinished, err)) == OK && (u->fd = scratch_hold(u->unfinished, &is_new)) == -1) {
		*is_busy = errno == EWOULDBLOCK;
		st = *is_busy ? OK : error_set(err, UNAVAILABLE, "%s: %s", u->unfinished, strerror(errno));
	}
	/* Again, now that nobody else can finish it. */
	if (st != OK || *is_busy || (st = check_version(path, &state->from, err)) != OK || state->from == DB_SCHEMA_VERSION) {
		db_upgrade_end(u, true);
		return st;
	}
	if ((st = open_both(u, kept, is_new, err)) != OK) {
		db_upgrade_end(u, true);
		return st;
	}
	tell_state(u, state);
	*result = u;
	return OK;
}

/* ---- Copying */

/* Records how far the copy is, in the same transaction as the rows. */
static enum status
note_step(struct db_copy *c)
{
	struct query *q = db_query(c->new, "UPDATE upgrade_state SET step = :step, done = :done");

	query_bind_int(q, ":step", c->step);
	query_bind_int(q, ":done", c->done);
	return query_run(q);
}

enum status
db_upgrade_copy(struct db_upgrade *u, int64_t until_ms, bool is_forced,
    void (*progress)(const char *what, int64_t done, int64_t total), struct db_upgrade_state *state, struct error *err)
{
	enum status st = OK;

	u->copy.is_forced = is_forced;
	if (db_upgrade_is_copied(&u->copy))
		return OK;
	do {	/* once at least, so that each turn brings the upgrade forward */
		st = db_upgrade_copy_some(&u->copy, note_step, err);
		if (progress != NULL)
			progress("upgrading", u->copy.done, u->copy.total);
	} while (st == OK && !db_upgrade_is_copied(&u->copy) && instant_monotonic() < until_ms);
	tell_state(u, state);
	return st;
}

struct db *
db_upgrade_file(struct db_upgrade *u)
{
	return u->copy.new;
}

static enum status
note_check(void *arg)
{
	struct db_upgrade *u = arg;
	struct query *q = db_query(u->copy.new, "UPDATE upgrade_state SET is_checked = :done, check0 = :0, check1 = :1, check2 = :2, "
	    "check3 = :3");

	query_bind_int(q, ":done", u->is_checked);
	query_bind_int(q, ":0", u->check.number[0]);
	query_bind_int(q, ":1", u->check.number[1]);
	query_bind_int(q, ":2", u->check.number[2]);
	query_bind_int(q, ":3", u->check.number[3]);
	return query_run(q);
}

enum status
db_upgrade_set_check(struct db_upgrade *u, const struct db_upgrade_check *check, struct error *err)
{
	u->check = *check;
	return db_write(u->copy.new, note_check, u) == OK ? OK : db_why(u->copy.new, err);
}

enum status
db_upgrade_set_checked(struct db_upgrade *u, struct error *err)
{
	u->is_checked = true;
	if (db_write(u->copy.new, note_check, u) == OK)
		return OK;
	u->is_checked = false;
	return db_why(u->copy.new, err);
}

bool
db_upgrade_is_in_place(const struct db_upgrade *u)
{
	return u->is_in_place;
}

const char *
db_upgrade_kept(const struct db_upgrade *u)
{
	return u->kept;
}

void
db_upgrade_end(struct db_upgrade *u, bool is_given_up)
{
	db_close(u->copy.old);
	db_close(u->copy.new);
	if (u->fd != -1 && (is_given_up || u->is_spent) && !u->is_in_place)
		scratch_remove(u->unfinished);
	scratch_release(u->fd);
	free(u);
}

bool
db_upgrade_is_begun(const char *path)
{
	struct db_upgrade *u = new_upgrade(path);
	sqlite3 *handle = NULL;
	struct error err;
	bool is_begun = false;

	/* Never makes the file.  A record that cannot be read is none. */
	if (unfinished_path(u->path, u->unfinished, &err) == OK && access(u->unfinished, F_OK) == 0 &&
	    sqlite3_open_v2(u->unfinished, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(handle, DB_BUSY_MS);
		is_begun = db_file_pragma(handle, "SELECT kept <> '' FROM upgrade_state") == 1;
	}
	sqlite3_close(handle);
	free(u);
	return is_begun;
}

/* ---- In one go */

static enum status
note_nothing(struct db_copy *c)
{
	(void)c;
	return OK;
}

enum status
db_upgrade_into(const char *from, const char *to, bool is_forced, struct error *err)
{
	struct db_copy c = { .is_forced = is_forced };
	enum status st = UNAVAILABLE;
	int rc;

	if ((c.old = db_upgrade_open_old(from, &c.version, err)) == NULL)
		return err->status;
	if (db_read_begin(c.old) != OK)
		st = db_why(c.old, err);
	else if ((st = db_upgrade_check_old(c.old, c.version, err)) == OK &&
	    (st = db_upgrade_check_space(c.old, to, err)) == OK) {
		if ((rc = db_upgrade_make(to, "")) != SQLITE_OK)
			st = db_file_why(to, rc, NULL, err);
		else if ((c.new = db_upgrade_open_new(to, err)) == NULL)
			st = UNAVAILABLE;
	}
	while (st == OK && !db_upgrade_is_copied(&c))
		st = db_upgrade_copy_some(&c, note_nothing, err);
	db_close(c.new);
	db_close(c.old);
	return st;
}
