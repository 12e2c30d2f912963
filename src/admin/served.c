/* Whether a database lies in a folder that a web server serves (see served.h). */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/served.h"
#include "base/conf.h"

/* Whether a path is a folder or in it: /a/bc is not in /a/b. */
static bool
is_within(const char *real, const char *root)
{
	size_t n = strlen(root);

	return strncmp(real, root, n) == 0 && (real[n] == '/' || real[n] == '\0');
}

/*
 * Servers follow links, so both count: where the file is, and the folder that it is named in.  Of a file that is still to be
 * made, the nearest folder that exists decides.
 */
static bool
is_below(const char *path, const char *folder, char root[PATH_MAX])
{
	char at[PATH_MAX], real[PATH_MAX], *slash;

	if (folder == NULL || folder[0] == '\0' || realpath(folder, root) == NULL ||
	    strcmp(root, "/") == 0)	/* some servers report "/" if they have no root */
		return false;
	if (realpath(path, real) != NULL && is_within(real, root))
		return true;
	snprintf(at, sizeof(at), "%s", path);
	do {
		if ((slash = strrchr(at, '/')) == NULL)
			return realpath(".", real) != NULL && is_within(real, root);
		*slash = '\0';
	} while (realpath(slash == at ? "/" : at, real) == NULL && slash != at);
	return is_within(real, root);
}

/*
 * The folder above the programs, if a web server serves it: on shared hosting the static files lie there too.  An installed
 * system has them elsewhere.  "" if it is not served.
 */
static void
programs_folder(char folder[CONF_PATH_MAX])
{
	static const char *const files[] = { ".htaccess", "index.html" };
	char path[CONF_PATH_MAX + 16];
	bool is_served = false;

	conf_folder(folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		is_served = is_served || access(path, F_OK) == 0;
	}
	if (!is_served)
		folder[0] = '\0';
}

enum served_by
served_at(const char *path, const struct served *known, char folder[PATH_MAX])
{
	char programs[CONF_PATH_MAX];

	if (is_below(path, known->document_root, folder))
		return SERVED_BY_ROOT;
	if (is_below(path, known->context_root, folder))
		return SERVED_BY_CONTEXT;
	programs_folder(programs);
	return is_below(path, programs, folder) ? SERVED_BY_PROGRAMS : SERVED_BY_NONE;
}
