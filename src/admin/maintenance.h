/*
 * Periodic maintenance without cron: run by the programs, after a reply has been sent.
 *
 * 1.  Blanks the phone number and the reason of failed contacts that are older than failure_retention_days.
 *    All that are due, if need be in several runs.
 * 2.  If the setting backup_keep is not 0 and the last backup is a day old, makes one in DATABASE-backups/ and keeps
 *    that many.  One process does it; a file that was put there by hand must pass its inspection first (inspect.h).
 * 3.  If the file of a time zone has other rules than before, brings the coming days of each organization up to date with it,
 *    from the organization's next day on (zone_rules.h).  If need be in several runs.
 *
 * No request fails because of it: what cannot be done is logged and tried again an hour later.
 *
 * Jobs (ledger/job.h) are not bound to the hour: after each reply, a program does a turn of one that is open.
 */
#ifndef MAINTENANCE_H
#define MAINTENANCE_H

#include "base/arena.h"
#include "db/db.h"

#define MAINTENANCE_EVERY_MS (60 * 60 * INT64_C(1000))	/* between two runs in one process, unless the first left work undone */

/* Whether there is anything to do.  Not inside a transaction. */
bool	maintenance_is_due(struct db *db, struct arena *a, int64_t now);

/*
 * Records that an API key was used today, if the writers' lock is free; whether that was done.  Not inside a transaction.
 */
bool	maintenance_note_use(struct db *db, int64_t api_key, int64_t now);

/* Does it.  True if it stopped early and has more to do.  Not inside a transaction. */
bool	maintenance(struct db *db, struct arena *a, int64_t now);

/* Does a turn of an open job, if one waits for its turn.  Not inside a transaction. */
void	maintenance_turn(struct db *db, struct arena *a);

#endif
