/*
 * One request from CGI variables and body to the bytes of the reply (see worker.h): the checks, the transaction, the handler,
 * and the log line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/worker.h"
#include "http/dialect.h"
#include "base/crypto.h"
#include "time/instant.h"
#include "base/log.h"
#include "http/reply.h"
#include "store/setting.h"

enum {
	LINE_MAX_BYTES = 512,	/* of a part of the log line of a request */
	HEAD_USUAL = 8 * 1024,	/* bytes; the headers of a reply, or the body of an error, are shorter */
	CHECKS_HOLD_US = 1000 * 1000,	/* the checks are made again if the body took longer */
	STRANGER_SECONDS = 2,	/* for the body of a request without a credential; only short ones are allowed at all */
};

void
worker_init(struct worker *w, const struct endpoint *endpoint)
{
	*w = (struct worker) { .endpoint = endpoint, .arena = arena_new(), .kept = kept_new(0),
		.transfer_seconds = atoi(setting_default(TRANSFER_SECONDS)) };
	buf_reserve(&w->head, HEAD_USUAL);	/* after a write was committed, its reply must not fail for lack of memory */
	buf_reserve(&w->last_head, HEAD_USUAL);
	buf_reserve(&w->last_body, HEAD_USUAL);
}

void
worker_free(struct worker *w)
{
	db_close(w->db);
	kept_free(w->kept);
	arena_free(w->arena);
	buf_free(&w->head);
	buf_free(&w->body);
	buf_free(&w->key);
	buf_free(&w->last_head);
	buf_free(&w->last_body);
}

static size_t
body_max(const struct req *r)
{
	return r->route->body_max > 0 ? r->route->body_max : BODY_MAX;
}

static enum status
too_large(struct req *r)
{
	return error_set(&r->err, TOO_LARGE, "body: longer than %zu bytes", body_max(r));
}

/* What the headers already say of the body: that it is too long, or of another type.  That of a GET is ignored. */
static enum status
check_announced(struct req *r)
{
	const char *length = req_env(r, "CONTENT_LENGTH");
	unsigned long long n;

	/* An invalid number is left to the comparison with what arrives. */
	if (length == NULL || length[strspn(length, "0123456789")] != '\0')
		return OK;
	if ((n = strtoull(length, NULL, 10)) > body_max(r))
		return too_large(r);
	return n > 0 && r->route->method != GET ? req_check_media(r) : OK;
}

/* Logs that the client was too slow, and who that is.  The path comes from the client, so it is quoted. */
static void
log_slow(const struct req *r, const char *what, size_t bytes)
{
	char path[256], org[96];

	log_info("event=slow what=%s program=%s path=%s bytes=%zu org=%s credential=%s", what, r->endpoint->name,
	    log_value(r->path, path, sizeof(path)), bytes, log_value(r->org, org, sizeof(org)),
	    r->caller.credential[0] != '\0' ? r->caller.credential : "-");
}

/* Turns what is known about the body into an outcome with a sentence, then makes the checks of its route (req_check_body). */
static enum status
check_body(struct req *r, enum status body_status)
{
	if (body_status == OK && r->body_n > body_max(r))
		body_status = TOO_LARGE;
	if (body_status == TOO_LARGE)
		return too_large(r);
	if (body_status == BAD_REQUEST)
		return error_set(&r->err, BAD_REQUEST, "body: shorter than its Content-Length");
	if (body_status == TOO_SLOW) {
		log_slow(r, "body", r->body_n);
		return error_set(&r->err, TOO_SLOW, "body: only %zu bytes arrived in time", r->body_n);
	}
	if (body_status == UNAVAILABLE) {
		log_error("event=body error=\"cannot be read to its end\"");
		return UNAVAILABLE;
	}
	return req_check_body(r);
}

/*
 * Makes the checks of the route.  A GET then runs its handler, and its body is ignored.  The body of other methods is still to
 * come; their handlers get no open transaction, because they start their own.
 */
static enum status
dispatch(struct worker *w, struct req *r)
{
	enum status st;

	if ((st = req_open(r)) != OK || (st = check_announced(r)) != OK || r->route->method != GET)
		return st;
	return (st = req_check_body(r)) == OK ? r->route->handle(r, &w->body) : st;
}

/*
 * Opens the database and handles the request in a read transaction, so that everything that a GET reads is of one moment.  If
 * the reply to this very request is kept and still holds, the checks are those that were made then, and w->again is that reply.
 */
static enum status
in_transaction(struct worker *w, struct req *r)
{
	enum status st;

	if (w->endpoint->needs_no_database)
		return dispatch(w, r);
	if ((st = worker_database(w, r, &r->err)) != OK) {
		r->trouble = db_opening_trouble();
		return st;
	}
	r->db = w->db;
	if ((st = db_read_begin(w->db)) != OK) {
		r->trouble = db_trouble(w->db);
		return st;
	}
	if ((r->version = db_version(w->db)) == 0)
		st = UNAVAILABLE;	/* not after another wait for the lock that it may have waited for */
	reply_key(r, &w->key);
	w->is_again = reply_find(r, &w->again);
	if (st == OK && !w->is_again && (st = worker_settings(w, r)) == OK)
		st = dispatch(w, r);
	if (st == UNAVAILABLE)
		r->trouble = db_trouble(w->db);
	db_read_end(w->db);
	return st;
}

/* A request of which nothing is known yet but its variables. */
static void
set_request(struct worker *w, char **env)
{
	struct req *r = &w->req;
	const char *method;

	*r = (struct req) { .endpoint = w->endpoint, .env = env, .arena = w->arena, .kept = w->kept, .now = instant_now(), .org = "",
		.media = "", .path = "", .epoch = "" };
	method = req_env(r, "REQUEST_METHOD");
	r->method = method != NULL && strlen(method) < 16 ? method : "?";
}

/* The log line of a request up to the time it took.  The path comes from the client, so it is quoted. */
static const char *
line_of(const struct req *r, enum status st, size_t bytes, char line[LINE_MAX_BYTES])
{
	char path[256];

	snprintf(line, LINE_MAX_BYTES, "event=request program=%s method=%s path=%s status=%d bytes=%zu", r->endpoint->name,
	    r->method, log_value(r->path, path, sizeof(path)), dialect_http(r, st), bytes);
	return line;
}

/* The organization comes from the client too. */
static void
log_reply(const char *line, int64_t us, const char *org)
{
	char text[96];

	log_info("%s us=%lld org=%s", line, (long long)us, log_value(org, text, sizeof(text)));
}

/* What the worker does after the reply: only requests with a credential trigger maintenance. */
static void
set_after(struct worker *w, bool has_caller, bool has_jobs)
{
	w->now = w->req.now;
	w->used_key = w->now >= w->note_use_at ? w->req.caller.used_key : 0;
	w->is_maintenance_due = w->now >= w->maintenance_at && has_caller;
	w->has_jobs = has_jobs;
}

/* The reply to an outcome, and the log line. */
static struct worker_reply
reply_to(struct worker *w, enum status st)
{
	struct req *r = &w->req;
	char line[LINE_MAX_BYTES];
	bool has_body;

	/* An error replaces whatever the handler has written, unless that is its own error reply. */
	if (status_http(st) >= 400 && !r->keeps_body)
		dialect_error(r, st, &w->body);
	has_body = reply_write(r, &st, &w->body, &w->head);
	log_reply(line_of(r, st, w->head.size + (has_body ? w->body.size : 0), line), w->spent_us, r->org);
	set_after(w, r->caller.credential[0] != '\0', r->has_jobs || st == ACCEPTED);
	reply_keep(r, st, &w->head, &w->body, has_body, line);
	return (struct worker_reply) { w->head.text, w->head.size, w->body.text, has_body ? w->body.size : 0 };
}

/* The reply that was kept, with this request's id.  What the log may say of the caller is set as the checks would have. */
static struct worker_reply
reply_again(struct worker *w)
{
	const struct reply_kept *again = &w->again;
	struct req *r = &w->req;

	r->org = again->org;
	memcpy(r->caller.credential, again->credential, strlen(again->credential) + 1);
	buf_put(&w->head, again->head, again->head_n);
	memcpy(w->head.text + again->id_at, r->id, strlen(r->id));
	log_caller(again->credential, again->name);
	log_reply(again->line, w->spent_us, again->org);
	set_after(w, again->credential[0] != '\0', again->has_jobs);
	return (struct worker_reply) { w->head.text, w->head.size, again->body, again->has_body ? again->body_n : 0 };
}

bool
worker_open(struct worker *w, char **env, struct worker_reply *reply)
{
	struct req *r = &w->req;
	enum status st;

	w->began_us = instant_monotonic_us();
	set_request(w, env);
	log_request(uuid7(r->now, r->id));
	buf_reset(&w->body);
	buf_reset(&w->head);
	/* From here to the reply, running out of memory is answered as this request. */
	w->current = r;
	w->is_again = false;
	st = in_transaction(w, r);
	w->spent_us = instant_monotonic_us() - w->began_us;
	if (st == OK && !w->is_again && r->route->method != GET)
		return false;
	*reply = w->is_again ? reply_again(w) : reply_to(w, st);
	return true;
}

size_t
worker_body_max(const struct worker *w)
{
	return body_max(&w->req);
}

int
worker_body_seconds(const struct worker *w)
{
	bool is_stranger = w->req.caller.credential[0] == '\0';

	return is_stranger && w->transfer_seconds > STRANGER_SECONDS ? STRANGER_SECONDS : w->transfer_seconds;
}

/* Makes the checks again if the body took its time: meanwhile the credential may have been revoked, or the day have ended. */
static enum status
check_again(struct worker *w, struct req *r)
{
	char id[sizeof(r->id)];

	if (instant_monotonic_us() - w->began_us < CHECKS_HOLD_US)
		return OK;
	memcpy(id, r->id, sizeof(id));
	set_request(w, r->env);
	memcpy(r->id, id, sizeof(id));
	return in_transaction(w, r);
}

/* Some editors and libraries put one in front of UTF-8; a reader of JSON may ignore it (RFC 8259), as `import` does. */
static void
skip_byte_order_mark(struct req *r)
{
	if (r->body_n >= 3 && memcmp(r->body, "\xef\xbb\xbf", 3) == 0) {
		r->body += 3;
		r->body_n -= 3;
	}
}

struct worker_reply
worker_answer(struct worker *w, const char *body, size_t n, enum status body_status)
{
	int64_t began_us = instant_monotonic_us();
	struct req *r = &w->req;
	enum status st = check_again(w, r);

	r->body = body;
	r->body_n = n;
	skip_byte_order_mark(r);
	if (st == OK && (st = check_body(r, body_status)) == OK)
		st = r->route->handle(r, &w->body);
	if (st == UNAVAILABLE && r->db != NULL)
		r->trouble = db_trouble(r->db);
	if (r->db != NULL)	/* a handler that only reads may have left it to us */
		db_read_end(r->db);
	w->spent_us += instant_monotonic_us() - began_us;
	return reply_to(w, st);
}

void
worker_end(struct worker *w, bool was_slow, size_t sent)
{
	if (was_slow && w->is_again)
		req_read_path(&w->req);	/* which nobody needed until now */
	if (was_slow)
		log_slow(&w->req, "reply", sent);
	log_request("");
	w->current = NULL;
	arena_reset(w->arena);
}

/*
 * Uses only memory that was reserved in worker_init.  Headers and tag of the reply that was being made do not belong to the
 * error, so they go.
 */
struct worker_reply
worker_out_of_memory(struct worker *w)
{
	static char *no_env[] = { NULL };
	struct req none = { .endpoint = w->endpoint, .env = no_env, .org = "", .path = "", .method = "?" };
	struct req *r = w->current != NULL ? w->current : &none;
	enum status st = UNAVAILABLE;
	char line[LINE_MAX_BYTES];
	bool has_body;

	if (w->db != NULL)
		db_write_abort(w->db);
	if (r == &none)		/* the body was still being read: there is no request yet */
		uuid7(instant_now(), none.id);
	r->etag[0] = '\0';
	r->header_count = 0;
	r->content_type = NULL;
	r->trouble = DB_NO_MEMORY;
	dialect_error(r, UNAVAILABLE, &w->last_body);
	has_body = reply_write(r, &st, &w->last_body, &w->last_head);
	log_reply(line_of(r, st, w->last_head.size, line), 0, r->org);
	return (struct worker_reply) { w->last_head.text, w->last_head.size, w->last_body.text, has_body ? w->last_body.size : 0 };
}
