/*
 * Backups that are kept for a while: FOLDER/NAME-YYYYMMDD-HHMMSS.db (UTC), the newest so many of them; NAME is the
 * database's own.
 */
#ifndef BACKUP_H
#define BACKUP_H

#include "base/arena.h"
#include "db/db.h"


/*
 * Makes one in the folder, which must be there, and then removes the oldest of that name pattern beyond `keep`; nothing
 * else is ever removed, and the new one never.  It has its name only when it is whole and on the disk.  *made is its path, in
 * the arena; *removed counts.  progress as of db_backup.  UNAVAILABLE and why where it could not be made, or an old
 * one not removed (then *made is not NULL).
 */
enum status	backup_rotate(struct db *db, struct arena *a, const char *folder, int keep, int64_t now,
		    void (*progress)(int64_t done, int64_t total), const char **made, int *removed, struct error *err);

/* Inside a write transaction: remembers when there was a good copy last. */
enum status	backup_note(struct db *db, struct arena *a, int64_t now, struct error *err);

#endif
