/*
 * One request: how an endpoint describes itself, and what a handler may ask.
 *
 * An endpoint is a table of routes.  Its requirements are data, checked once, in this order: 405, 401, 403, 404, all before the
 * body is read; then 413, 415 (before it, if the headers say enough), 408 and 400 (422 in infodeck).
 */
#ifndef REQ_H
#define REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/kept.h"
#include "auth/auth.h"
#include "time/day.h"
#include "db/db.h"
#include "base/json.h"
#include "base/error.h"

#define BODY_MAX (256 * 1024)	/* bytes, if a route does not say otherwise */

#define SCOPE_ANY (1u << 30)	/* as a route's scope: any valid credential, even one of no organization */

enum method { GET = 1, POST = 2, PUT = 4, DELETE = 8 };	/* HEAD is served as GET, OPTIONS by choose_route */

enum dialect { TETHER, PINGRAM, INFODECK };

struct req;

struct route {
	enum method method;		/* 0 ends the table */
	const char *path;		/* `/organizations/{organizationId}/usage` */
	unsigned scope;			/* what the caller must have; 0 = open to everybody */
	enum status (*handle)(struct req *r, struct buf *body);	/* writes the body of the reply */
	const char *const *query;	/* the known parameters, NULL-ended; NULL = none */
	const char *const *media;	/* what the body may be, NULL-ended; NULL = application/json */
	size_t body_max;		/* bytes; 0 = BODY_MAX */
	bool has_csv;			/* `format` is among the parameters, and the reply may be CSV */
	bool has_html;			/* the same for a page to print */
	bool is_webhook;		/* a sender of CloudEvents may be sent here: req_allow_webhook */
	bool is_private;		/* its replies have phone numbers, keys, or who did what: no cache may keep them */
};

struct endpoint {
	const char *name;
	enum dialect dialect;
	bool refuses_unknown;		/* an unknown query parameter is a 400 that names it */
	bool needs_no_database;		/* all routes are open, and db is NULL in its requests */
	const struct route *routes;
};

enum { PARAMS_MAX = 16, HEADERS_MAX = 8 };

struct day_range {
	struct day from, to;	/* both included */
};

struct param {
	const char *name, *value;
};

struct req {
	/* For handlers. */
	struct db *db;		/* in a read transaction for GET, in none for other methods */
	struct arena *arena;
	struct kept *kept;	/* what this process keeps from one request to the next (base/kept.h); see also db_remember */
	int64_t now;
	struct caller caller;
	struct actor by;		/* the caller, for the audit and the ledger */
	const char *org;	/* the organization: that of the path, otherwise the caller's; "" on open routes */
	struct error err;
	const char *body;
	size_t body_n;
	const char *media;	/* of the body, in lower case, without parameters; "" = none */
	bool has_jobs;		/* jobs are open, so the reply is followed by a turn */
	bool is_secret;		/* this reply has a secret, or phone numbers: no cache but our own may keep it */
	bool keeps_body;	/* set by a handler that fails and has written the reply itself */
	const char *content_type;	/* of the reply; NULL = JSON, or CSV */
	bool is_csv, is_html;	/* the client wants CSV, or a page, and the handler must write that */
	enum db_trouble trouble;	/* why the outcome is UNAVAILABLE, if the database knows */
	const char *message;	/* tether's `message` of an error, if its contract fixes one; NULL = by the outcome */

	/* For serve, reply and dialect. */
	const struct endpoint *endpoint;
	const struct route *route;
	char **env;		/* CGI variables */
	const char *method, *path;	/* as the web server passes them */
	bool is_head;
	char id[40];		/* X-Request-Id */
	size_t id_at;		/* where the head of the reply has it */
	const char *epoch;	/* of the database; part of every ETag, so that no tag from before a restore matches */
	const char *origin;	/* origin of a page that may read the reply; NULL = none */
	bool has_origins;	/* such origins are configured, so replies differ by Origin */
	struct param query[PARAMS_MAX], in_path[2];
	size_t query_count, in_path_count;
	struct param headers[HEADERS_MAX];	/* of the reply, in addition to the usual ones */
	size_t header_count;
	char etag[48];		/* "" = none */
	bool is_by_accept;	/* the header Accept chose between JSON and CSV */
	bool is_kept;		/* the reply may be kept for the same request again: until this instant, if nothing is written */
	int64_t unchanged_until, version;	/* version: db_version of the request's reading */
	const struct buf *reply_key;	/* what it would be kept under; NULL = it is not */
};

/* ---- For handlers */

/* A query parameter, decoded; NULL if absent. */
const char	*req_query(const struct req *r, const char *name);
/* The value of a name in the path, such as `organizationId`. */
const char	*req_path(const struct req *r, const char *name);
/* A CGI variable, such as `HTTP_IF_MATCH`; NULL if absent or empty. */
const char	*req_env(const struct req *r, const char *name);

/* Typed parameters: BAD_REQUEST and an error that names the parameter. */
enum status	 req_day(struct req *r, const char *name, struct day *d);	/* required */
/*
 * A range of days, at most days_max of them (0 = any number).  If it is optional, an absent end leaves that of *range as the
 * caller has set it.
 */
enum status	 req_day_range(struct req *r, const char *from_name, const char *to_name, bool is_optional, int32_t days_max,
		    struct day_range *range);
enum status	 req_int(struct req *r, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *value);
/* Whether a parameter that can only be one word is there. */
enum status	 req_word(struct req *r, const char *name, const char *word, bool *is_there);

/* The body as a JSON object that may have only the known members (NULL-ended).  The caller frees it with json_object_free. */
enum status	 req_object(struct req *r, const char *const *known, struct json_object **o);

/*
 * Whether the caller may see what concerns the whole installation: a credential with the scope metrics, or an address in the
 * setting metrics_addresses.  For open routes.  OK; FORBIDDEN, or UNAUTHENTICATED if there is a credential that is not valid.
 */
enum status	 req_check_operator(struct req *r);

/*
 * Answers the handshake of a CloudEvents webhook: an OPTIONS by which a sender asks whether it may deliver here.  The senders in
 * the setting webhook_origins get the headers that allow it; to others the reply is as without the question.
 */
enum status	 req_allow_webhook(struct req *r);

/* Adds a header to the reply.  Both texts must remain valid until it is sent. */
void		 req_add_header(struct req *r, const char *name, const char *value);

/*
 * ---- For the worker: the checks that need no body, that of its media type, and those of a body that is whole. r->err says what
 * was wrong.
 */
enum status	 req_open(struct req *r);
void		 req_log_refused(const struct req *r, const char *why);
enum status	 req_check_media(struct req *r);
enum status	 req_check_body(struct req *r);
enum status	 req_read_query(struct req *r);
enum status	 req_read_path(struct req *r);	/* FORBIDDEN if the web server ignores Daybook's configuration */

/* Decodes %XX and + of a query or a form in place; false at a broken escape or a NUL. */
bool		 req_decode(char *text);

#endif
