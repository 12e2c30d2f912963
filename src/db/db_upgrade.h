/*
 * Brings a database of an older schema version to this one: builds a complete new file beside the old one, and gives it the
 * old one's name when it has been checked.
 *
 *	begin -> copy, as often as it takes -> (the caller inspects the new file) -> finish -> end
 *
 * 1. The old file is only read until the new one takes its place, so a kill at any moment leaves the old file whole or the
 *    new file whole at the path.
 * 2. The unfinished file, PATH-upgrading, is held by a lock while a process works on it.  It contains what is done, so
 *    another process can continue after this one has ended, in whatever way.
 * 3. It belongs to the state of the old file from which it was begun.  If a program of an older version writes to the old file
 *    meanwhile, the upgrade discards the unfinished file and starts over.
 */
#ifndef DB_UPGRADE_H
#define DB_UPGRADE_H

#include "db/db.h"

#define DB_UPGRADE_KEPT_MAX 4096	/* bytes of a path */

struct db_upgrade;

/* How far the inspection of the new file is, in numbers of whoever inspects it; all 0 = at the beginning. */
struct db_upgrade_check {
	int64_t number[4];
};

/* What is known of an upgrade: the rows that are copied, and all of them. */
struct db_upgrade_state {
	int from;		/* the schema version of the old file */
	bool is_copied;		/* nothing is left but the check and the new name */
	bool is_checked;
	struct db_upgrade_check check;
	int64_t done, total;
};

/*
 * Takes or continues an upgrade.  *u is NULL if there is nothing to do for this process: *is_busy says whether that is because
 * another process works on it now; if not, the file has this version already.  state->from is its version.  `kept` (may be
 * NULL) is a path that the old file gets in the end.  Before it makes the new file, checks that the old one is sound and that the
 * disk has room.  CONFLICT if the file cannot be upgraded; UNAVAILABLE and a reason.
 */
enum status	 db_upgrade_begin(const char *path, const char *kept, struct db_upgrade **u, bool *is_busy,
		    struct db_upgrade_state *state, struct error *err) MUST_CHECK;

/*
 * Copies some rows at least, and then on until everything is copied or instant_monotonic() has passed until_ms.  CONFLICT if rows
 * of a file of version 3 are not those that its digests were made of, unless it is forced: new digests would hide that.
 */
enum status	 db_upgrade_copy(struct db_upgrade *u, int64_t until_ms, bool is_forced,
		    void (*progress)(const char *what, int64_t done, int64_t total), struct db_upgrade_state *state,
		    struct error *err) MUST_CHECK;

/* The new file, to be inspected when it is copied; and the record of how far it is, or that it is done. */
struct db	*db_upgrade_file(struct db_upgrade *u);
enum status	 db_upgrade_set_check(struct db_upgrade *u, const struct db_upgrade_check *check, struct error *err) MUST_CHECK;
enum status	 db_upgrade_set_checked(struct db_upgrade *u, struct error *err) MUST_CHECK;

/*
 * Gives the checked file the path of the old one, under the writers' lock.  *is_stale: the old file was changed meanwhile, so
 * that nothing was done, and the upgrade must start over.  UNAVAILABLE also if another program has the old file open, unless it
 * may: then programs of an older version are kept from writing to it, which takes some seconds.
 */
enum status	 db_upgrade_finish(struct db_upgrade *u, bool may_be_open, bool *is_stale, struct error *err) MUST_CHECK;

/* Whether the new file has the path. */
bool		 db_upgrade_is_in_place(const struct db_upgrade *u);

/* The name that the old file gets; "" = none.  It was chosen by whoever began the upgrade. */
const char	*db_upgrade_kept(const struct db_upgrade *u);

/* Ends this process's work on it.  is_given_up removes the unfinished file; otherwise somebody may continue, if it can be. */
void		 db_upgrade_end(struct db_upgrade *u, bool is_given_up);

/* Whether an upgrade of this file that keeps the old one under a name (see `kept`) is unfinished. */
bool		 db_upgrade_is_begun(const char *path);

/* The same copy in one go, from a file of an older version into the empty file `to`, which the caller has made and holds. */
enum status	 db_upgrade_into(const char *from, const char *to, bool is_forced, struct error *err) MUST_CHECK;

#endif
