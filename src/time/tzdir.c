/*
 * Finds the folder of zone files and reads its list of names.  The list decides which names are
 * zones, because the folder also contains copies of zones and other files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/arena.h"
#include "time/tzdir.h"

#define SYSTEM_FOLDER "/usr/share/zoneinfo"

enum { VERSION_SIZE = 32 };

/* ---- The folder */

/* Writes the path of a file in a folder; false if it is too long. */
static bool
join(const char *folder, const char *file, char *path)
{
	int n = snprintf(path, TZDIR_PATH_MAX, "%s/%s", folder, file);

	return n > 0 && n < TZDIR_PATH_MAX;
}

/* Whether a folder has a list of zones.  A folder without one may be empty, so the next one is tried. */
static bool
has_list(const char *folder)
{
	static const char *const lists[] = { "tzdata.zi", "zone1970.tab", "zone.tab", NULL };
	char path[TZDIR_PATH_MAX];

	for (const char *const *list = lists; *list != NULL; list++)
		if (join(folder, *list, path) && access(path, R_OK) == 0)
			return true;
	return false;
}

bool
tzdir_path(const char *file, char *path)
{
	const char *named = getenv("TZDIR");
	char home[CONF_PATH_MAX], own[TZDIR_PATH_MAX];

	if (named != NULL && named[0] != '\0')
		return join(named, file, path);
	if (has_list(SYSTEM_FOLDER))
		return join(SYSTEM_FOLDER, file, path);
	conf_folder(home);
	if (join(home, "zoneinfo", own) && has_list(own))
		return join(own, file, path);
	return join(SYSTEM_FOLDER, file, path);
}

/* Opens a file of the folder for reading; NULL and errno if it cannot. */
static FILE *
tzdir_open(const char *file)
{
	char path[TZDIR_PATH_MAX];

	if (!tzdir_path(file, path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "re");
}

/* ---- Its list of names */

enum listed { NO_LIST, NOT_LISTED, LISTED, UNREADABLE };

/*
 * Calls each for the names of a list until it returns true (then LISTED).  The list is tzdata.zi,
 * whose lines begin with a letter for their kind, or a table with the name in its third column.
 * The target is that of a link, else "".  A list that cannot be read must not look like no list,
 * because without a list every name is accepted.
 */
static enum listed
walk(const char *file, bool (*each)(const char *name, const char *target, void *arg), void *arg)
{
	bool is_zi = strcmp(file, "tzdata.zi") == 0;
	enum listed result = NOT_LISTED;
	char *line = NULL, word[TZDIR_NAME_MAX], target[TZDIR_NAME_MAX];
	size_t size = 0;
	bool found;
	FILE *f = tzdir_open(file);

	if (f == NULL)
		return errno == ENOENT ? NO_LIST : errno == EACCES ? NOT_LISTED : UNREADABLE;
	while (result == NOT_LISTED && getline(&line, &size, f) > 0) {
		found = false;
		target[0] = '\0';
		if (!is_zi && line[0] != '#')
			found = sscanf(line, "%*s %*s %63s", word) == 1;
		else if (is_zi && line[0] == 'Z')
			found = sscanf(line, "Z %63s", word) == 1;	/* Z NAME …: a zone */
		else if (is_zi && line[0] == 'L')
			found = sscanf(line, "L %63s %63s", target, word) == 2;	/* L TARGET NAME: a link */
		if (found && each(word, target, arg))
			result = LISTED;
	}
	/* getline ends the same way after a read error and at the end of the file. */
	if (result == NOT_LISTED && !feof(f))
		result = UNREADABLE;
	free(line);
	fclose(f);
	return result;
}

static bool
is_name(const char *name, const char *target, void *wanted)
{
	(void)target;
	return strcmp(name, wanted) == 0;
}

/*
 * Asks tzdata.zi; if there is none, the two tables together, for zone1970.tab leaves out zones that
 * agree since 1970.  *is_listed is valid if the function returns true.
 */
bool
tzdir_lists(const char *name, bool *is_listed)
{
	char wanted[TZDIR_NAME_MAX];
	enum listed zi, tab, tab_1970;

	*is_listed = false;
	if ((size_t)snprintf(wanted, sizeof(wanted), "%s", name) >= sizeof(wanted))
		return true;
	if ((zi = walk("tzdata.zi", is_name, wanted)) != NO_LIST) {
		*is_listed = zi == LISTED;
		return zi != UNREADABLE;
	}
	*is_listed = true;
	if (strcmp(name, "UTC") == 0 || strncmp(name, "Etc/", 4) == 0)
		return true;	/* the tables contain only zones that belong to a country */
	tab = walk("zone.tab", is_name, wanted);
	tab_1970 = walk("zone1970.tab", is_name, wanted);
	*is_listed = tab == LISTED || tab_1970 == LISTED || (tab == NO_LIST && tab_1970 == NO_LIST);
	return *is_listed || (tab != UNREADABLE && tab_1970 != UNREADABLE);
}

struct link {
	const char *name;
	char *target;
};

/* Keeps the target of the link that is looked for. */
static bool
is_link(const char *name, const char *target, void *arg)
{
	struct link *l = arg;

	if (target[0] == '\0' || strcmp(name, l->name) != 0)
		return false;
	snprintf(l->target, TZDIR_NAME_MAX, "%s", target);
	return true;
}

bool
tzdir_target(const char *name, char *target)
{
	struct link l = { name, target };

	return walk("tzdata.zi", is_link, &l) == LISTED;
}

struct walker {
	void (*each)(const char *name, void *arg);
	void *arg;
};

/* Passes a name on and never stops the walk. */
static bool
pass_on(const char *name, const char *target, void *arg)
{
	const struct walker *w = arg;

	(void)target;
	w->each(name, w->arg);
	return false;
}

void
tzdir_each(void (*each)(const char *name, void *arg), void *arg)
{
	struct walker w = { each, arg };

	if (walk("tzdata.zi", pass_on, &w) != NO_LIST)
		return;
	/* The tables do not have it; tzdata.zi does. */
	each("UTC", arg);
	walk("zone.tab", pass_on, &w);
	walk("zone1970.tab", pass_on, &w);
}

const char *
tzdir_version(void)
{
	static char version[VERSION_SIZE];
	FILE *f = tzdir_open("tzdata.zi");

	version[0] = '\0';
	if (f == NULL && errno == ENOMEM)	/* not the same as a folder without it: the release is stored with the spans */
		out_of_memory();
	if (f != NULL) {
		/* The first line of tzdata.zi is a comment such as `# version 2026f`. */
		if (fscanf(f, "# version %31[0-9A-Za-z.-]", version) != 1)
			version[0] = '\0';
		fclose(f);
	}
	return version;
}

int64_t
tzdir_modified_at(void)
{
	char path[TZDIR_PATH_MAX];
	struct stat list;

	if (!tzdir_path("tzdata.zi", path) || stat(path, &list) != 0)
		return 0;
	return list.st_mtim.tv_sec * INT64_C(1000);
}
