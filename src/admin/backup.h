/* Rotated backups: FOLDER/NAME-YYYYMMDD-HHMMSS.db (UTC), of which the newest are kept.  NAME is the database's own name. */
#ifndef BACKUP_H
#define BACKUP_H

#include "base/arena.h"
#include "db/db.h"


/*
 * Makes a backup in the folder, which must exist, and then removes the oldest of that name pattern beyond `keep`.  Removes
 * nothing else, and never the new one.  The backup has its name only when it is whole and on the disk.  *made is its path, in
 * the arena; *removed counts the old ones that went. progress is that of db_backup.  UNAVAILABLE and the reason if it could
 * not be made, or if an old one could not be removed (then *made is not NULL).
 */
enum status	backup_rotate(struct db *db, struct arena *a, const char *folder, int keep, int64_t now,
		    void (*progress)(int64_t done, int64_t total), const char **made, int *removed, struct error *err);

/* Inside a write transaction: records `now` as the time of the last good backup (the setting backup_at). */
enum status	backup_note(struct db *db, struct arena *a, int64_t now, struct error *err);

/* The same in a write transaction of its own. */
enum status	backup_record(struct db *db, struct arena *a, int64_t now, struct error *err) MUST_CHECK;

#endif
