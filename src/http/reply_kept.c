/* Whole replies (see reply_kept.h). */
#include <string.h>

#include "http/reply_kept.h"

enum { KEY_MAX = 4096 };	/* bytes; the reply to a request with a longer one is not kept */

static const char prefix[] = "reply";

/*
 * The CGI variables that a reply to a GET may depend on.  tests/lint compares them with those that the programs read; no such
 * reply depends on the others:
 *
 *	REMOTE_ADDR HTTP_FORWARDED HTTP_X_FORWARDED_FOR HTTP_VIA HTTP_X_REAL_IP	who may read /metrics and /health, which are not
 *		kept; the log of refusals
 *	DOCUMENT_ROOT CONTEXT_DOCUMENT_ROOT	whether the database is served: looked at before, in each request
 *	CONTENT_TYPE HTTP_CONTENT_ENCODING HTTP_TRANSFER_ENCODING	of the body, which a GET ignores
 *	HTTP_CE_SPECVERSION HTTP_CE_ID HTTP_CE_SOURCE HTTP_CE_TIME HTTP_CE_TYPE HTTP_WEBHOOK_REQUEST_ORIGIN	of POST and OPTIONS
 *	HTTP_IF_MATCH	of writes
 *	HTTP_HOST HTTPS REQUEST_SCHEME REQUEST_URI	the pages of /setup, which are not kept
 */
static const char *const variables[] = {
	"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_LENGTH", "HTTP_AUTHORIZATION", "HTTP_X_API_KEY",
	"HTTP_ACCEPT", "HTTP_IF_NONE_MATCH", "HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
	"DAYBOOK_ROUTES", "HTTP_daybook_routes", "REDIRECT_HTTP_daybook_routes",
};

/* What is kept; then follow head, body, and the line with its NUL. */
struct whole {
	int64_t version, at, until;	/* the state that it was made of, when, and until when it holds */
	char etag[sizeof(((struct req *)0)->etag)];
	char org[ID_MAX], credential[CREDENTIAL_MAX], name[ACTOR_NAME_MAX];
	size_t head_n, body_n, id_at;
	bool has_body, has_jobs, is_secret;
};

static bool
is_in_key(const char *variable)
{
	const char *v, *name;

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		for (v = variable, name = variables[i]; *v == *name && *v != '\0'; v++, name++)
			;
		if (*name == '\0' && *v == '=')
			return true;
	}
	return false;
}

/* The variables in the order of the web server, each with its NUL. */
void
reply_key(struct req *r, struct buf *key)
{
	size_t n;

	r->reply_key = NULL;
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		return;
	buf_reset(key);
	buf_put(key, prefix, sizeof(prefix));
	for (char **variable = r->env; *variable != NULL; variable++) {
		if (!is_in_key(*variable))
			continue;
		n = strlen(*variable) + 1;
		if (key->size + n > KEY_MAX)
			return;
		buf_put(key, *variable, n);
	}
	r->reply_key = key;
}

static struct whole *
find(const struct req *r)
{
	size_t n;

	return r->reply_key != NULL ? kept_find(r->kept, r->reply_key->text, r->reply_key->size, &n) : NULL;
}

/* Not before the instant at which it was made, if the clock has gone back: something may not have begun then. */
bool
reply_find(struct req *r, struct reply_kept *found)
{
	const struct whole *w = find(r);

	if (w == NULL || r->version == 0 || w->version != r->version || r->now < w->at || r->now >= w->until)
		return false;
	*found = (struct reply_kept) { .head = (const char *)(w + 1), .head_n = w->head_n, .body_n = w->body_n, .id_at = w->id_at,
		.org = w->org, .credential = w->credential, .name = w->name, .has_body = w->has_body, .has_jobs = w->has_jobs };
	found->body = found->head + w->head_n;
	found->line = found->body + w->body_n;
	return true;
}

/* The tag stands for all that the body is made of, so the body is this one although something else was committed since. */
bool
reply_find_body(struct req *r, struct buf *body)
{
	const struct whole *w = find(r);

	if (w == NULL || strcmp(w->etag, r->etag) != 0 || w->body_n == 0)
		return false;
	buf_put(body, (const char *)(w + 1) + w->head_n, w->body_n);
	r->is_secret = w->is_secret;
	return true;
}

/* Only what reply_cached has answered for, and only as long as the credential is good and its use need not be recorded. */
static bool
may_keep(const struct req *r, enum status st)
{
	return r->reply_key != NULL && r->version != 0 && r->is_kept && (st == OK || st == NOT_MODIFIED) &&
	    strlen(r->org) < ID_MAX && r->caller.known_until > r->now && r->unchanged_until > r->now;
}

static char *
append(char *to, const char *bytes, size_t n)
{
	if (n > 0)	/* a process that has made no body yet has no text for it */
		memcpy(to, bytes, n);
	return to + n;
}

void
reply_keep(struct req *r, enum status st, const struct buf *head, const struct buf *body, bool has_body, const char *line)
{
	size_t body_n = st == NOT_MODIFIED ? 0 : body->size, line_n = strlen(line) + 1;
	int64_t until = r->caller.known_until < r->unchanged_until ? r->caller.known_until : r->unchanged_until;
	struct whole *w;
	char *to;

	if (!may_keep(r, st) || !kept_is_again(r->kept, r->reply_key->text, r->reply_key->size) ||
	    (w = kept_put(r->kept, r->reply_key->text, r->reply_key->size, sizeof(*w) + head->size + body_n + line_n)) == NULL)
		return;
	*w = (struct whole) { .version = r->version, .at = r->now, .until = until, .head_n = head->size, .body_n = body_n,
		.id_at = r->id_at, .has_body = has_body, .has_jobs = r->has_jobs, .is_secret = r->is_secret };
	memcpy(w->etag, r->etag, sizeof(w->etag));
	memcpy(w->org, r->org, strlen(r->org) + 1);
	memcpy(w->credential, r->caller.credential, sizeof(w->credential));
	memcpy(w->name, r->caller.name, sizeof(w->name));
	to = append((char *)(w + 1), head->text, head->size);
	to = append(to, body->text, body_n);
	append(to, line, line_n);
}
