/*
 * Settings of the installation, one row each: the table in setting.c lists them with their defaults.
 */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>

#include "base/arena.h"
#include "db/db.h"
#include "store/actor.h"

#define TRANSFER_SECONDS "transfer_seconds"	/* the name of that setting */
#define ORGANIZATION_CLAIM "organization_claim"
#define SCOPE_CLAIM "scope_claim"
#define KEY_SOURCES "key_sources"
#define CLAIM_NAME_MAX 128	/* bytes of a claim's name, as json_check bounds a key */
#define BACKUP_KEEP_MAX 1000	/* the maximum of the setting backup_keep and of `backup --keep` */

struct setting_facts {
	const char *name;
	const char *value;	/* the default */
	const char *meaning;
	int64_t min, max;	/* the range of a whole number; both 0 = a text */
	enum status (*check)(const char *value, struct error *err);	/* for a text; NULL = any text is valid */
	bool is_record;	/* Daybook itself maintains it; an operator cannot set it */
};

/* Whether the name is of a known setting that Daybook itself maintains. */
bool		 setting_is_record(const char *name);

/* The known settings; the list ends with a NULL name. */
extern const struct setting_facts settings[];

/*
 * The value in force, in the arena.  The name must be known.  If the value cannot be read, returns
 * the failure, so that nobody takes the default for it.
 */
enum status	 setting_get(struct db *db, struct arena *a, const char *name, const char **value) MUST_CHECK;

/* The default of a known name. */
const char	*setting_default(const char *name);

/* Whether setting_set or Daybook itself could have written a row of the table; if not, err says why. */
bool		 setting_is_sound(const char *name, const char *value, struct error *err);

/*
 * Sets a value that Daybook itself chose; inside a write transaction.  BAD_REQUEST if the name is unknown or the value is not
 * valid.
 */
enum status	 setting_set(struct db *db, const char *name, const char *value, struct error *err) MUST_CHECK;

/* The same for a value that an operator chose, with an audit row. */
enum status	 setting_change(struct db *db, const char *name, const char *value, int64_t now, const struct actor *by,
		    struct error *err) MUST_CHECK;

#endif
