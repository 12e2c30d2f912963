/*
 * A database that comes from elsewhere, looked at as a whole before it is used: integrity and foreign keys by SQLite, its
 * schema beside ours, then everything by verify.  What is replaced, is replaced only by a file that passed.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "db/db.h"

/* OK, or CONFLICT (UNAVAILABLE if it cannot be read) and why: the first of what is wrong, and how much there is. */
enum status	inspect(struct db *db, struct error *err) MUST_CHECK;

/* The same of a file that was put in its place by hand; if it passes it is known from then on (db_accept). */
enum status	inspect_and_accept(struct db *db, struct error *err) MUST_CHECK;

/*
 * Puts a backup in the place of this live database: a staged copy of it is brought to this schema and inspected, the audit
 * and the time of the last backup are noted in it, the database as it is is kept as *kept (in the arena; of earlier ones none
 * is left), then it is replaced in one step.  is_forced: also if verify finds differences.  A refusal leaves the database
 * alone.
 */
enum status	inspect_restore(struct db *db, struct arena *a, const char *from, bool is_forced, int64_t now,
		    const char *credential, const char **kept, struct error *err) MUST_CHECK;

/* Brings a database to this schema, after a staged copy of it was upgraded and inspected.  *from is the version that it had. */
enum status	inspect_upgrade(const char *path, bool is_forced, int *from, struct error *err) MUST_CHECK;

#endif
