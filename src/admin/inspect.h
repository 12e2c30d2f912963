/*
 * Inspects a database that comes from elsewhere as a whole before it is used: integrity and foreign keys by SQLite, its
 * schema against ours, then everything else by verify.  Only a file that passed replaces another.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "db/db.h"
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
 * are removed), and then replaces the database in one step. is_forced accepts differences that verify finds.  A refusal leaves
 * the database as it is.
 */
enum status	inspect_restore(struct db *db, struct arena *a, const char *from, bool is_forced, int64_t now,
		    const struct actor *by, const char **kept, struct error *err) MUST_CHECK;

/*
 * Upgrades a database to this schema, after a staged copy of it was upgraded and inspected.  *from is the version that it had.
 */
enum status	inspect_upgrade(const char *path, bool is_forced, int *from, struct error *err) MUST_CHECK;

#endif
