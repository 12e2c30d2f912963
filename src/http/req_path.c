/*
 * The path of a request, and whether the web server that passes it on has read Daybook's configuration (see req.h).
 */
#include <string.h>

#include "base/log.h"
#include "http/req.h"

enum { PATH_MAX_BYTES = 2048 };

/* Whether the web server was asked for the file of this program, and not for a path of a route. */
static bool
is_named_by_file(const struct req *r)
{
	const char *script = req_env(r, "SCRIPT_NAME");
	size_t n = script != NULL ? strlen(script) : 0;

	return n > 5 && strcmp(script + n - 5, ".fcgi") == 0;
}

/*
 * A web server that ignores .htaccess but runs CGI programs reaches the programs only by their own files, and serves every
 * other file beside them.  So such a call needs the proof that Daybook's configuration is in force: .htaccess and
 * lighttpd-cgi.conf set it for what they lead here themselves.  suexec passes on only variables whose names begin with HTTP_; a
 * client cannot set one with small letters, because servers write a header's name in capitals.  REDIRECT_ is what Apache
 * puts before the names of a RewriteRule's variables.
 */
static enum status
check_configuration(struct req *r)
{
	static const char *const proofs[] = { "DAYBOOK_ROUTES", "HTTP_daybook_routes", "REDIRECT_HTTP_daybook_routes" };

	if (!is_named_by_file(r))
		return OK;
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++)
		if (req_env(r, proofs[i]) != NULL)
			return OK;
	log_error("event=misconfigured reason=\"called by its file name: the web server ignores .htaccess, or has an old one\"");
	return error_set(&r->err, FORBIDDEN, "The web server ignores Daybook's configuration, so its programs refuse to run. "
	    "Upload the file .htaccess of this version, and let the server read it (AllowOverride All, mod_rewrite), or set "
	    "DAYBOOK_ROUTES=on where your configuration leads here");
}

/*
 * The path as far as routes are concerned: SCRIPT_NAME and PATH_INFO together.  Web servers split a path between the two in
 * different ways and Daybook may be mounted anywhere, so a route is compared with the tail of both.  (REQUEST_URI is raw, and
 * is not trusted for anything.)
 */
static const char *
full_path(struct req *r)
{
	const char *script = req_env(r, "SCRIPT_NAME"), *info = req_env(r, "PATH_INFO");

	script = script != NULL && !is_named_by_file(r) ? script : "";
	info = info != NULL ? info : "";
	if (strlen(script) + strlen(info) > PATH_MAX_BYTES)
		return "";
	return arena_printf(r->arena, "%s%s", script, info);
}

enum status
req_read_path(struct req *r)
{
	r->path = full_path(r);
	return check_configuration(r);
}
