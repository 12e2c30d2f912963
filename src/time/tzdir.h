/*
 * The folder of zone files, and the list of names that lies in it.  One folder is used whole, never mixed with another:
 *
 *	$TZDIR, where it is set;
 *	else /usr/share/zoneinfo, where it has a list of zones;
 *	else `zoneinfo` in the folder above the program's own, where that has one: a host without zone files;
 *	else /usr/share/zoneinfo all the same.
 *
 * A list is tzdata.zi, or zone1970.tab, or zone.tab.
 */
#ifndef TZDIR_H
#define TZDIR_H

#include <stdbool.h>

#define TZDIR_PATH_MAX 1024	/* bytes of a file's path, its NUL with it */

/* The path of a file in the folder, into path (TZDIR_PATH_MAX bytes).  False where it is too long. */
bool		 tzdir_path(const char *file, char *path);

/* Whether the folder's list has the name; where there is no list it has every name. */
bool		 tzdir_lists(const char *name, bool *is_listed);

/* Calls each for every name of the list, in the list's order; a name may come twice. */
void		 tzdir_each(void (*each)(const char *name, void *arg), void *arg);

/* The release, as "2026f"; "" where the folder does not say.  The text stands until the next call. */
const char	*tzdir_version(void);

#endif
