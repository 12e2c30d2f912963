/*
 * Which foreign pages may read our replies (the Fetch standard's CORS): the setting cors_origins, exact origins
 * separated by blanks.  No wildcard, and no credentials of the browser's: a token is a header that a page sends itself.
 */
#ifndef CORS_H
#define CORS_H

#include <stdbool.h>

#include "base/error.h"

#define CORS_ORIGINS_BYTES_MAX 4096

/* What the methods of a preflight are good for, and for how many seconds a browser may remember them. */
#define CORS_REQUEST_HEADERS "Authorization, Content-Type, If-Match, If-None-Match, X-API-Key, X-Request-Id, Accept"
#define CORS_REPLY_HEADERS "ETag, Retry-After, X-Request-Id, X-Next-Cursor, WWW-Authenticate, Idempotent-Replayed"
#define CORS_MAX_AGE_S "600"

/*
 * BAD_REQUEST and why where the list has anything but origins as browsers send them: scheme://host[:port], lower case,
 * no path, no slash at the end, no default port.
 */
enum status	cors_check(const char *origins, struct error *err);

/* Whether the list has it. */
bool		cors_lists(const char *origins, const char *origin);

#endif
