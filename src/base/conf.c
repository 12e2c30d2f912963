/*
 * Finds the database and the other values: the environment first, then the lines of configuration files, in order.
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
#define DATABASE "DAYBOOK_DB"
#define MEMORY "DAYBOOK_REPLY_MEMORY"

enum { MEMORY_KIB = 256, MEMORY_KIB_MAX = 1024 * 1024, KEY_MAX = sizeof(MEMORY) + 1 };

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
		return error_set(err, UNAVAILABLE, "%s: " DATABASE ": too long", file);
	return OK;
}

/* A line of a file, and a byte more, by which one is known that is too long. */
typedef char line[CONF_PATH_MAX + KEY_MAX + 2];

/*
 * Reads the first line with a value for the key, and sets *value to where that begins.  OK; NOT_FOUND if the file does not exist
 * or has no such line; UNAVAILABLE and a reason if it cannot be read.
 */
static enum status
from_file(const char *file, const char *key, line text, const char **value, struct error *err)
{
	enum status st = NOT_FOUND;
	FILE *f = fopen(file, "re");
	size_t n = strlen(key);

	if (f == NULL)
		return errno == ENOENT || errno == ENOTDIR ? NOT_FOUND :
		    error_set(err, UNAVAILABLE, "%s: %s", file, strerror(errno));
	while (st == NOT_FOUND && fgets(text, sizeof(line), f) != NULL) {
		/* Accepts CRLF too: files on shared hosting are often edited on Windows. */
		text[strcspn(text, "\r\n")] = '\0';
		if (strncmp(text, key, n) == 0 && text[n] == '=' && text[n + 1] != '\0') {
			*value = text + n + 1;
			st = OK;
		}
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
	const char *value;
	enum status st;
	line text;

	if (named != NULL && named[0] != '\0') {
		if (strlen(named) >= CONF_PATH_MAX)
			return error_set(err, UNAVAILABLE, DATABASE ": too long");
		memcpy(out, named, strlen(named) + 1);
		return OK;
	}
	/* Collects the names of the files without such a line, for the error. */
	for (; *files != NULL; files++) {
		if ((st = from_file(*files, DATABASE, text, &value, err)) != NOT_FOUND)
			return st == OK ? resolve(*files, value, out, err) : st;
		snprintf(looked + strlen(looked), sizeof(looked) - strlen(looked), "%s%s", looked[0] != '\0' ? " or " : "",
		    *files);
	}
	return error_set(err, UNAVAILABLE, "no database: " DATABASE " is not set, and there is no line " DATABASE "=… in %s",
	    looked);
}

enum status
conf_search_memory(const char *named, const char *const *files, size_t *bytes, struct error *err)
{
	const char *value = named != NULL && named[0] != '\0' ? named : NULL;
	enum status st;
	size_t digits;
	line text;

	*bytes = MEMORY_KIB * 1024;
	for (; value == NULL && *files != NULL; files++)
		if ((st = from_file(*files, MEMORY, text, &value, err)) != OK && st != NOT_FOUND)
			return st;
	if (value == NULL)
		return OK;
	/* At most nine digits, so that strtoul cannot overflow. */
	digits = strspn(value, "0123456789");
	if (digits == 0 || digits > 9 || value[digits] != '\0' || strtoul(value, NULL, 10) > MEMORY_KIB_MAX)
		return error_set(err, BAD_REQUEST, MEMORY ": \"%.32s\" is no number of KiB from 0 to %d", value,
		    MEMORY_KIB_MAX);
	*bytes = (size_t)strtoul(value, NULL, 10) * 1024;
	return OK;
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

/* The two files: the program's own, whose path is written into `own`, and the system's. */
static void
set_files(char own[CONF_PATH_MAX + 16], const char *files[3])
{
	char folder[CONF_PATH_MAX];

	conf_folder(folder);
	snprintf(own, CONF_PATH_MAX + 16, "%s/daybook.conf", folder);
	files[0] = own;
	files[1] = SYSTEM_FILE;
	files[2] = NULL;
}

enum status
conf_database(char *out, struct error *err)
{
	char own[CONF_PATH_MAX + 16];
	const char *files[3];

	set_files(own, files);
	return conf_search(getenv(DATABASE), files, out, err);
}

enum status
conf_memory(size_t *bytes, struct error *err)
{
	char own[CONF_PATH_MAX + 16];
	const char *files[3];

	set_files(own, files);
	return conf_search_memory(getenv(MEMORY), files, bytes, err);
}
