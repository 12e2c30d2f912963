/*
 * What is to be done now and then, and needs no cron: the programs do it themselves, behind a reply that has gone out.
 *
 * 1. Failures past failure_retention_days are blanked, to the last.
 * 2. Where the setting backup_keep is not 0 and the last backup is a day old, one is made in DATABASE-backups/, by one
 *    process, and as many are kept; of a file that was put there by hand only after it was inspected (inspect.h).
 *
 * No request ever fails by it: what cannot be done is logged, and tried again an hour later.
 */
#ifndef MAINTENANCE_H
#define MAINTENANCE_H

#include "base/arena.h"
#include "db/db.h"

#define MAINTENANCE_EVERY_MS (60 * 60 * INT64_C(1000))	/* of each process that stays */

/* Whether there is anything of it to do.  In no transaction. */
bool	maintenance_is_due(struct db *db, struct arena *a, int64_t now);

/* In no transaction.  True where it stopped for the time being, with more to do. */
bool	maintenance(struct db *db, struct arena *a, int64_t now);

#endif
