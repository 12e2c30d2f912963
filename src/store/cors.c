/*
 * Checks and searches the list of web origins.  A browser sends an origin in one form only, and
 * origins are compared byte by byte, so an entry in another form would never match: it is refused
 * with the reason.
 */
#include <stdlib.h>
#include <string.h>

#include "store/cors.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535, SHOWN_MAX = 100 };

/* The number of bytes of the host at text: a name, or an IPv6 address in brackets; 0 = none. */
static size_t
host_length(const char *text)
{
	size_t n;

	if (text[0] != '[')
		return strspn(text, LOWER DIGITS ".-_");
	n = 1 + strspn(text + 1, "abcdef" DIGITS ":.");
	return n > 2 && text[n] == ']' ? n + 1 : 0;
}

/* Whether a browser would leave this port out of the origin. */
static bool
is_default_port(const char *origin, long port)
{
	return (port == 443 && strncmp(origin, "https:", 6) == 0) || (port == 80 && strncmp(origin, "http:", 5) == 0);
}

/*
 * What is wrong with one origin, a text of n bytes; NULL = nothing.  Common mistakes come first, so
 * that each gets its own sentence; then the form is checked from left to right.
 */
static const char *
fault(const char *origin, size_t n)
{
	size_t scheme = strspn(origin, LOWER DIGITS "+.-"), host, digits;
	const char *at;
	long port;

	for (size_t i = 0; i < n; i++)
		if (origin[i] >= 'A' && origin[i] <= 'Z')
			return "write it in lower case, as browsers send it";
	/* A wildcard would also admit pages that the administrator has never heard of. */
	if (memchr(origin, '*', n) != NULL)
		return "wildcards are not allowed; name each origin";
	if (n == 4 && strncmp(origin, "null", 4) == 0)
		return "null is not allowed, because any page can have this origin";
	if (scheme == 0 || strspn(origin, LOWER) == 0 || strncmp(origin + scheme, "://", 3) != 0)
		return "must be scheme://host[:port]";
	at = origin + scheme + 3;
	if ((host = host_length(at)) == 0)
		return "must be scheme://host[:port]";
	at += host;
	if (*at == ':') {
		digits = strspn(at + 1, DIGITS);
		port = digits >= 1 && digits <= PORT_DIGITS_MAX ? strtol(at + 1, NULL, 10) : 0;
		if (port < 1 || port > PORT_MAX || at[1] == '0')
			return "the port must be a number from 1 to 65535";
		if (is_default_port(origin, port))
			return "leave out the default port, as browsers do";
		at += 1 + digits;
	}
	if (*at == '/')
		return "leave out the path and the slash at the end";
	/* Anything after the port, such as a query, is no part of an origin. */
	return at == origin + n ? NULL : "must be scheme://host[:port]";
}

enum status
cors_check(const char *origins, struct error *err)
{
	const char *wrong;
	size_t n;

	if (strlen(origins) > CORS_ORIGINS_BYTES_MAX)
		return error_set(err, BAD_REQUEST, "cors_origins: longer than %d bytes", CORS_ORIGINS_BYTES_MAX);
	for (; *(origins += strspn(origins, " ")) != '\0'; origins += n) {
		n = strcspn(origins, " ");
		if ((wrong = fault(origins, n)) != NULL)
			return error_set(err, BAD_REQUEST, "cors_origins: \"%.*s\": %s", (int)(n < SHOWN_MAX ? n : SHOWN_MAX),
			    origins, wrong);
	}
	return OK;
}

bool
cors_lists(const char *origins, const char *origin)
{
	size_t length = strlen(origin), n;

	for (; *(origins += strspn(origins, " ")) != '\0'; origins += n) {
		n = strcspn(origins, " ");
		if (n == length && memcmp(origins, origin, n) == 0)
			return true;
	}
	return false;
}
