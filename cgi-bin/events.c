/*
 * POST /api/events -- what was sent: one event, an array, {"events":[…]}, NDJSON
 * (application/x-ndjson) or CloudEvents 1.0 (application/cloudevents+json, -batch+json, or binary mode).
 * Up to 10,000 events or 16 MiB, in one transaction.
 *
 *	{"id","occurredAt"} and, with their defaults: "source" "", "channel" "SMS", "messages" 1, "parts" = messages,
 *	"status" "sent", "cost" by the price list, "campaignId", "segmentNumber".
 *	"status":"failed" needs "to" and "reason", counts nothing and frees its reservation.
 *	{"id","voids","reason"} takes an event of the same source back.
 *	?enforce=true records each event only while its local day and its billing cycle have room for it.
 *
 *	200	{"success":true,"accepted","duplicates","conflicts","rejected","results":[…]}
 *		At least one was accepted or a duplicate.  results names each that was not simply accepted.
 *	402 429	enforced, and none was accepted or a duplicate: a cap of the cycle, or the day, has no room.  Each such
 *		result has "code" over_quota or over_cap, "limit", "date", "available", "freesAt", "nextAvailableDate".
 *	400	not the JSON that it says it is (nothing was written), or every event rejected
 *	409	every event a conflict: its id is taken by another body
 *	401 403	no valid credential; not the scope usage:write
 *	413 415	more than 10,000 events or 16 MiB; another media type
 */
#include <string.h>

#include "event_body.h"
#include "instant.h"
#include "organization.h"
#include "serve.h"

static const char taken[] = "id: taken by an event with another body, which stands";

struct tally {
	int64_t of[EVENT_REJECTED + 1];
	const struct event_refusal *refusal;	/* the first that found no room, a cap's before a day's */
};

static const char *const verdicts[] = { [EVENT_ACCEPTED] = "accepted", [EVENT_DUPLICATE] = "duplicate",
	[EVENT_CONFLICT] = "conflict", [EVENT_REJECTED] = "rejected" };

static enum status
post(struct req *r, struct event_item *items, size_t count)
{
	struct event_options options = { .now = r->now, .credential = r->caller.credential,
		.is_enforced = req_query(r, "enforce") != NULL && strcmp(req_query(r, "enforce"), "true") == 0,
		.may_backfill = (r->caller.scopes & SCOPE_USAGE_BACKFILL) != 0 };
	struct organization org;
	enum status st;

	if ((st = db_write_begin(r->db)) != OK)
		return st;
	if ((st = organization_load_for_write(r->db, r->arena, r->org, r->now, &org, &r->why)) == OK &&
	    (st = event_post(r->db, r->arena, &org, items, count, &options)) == OK)
		return db_write_commit(r->db);
	db_write_abort(r->db);
	return st;
}

static enum status
overall(const struct tally *t)
{
	if (t->of[EVENT_ACCEPTED] + t->of[EVENT_DUPLICATE] > 0)
		return OK;
	if (t->refusal != NULL)
		return t->refusal->is_cap ? OVER_CAP : OVER_QUOTA;
	return t->of[EVENT_CONFLICT] > 0 && t->of[EVENT_REJECTED] == 0 ? CONFLICT : BAD_REQUEST;
}

static struct tally
count_verdicts(const struct event_item *items, size_t count)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < count; i++) {
		t.of[items[i].verdict]++;
		if (items[i].refusal != NULL && (t.refusal == NULL || (items[i].refusal->is_cap && !t.refusal->is_cap)))
			t.refusal = items[i].refusal;
	}
	return t;
}

static void
put_refusal(struct json *out, const struct event_refusal *refusal, int64_t now)
{
	char text[DAY_TEXT_MAX];

	json_put_text(out, "code", refusal->is_cap ? "over_cap" : "over_quota");
	json_put_text(out, "limit", refusal->limit);
	json_put_text(out, "date", day_format(refusal->day, text));
	json_put_int(out, "available", refusal->available);
	if (refusal->frees_at > now)
		json_put_instant(out, "freesAt", refusal->frees_at);
	else
		json_put_null(out, "freesAt");	/* that day is over: it frees no more */
	if (refusal->has_next)
		json_put_text(out, "nextAvailableDate", day_format(refusal->next, text));
	else
		json_put_null(out, "nextAvailableDate");
}

static void
put_results(struct json *out, const struct event_item *items, size_t count, int64_t now)
{
	json_open_array(out, "results");
	for (size_t i = 0; i < count; i++) {
		if (items[i].verdict == EVENT_ACCEPTED && items[i].warning == NULL)
			continue;
		json_open_object(out, NULL);
		json_put_int(out, "index", (int64_t)i);
		if (items[i].event.id != NULL)
			json_put_text(out, "id", items[i].event.id);
		json_put_text(out, "status", verdicts[items[i].verdict]);
		if (items[i].verdict == EVENT_CONFLICT)
			json_put_text(out, "error", taken);
		else if (items[i].error != NULL)
			json_put_text(out, "error", items[i].error);
		if (items[i].refusal != NULL)
			put_refusal(out, items[i].refusal, now);
		if (items[i].warning != NULL)
			json_put_text(out, "warning", items[i].warning);
		json_close_object(out);
	}
	json_close_array(out);
}

/* What a reply says of a request of which nothing was accepted. */
static void
put_failure(struct req *r, struct json *out, enum status st, const struct event_item *items, const struct tally *t)
{
	json_put_text(out, "message", st == OVER_CAP ? "A cap of the billing cycle has no room" :
	    st == OVER_QUOTA ? "The day has no room" : st == CONFLICT ? "Every id is taken by another event" :
	    "No event was accepted");
	json_put_text(out, "error", t->refusal != NULL ? t->refusal->error : items[0].error != NULL ? items[0].error : taken);
	if (t->refusal != NULL && t->refusal->frees_at > r->now)	/* a day that is over frees nothing */
		req_add_header(r, "Retry-After", arena_printf(r->arena, "%lld",
		    (long long)((t->refusal->frees_at - r->now) / SECOND_MS + 1)));
}

static enum status
check_enforce(struct req *r)
{
	const char *enforce = req_query(r, "enforce");

	if (enforce != NULL && strcmp(enforce, "true") != 0 && strcmp(enforce, "false") != 0)
		return why_not(&r->why, BAD_REQUEST, "enforce: neither true nor false");
	return OK;
}

static enum status
events(struct req *r, struct json *out)
{
	struct event_item *items;
	struct tally tally;
	size_t count;
	enum status st;

	if ((st = check_enforce(r)) != OK || (st = event_body_read(r, &items, &count)) != OK ||
	    (st = post(r, items, count)) != OK)
		return st;
	tally = count_verdicts(items, count);
	st = overall(&tally);
	r->keeps_body = true;
	json_open_object(out, NULL);
	json_put_bool(out, "success", st == OK);
	if (st != OK)
		put_failure(r, out, st, items, &tally);
	json_put_int(out, "accepted", tally.of[EVENT_ACCEPTED]);
	json_put_int(out, "duplicates", tally.of[EVENT_DUPLICATE]);
	json_put_int(out, "conflicts", tally.of[EVENT_CONFLICT]);
	json_put_int(out, "rejected", tally.of[EVENT_REJECTED]);
	put_results(out, items, count, r->now);
	json_close_object(out);
	return st;
}

int
main(void)
{
	static const char *const query[] = { "enforce", NULL };
	static const struct route routes[] = {
		{ POST, "/api/events", SCOPE_USAGE_WRITE, events, .query = query, .media = event_media,
		    .body_max = EVENTS_BODY_MAX },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "events", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
