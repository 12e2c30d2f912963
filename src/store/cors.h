/*
 * Which foreign pages may read our replies (CORS, in the Fetch standard): the setting cors_origins,
 * exact origins separated by blanks.  No wildcards, and no credentials that a browser adds by
 * itself: a page sends its token in a header.
 */
#ifndef CORS_H
#define CORS_H

#include <stdbool.h>

#include "base/error.h"

#define CORS_ORIGINS_BYTES_MAX 4096

/* The headers that a preflight allows and exposes, and for how many seconds a browser may remember them. */
#define CORS_REQUEST_HEADERS "Authorization, Content-Type, If-Match, If-None-Match, X-API-Key, X-Request-Id, Accept, " \
	"ce-id, ce-source, ce-specversion, ce-time, ce-type"
#define CORS_REPLY_HEADERS "ETag, Retry-After, X-Request-Id, X-Next-Cursor, WWW-Authenticate, Idempotent-Replayed"
#define CORS_MAX_AGE_S "600"

/*
 * BAD_REQUEST and a reason if the list has anything but origins as browsers send them:
 * scheme://host[:port] in lower case, without a path, a slash at the end or the scheme's default
 * port.
 */
enum status	cors_check(const char *origins, struct error *err);

/* Whether the list contains an origin. */
bool		cors_lists(const char *origins, const char *origin);

#endif
