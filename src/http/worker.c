/*
 * One request from CGI variables and body to the bytes of the reply (see worker.h): opening the database, the transaction,
 * the handler, the log line, and maintenance after it.
 */
#include <string.h>

#include "http/worker.h"
#include "base/conf.h"
#include "store/cors.h"
#include "db/db_schema.h"
#include "http/dialect.h"
#include "base/crypto.h"
#include "admin/doctor.h"
#include "admin/served.h"
#include "time/instant.h"
#include "base/log.h"
#include "http/reply.h"
#include "admin/maintenance.h"

enum { HEAD_USUAL = 8 * 1024 };	/* bytes; the headers of a reply, or the body of an error, are shorter */

void
worker_init(struct worker *w, const struct endpoint *endpoint)
{
	*w = (struct worker) { .endpoint = endpoint, .arena = arena_new() };
	buf_reserve(&w->head, HEAD_USUAL);	/* after a write was committed, its reply must not fail for lack of memory */
	buf_reserve(&w->last_head, HEAD_USUAL);
	buf_reserve(&w->last_body, HEAD_USUAL);
}

void
worker_free(struct worker *w)
{
	db_close(w->db);
	arena_free(w->arena);
	buf_free(&w->head);
	buf_free(&w->body);
	buf_free(&w->last_head);
	buf_free(&w->last_body);
}

size_t
worker_body_max(const struct endpoint *endpoint)
{
	size_t max = BODY_MAX;

	for (const struct route *r = endpoint->routes; r->method != 0; r++)
		if (r->body_max > max)
			max = r->body_max;
	return max;
}

/*
 * Logs what `daybook doctor` would report, once in the life of a process. err is why the database could not be opened, if it
 * could not.
 */
static void
log_installation(struct worker *w, const char *path, const struct error *err)
{
	struct doctor_context p = { .path = path, .err = err, .arena = w->arena, .now = instant_now() };

	if (w->is_installation_logged)
		return;
	w->is_installation_logged = true;
	if (w->db != NULL && db_read_begin(w->db) == OK)
		p.db = w->db;
	if (w->db == NULL || p.db != NULL)
		doctor_log(&p);
	if (p.db != NULL)
		db_read_end(w->db);
}

/*
 * Refuses a database below the document root, where the web server would serve it to everybody.  One that lies in another
 * folder that is known to be served is in use all the same, because older versions did not know that, but each opening is
 * logged.  Checked once after each opening, and only in a request, because only a request tells these folders.
 */
static enum status
check_location(struct worker *w, const struct req *r, struct error *err)
{
	char folder[PATH_MAX], text[ERROR_TEXT_MAX * 2];
	struct served known;
	enum served_by by;

	if (w->is_location_checked || r == NULL)
		return OK;
	known = (struct served) { req_env(r, "DOCUMENT_ROOT"), req_env(r, "CONTEXT_DOCUMENT_ROOT") };
	w->is_location_checked = known.document_root != NULL;
	if ((by = served_at(db_path(w->db), &known, folder)) == SERVED_BY_NONE)
		return OK;
	error_set(err, UNAVAILABLE, "%s: is below %s, which the web server serves, so anybody may download it", db_path(w->db),
	    folder);
	error_hint(err, "Move it into a folder that no web server serves.");
	if (by == SERVED_BY_ROOT) {
		db_close(w->db);
		w->db = NULL;
		return UNAVAILABLE;
	}
	log_error("event=database error=%s fix=\"Move it into a folder that no web server serves.\"",
	    log_value(err->text, text, sizeof(text)));
	*err = (struct error) { 0 };
	return OK;
}

/*
 * Whether the schema of a file that was put there by hand is ours: a foreign trigger would run with every write.  The next
 * command or maintenance inspects the whole file; that would take too long here.
 */
static enum status
check_schema(struct worker *w, struct error *err)
{
	struct error found = { 0 };
	enum status st = db_is_accepted(w->db) ? OK : db_schema_check(w->db, &found);

	if (st == OK)
		return OK;
	error_set(err, UNAVAILABLE, "%s: was put there by hand and fails its check: %.400s", db_path(w->db), found.text);
	error_hint(err, "%s", found.hint);
	db_close(w->db);
	w->db = NULL;
	return UNAVAILABLE;
}

/*
 * Opens the database, or keeps the one that is open if it is still the file that the path names: it may be created, replaced
 * or repaired while the program runs. r is NULL outside of a request.
 */
static enum status
open_database(struct worker *w, const struct req *r, struct error *err)
{
	char path[CONF_PATH_MAX] = "", text[ERROR_TEXT_MAX * 2], fix[ERROR_TEXT_MAX * 2];
	enum status st = OK;

	if (w->db != NULL && !db_is_in_place(w->db)) {
		db_close(w->db);
		w->db = NULL;
	}
	if (w->db == NULL) {
		w->is_location_checked = false;
		if ((st = conf_database(path, err)) == OK && (w->db = db_open(path, err)) == NULL)
			st = UNAVAILABLE;
		if (st == OK)
			st = check_schema(w, err);
		if (st != OK)
			log_installation(w, path, err);
	}
	if (st == OK)
		st = check_location(w, r, err);
	if (st != OK)
		log_error("event=database error=%s fix=%s", log_value(err->text, text, sizeof(text)),
		    log_value(err->hint, fix, sizeof(fix)));
	return st;
}

void
worker_start(struct worker *w)
{
	struct error err = { 0 };

	if (!w->endpoint->needs_no_database && open_database(w, NULL, &err) == OK)
		log_installation(w, db_path(w->db), &err);
	arena_reset(w->arena);
}

/* Turns what is known about the body into an outcome with a sentence, then makes the checks of its route (req_check_body). */
static enum status
check_body(struct req *r, enum status body_status)
{
	size_t max = r->route->body_max > 0 ? r->route->body_max : BODY_MAX;

	if (body_status == OK && r->body_n > max)
		body_status = TOO_LARGE;
	if (body_status == TOO_LARGE)
		error_set(&r->err, TOO_LARGE, "body: longer than %zu bytes", max);
	else if (body_status == BAD_REQUEST)
		error_set(&r->err, BAD_REQUEST, "body: shorter than its Content-Length");
	else if (body_status == UNAVAILABLE)
		log_error("event=body error=\"cannot be read to its end\"");
	return req_check_body(r, body_status);
}

/*
 * Reads the settings that concern every request, and whether a job waits for a turn after it.  Before the other checks, because
 * a page of another origin may read an error too.  If they cannot be read the request fails, because neither has a safe default.
 */
static enum status
read_epoch_and_origin(struct req *r)
{
	struct query *q = db_query(r->db, "SELECT name, value FROM setting WHERE name IN ('cors_origins', 'epoch') "
	    "UNION ALL SELECT 'job', org FROM job WHERE ended_at IS NULL");
	const char *origins = "", *origin = req_env(r, "HTTP_ORIGIN");

	while (query_step(q))
		if (strcmp(query_text(q, 0), "job") == 0)
			r->has_jobs = true;
		else
			*(strcmp(query_text(q, 0), "epoch") == 0 ? &r->epoch : &origins) = arena_strdup(r->arena, query_text(q, 1));
	r->has_origins = origins[0] != '\0';
	if (r->has_origins && origin != NULL && cors_lists(origins, origin))
		r->origin = origin;
	return query_done(q);
}

/*
 * Makes the checks of the route, then runs its handler.  A handler that may write gets no open transaction: it starts its own.
 */
static enum status
dispatch(struct worker *w, struct req *r, enum status body_status)
{
	enum status st;

	if ((st = req_open(r)) != OK || (st = check_body(r, body_status)) != OK)
		return st;
	if (r->db != NULL && r->route->method != GET)
		db_read_end(r->db);
	return r->route->handle(r, &w->body);
}

/*
 * Opens the database and handles the request in a read transaction, so that everything that a GET reads is of one moment.
 */
static enum status
in_transaction(struct worker *w, struct req *r, enum status body_status)
{
	enum status st;

	if (w->endpoint->needs_no_database)
		return dispatch(w, r, body_status);
	if ((st = open_database(w, r, &r->err)) != OK) {
		r->trouble = db_opening_trouble();
		return st;
	}
	r->db = w->db;
	if ((st = db_read_begin(w->db)) != OK) {
		r->trouble = db_trouble(w->db);
		return st;
	}
	if ((st = read_epoch_and_origin(r)) == OK)
		st = dispatch(w, r, body_status);
	if (st == UNAVAILABLE)
		r->trouble = db_trouble(w->db);
	db_read_end(w->db);
	return st;
}

/* Logs the request.  Path and organization come from the client, so they are quoted. */
static void
log_reply(const struct req *r, enum status st, size_t bytes, int64_t us)
{
	char path[256], org[96];

	log_info("event=request program=%s method=%s path=%s status=%d bytes=%zu us=%lld org=%s credential=%s",
	    r->endpoint->name, r->method, log_value(r->path, path, sizeof(path)), dialect_http(r, st), bytes,
	    (long long)us, log_value(r->org, org, sizeof(org)), r->caller.credential[0] != '\0' ? r->caller.credential : "-");
}

struct worker_reply
worker_handle(struct worker *w, char **env, const char *body, size_t n, enum status body_status)
{
	int64_t began_us = instant_monotonic_us();
	struct req r = { .endpoint = w->endpoint, .env = env, .arena = w->arena, .now = instant_now(), .body = body,
		.body_n = n, .org = "", .media = "", .path = "", .epoch = "" };
	const char *method = req_env(&r, "REQUEST_METHOD");
	enum status st;
	bool has_body;

	r.method = method != NULL && strlen(method) < 16 ? method : "?";
	log_request(uuid7(r.now, r.id));
	buf_reset(&w->body);
	buf_reset(&w->head);
	/* From here to the reply, running out of memory is answered as this request. */
	w->current = &r;
	st = in_transaction(w, &r, body_status);
	/* An error replaces whatever the handler has written, unless that is its own error reply. */
	if (status_http(st) >= 400 && !r.keeps_body)
		dialect_error(&r, st, &w->body);
	has_body = reply_write(&r, st, &w->body, &w->head);
	log_reply(&r, st, w->head.size + (has_body ? w->body.size : 0), instant_monotonic_us() - began_us);
	/* Only requests with a credential trigger maintenance. */
	w->now = r.now;
	w->is_maintenance_due = r.now >= w->maintenance_at && r.caller.credential[0] != '\0';
	w->has_jobs = r.has_jobs || st == ACCEPTED;
	log_request("");
	w->current = NULL;
	arena_reset(w->arena);
	return (struct worker_reply) { &w->head, has_body ? &w->body : NULL };
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
	has_body = reply_write(r, UNAVAILABLE, &w->last_body, &w->last_head);
	log_reply(r, UNAVAILABLE, w->last_head.size, 0);
	return (struct worker_reply) { &w->last_head, has_body ? &w->last_body : NULL };
}

/* Closes the database if there is work, because the child process that does it must open its own. */
bool
worker_leaves_work(struct worker *w)
{
	bool yes = w->is_maintenance_due && w->db != NULL && maintenance_is_due(w->db, w->arena, w->now);

	arena_reset(w->arena);
	w->is_maintenance_due = yes;
	if (!yes && !w->has_jobs)
		return false;
	db_close(w->db);
	w->db = NULL;
	return true;
}

/*
 * Runs maintenance if it is due, and a turn of a job.  The next run is due after an hour, or after the next request if this one
 * left something undone.
 */
void
worker_maintain(struct worker *w)
{
	struct error err = { 0 };

	if (!(w->is_maintenance_due || w->has_jobs) || open_database(w, NULL, &err) != OK)
		return;
	if (w->is_maintenance_due)
		w->maintenance_at = maintenance(w->db, w->arena, w->now) ? w->now : w->now + MAINTENANCE_EVERY_MS;
	if (w->has_jobs)
		maintenance_turn(w->db, w->arena);
	w->is_maintenance_due = w->has_jobs = false;
	arena_reset(w->arena);
}
