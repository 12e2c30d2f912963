/*
 * The reply's headers and its ETag, which is a hash of all that the reply is made of (see reply.h).
 */
#include <stdio.h>
#include <string.h>

#include "store/cors.h"
#include "http/dialect.h"
#include "base/crypto.h"
#include "http/reply.h"
#include "http/reply_kept.h"
#include "base/version.h"

enum { TAG_BYTES = 18 };	/* of the SHA-256, as 24 characters */

/*
 * Appends the request in one spelling: known parameters only, in the order of the route's list, so that requests that differ
 * in nothing else share a tag.
 */
static void
put_request(const struct req *r, struct buf *key)
{
	struct json *j = json_on(key);
	const char *value;

	buf_put_text(key, r->endpoint->name);
	buf_put_text(key, r->route->path);
	for (size_t i = 0; i < r->in_path_count; i++)
		json_put_text(j, NULL, r->in_path[i].value);
	for (const char *const *name = r->route->query; name != NULL && *name != NULL; name++)
		if ((value = req_query(r, *name)) != NULL)
			json_put_text(j, *name, value);
	json_put_text(j, NULL, r->org);
	json_put_text(j, NULL, r->is_csv ? "text/csv" : r->is_html ? "text/html" : "application/json");
}

/*
 * Whether a list of tags has ours.  A web server that compresses the body may have appended -gzip or -br to it, so that the
 * tag may also end with "-"; W/ before the quote does not matter.
 */
static bool
lists_tag(const struct req *r, const char *have)
{
	const char *at;
	size_t n;

	if (strcmp(have, "*") == 0)
		return true;
	if (r->etag[0] == '\0')
		return false;
	n = strlen(r->etag) - 1;	/* without the closing quote */
	for (at = have; (at = strchr(at, '"')) != NULL; at++)
		if (strncmp(at, r->etag, n) == 0 && (at[n] == '"' || at[n] == '-'))
			return true;
	return false;
}

/* Whether the client's copy is the present reply: then 304 is enough. */
static bool
client_has(const struct req *r)
{
	const char *have = req_env(r, "HTTP_IF_NONE_MATCH");

	return have != NULL && lists_tag(r, have);
}

bool
reply_if_match(const struct req *r)
{
	const char *wanted = req_env(r, "HTTP_IF_MATCH");

	return wanted == NULL || lists_tag(r, wanted);
}

/* The tag of the request: a hash of the key. */
static void
set_tag(struct req *r, const struct buf *key)
{
	uint8_t digest[SHA256_SIZE];
	char tag[48];

	sha256(key->text, key->size, digest);
	snprintf(r->etag, sizeof(r->etag), "\"%s\"", base64url(digest, TAG_BYTES, tag));
}

void
reply_tag(struct req *r, const char *name, const int64_t *numbers, size_t n)
{
	struct buf key = { 0 };
	struct json *j = json_on(&key);

	json_put_text(j, NULL, r->epoch);
	json_put_text(j, NULL, version_build);
	json_put_text(j, NULL, name);
	for (size_t i = 0; i < n; i++)
		json_put_int(j, NULL, numbers[i]);
	set_tag(r, &key);
	buf_free(&key);
	r->is_kept = false;
}

bool
reply_cached(struct req *r, struct buf *body, int64_t revision, int64_t unchanged_until)
{
	struct buf key = { 0 };
	struct json *j = json_on(&key);

	json_put_text(j, NULL, r->epoch);
	json_put_int(j, NULL, revision);
	json_put_int(j, NULL, unchanged_until);
	/* Another build may write the same data differently. */
	json_put_text(j, NULL, version_build);
	put_request(r, &key);
	set_tag(r, &key);
	buf_free(&key);
	r->is_kept = true;
	r->unchanged_until = unchanged_until;
	/* There is nothing to make if the client's copy is good, or if the last reply to this request was the same. */
	return client_has(r) || reply_find_body(r, body);
}

static void
header(struct buf *head, const char *name, const char *value)
{
	buf_put_text(head, name);
	buf_put(head, ": ", 2);
	buf_put_text(head, value);
	buf_put(head, "\r\n", 2);
}

/*
 * What a browser asks before it sends the real request from a page of another origin.  The methods are those of Allow, which
 * choose_route has set.
 */
static void
preflight_headers(const struct req *r, struct buf *head)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (strcmp(r->headers[i].name, "Allow") == 0)
			header(head, "Access-Control-Allow-Methods", r->headers[i].value);
	header(head, "Access-Control-Allow-Headers", CORS_REQUEST_HEADERS);
	header(head, "Access-Control-Max-Age", CORS_MAX_AGE_S);
}

/*
 * Lets a page of a listed origin read the reply.  If there are such origins, replies differ by Origin, also for those that are
 * not listed.
 */
static void
cors_headers(const struct req *r, enum status st, struct buf *head)
{
	if (r->has_origins)
		header(head, "Vary", "Origin");
	if (r->origin == NULL)
		return;
	header(head, "Access-Control-Allow-Origin", r->origin);
	header(head, "Access-Control-Expose-Headers", CORS_REPLY_HEADERS);
	if (st == NO_CONTENT && strcmp(r->method, "OPTIONS") == 0 &&
	    req_env(r, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") != NULL)
		preflight_headers(r, head);
}

void
reply_cursor(struct req *r, const char *cursor)
{
	r->is_kept = false;
	if (cursor != NULL)
		req_add_header(r, "X-Next-Cursor", cursor);
}

static bool
has_header(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (strcmp(r->headers[i].name, name) == 0)
			return true;
	return false;
}

/*
 * What a browser may do with the reply.  "no-cache" lets it keep the reply if it asks each time whether it is still good;
 * "no-store" is for what must not stay on its disk.  A reply is data: if somebody opens it as a page, it loads and runs
 * nothing.  A page to print has its style sheet inside, and the page of /setup a policy of its own.
 */
static void
safety_headers(const struct req *r, bool is_page, struct buf *head)
{
	bool is_kept_from_caches = r->is_secret || (r->route != NULL && r->route->is_private);

	header(head, "X-Content-Type-Options", "nosniff");
	header(head, "Cache-Control", is_kept_from_caches ? "no-store" : "private, no-cache");
	if (!has_header(r, "Content-Security-Policy"))
		header(head, "Content-Security-Policy", is_page ? REPLY_PAGE_POLICY : REPLY_POLICY);
	if (!has_header(r, "Referrer-Policy"))
		header(head, "Referrer-Policy", "no-referrer");
}

/* The headers of the body.  Errors are JSON even if CSV or a page was asked for. */
static void
put_content(struct req *r, bool is_csv, bool is_page, const struct buf *body, struct buf *head)
{
	char text[128];

	if (is_csv) {
		header(head, "Content-Type", "text/csv; charset=utf-8");
		/* Neither name has a character that needs quoting. */
		snprintf(text, sizeof(text), "attachment; filename=\"%s-%s.csv\"", r->endpoint->name, r->org);
		header(head, "Content-Disposition", text);
	} else if (is_page)
		header(head, "Content-Type", "text/html; charset=utf-8");
	else
		header(head, "Content-Type", r->content_type != NULL ? r->content_type : "application/json; charset=utf-8");
	snprintf(text, sizeof(text), "%zu", body->size);
	header(head, "Content-Length", text);
}

bool
reply_write(struct req *r, enum status *outcome, const struct buf *body, struct buf *head)
{
	enum status st = *outcome;
	bool has_etag = (st == OK || st == CREATED) && r->etag[0] != '\0', has_body;
	bool is_get = r->route != NULL && r->route->method == GET;
	char text[64];
	int http;

	if (has_etag && is_get && client_has(r))
		*outcome = st = NOT_MODIFIED;	/* the last chance to save the body */
	has_body = st != NOT_MODIFIED && st != NO_CONTENT;

	http = dialect_http(r, st);
	snprintf(text, sizeof(text), "%d %s", http, http == 422 ? "Unprocessable Content" : status_phrase(st));
	header(head, "Status", text);
	header(head, "X-Request-Id", r->id);
	r->id_at = head->size - strlen(r->id) - 2;	/* it ends with CR and LF */
	safety_headers(r, r->is_html && st == OK, head);
	cors_headers(r, st, head);
	if (has_etag)
		header(head, "ETag", r->etag);
	if (r->is_by_accept && (st == OK || st == NOT_MODIFIED))
		header(head, "Vary", "Accept");
	if (st == UNAVAILABLE)
		header(head, "Retry-After", "1");
	for (size_t i = 0; i < r->header_count; i++)
		header(head, r->headers[i].name, r->headers[i].value);
	if (has_body)
		put_content(r, r->is_csv && st == OK, r->is_html && st == OK, body, head);
	buf_put(head, "\r\n", 2);
	return has_body && !r->is_head;
}
