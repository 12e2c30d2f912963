/*
 * Settings of the installation, one row each: the table in setting.c lists them with their defaults.
 */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>

#include "base/arena.h"
#include "db/db.h"

#define BACKUP_KEEP_MAX 1000	/* of the setting backup_keep, and of `backup --keep` */

struct setting_facts {
	const char *name;
	const char *value;	/* the default */
	const char *meaning;
	int64_t min, max;	/* of a whole number; both 0 = a text */
	enum status (*check)(const char *value, struct error *err);	/* of a text; NULL = any */
};

/* The known settings; the list ends with a NULL name. */
extern const struct setting_facts settings[];

/* The value in force, in the arena.  The name must be known.  A value that cannot be read is never taken for the default. */
enum status	 setting_get(struct db *db, struct arena *a, const char *name, const char **value) MUST_CHECK;

/* Whether a row of the table could have been written by setting_set or by Daybook itself; else why. */
bool		 setting_is_sound(const char *name, const char *value, struct error *err);

/* Inside a write transaction.  BAD_REQUEST where the name is unknown or the value out of its range. */
enum status	 setting_set(struct db *db, const char *name, const char *value, struct error *err) MUST_CHECK;

#endif
