/*
 * The folder of zone files, and its list of names.  One folder is used for everything, never mixed
 * with another:
 *
 *	$TZDIR, if it is set;
 *	else /usr/share/zoneinfo, if it has a list of zones;
 *	else `zoneinfo` in the folder above the program's own, if it has one: for a host without zone files;
 *	else /usr/share/zoneinfo all the same.
 *
 * A list is tzdata.zi, zone1970.tab or zone.tab.
 */
#ifndef TZDIR_H
#define TZDIR_H

#include <stdbool.h>
#include <stdint.h>

#define TZDIR_PATH_MAX 1024	/* bytes of a file's path, including its NUL */
#define TZDIR_NAME_MAX 64	/* bytes of a zone's name, including its NUL */

/* Writes the path of a file in the folder into path (TZDIR_PATH_MAX bytes).  False if it is too long. */
bool		 tzdir_path(const char *file, char *path);

/*
 * Sets *is_listed to whether the folder's list has the name; without a list every name counts as
 * listed.  False if the list cannot be read.
 */
bool		 tzdir_lists(const char *name, bool *is_listed);

/*
 * If tzdata.zi says that the name is a link to another zone, writes that zone's name into target
 * (TZDIR_NAME_MAX bytes); false if it does not.
 */
bool		 tzdir_target(const char *name, char *target);

/* Calls each for every name of the list, in the list's order; a name may be repeated. */
void		 tzdir_each(void (*each)(const char *name, void *arg), void *arg);

/* The release, such as "2026f"; "" if the folder does not tell it.  The text is valid until the next call. */
const char	*tzdir_version(void);

/* When tzdata.zi was modified, an instant: its release is not younger.  0 if that is not known. */
int64_t		 tzdir_modified_at(void);

#endif
