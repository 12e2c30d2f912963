/*
 * GET /api/organizations/{organizationId}/sending-window -- when something may go out: hours of the week, and closed dates.
 * PUT …/sending-window {"hours":[{"weekdays":[1,2,3,4,5],"from":"09:00","until":"17:00"},…],
 *	"closed":[{"date","name"?},…]}
 *	-- replaces both; one that is left out is empty.  No hours: all are allowed.  weekdays are 1 Monday to 7 Sunday; until may be
 *	24:00, and is on the next day if it is before from.
 * POST …/sending-window (Content-Type: text/calendar) -- closes the dates of the all-day events of an iCalendar file, from
 *	today on and for ten years, besides those that are closed already.
 * DELETE …/sending-window -- removes it: everything is allowed.
 *
 *	The times are of the organization's zone, or of the zone that a request names (campaigns.c).  Campaigns, moves, resuming,
 *	plans and validate-date obey; a new window moves nothing, and the reply says what lies outside of it.
 *
 *	200	{"success":true,"data":{"hours":[…],"closed":[…]}}; after a change also "segmentsOutside":[{"campaignId",
 *		"segmentNumber","scheduledISO"},…], at most 100 of the open segments to come that are outside; after a POST also
 *		"imported", the dates that were closed or named, and "skipped", the events that are not all-day or are cancelled
 *		Each has the window's ETag, which depends on the window alone.  If-Match with PUT, POST and DELETE is kept.
 *	400	a field is missing, unknown or wrong; the file has something that cannot be read, and in which line
 *	401 403	no valid credential; the scope org:admin (GET: usage:read) is missing, or it is another organization's
 *	404	no such organization (to the scope admin)
 *	412	If-Match: the window was changed since
 */
#include <string.h>

#include "base/crypto.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "org/sending_row.h"
#include "time/ical.h"
#include "time/instant.h"

/* Makes the ETag of a window.  It does not change with what was sent, so that no change is refused because of events. */
static void
tag_window(struct req *r, const struct organization *org, const struct sending_window *w)
{
	struct buf text = { 0 };
	uint8_t digest[SHA256_SIZE];
	int64_t numbers[3] = { org->key };

	sending_row_text(w, &text);
	sha256(buf_text(&text), text.size, digest);
	memcpy(&numbers[1], digest, 2 * sizeof(numbers[1]));
	buf_free(&text);
	reply_tag(r, "sending-window", numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static enum status
window_get(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct sending_window w;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK || (st = sending_row_load(r->db, r->arena, &org, &w)) != OK)
		return st;
	tag_window(r, &org, &w);
	dialect_tether_open(out);
	sending_window_put_hours(out, &w);
	sending_window_put_closed(out, &w);
	dialect_tether_close(out);
	return OK;
}

/* ---- Changes */

/* A PUT, DELETE, or POST of a file. */
struct window_write {
	struct req *r;
	struct buf *body;
	const struct ical_days *found;	/* the dates of a file; NULL = there is none */
	struct sending_window wanted;	/* of a PUT or DELETE */
};

static enum status
put_outside(struct req *r, struct json *out, const struct organization *org, const struct sending_window *w)
{
	struct segment_outside *list;
	size_t count;
	enum status st = sending_row_outside(r->db, r->arena, org, w, r->now, &list, &count);

	json_open_array(out, "segmentsOutside");
	for (size_t i = 0; st == OK && i < count; i++) {
		json_open_object(out, NULL);
		json_put_text(out, "campaignId", list[i].campaign);
		json_put_int(out, "segmentNumber", list[i].segment);
		instant_put(out, "scheduledISO", list[i].scheduled_at);
		json_close_object(out);
	}
	json_close_array(out);
	return st;
}

/* If-Match: the window as it was read. */
static enum status
check_unchanged(struct req *r, const struct organization *org)
{
	struct sending_window was;
	enum status st;
	bool matches;

	if (req_env(r, "HTTP_IF_MATCH") == NULL)
		return OK;
	if ((st = sending_row_load(r->db, r->arena, org, &was)) != OK)
		return st;
	tag_window(r, org, &was);
	matches = reply_if_match(r);
	r->etag[0] = '\0';
	return matches ? OK : error_set(&r->err, PRECONDITION_FAILED, "If-Match: the sending window was changed after you read it; "
	    "read it again");
}

static enum status
change_window(struct organization *org, void *arg)
{
	struct window_write *write = arg;
	struct sending_window *w = &write->wanted;
	struct json *out = json_on(write->body);
	struct req *r = write->r;
	struct sending_import counts;
	enum status st;

	if ((st = check_unchanged(r, org)) != OK || (write->found != NULL &&
	    (st = sending_row_import(r->db, r->arena, org, "body", write->found, w, &counts, &r->err)) != OK) ||
	    (st = sending_row_replace(r->db, r->arena, org, w, r->now, &r->by)) != OK)
		return st;
	dialect_tether_open(out);
	sending_window_put_hours(out, w);
	sending_window_put_closed(out, w);
	if (write->found != NULL) {
		json_put_int(out, "imported", (int64_t)counts.imported);
		json_put_int(out, "skipped", (int64_t)counts.skipped);
	}
	st = put_outside(r, out, org, w);
	dialect_tether_close(out);
	if (st == OK)
		tag_window(r, org, w);
	return st;
}

static enum status
window_put(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "hours", "closed", NULL };
	struct window_write write = { .r = r, .body = body };
	struct json_object *o;
	enum status st;

	if ((st = req_object(r, fields, &o)) != OK)
		return st;
	json_object_free(o);
	st = sending_window_read(r->arena, "", r->body, r->body_n, SENDING_CLOSED_MAX, &write.wanted, &r->err);
	return st == OK ? organization_write(r->db, r->arena, r->org, r->now, change_window, &write, &r->err) : st;
}

static enum status
window_post(struct req *r, struct buf *body)
{
	struct ical_days found;
	struct window_write write = { .r = r, .body = body, .found = &found };
	struct organization org;
	enum status st;

	if (r->body_n == 0)
		return error_set(&r->err, BAD_REQUEST, "body: empty; an iCalendar file is needed");
	/* Reading a large file takes a while, and no writer waits for it. */
	if ((st = db_read_begin(r->db)) != OK)
		return st;
	st = organization_load(r->db, r->org, &org, &r->err);
	db_read_end(r->db);
	if (st != OK || (st = sending_row_read_file(r->arena, &org, "body", r->body, r->body_n, r->now, &found, &r->err)) != OK)
		return st;
	return organization_write(r->db, r->arena, r->org, r->now, change_window, &write, &r->err);
}

static enum status
window_delete(struct req *r, struct buf *body)
{
	struct window_write write = { .r = r, .body = body };

	return organization_write(r->db, r->arena, r->org, r->now, change_window, &write, &r->err);
}

int
main(void)
{
	static const char *const calendar[] = { "text/calendar", NULL };
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/sending-window", SCOPE_USAGE_READ, window_get },
		{ PUT, "/api/organizations/{organizationId}/sending-window", SCOPE_ORG_ADMIN, window_put },
		{ POST, "/api/organizations/{organizationId}/sending-window", SCOPE_ORG_ADMIN, window_post, .media = calendar,
		    .body_max = ICAL_SIZE_MAX },
		{ DELETE, "/api/organizations/{organizationId}/sending-window", SCOPE_ORG_ADMIN, window_delete },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "sending-window", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
