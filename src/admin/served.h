/*
 * Which folders a web server is known to serve, and whether a database lies in one: then anybody may download it.
 */
#ifndef SERVED_H
#define SERVED_H

#include <limits.h>

/* What a request tells about its web server; NULL = not known, or there is no request. */
struct served {
	const char *document_root;	/* DOCUMENT_ROOT */
	const char *context_root;	/* CONTEXT_DOCUMENT_ROOT: of an Alias, or of a user's folder */
};

enum served_by {
	SERVED_BY_NONE,
	SERVED_BY_ROOT,
	SERVED_BY_CONTEXT,
	SERVED_BY_PROGRAMS,	/* the folder above the programs, if it is also the one of the static files: the .htaccess layout */
};

/*
 * How a web server could serve a database, or one that is to be made there: its real path, or the folder that it is named in,
 * is in one of the known folders.  Then folder has the real path of that one.  A root that is "/" does not count.
 */
enum served_by	served_at(const char *path, const struct served *known, char folder[PATH_MAX]);

#endif
