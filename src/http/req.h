/*
 * One request: what an endpoint says of itself, and what a handler may ask.
 *
 * An endpoint is a table of routes.  Its gates are data, checked once, in this order: 405, 401, 403,
 * 404, then 413, 415 and 400 (422 in infodeck).
 */
#ifndef REQ_H
#define REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "auth/auth.h"
#include "time/day.h"
#include "db/db.h"
#include "base/json.h"
#include "base/error.h"

#define BODY_MAX (256 * 1024)	/* bytes, where a route says nothing else */

#define SCOPE_ANY (1u << 30)	/* as a route's scope: any valid credential, even of no organisation */

enum method { GET = 1, POST = 2, PUT = 4, DELETE = 8 };	/* HEAD is served by GET, OPTIONS by serve */

enum dialect { TETHER, PINGRAM, INFODECK };

struct req;

struct route {
	enum method method;		/* 0 ends the table */
	const char *path;		/* `/organizations/{organizationId}/usage` */
	unsigned scope;			/* what the caller must have; 0 = open to anybody */
	enum status (*handle)(struct req *r, struct json *out);
	const char *const *query;	/* the known parameters, NULL-ended; NULL = none */
	const char *const *media;	/* what the body may be, NULL-ended; NULL = application/json */
	size_t body_max;		/* bytes; 0 = BODY_MAX */
	bool has_csv;			/* `format` is among the parameters, and the reply may be CSV */
};

struct endpoint {
	const char *name;
	enum dialect dialect;
	bool refuses_unknown;		/* query parameters that are not known: a 400 that names them */
	bool needs_no_database;		/* only open routes: db is NULL in its requests */
	const struct route *routes;
};

enum { PARAMS_MAX = 16, HEADERS_MAX = 8 };

struct param {
	const char *name, *value;
};

struct req {
	/* For handlers. */
	struct db *db;		/* in a read transaction for GET, in none for other methods */
	struct arena *arena;
	int64_t now;
	struct caller caller;
	const char *org;	/* whose: the path's organisation, else the caller's; "" on open routes */
	struct error err;
	const char *body;
	size_t body_n;
	const char *media;	/* of the body: lower case, without parameters; "" = none */
	bool is_secret;		/* what the reply says is said once: nobody may keep it */
	bool keeps_body;	/* a handler that fails sets it where what it wrote is the reply */
	const char *content_type;	/* of the reply; NULL = JSON, or CSV */
	bool is_csv;		/* the client wants CSV: what the handler writes is that */
	enum db_trouble trouble;	/* why it is UNAVAILABLE, if the database knows */
	const char *message;	/* tether's `message` of an error, where its contract fixes one; NULL = by the status */

	/* For serve, reply and dialect. */
	const struct endpoint *endpoint;
	const struct route *route;
	char **env;		/* CGI variables */
	const char *method, *path;	/* as the web server says */
	bool is_head;
	char id[40];		/* X-Request-Id */
	const char *epoch;	/* of the database: part of every ETag, so that no tag of before a restore fits */
	const char *origin;	/* the foreign page's that may read the reply; NULL = none */
	bool has_origins;	/* there are such pages: replies differ by Origin */
	struct param query[PARAMS_MAX], in_path[2];
	size_t query_count, in_path_count;
	struct param headers[HEADERS_MAX];	/* of the reply, besides the usual ones */
	size_t header_count;
	char etag[48];		/* "" = none */
	bool is_by_accept;	/* the header Accept chose between JSON and CSV */
	bool is_kept, is_cached;	/* the reply goes into the cache; its body came from there */
};

/* ---- For handlers */

/* A query parameter, decoded; NULL where absent. */
const char	*req_query(const struct req *r, const char *name);
/* A name of the path, as `organizationId`. */
const char	*req_path(const struct req *r, const char *name);
/* A CGI variable, as `HTTP_IF_MATCH`; NULL where absent or empty. */
const char	*req_env(const struct req *r, const char *name);

/* Typed parameters: BAD_REQUEST and the parameter's name in why. */
enum status	 req_day(struct req *r, const char *name, struct day *d);	/* required */
enum status	 req_int(struct req *r, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *value);

/* The body as a JSON object with no members but the known ones (NULL-ended).  Freed by json_object_free. */
enum status	 req_object(struct req *r, const char *const *known, struct json_object **o);

/* A header of the reply.  Texts must stand until it is sent. */
void		 req_add_header(struct req *r, const char *name, const char *value);

/* ---- For serve: the gates up to the body, and those of the body.  r->why says what was wrong. */
enum status	 req_open(struct req *r);
enum status	 req_check_body(struct req *r, enum status body_status);
enum status	 req_read_query(struct req *r);

/* Decodes %XX and + of a query or a form in place; false at a broken escape or a NUL. */
bool		 req_decode(char *text);

#endif
