#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

/* Cuts the last n names off a path. */
static void
parent(char *path, int n)
{
	char *slash;

	while (n-- > 0 && (slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
}

static enum status
from_file(const char *file, char *out, struct why *why)
{
	static const char key[] = "DAYBOOK_DB=";
	char line[CONF_PATH_MAX + sizeof(key)];
	FILE *f = fopen(file, "re");
	enum status st;

	st = why_not(why, UNAVAILABLE, "no database named: DAYBOOK_DB is not set, and %s: %s", file,
	    f == NULL ? strerror(errno) : "has no line DAYBOOK_DB=…");
	if (f == NULL)
		return st;
	while (st != OK && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strncmp(line, key, sizeof(key) - 1) == 0 && line[sizeof(key) - 1] != '\0') {
			snprintf(out, CONF_PATH_MAX, "%.*s", CONF_PATH_MAX - 1, line + sizeof(key) - 1);
			st = OK;
		}
	}
	fclose(f);
	return st;
}

enum status
conf_database(char *out, struct why *why)
{
	const char *named = getenv("DAYBOOK_DB");
	char self[CONF_PATH_MAX], file[CONF_PATH_MAX + 16];
	ssize_t n;

	if (named != NULL && named[0] != '\0') {
		if (strlen(named) >= CONF_PATH_MAX)
			return why_not(why, UNAVAILABLE, "DAYBOOK_DB: too long");
		strcpy(out, named);
		return OK;
	}
	if ((n = readlink("/proc/self/exe", self, sizeof(self) - 1)) <= 0)
		return why_not(why, UNAVAILABLE, "no database named: DAYBOOK_DB is not set");
	self[n] = '\0';
	parent(self, 2);
	snprintf(file, sizeof(file), "%s/daybook.conf", self);
	return from_file(file, out, why);
}
