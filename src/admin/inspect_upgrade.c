/*
 * The turns of an upgrade (see inspect.h): copies, inspects the copy, and only then touches the database.
 *
 * The inspection is that of any file from elsewhere, but for SQLite's check of the events, which cannot be interrupted: every
 * event is read by its index and its key, and compared with the digests that the copy has summed.
 */
#include <stdio.h>

#include "admin/inspect_parts.h"
#include "db/db_schema.h"
#include "time/instant.h"

enum { CHECK_MS = 1000 };

/* The last number of the record of a check (db_upgrade_check); the others are those of the cursor. */
enum { HAS_BEGUN = 1, IN_LEDGER = 2, IS_READ = 4, IS_DONE = 8 };

/* The schema is current: only a file that was put there by hand still needs its inspection. */
static enum status
check_current(const char *path, struct error *err)
{
	struct db *db = db_open(path, err);
	enum status st;

	if (db == NULL)
		return UNAVAILABLE;
	st = db_is_accepted(db) ? OK : inspect_and_accept(db, err);
	db_close(db);
	return st;
}

/* The shape of the new file.  The events are left to verify, which reads them by their index and compares their digests. */
static enum status
check_new_shape(struct db *db, struct error *err)
{
	enum status st = db_schema_check(db, err);

	return st == OK ? db_check_but_events(db, false, err) : st;
}

/* Verifies for about a second, and records how far that is, so that a process that is ended loses little. */
static enum status
verify_new(struct db_upgrade *u, struct verify_cursor *c, struct error *err)
{
	enum status st = inspect_verify_copy(db_upgrade_file(u), c, instant_monotonic() + CHECK_MS, err);

	if (st != OK)
		return st;
	return db_upgrade_set_check(u, &(struct db_upgrade_check) { { c->org, c->invariant, c->day,
	    HAS_BEGUN | (c->is_in_ledger ? IN_LEDGER : 0) | (c->is_read ? IS_READ : 0) | (c->is_done ? IS_DONE : 0) } }, err);
}

/* Checks the new file, or goes on with that, as long as there is time. */
static enum status
check_new(struct db_upgrade *u, struct upgrade_turn *t, struct error *err)
{
	const int64_t *at = t->state.check.number;
	struct verify_cursor c = { .org = at[0], .invariant = at[1], .day = at[2], .is_in_ledger = (at[3] & IN_LEDGER) != 0,
		.is_read = (at[3] & IS_READ) != 0, .is_done = (at[3] & IS_DONE) != 0 || t->is_forced };
	enum status st = OK;

	if (t->progress != NULL)
		t->progress("checking", 0, 0);
	if ((at[3] & HAS_BEGUN) == 0)
		st = check_new_shape(db_upgrade_file(u), err);
	while (st == OK && !c.is_done) {
		st = verify_new(u, &c, err);
		if (instant_monotonic() >= t->until_ms)
			break;
	}
	if (st == OK && c.is_done)
		st = db_upgrade_set_checked(u, err);
	t->state.is_checked = st == OK && c.is_done;
	return st;
}

/*
 * Copies, checks, and gives the new file the old one's path: the first of the three that is not done, and the next ones if at
 * least half of the time is left, because each begins with something that cannot be divided.
 */
static enum status
do_turn(struct db_upgrade *u, struct upgrade_turn *t, bool *is_stale, struct error *err)
{
	int64_t half_ms = instant_monotonic() / 2 + t->until_ms / 2;
	enum status st = OK;
	bool has_worked = false;

	if (!t->state.is_copied) {
		st = db_upgrade_copy(u, t->until_ms, t->is_forced, t->progress, &t->state, err);
		has_worked = true;
	}
	if (st == OK && t->state.is_copied && !t->state.is_checked &&
	    (!has_worked || instant_monotonic() < half_ms)) {
		st = check_new(u, t, err);
		has_worked = true;
	}
	if (st != OK || !t->state.is_checked || (has_worked && instant_monotonic() >= half_ms))
		return st;
	/* Programs that have the old file open take all the time of a turn: leaves that to the next one. */
	st = db_upgrade_finish(u, t->may_be_open && !has_worked, is_stale, err);
	return st != OK && t->may_be_open && has_worked && !db_upgrade_is_in_place(u) ? OK : st;
}

enum status
inspect_upgrade(const char *path, struct upgrade_turn *t, struct error *err)
{
	struct error found = { 0 };
	struct db_upgrade *u;
	enum status st;
	bool is_busy, is_stale = false;

	t->is_done = false;
	if ((st = db_upgrade_begin(path, t->kept, &u, &is_busy, &t->state, &found)) == OK) {
		if (u == NULL && is_busy)
			return OK;
		if (u == NULL) {
			t->is_done = true;
			return check_current(path, err);
		}
		snprintf(t->kept_as, sizeof(t->kept_as), "%s", db_upgrade_kept(u));
		st = do_turn(u, t, &is_stale, &found);
		t->is_done = db_upgrade_is_in_place(u);
		/* What cannot succeed is not kept; what was checked may still be of use. */
		db_upgrade_end(u, is_stale || (st != OK && !t->state.is_checked));
		if (is_stale)
			return OK;
	}
	return st == OK ? OK : inspect_rename_error(err, st, &found, path, path);
}
