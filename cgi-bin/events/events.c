/*
 * GET /api/events?from=YYYY-MM-DD&to=YYYY-MM-DD[&limit=][&after=CURSOR][&channel=][&status=][&campaignId=] -- the rows of
 * the ledger on the organization's local days, both inclusive, at most 400, by time, source and id, a void after its event.
 *
 *	200	{"success":true,"data":{"events":[{"id","source","channel","occurredAt","messages","parts","status","cost",
 *		"campaignId","segmentNumber","to","reason","voids"},…],"next":CURSOR|null}}
 *		Figures and status of an event are those after its settlements and after new prices; settlements are no rows of
 *		their own.  The figures of a void are what it takes back.  `to` is as in campaigns.
 *		A page may be shorter than limit (EVENTS_REPLY_MAX); only next tells whether there is more.
 *	format=csv, or Accept: text/csv: the columns of `daybook export` but for settles; next is the header X-Next-Cursor.
 *	400	from or to is missing or not a date, or they are out of order or too far apart; another parameter is wrong
 *	401 403	no valid credential; the scope usage:read is missing
 *
 * POST /api/events -- what was sent: one event, an array, {"events":[…]}, NDJSON
 * (application/x-ndjson) or CloudEvents 1.0 (application/cloudevents+json, -batch+json, or binary mode).
 * Up to 10,000 events or 16 MiB, in one transaction.
 *
 *	{"id","occurredAt"} and, with their defaults: "source" "", "channel" "SMS", "messages" 1, "parts" = messages,
 *	"status" "sent", "cost" by the price list, "campaignId", "segmentNumber".
 *	"status":"failed" needs "to" and "reason"; it counts nothing and frees its reservation.
 *	{"id","voids","reason"} takes back an event of the same source.
 *	{"id","settles","cost"?,"parts"?,"status":"sent"?} says later what an event of the same source cost, how many parts it
 *	had, or that it was sent although it was posted as failed.  The last one stands.  Parts without a cost are priced by the
 *	list if nobody gave the cost.  The event may be up to 100 days old (older: usage:backfill), and not voided.
 *	?enforce=true records each event only if its local day and its billing cycle have room for it.
 *
 *	200	{"success":true,"accepted","duplicates","conflicts","rejected","results":[…]}
 *		At least one was accepted or a duplicate.  results lists each that was not accepted without a warning.
 *	402 429	enforced, and none was accepted or a duplicate: a cap of the cycle (402) or the day (429) has no room.
 *		Each such result has "code" over_quota or over_cap, "limit", "date", "available", "freesAt", "nextAvailableDate".
 *	400	the body is not what its media type says (nothing was written), or every event was rejected
 *	409	every event is a conflict: its id was used with another body
 *	401 403	no valid credential; the scope usage:write is missing
 *	408 413 415	the body came too slowly; more than 10,000 events or 16 MiB; another media type
 */
#include <string.h>

#include "body.h"
#include "time/instant.h"
#include "ledger/limit.h"
#include "ledger/ledger.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"

enum {
	LISTED_DAYS_MAX = 400,
	LISTED_DEFAULT = 1000,
	LISTED_MAX = 10000,
	PAGE_ROWS = 1000,		/* rows that are read at once */
	EVENTS_REPLY_MAX = 6 << 20,	/* bytes; a page ends after the row that exceeds it */
};

static const char taken[] = "id: already used by an event with another body, which is kept";

struct tally {
	int64_t of[EVENT_REJECTED + 1];
	const struct event_item *refused;	/* the first event that found no room; a limit longer than a day goes first */
};

static const char *const verdicts[] = { [EVENT_ACCEPTED] = "accepted", [EVENT_DUPLICATE] = "duplicate",
	[EVENT_CONFLICT] = "conflict", [EVENT_REJECTED] = "rejected" };

/*
 * The outcome of the whole request: success if at least one event is in the ledger, so that a client can repeat a body;
 * otherwise no room, all conflicts, or a bad request.
 */
static enum status
overall(const struct tally *t)
{
	if (t->of[EVENT_ACCEPTED] + t->of[EVENT_DUPLICATE] > 0)
		return OK;
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

/* Lists every event that was not simply accepted, by its position in the body. */
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

/* The message and the error of a request of which nothing was accepted. */
static void
put_failure(struct req *r, struct json *out, enum status st, const struct event_item *items, const struct tally *t)
{
	json_put_text(out, "message", t->refused != NULL ?
	    arena_printf(r->arena, "%s has no room", limit_refusal_subject(t->refused->refusal)) :
	    st == CONFLICT ? "Every id is already used by another event" :
	    "No event was accepted");
	json_put_text(out, "error", t->refused != NULL ? t->refused->error : items[0].error != NULL ? items[0].error : taken);
	if (t->refused != NULL && t->refused->refusal->frees)
		req_add_header(r, "Retry-After", arena_printf(r->arena, "%lld",
		    (long long)((t->refused->refusal->frees_at - r->now) / SECOND_MS + 1)));
}

static enum status
read_enforce(struct req *r, bool *is_enforced)
{
	const char *enforce = req_query(r, "enforce");

	*is_enforced = enforce != NULL && strcmp(enforce, "true") == 0;
	if (enforce != NULL && !*is_enforced && strcmp(enforce, "false") != 0)
		return error_set(&r->err, BAD_REQUEST, "enforce: must be true or false");
	return OK;
}

static void
put_reply(struct req *r, struct json *out, enum status st, const struct event_item *items, size_t count,
    const struct tally *tally)
{
	json_open_object(out, NULL);
	json_put_bool(out, "success", st == OK);
	if (st != OK)
		put_failure(r, out, st, items, tally);
	json_put_int(out, "accepted", tally->of[EVENT_ACCEPTED]);
	json_put_int(out, "duplicates", tally->of[EVENT_DUPLICATE]);
	json_put_int(out, "conflicts", tally->of[EVENT_CONFLICT]);
	json_put_int(out, "rejected", tally->of[EVENT_REJECTED]);
	put_results(out, items, count);
	json_close_object(out);
}

/* A POST of events. */
struct events_post {
	struct req *r;
	bool is_enforced;
	struct event_item *items;
	size_t count;
	struct buf *body;
};

/* Posts the events, inside the write transaction.  If none was accepted, rolls back: the request is refused. */
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
	st = overall(&tally);
	put_reply(r, json_on(post->body), st, post->items, post->count, &tally);
	/* Counts and results are the reply to a refusal too, but not to a commit that fails. */
	r->keeps_body = st != OK;
	return st;
}

static enum status
events_post(struct req *r, struct buf *body)
{
	struct events_post post = { .r = r, .body = body };
	enum status st;

	if ((st = read_enforce(r, &post.is_enforced)) != OK || (st = event_body_read(r, &post.items, &post.count)) != OK)
		return st;
	return organization_write(r->db, r->arena, r->org, r->now, post_events, &post, &r->err);
}

/* ---- The list */

/* A list as it was asked for: the organization, what to show, and where to begin. */
struct list {
	struct organization org;
	struct ledger_filter filter;
	struct ledger_position place;
	int64_t limit;
};

/* Turns the days into instants: the list goes from before all rows of the first day to the start of the day after the last. */
static enum status
read_days(struct req *r, struct list *l)
{
	struct day_range range;
	enum status st = req_day_range(r, "from", "to", false, LISTED_DAYS_MAX, &range);

	if (st != OK)
		return st;
	l->place = (struct ledger_position) { .at = day_start(l->org.days, range.from), .rank = -1, .source = "", .id = "" };
	l->filter.until_at = day_start(l->org.days, day_add(range.to, 1));
	return OK;
}

/* A cursor of other days is refused, because it would silently skip or repeat rows. */
static enum status
read_list(struct req *r, struct list *l)
{
	const char *after = req_query(r, "after"), *status = req_query(r, "status"), *channel = req_query(r, "channel");
	int64_t from_at;
	enum channel c;
	enum status st;

	if ((st = read_days(r, l)) != OK || (st = req_int(r, "limit", 1, LISTED_MAX, LISTED_DEFAULT, &l->limit)) != OK)
		return st;
	from_at = l->place.at;
	if (after != NULL && (!ledger_cursor_parse(r->arena, after, &l->place) || l->place.at < from_at))
		return error_set(&r->err, BAD_REQUEST, "after: invalid; use the cursor of the previous page, with the same days");
	if (channel != NULL && !channel_parse(channel, &c))
		return error_set(&r->err, BAD_REQUEST, "channel: unknown \"%.64s\"; one of %s", channel, channel_names());
	if (status != NULL && strcmp(status, "sent") != 0 && strcmp(status, "failed") != 0 && strcmp(status, "void") != 0)
		return error_set(&r->err, BAD_REQUEST, "status: must be sent, failed or void");
	l->filter.channel = channel;
	l->filter.status = status;
	l->filter.campaign = req_query(r, "campaignId");
	return OK;
}

/*
 * Writes rows until the limit or EVENTS_REPLY_MAX is reached; *next is the cursor to continue with, NULL at the end of the
 * list.  Reads them in portions, so that a long list does not have to be in memory as rows.
 */
static enum status
put_rows(struct req *r, struct list *l, struct json *out, struct csv *csv, const char **next)
{
	struct ledger_line *lines;
	struct price_list prices;
	struct ledger_position last;
	int64_t left = l->limit;
	size_t count, wanted;
	enum status st;

	*next = NULL;
	if ((st = price_load(r->db, r->arena, &l->org, &prices)) != OK)
		return st;
	do {
		wanted = left < PAGE_ROWS ? (size_t)left + 1 : PAGE_ROWS;	/* one more tells whether there are more */
		if ((st = ledger_page(r->db, r->arena, &l->org, &l->filter, wanted, &l->place, &lines, &count)) != OK)
			return st;
		for (size_t i = 0; i < count; i++, left--) {
			if (left == 0 || out->to->size > EVENTS_REPLY_MAX) {
				*next = ledger_cursor(r->arena, &last);
				return OK;
			}
			if ((st = ledger_stand(r->db, r->arena, &l->org, &prices, &lines[i])) != OK)
				return st;
			if (r->is_csv)
				ledger_put_csv(csv, &lines[i]);
			else
				ledger_put(out, &lines[i]);
			last = ledger_position_of(&lines[i]);
		}
	} while (count == wanted);
	return OK;
}

static enum status
events_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct csv csv = { .to = body };
	struct list l = { 0 };
	const char *next;
	enum status st;

	if ((st = organization_load(r->db, r->org, &l.org, &r->err)) != OK || (st = read_list(r, &l)) != OK)
		return st;
	if (reply_cached(r, body, l.org.revision, organization_unchanged_until(&l.org, r->now)))
		return OK;
	if (r->is_csv) {
		ledger_put_csv_names(&csv);
		if ((st = put_rows(r, &l, out, &csv, &next)) == OK)
			reply_cursor(r, next);
		return st;
	}
	dialect_tether_open(out);
	json_open_array(out, "events");
	if ((st = put_rows(r, &l, out, &csv, &next)) != OK)
		return st;
	json_close_array(out);
	json_put_text_or_null(out, "next", next);
	dialect_tether_close(out);
	return OK;
}

int
main(void)
{
	static const char *const get_query[] = { "from", "to", "limit", "after", "channel", "status", "campaignId", "format", NULL };
	static const char *const query[] = { "enforce", NULL };
	static const struct route routes[] = {
		{ GET, "/api/events", SCOPE_USAGE_READ, events_list, .query = get_query, .has_csv = true,
		    .is_private = true },
		{ POST, "/api/events", SCOPE_USAGE_WRITE, events_post, .query = query, .media = event_media,
		    .body_max = EVENTS_BODY_MAX },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "events", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
