/*
 * Finds the database: the environment first, then the lines of configuration files, in order.
 *
 * A file that exists but cannot be read ends the search with an error.  Passing over it could open
 * another database than the administrator named, and nobody would notice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"

#define SYSTEM_FILE "/etc/daybook/daybook.conf"
#define KEY "DAYBOOK_DB="

/* Removes the last n components from a path. */
static void
parent(char *path, int n)
{
	char *slash;

	while (n-- > 0 && (slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
}

/*
 * Makes a path that a file names absolute: a relative one is relative to the file's own folder,
 * because the working directory of a CGI program is not the same on every web server.
 */
static enum status
resolve(const char *file, const char *path, char *out, struct error *err)
{
	const char *slash = strrchr(file, '/');
	int folder = path[0] != '/' && slash != NULL ? (int)(slash - file) + 1 : 0;

	if (snprintf(out, CONF_PATH_MAX, "%.*s%s", folder, file, path) >= CONF_PATH_MAX)
		return error_set(err, UNAVAILABLE, "%s: DAYBOOK_DB: too long", file);
	return OK;
}

/*
 * Reads the first line with a value.  OK; NOT_FOUND if the file does not exist or has no such line;
 * UNAVAILABLE and a reason if it cannot be read.
 */
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
		/* Accepts CRLF too: files on shared hosting are often edited on Windows. */
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, KEY, sizeof(KEY) - 1) == 0 && line[sizeof(KEY) - 1] != '\0')
			st = resolve(file, line + sizeof(KEY) - 1, out, err);
	}
	/* fgets ends the same way after a read error and at the end of the file. */
	if (st == NOT_FOUND && ferror(f))
		st = error_set(err, UNAVAILABLE, "%s: %s", file, strerror(errno));
	fclose(f);
	return st;
}

/* A variable that is set but empty counts as not set, as in most shells' scripts. */
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
	/* Collects the names of the files without such a line, for the error. */
	for (; *files != NULL; files++) {
		if ((st = from_file(*files, out, err)) != NOT_FOUND)
			return st;
		snprintf(looked + strlen(looked), sizeof(looked) - strlen(looked), "%s%s", looked[0] != '\0' ? " or " : "",
		    *files);
	}
	return error_set(err, UNAVAILABLE, "no database: DAYBOOK_DB is not set, and there is no line " KEY "… in %s", looked);
}

void
conf_folder(char *out)
{
	/* The program's path, not argv[0]: a web server may set that to anything. */
	ssize_t n = readlink("/proc/self/exe", out, CONF_PATH_MAX - 1);

	out[n > 0 ? n : 0] = '\0';
	/* Removes the program's name and its folder: /srv/daybook/cgi-bin/events.fcgi becomes /srv/daybook. */
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
