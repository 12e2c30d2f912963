/*
 * Inspects a database that comes from elsewhere as a whole before it is used: integrity and foreign keys by SQLite, its
 * schema against ours, then everything else by verify.  Only a file that passed replaces another.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include "admin/inspect_revoked.h"
#include <stdbool.h>

#include "base/arena.h"
#include "db/db_upgrade.h"
#include "store/actor.h"

/*
 * OK; or CONFLICT and the first thing that is wrong, with the number of differences; or UNAVAILABLE and why it cannot be
 * read.
 */
enum status	inspect(struct db *db, struct error *err) MUST_CHECK;

/* The same for a file that was put in its place by hand; one that passes counts as known from then on (db_accept). */
enum status	inspect_and_accept(struct db *db, struct error *err) MUST_CHECK;

/*
 * Replaces this live database with a backup: stages a copy of the backup, brings it to this schema and inspects it, records
 * the audit row and the time of the last backup in it, keeps the present database as *kept (in the arena; earlier kept ones
 * are removed), and then replaces the database in one step.  What was revoked since the backup stays revoked (*revoked).
 * is_forced accepts differences that verify finds.  A refusal leaves the database as it is.
 */
enum status	inspect_restore(struct db *db, struct arena *a, const char *from, bool is_forced, int64_t now,
		    const struct actor *by, const char **kept, struct inspect_revoked *revoked,
		    struct error *err) MUST_CHECK;

/* A turn of an upgrade: what it may do, and how far the upgrade is after it. */
struct upgrade_turn {
	int64_t until_ms;		/* instant_monotonic() after which nothing more is begun; INT64_MAX = to the end */
	bool is_forced;			/* accepts differences that verify finds */
	bool may_be_open;		/* by programs of an older version: they cannot be ended (db_upgrade_finish) */
	const char *kept;		/* the path that the old file gets; NULL = none */
	void (*progress)(const char *what, int64_t done, int64_t total);	/* may be NULL; total 0 = unknown */

	bool is_done;
	struct db_upgrade_state state;
	char kept_as[DB_UPGRADE_KEPT_MAX];	/* the path that whoever began the upgrade gave for the old file; "" = none */
};

/*
 * Upgrades a database to this schema, or does a turn of that: builds a new file beside it (db_upgrade.h), inspects that as a
 * whole, and gives it the path of the old one.  Neither done nor failed: another turn goes on, after a moment, because another
 * process may work on it.  The database is as it was until the upgrade is done.
 */
enum status	inspect_upgrade(const char *path, struct upgrade_turn *t, struct error *err) MUST_CHECK;

#endif
