/*
 * POST /api/events -- what was sent: one event, an array, {"events":[…]}, NDJSON
 * (application/x-ndjson) or CloudEvents 1.0 (application/cloudevents+json, -batch+json, or binary mode).
 * Up to 10,000 events or 16 MiB, in one transaction.
 *
 *	{"id","occurredAt"} and, with their defaults: "source" "", "channel" "SMS", "messages" 1, "parts" = messages,
 *	"status" "sent", "cost" by the price list, "campaignId", "segmentNumber", "from", "network", "tag".
 *	"status":"failed" needs "to" and "reason"; it counts nothing and frees its reservation.
 *	{"id","voids","reason"} takes back an event of the same source.
 *	{"id","settles","cost"?,"parts"?,"status":"sent"?} says later what an event of the same source cost, how many parts it
 *	had, or that it was sent although it was posted as failed.  The last one stands.  Parts without a cost are priced by the
 *	list if nobody gave the cost.  The event may be up to 100 days old (older: usage:backfill), and not voided.
 *	?enforce=true records each event only if every limit that counts it has room for it.
 *	?atomic=true records all of them or nothing: nothing if one is rejected or a conflict.  Then results has all events, and
 *	those that would have been recorded are `withheld`.
 *
 *	200	{"success":true,"accepted","duplicates","conflicts","rejected","results":[…]}
 *		At least one was accepted or a duplicate.  results lists each that was not accepted without a warning.
 *	402 429	enforced, and none was accepted or a duplicate, or atomic: a limit over more than a day (402) or a day (429) has
 *		no room.
 *		Each such result has "code" over_quota or over_cap, "limit", "date", "available", "freesAt", "nextAvailableDate".
 *	400	the body is not what its media type says (nothing was written), or every event was rejected; atomic: one, and not
 *		only for want of room
 *	409	every event is a conflict: its id was used with another body; atomic: one, and none was rejected so
 *	401 403	no valid credential; the scope usage:write is missing
 *	408 413 415	the body came too slowly; more than 10,000 events or 16 MiB; another media type
 *
 * GET /api/events is answered by the program events-list, so that no reader keeps a sender waiting.  This one answers it as well,
 * for a web server that is still configured as before that program.
 */
#include <string.h>

#include "body.h"
#include "../events-list/list.h"
#include "time/instant.h"
#include "ledger/limit.h"
#include "org/organization.h"
#include "http/serve.h"

static const char taken[] = "id: already used by an event with another body, which is kept";

struct tally {
	int64_t of[EVENT_WITHHELD + 1];
	const struct event_item *refused;	/* the first event that found no room; a limit longer than a day goes first */
	const struct event_item *bad;		/* the first one that is rejected or a conflict */
	const struct event_item *hopeless;	/* the first of these that did find room, or was not asked for it: waiting is no use */
	bool is_rejected;			/* one of those is rejected */
};

static const char *const verdicts[] = { [EVENT_ACCEPTED] = "accepted", [EVENT_DUPLICATE] = "duplicate",
	[EVENT_CONFLICT] = "conflict", [EVENT_REJECTED] = "rejected", [EVENT_WITHHELD] = "withheld" };

/*
 * The outcome of the whole request: success if at least one event is in the ledger, or all are if that was asked, so that a
 * client can repeat a body; otherwise no room, conflicts alone, or a bad request.
 */
static enum status
overall(const struct tally *t, bool is_atomic)
{
	if (is_atomic ? t->bad == NULL : t->of[EVENT_ACCEPTED] + t->of[EVENT_DUPLICATE] > 0)
		return OK;
	/* A sender that waits until there is room would wait again and again for the same body. */
	if (is_atomic && t->hopeless != NULL)
		return t->is_rejected ? BAD_REQUEST : CONFLICT;
	if (t->refused != NULL)
		return t->refused->refusal->is_long ? OVER_CAP : OVER_QUOTA;
	return t->of[EVENT_CONFLICT] > 0 && t->of[EVENT_REJECTED] == 0 ? CONFLICT : BAD_REQUEST;
}

static struct tally
count_verdicts(const struct event_item *items, size_t count)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < count; i++) {
		t.of[items[i].verdict]++;
		if (items[i].refusal != NULL && (t.refused == NULL || (items[i].refusal->is_long && !t.refused->refusal->is_long)))
			t.refused = &items[i];
		if (items[i].verdict != EVENT_REJECTED && items[i].verdict != EVENT_CONFLICT)
			continue;
		if (t.bad == NULL)
			t.bad = &items[i];
		if (items[i].refusal != NULL)
			continue;
		if (t.hopeless == NULL)
			t.hopeless = &items[i];
		t.is_rejected |= items[i].verdict == EVENT_REJECTED;
	}
	return t;
}

/* Why an event found no room, and when and where there is some again. */
static void
put_refusal(struct json *out, const struct limit_refusal *refusal)
{
	char text[DAY_TEXT_MAX];

	json_put_text(out, "code", refusal->is_long ? "over_cap" : "over_quota");
	json_put_text(out, "date", day_format(refusal->day, text));
	limit_refusal_put(out, refusal);
}

/* Lists every event that was not simply accepted, by its position in the body: all of them, if nothing was recorded. */
static void
put_results(struct json *out, const struct event_item *items, size_t count)
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
			put_refusal(out, items[i].refusal);
		if (items[i].warning != NULL)
			json_put_text(out, "warning", items[i].warning);
		json_close_object(out);
	}
	json_close_array(out);
}

/* What people read of a request of which nothing was recorded. */
static const char *
failure_message(struct req *r, enum status st, const struct tally *t, bool is_atomic)
{
	if (st == OVER_QUOTA || st == OVER_CAP)
		return arena_printf(r->arena, "%s has no room", limit_refusal_subject(r->arena, t->refused->refusal));
	if (is_atomic)
		return st == CONFLICT ? "Nothing was recorded: an id is already used by another event" :
		    "Nothing was recorded: an event was rejected";
	return st == CONFLICT ? "Every id is already used by another event" : "No event was accepted";
}

/* The message and the error of such a request. */
static void
put_failure(struct req *r, struct json *out, enum status st, const struct tally *t, bool is_atomic)
{
	const struct event_item *reason = st == OVER_QUOTA || st == OVER_CAP ? t->refused :
	    is_atomic && t->hopeless != NULL ? t->hopeless : t->bad;

	json_put_text(out, "message", failure_message(r, st, t, is_atomic));
	json_put_text(out, "error", reason->error != NULL ? reason->error : taken);
	if (reason == t->refused && t->refused->refusal->frees)
		req_add_header(r, "Retry-After", arena_printf(r->arena, "%lld",
		    (long long)((t->refused->refusal->frees_at - r->now) / SECOND_MS + 1)));
}

static enum status
read_flag(struct req *r, const char *name, bool *is_set)
{
	const char *text = req_query(r, name);

	*is_set = text != NULL && strcmp(text, "true") == 0;
	if (text != NULL && !*is_set && strcmp(text, "false") != 0)
		return error_set(&r->err, BAD_REQUEST, "%s: must be true or false", name);
	return OK;
}

/* A POST of events. */
struct events_post {
	struct req *r;
	bool is_enforced, is_atomic;
	struct event_item *items;
	size_t count;
	struct buf *body;
};

static void
put_reply(const struct events_post *post, enum status st, const struct tally *tally)
{
	struct json *out = json_on(post->body);

	json_open_object(out, NULL);
	json_put_bool(out, "success", st == OK);
	if (st != OK)
		put_failure(post->r, out, st, tally, post->is_atomic);
	json_put_int(out, "accepted", tally->of[EVENT_ACCEPTED]);
	json_put_int(out, "duplicates", tally->of[EVENT_DUPLICATE]);
	json_put_int(out, "conflicts", tally->of[EVENT_CONFLICT]);
	json_put_int(out, "rejected", tally->of[EVENT_REJECTED]);
	if (st != OK && post->is_atomic)
		json_put_int(out, "withheld", tally->of[EVENT_WITHHELD]);
	put_results(out, post->items, post->count);
	json_close_object(out);
}

/* Posts the events, inside the write transaction.  If none was accepted, or not all that must be, rolls back. */
static enum status
post_events(struct organization *org, void *arg)
{
	struct events_post *post = arg;
	struct req *r = post->r;
	struct event_options options = { .now = r->now, .by = &r->by, .is_enforced = post->is_enforced,
		.may_backfill = (r->caller.scopes & SCOPE_USAGE_BACKFILL) != 0 };
	struct tally tally;
	enum status st = event_post(r->db, r->arena, org, post->items, post->count, &options);

	if (st != OK)
		return st;
	tally = count_verdicts(post->items, post->count);
	if ((st = overall(&tally, post->is_atomic)) != OK && post->is_atomic) {
		event_withhold(post->items, post->count);
		tally = count_verdicts(post->items, post->count);
	}
	put_reply(post, st, &tally);
	/* Counts and results are the reply to a refusal too, but not to a commit that fails. */
	r->keeps_body = st != OK;
	return st;
}

static enum status
events_post(struct req *r, struct buf *body)
{
	struct events_post post = { .r = r, .body = body };
	enum status st;

	if ((st = read_flag(r, "enforce", &post.is_enforced)) != OK || (st = read_flag(r, "atomic", &post.is_atomic)) != OK ||
	    (st = event_body_read(r, &post.items, &post.count)) != OK)
		return st;
	return organization_write(r->db, r->arena, r->org, r->now, post_events, &post, &r->err);
}

int
main(void)
{
	static const char *const query[] = { "enforce", "atomic", NULL };
	static const struct route routes[] = {
		{ GET, "/api/events", SCOPE_USAGE_READ, events_list, .query = events_list_query, .has_csv = true,
		    .is_private = true },
		{ POST, "/api/events", SCOPE_USAGE_WRITE, events_post, .query = query, .media = event_media,
		    .body_max = EVENTS_BODY_MAX, .is_webhook = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "events", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
