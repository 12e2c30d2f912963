/*
 * A request before its handler runs: its route, its caller, its body's type; and what a handler asks of it (see req.h).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "auth/link.h"
#include "http/cgi_env.h"
#include "http/negotiate.h"
#include "base/log.h"
#include "http/req.h"

enum { PEER_MAX = 80 };	/* bytes of an address in the log; cut if it is longer, which no address is */

const char *
req_env(const struct req *r, const char *name)
{
	return cgi_env(r->env, name);
}

static const char *
find(const struct param *params, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(params[i].name, name) == 0)
			return params[i].value;
	return NULL;
}

const char *
req_query(const struct req *r, const char *name)
{
	return find(r->query, r->query_count, name);
}

const char *
req_path(const struct req *r, const char *name)
{
	return find(r->in_path, r->in_path_count, name);
}

/* Drops a value with a line break, which would end the header and start another. */
void
req_add_header(struct req *r, const char *name, const char *value)
{
	if (r->header_count < HEADERS_MAX && strpbrk(value, "\r\n") == NULL)
		r->headers[r->header_count++] = (struct param) { name, value };
}

/* ---- The route */

/*
 * Compares a route with the tail of the path, from the end, one name at a time, and remembers what each {…} stood for. p and
 * q move through path and pattern together; a match needs all of the pattern and any part of the path before it.
 */
static bool
match(struct req *r, const char *pattern)
{
	const char *path = r->path, *p = path + strlen(path), *q = pattern + strlen(pattern);

	r->in_path_count = 0;
	while (q > pattern) {
		const char *p_end = p, *q_end = q;

		while (p > path && p[-1] != '/')
			p--;
		while (q > pattern && q[-1] != '/')
			q--;
		if (p == path || q == pattern)
			return false;
		/* A placeholder takes one name, which must not be empty. */
		if (*q == '{') {
			if (p == p_end || r->in_path_count == 2)
				return false;
			r->in_path[r->in_path_count++] = (struct param) {
				arena_text(r->arena, q + 1, (size_t)(q_end - q) - 2),
				arena_text(r->arena, p, (size_t)(p_end - p)) };
		} else if (p_end - p != q_end - q || strncmp(p, q, (size_t)(p_end - p)) != 0)
			return false;
		p--;
		q--;
	}
	return true;
}

/*
 * Finds the route by path and method.  A known path with another method is answered here: OPTIONS with the methods that it
 * has, others with 405.  NOT_FOUND is left to authorize, so that strangers get 401 and learn nothing about paths.
 */
static enum status
choose_route(struct req *r)
{
	static const struct {
		enum method method;
		const char *name;
	} methods[] = { { GET, "GET" }, { GET, "HEAD" }, { POST, "POST" }, { PUT, "PUT" }, { DELETE, "DELETE" } };
	unsigned wanted = 0, allowed = 0;
	bool is_webhook = false;
	const char *allow;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(r->method, methods[i].name) == 0)
			wanted = methods[i].method;
	r->is_head = strcmp(r->method, "HEAD") == 0;
	for (const struct route *route = r->endpoint->routes; route->method != 0; route++)
		if (match(r, route->path)) {
			allowed |= route->method;
			is_webhook |= route->is_webhook;
			if (route->method == wanted) {
				r->route = route;
				return OK;
			}
		}
	if (allowed == 0)
		return NOT_FOUND;
	/* Built from the end, so that the list has the order of the table, with HEAD after GET and OPTIONS last. */
	allow = "OPTIONS";
	for (size_t i = sizeof(methods) / sizeof(methods[0]); i-- > 0; )
		if (allowed & methods[i].method)
			allow = arena_printf(r->arena, "%s, %s", methods[i].name, allow);
	req_add_header(r, "Allow", allow);
	if (strcmp(r->method, "OPTIONS") == 0)
		return is_webhook ? req_allow_webhook(r) : NO_CONTENT;
	return error_set(&r->err, METHOD_NOT_ALLOWED, "%s: not allowed here; allowed: %s", r->method, allow);
}

/* ---- Who is asking */

/* The client learns only that its credential is not valid, the log why, and whose address the web server says it was. */
void
req_log_refused(const struct req *r, const char *why)
{
	const char *address = req_env(r, "REMOTE_ADDR");
	char peer[PEER_MAX], reason[ERROR_TEXT_MAX];

	log_info("event=refused peer=%s reason=%s", log_value(address != NULL ? address : "", peer, sizeof(peer)),
	    log_value(why, reason, sizeof(reason)));
}

/*
 * Decides whether the caller may use the route, and for which organization.  The order of the checks is the contract: the
 * credential first, then whether there is such a path, then scopes, then the organization.  Only the scope admin may name an
 * organization that is not its own.
 */
static enum status
authorize(struct req *r, const struct route *route)
{
	struct error err = { 0 };
	const char *named;
	enum status st;

	if (route != NULL && route->scope == 0)
		return OK;
	if (r->db == NULL)	/* without a database no caller is known */
		return error_set(&r->err, NOT_FOUND, "no such path");
	st = auth_check(r->db, r->arena, req_env(r, "HTTP_AUTHORIZATION"), req_env(r, "HTTP_X_API_KEY"), r->now,
	    &r->caller, &err);
	r->by = (struct actor) { r->caller.credential, r->caller.name };
	if (st == OK)
		log_caller(r->caller.credential, r->caller.name);
	/* The database failed: that is not the fault of the credential. */
	if (st != OK && st != UNAUTHENTICATED)
		return st;
	if (st != OK) {
		req_add_header(r, "WWW-Authenticate", "Bearer realm=\"daybook\", error=\"invalid_token\"");
		req_log_refused(r, err.text);
		return error_set(&r->err, st, "no valid credential");
	}
	if (route == NULL)
		return error_set(&r->err, NOT_FOUND, "no such path");
	if (route->scope == SCOPE_ANY) {
		r->org = r->caller.org;
		return r->org[0] == '\0' ? OK : auth_organization(r->db, &r->caller, r->org, &r->err);
	}
	if ((st = link_refuse(&r->caller, &r->err)) != OK)
		return st;
	if ((r->caller.scopes & route->scope) != route->scope) {
		req_add_header(r, "WWW-Authenticate", "Bearer realm=\"daybook\", error=\"insufficient_scope\"");
		return error_set(&r->err, FORBIDDEN, "the credential lacks the scope %s",
		    scopes_format(r->arena, route->scope));
	}
	named = req_path(r, "organizationId");
	r->org = named != NULL ? named : r->caller.org;
	if (r->org[0] == '\0')
		return error_set(&r->err, FORBIDDEN, "the credential names no organization");
	if (strcmp(r->org, r->caller.org) != 0 && !(r->caller.scopes & SCOPE_ADMIN))
		return error_set(&r->err, FORBIDDEN, "the credential belongs to another organization");
	/* Whether there is such an organization is checked before what is asked of it. */
	return auth_organization(r->db, &r->caller, r->org, &r->err);
}

enum status
req_open(struct req *r)
{
	enum status st;

	r->org = "";
	r->media = "";
	if ((st = req_read_path(r)) != OK)
		return st;
	/* A wrong method and OPTIONS need no credential; to learn that a path does not exist takes one. */
	if ((st = choose_route(r)) != OK && st != NOT_FOUND)
		return st;
	if ((st = authorize(r, r->route)) != OK)
		return st;
	return OK;
}

/* A body that a sender has compressed would otherwise be called bad JSON.  Bodies are short, so none needs to be. */
static enum status
check_encoding(struct req *r)
{
	const char *encoding = req_env(r, "HTTP_CONTENT_ENCODING");

	if (encoding == NULL || strcasecmp(encoding, "identity") == 0)
		return OK;
	req_add_header(r, "Accept-Encoding", "identity");
	return error_set(&r->err, UNSUPPORTED_MEDIA, "Content-Encoding: \"%.64s\" is not supported; send the body as it is",
	    encoding);
}

/* Compares the media type alone, without parameters such as charset, in any case of letters. */
enum status
req_check_media(struct req *r)
{
	static const char *const json_only[] = { "application/json", NULL };
	const char *const *media = r->route->media != NULL ? r->route->media : json_only;
	const char *type = req_env(r, "CONTENT_TYPE");
	char *lower = arena_strdup(r->arena, type != NULL ? type : "");

	if (check_encoding(r) != OK)
		return UNSUPPORTED_MEDIA;
	lower[strcspn(lower, "; \t")] = '\0';
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	r->media = lower;
	while (*media != NULL && strcmp(*media, lower) != 0)
		media++;
	if (*media == NULL)
		return error_set(&r->err, UNSUPPORTED_MEDIA, "Content-Type: \"%.64s\" is not supported; use %s", lower,
		    r->route->media != NULL ? r->route->media[0] : json_only[0]);
	return OK;
}

/* A GET may have a body, which is ignored. */
enum status
req_check_body(struct req *r)
{
	enum status st = r->route->method != GET && r->body_n > 0 ? req_check_media(r) : OK;

	if (st != OK || (st = req_read_query(r)) != OK || !r->route->has_csv)
		return st;
	return negotiate_format(r);
}

/* ---- Typed parameters */

enum status
req_day(struct req *r, const char *name, struct day *d)
{
	const char *text = req_query(r, name);

	if (text == NULL)
		return error_set(&r->err, BAD_REQUEST, "%s: required", name);
	if (!day_parse(text, d))
		return error_set(&r->err, BAD_REQUEST, "%s: not a date (YYYY-MM-DD)", name);
	return OK;
}

/* The hints are for the dialects that show one. */
enum status
req_day_range(struct req *r, const char *from_name, const char *to_name, bool is_optional, int32_t days_max,
    struct day_range *range)
{
	enum status st = OK;

	if (!is_optional || req_query(r, from_name) != NULL)
		st = req_day(r, from_name, &range->from);
	if (st == OK && (!is_optional || req_query(r, to_name) != NULL))
		st = req_day(r, to_name, &range->to);
	if (st != OK) {
		error_hint(&r->err, "Give %s and %s as YYYY-MM-DD.", from_name, to_name);
		return st;
	}
	if (range->to.n < range->from.n) {
		st = error_set(&r->err, BAD_REQUEST, "%s: must not be earlier than %s", to_name, from_name);
		error_hint(&r->err, "Swap the two dates.");
	} else if (days_max > 0 && range->to.n - range->from.n >= days_max)
		st = error_set(&r->err, BAD_REQUEST, "%s: must be less than %d days after %s", to_name, days_max, from_name);
	return st;
}

/* At most 16 digits, so that strtoll cannot overflow; min and max decide the rest. */
enum status
req_int(struct req *r, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *value)
{
	const char *text = req_query(r, name);
	size_t digits;

	*value = absent;
	if (text == NULL)
		return OK;
	digits = strspn(text + (text[0] == '-'), "0123456789");
	if (digits == 0 || digits > 16 || text[digits + (text[0] == '-')] != '\0')
		return error_set(&r->err, BAD_REQUEST, "%s: not an integer", name);
	*value = strtoll(text, NULL, 10);
	if (*value < min || *value > max)
		return error_set(&r->err, BAD_REQUEST, "%s: must be from %lld to %lld", name, (long long)min,
		    (long long)max);
	return OK;
}

enum status
req_word(struct req *r, const char *name, const char *word, bool *is_there)
{
	const char *text = req_query(r, name);

	*is_there = text != NULL;
	if (text != NULL && strcmp(text, word) != 0)
		return error_set(&r->err, BAD_REQUEST, "%s: must be %s, or left out", name, word);
	return OK;
}

/*
 * Checks that the whole body is JSON of one object before any member is read; an unknown member is an error, because it may
 * be a misspelt one.
 */
enum status
req_object(struct req *r, const char *const *known, struct json_object **o)
{
	enum status st;

	if (r->body_n == 0)
		return error_set(&r->err, BAD_REQUEST, "body: empty; a JSON object is needed");
	if ((st = json_check("body", r->body, r->body_n, &r->err)) != OK)
		return st;
	if (json_kind(r->body, r->body_n) != '{')
		return error_set(&r->err, BAD_REQUEST, "body: not a JSON object");
	if ((st = json_parse(r->arena, "", r->body, r->body_n, o, &r->err)) != OK)
		return st;
	if ((st = json_known(*o, known, &r->err)) != OK)
		json_object_free(*o);
	return st;
}
