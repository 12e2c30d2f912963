#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"

#define SYSTEM_FILE "/etc/daybook/daybook.conf"
#define KEY "DAYBOOK_DB="

/* Cuts the last n names off a path. */
static void
parent(char *path, int n)
{
	char *slash;

	while (n-- > 0 && (slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
}

/* A path of the file, from the root: a relative one begins at the file's own folder. */
static enum status
resolve(const char *file, const char *path, char *out, struct error *err)
{
	const char *slash = strrchr(file, '/');
	int folder = path[0] != '/' && slash != NULL ? (int)(slash - file) + 1 : 0;

	if (snprintf(out, CONF_PATH_MAX, "%.*s%s", folder, file, path) >= CONF_PATH_MAX)
		return error_set(err, UNAVAILABLE, "%s: DAYBOOK_DB: too long", file);
	return OK;
}

/* OK; NOT_FOUND where the file is not there or has no such line; else UNAVAILABLE and why. */
static enum status
from_file(const char *file, char *out, struct error *err)
{
	char line[CONF_PATH_MAX + sizeof(KEY) + 2];
	enum status st = NOT_FOUND;
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return errno == ENOENT || errno == ENOTDIR ? NOT_FOUND :
		    error_set(err, UNAVAILABLE, "%s: %s", file, strerror(errno));
	while (st == NOT_FOUND && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, KEY, sizeof(KEY) - 1) == 0 && line[sizeof(KEY) - 1] != '\0')
			st = resolve(file, line + sizeof(KEY) - 1, out, err);
	}
	if (st == NOT_FOUND && ferror(f))
		st = error_set(err, UNAVAILABLE, "%s: %s", file, strerror(errno));
	fclose(f);
	return st;
}

enum status
conf_search(const char *named, const char *const *files, char *out, struct error *err)
{
	char looked[ERROR_TEXT_MAX] = "";
	enum status st;

	if (named != NULL && named[0] != '\0') {
		if (strlen(named) >= CONF_PATH_MAX)
			return error_set(err, UNAVAILABLE, "DAYBOOK_DB: too long");
		memcpy(out, named, strlen(named) + 1);
		return OK;
	}
	for (; *files != NULL; files++) {
		if ((st = from_file(*files, out, err)) != NOT_FOUND)
			return st;
		snprintf(looked + strlen(looked), sizeof(looked) - strlen(looked), "%s%s", looked[0] != '\0' ? " or " : "",
		    *files);
	}
	return error_set(err, UNAVAILABLE, "no database named: DAYBOOK_DB is not set, and there is no line " KEY "… in %s", looked);
}

void
conf_folder(char *out)
{
	ssize_t n = readlink("/proc/self/exe", out, CONF_PATH_MAX - 1);

	out[n > 0 ? n : 0] = '\0';
	parent(out, 2);
}

enum status
conf_database(char *out, struct error *err)
{
	char folder[CONF_PATH_MAX], own[CONF_PATH_MAX + 16];
	const char *const files[] = { own, SYSTEM_FILE, NULL };

	conf_folder(folder);
	snprintf(own, sizeof(own), "%s/daybook.conf", folder);
	return conf_search(getenv("DAYBOOK_DB"), files, out, err);
}
