#include <string.h>
#include <time.h>

#include "answer.h"
#include "conf.h"
#include "cors.h"
#include "dialect.h"
#include "digest.h"
#include "doctor.h"
#include "instant.h"
#include "log.h"
#include "reply.h"
#include "setting.h"
#include "upkeep.h"

void
answer_init(struct answerer *a, const struct endpoint *endpoint)
{
	*a = (struct answerer) { .endpoint = endpoint, .arena = arena_new() };
	json_init(&a->head);
	json_init(&a->body);
}

void
answer_free(struct answerer *a)
{
	db_close(a->db);
	arena_free(a->arena);
	json_free(&a->head);
	json_free(&a->body);
}

size_t
answer_body_max(const struct endpoint *endpoint)
{
	size_t max = BODY_MAX;

	for (const struct route *r = endpoint->routes; r->method != 0; r++)
		if (r->body_max > max)
			max = r->body_max;
	return max;
}

/* Once in the life of a process: what `daybook doctor` would say, into the log. */
static void
examine(struct answerer *a, const char *path, const struct why *why)
{
	struct patient p = { .path = path, .why = why, .arena = a->arena, .now = instant_now() };

	if (a->is_examined)
		return;
	a->is_examined = true;
	if (a->db != NULL && db_read_begin(a->db) == OK)
		p.db = a->db;
	if (a->db == NULL || p.db != NULL)
		doctor_log(&p);
	if (p.db != NULL)
		db_read_end(a->db);
}

/* A database that the web server would hand out to anybody is not worked with.  Looked for once in each opening. */
static enum status
check_place(struct answerer *a, const struct req *r, struct why *why)
{
	const char *document_root;

	if (a->is_placed || r == NULL || (document_root = req_env(r, "DOCUMENT_ROOT")) == NULL)
		return OK;
	if (doctor_is_below(db_path(a->db), document_root)) {
		why_not(why, UNAVAILABLE, "%s: lies below the web server's document root %s, where anybody may fetch it",
		    db_path(a->db), document_root);
		why_fix(why, "Move it into a folder that no web server hands out");
		db_close(a->db);
		a->db = NULL;
		return UNAVAILABLE;
	}
	a->is_placed = true;
	return OK;
}

/* The database may be made, moved in or repaired while the program runs.  r is NULL before the first request. */
static enum status
open_database(struct answerer *a, const struct req *r, struct why *why)
{
	char path[CONF_PATH_MAX] = "", text[WHY_TEXT_MAX * 2], fix[WHY_TEXT_MAX * 2];
	enum status st = OK;

	if (a->db != NULL && !db_is_in_place(a->db)) {
		db_close(a->db);
		a->db = NULL;
	}
	if (a->db == NULL) {
		a->is_placed = false;
		if ((st = conf_database(path, why)) == OK && (a->db = db_open(path, why)) == NULL)
			st = UNAVAILABLE;
		if (st != OK)
			examine(a, path, why);
	}
	if (st == OK)
		st = check_place(a, r, why);
	if (st != OK)
		log_error("event=database error=%s fix=%s", log_value(why->text, text, sizeof(text)),
		    log_value(why->fix, fix, sizeof(fix)));
	return st;
}

void
answer_start(struct answerer *a)
{
	struct why why = { 0 };

	if (!a->endpoint->needs_no_database && open_database(a, NULL, &why) == OK)
		examine(a, db_path(a->db), &why);
	arena_reset(a->arena);
}

static enum status
check_body(struct req *r, enum status body_status)
{
	size_t max = r->route->body_max > 0 ? r->route->body_max : BODY_MAX;

	if (body_status == OK && r->body_n > max)
		body_status = TOO_LARGE;
	if (body_status == TOO_LARGE)
		why_not(&r->why, TOO_LARGE, "body: longer than %zu bytes", max);
	else if (body_status == BAD_REQUEST)
		why_not(&r->why, BAD_REQUEST, "body: shorter than its Content-Length");
	return req_check_body(r, body_status);
}

/* Before the gates: a page may read what was wrong, too. */
static void
look_at_origin(struct req *r)
{
	const char *origins = setting_get(r->db, r->arena, "cors_origins"), *origin = req_env(r, "HTTP_ORIGIN");

	r->has_origins = origins[0] != '\0';
	if (r->has_origins && origin != NULL && cors_lists(origins, origin))
		r->origin = origin;
}

/* Gates, then the handler. */
static enum status
handle(struct answerer *a, struct req *r, enum status body_status)
{
	enum status st;

	if ((st = req_open(r)) != OK || (st = check_body(r, body_status)) != OK)
		return st;
	if (r->db != NULL && r->route->method != GET)
		db_read_end(r->db);
	return r->route->handle(r, &a->body);
}

/* In the transaction that its method needs. */
static enum status
run(struct answerer *a, struct req *r, enum status body_status)
{
	enum status st;

	if (a->endpoint->needs_no_database)
		return handle(a, r, body_status);
	if ((st = open_database(a, r, &r->why)) != OK)
		return st;
	r->db = a->db;
	if ((st = db_read_begin(a->db)) != OK)
		return st;
	look_at_origin(r);
	st = handle(a, r, body_status);
	db_read_end(a->db);
	db_write_abort(a->db);	/* of a handler that gave up; nothing where it committed */
	return st;
}

static void
log_line(const struct req *r, enum status st, size_t bytes, int64_t us)
{
	char path[256], org[96];

	log_info("event=request program=%s method=%s path=%s status=%d bytes=%zu us=%lld org=%s credential=%s",
	    r->endpoint->name, r->verb, log_value(r->path, path, sizeof(path)), dialect_http(r, st), bytes,
	    (long long)us, log_value(r->org, org, sizeof(org)), r->caller.credential[0] != '\0' ? r->caller.credential : "-");
}

static int64_t
monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct answer
answer(struct answerer *a, char **env, const char *body, size_t n, enum status body_status)
{
	int64_t began_us = monotonic_us();
	struct req r = { .endpoint = a->endpoint, .env = env, .arena = a->arena, .now = instant_now(), .body = body,
		.body_n = n, .org = "", .media = "", .path = "" };
	const char *verb = req_env(&r, "REQUEST_METHOD");
	enum status st;
	bool has_body;

	r.verb = verb != NULL && strlen(verb) < 16 ? verb : "?";
	log_request(uuid7(r.now, r.id));
	json_reset(&a->body);
	json_reset(&a->head);
	st = run(a, &r, body_status);
	if (status_http(st) >= 400 && !r.keeps_body)
		dialect_error(&r, st, &a->body);
	has_body = reply_write(&r, st, &a->body, &a->head);
	log_line(&r, st, a->head.size + (has_body ? a->body.size : 0), monotonic_us() - began_us);
	/* Nobody without a credential sets off work. */
	a->now = r.now;
	a->is_upkeep_due = r.now >= a->upkeep_at && r.caller.credential[0] != '\0';
	log_request("");
	arena_reset(a->arena);
	return (struct answer) { &a->head, has_body ? &a->body : NULL };
}

bool
answer_leaves_work(struct answerer *a)
{
	bool yes = a->is_upkeep_due && a->db != NULL && upkeep_is_due(a->db, a->arena, a->now);

	arena_reset(a->arena);
	a->is_upkeep_due = yes;
	if (yes) {
		db_close(a->db);
		a->db = NULL;
	}
	return yes;
}

void
answer_after(struct answerer *a)
{
	struct why why = { 0 };

	if (!a->is_upkeep_due || open_database(a, NULL, &why) != OK)
		return;
	a->is_upkeep_due = false;
	a->upkeep_at = upkeep(a->db, a->arena, a->now) ? a->now : a->now + UPKEEP_EVERY_MS;
	arena_reset(a->arena);
}
