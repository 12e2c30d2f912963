/*
 * The limits of an organization: all, one, set, removed (settings.c describes requests and replies).
 */
#include <string.h>

#include "base/crypto.h"
#include "ledger/job_turn.h"
#include "ledger/limit_change.h"
#include "ledger/limit_text.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "limit_body.h"
#include "settings.h"

static void
put_presets(struct json *out)
{
	const struct limit_preset *p;

	json_open_array(out, "presets");
	for (size_t i = 0; (p = limit_preset_at(i)) != NULL; i++) {
		json_open_object(out, NULL);
		json_put_text(out, "preset", p->name);
		json_put_text(out, "about", p->what);
		json_put_bool(out, "needsAmount", p->step_count == 0);
		json_close_object(out);
	}
	json_close_array(out);
}

enum status
settings_get_limits(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct limit_book *book;
	int64_t unchanged_until;
	bool has_presets;
	enum status st;

	if ((st = req_word(r, "presets", "true", &has_presets)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = limit_unchanged_until(r->db, r->arena, &org, r->now, &unchanged_until)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, unchanged_until))
		return OK;
	if ((st = limit_book_today(r->db, r->arena, &org, r->now, &book)) != OK)
		return st;
	dialect_tether_open(out);
	json_open_array(out, "limits");
	for (size_t i = 0; i < org.limits.count; i++) {
		json_open_object(out, NULL);
		limit_put(out, &org, book, &org.limits.of[i], i >= LIMIT_BASE_COUNT, r->now);
		json_close_object(out);
	}
	json_close_array(out);
	if (has_presets)
		put_presets(out);
	st = job_put_repricing(r->db, org.key, out);
	dialect_tether_close(out);
	return st;
}

/* ---- One limit */

/*
 * Makes the ETag of what can be set of a limit, for If-Match.  It does not depend on what was used, so that a change is not
 * refused because of events; and so it is weak, and not for If-None-Match.
 */
static void
tag_limit(struct req *r, const struct organization *org, const struct limit_rule *rule)
{
	struct buf text = { 0 };
	uint8_t digest[SHA256_SIZE];
	int64_t numbers[3] = { org->key, rule->key, 0 };

	limit_put_rule(json_on(&text), NULL, rule, (struct day) { INT32_MIN });
	sha256(buf_text(&text), text.size, digest);
	memcpy(&numbers[2], digest, sizeof(numbers[2]));
	buf_free(&text);
	reply_tag(r, "limit", numbers, sizeof(numbers) / sizeof(numbers[0]));
}

/* Sends that ETag as a header of its own: the reply is always made, and never a 304. */
static void
send_tag(struct req *r, const struct organization *org, const char *name)
{
	tag_limit(r, org, limit_find(org, name));
	req_add_header(r, "ETag", arena_printf(r->arena, "W/%s", r->etag));
	r->etag[0] = '\0';
}

/* What a reply about one limit has besides the limit. */
struct shown {
	bool is_change;		/* the coming days that are over it, and the job that fills it */
	bool is_preview;	/* of a change, which will be undone */
	int64_t job;
};

/* Writes the reply about one limit. */
static enum status
put_one(struct req *r, struct organization *org, const char *name, const struct shown *what, struct buf *body)
{
	struct json *out = json_on(body);
	const struct limit_rule *rule;
	struct limit_over *over;
	struct limit_book *book;
	bool is_filled = false;
	size_t count;
	enum status st;

	if ((st = limit_row_load(r->db, r->arena, org)) != OK)
		return st;
	if ((rule = limit_find(org, name)) == NULL)
		return error_set(&r->err, NOT_FOUND, "limit: there is no limit \"%.64s\"", name);
	if ((what->is_preview && (st = limit_over_fill(r->db, r->arena, org, rule, r->now, &is_filled)) != OK) ||
	    (st = limit_book_today(r->db, r->arena, org, r->now, &book)) != OK)
		return st;
	rule = limit_find(org, name);
	if (what->is_change && (st = limit_over_list(r->db, r->arena, org, rule, is_filled, r->now, &over, &count)) != OK)
		return st;
	buf_reset(body);
	dialect_tether_open(out);
	limit_put(out, org, book, rule, true, r->now);
	if (what->is_change) {
		limit_put_over(out, rule, over, count);
		json_put_int_or_null(out, "job", what->job, 0);
	}
	dialect_tether_close(out);
	return OK;
}

enum status
settings_get_limit(struct req *r, struct buf *body)
{
	const char *name = req_path(r, "limit");
	struct organization org;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = put_one(r, &org, name, &(const struct shown) { 0 }, body)) != OK)
		return st;
	send_tag(r, &org, name);
	return OK;
}

/* ---- Changes */

/* A PUT or DELETE of a limit. */
struct limit_request {
	struct req *r;
	const char *name;
	struct json_object *members;	/* of a PUT */
	struct buf *body;
	int64_t job;
	bool is_previewed;		/* the reply is written, and the change is to be rolled back */
};

/* If-Match: the limit as it was read.  If-None-Match: * sets it only if there is none. */
static enum status
check_conditions(struct req *r, const struct organization *org, const struct limit_rule *was)
{
	const char *wanted = req_env(r, "HTTP_IF_MATCH"), *unwanted = req_env(r, "HTTP_IF_NONE_MATCH");
	bool matches;

	if (was != NULL && unwanted != NULL && strcmp(unwanted, "*") == 0)
		return error_set(&r->err, PRECONDITION_FAILED, "If-None-Match: there is a limit of that name already");
	if (wanted == NULL)
		return OK;
	if (was != NULL)
		tag_limit(r, org, was);
	matches = was != NULL && reply_if_match(r);
	r->etag[0] = '\0';
	return matches ? OK : error_set(&r->err, PRECONDITION_FAILED, was == NULL ? "If-Match: there is no limit of that name" :
	    "If-Match: the limit was changed after you read it; read it again");
}

static enum status
set_limit(struct organization *org, void *arg)
{
	struct limit_request *p = arg;
	struct req *r = p->r;
	const struct limit_change_options options = { .now = r->now, .by = &r->by, .is_remote = true };
	const struct limit_rule *was = limit_find(org, p->name);
	struct limit_input in;
	bool is_preview;
	enum status st;

	if ((st = check_conditions(r, org, was)) != OK || (st = limit_body_read(r, p->members, was, &in, &is_preview)) != OK ||
	    (st = limit_set(r->db, r->arena, org, p->name, &in, &options, &p->job, &r->err)) != OK)
		return st;
	if ((st = put_one(r, org, p->name, &(const struct shown) { true, is_preview, is_preview ? 0 : p->job }, p->body)) != OK)
		return st;
	if (!is_preview)
		send_tag(r, org, p->name);
	/* A preview is the change itself, rolled back: an outcome that is no success writes nothing. */
	p->is_previewed = is_preview;
	return is_preview ? CONFLICT : OK;
}

/*
 * Does one turn of the job that fills the limit, and writes the reply again if that was enough.  The limit is set already, so
 * trouble here is none of the request's: the job goes on after other replies.
 */
static void
fill(struct limit_request *p)
{
	struct req *r = p->r;
	struct error ignored = { 0 };
	struct organization org;
	struct buf again = { 0 };
	bool has_more;

	if (job_turn(r->db, r->arena, r->org, r->now, &has_more, &ignored) != OK || db_read_begin(r->db) != OK)
		return;
	if (organization_load(r->db, r->org, &org, &ignored) == OK && limit_row_load(r->db, r->arena, &org) == OK) {
		const struct limit_rule *rule = limit_find(&org, p->name);
		int64_t job = rule != NULL && rule->is_building ? p->job : 0;

		if (put_one(r, &org, p->name, &(const struct shown) { true, false, job }, &again) == OK) {
			buf_reset(p->body);
			buf_put(p->body, again.text, again.size);
		}
	}
	buf_free(&again);
	db_read_end(r->db);
}

enum status
settings_put_limit(struct req *r, struct buf *body)
{
	struct limit_request p = { .r = r, .name = req_path(r, "limit"), .body = body };
	enum status st;

	if ((st = req_object(r, limit_body_members, &p.members)) != OK)
		return st;
	st = organization_write(r->db, r->arena, r->org, r->now, set_limit, &p, &r->err);
	json_object_free(p.members);
	if (st == OK && p.job != 0)
		fill(&p);
	return p.is_previewed ? OK : st;
}

static enum status
remove_limit(struct organization *org, void *arg)
{
	struct limit_request *p = arg;
	struct req *r = p->r;
	const struct limit_change_options options = { .now = r->now, .by = &r->by, .is_remote = true };
	struct json *out = json_on(p->body);
	enum status st;

	if ((st = check_conditions(r, org, limit_find(org, p->name))) != OK ||
	    (st = limit_remove(r->db, r->arena, org, p->name, &options, &r->err)) != OK)
		return st;
	dialect_tether_open(out);
	json_put_text(out, "name", p->name);
	dialect_tether_close(out);
	return OK;
}

enum status
settings_delete_limit(struct req *r, struct buf *body)
{
	struct limit_request p = { .r = r, .name = req_path(r, "limit"), .body = body };

	return organization_write(r->db, r->arena, r->org, r->now, remove_limit, &p, &r->err);
}
