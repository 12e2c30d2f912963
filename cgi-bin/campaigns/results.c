/*
 * Results that senders report (POST …/results).  They become events of a source of our own, so that the ledger alone says what
 * was sent (see write.h).
 */
#include <inttypes.h>

#include "write.h"
#include "ledger/event.h"
#include "ledger/event_row.h"
#include "store/idempotency.h"
#include "ledger/segment.h"

static const char results_source[] = EVENT_OWN_SOURCE "results";

/*
 * Makes events of one segment from a report: one for all messages sent, one for each failed contact.  Their ids follow from
 * the report's, so that a retry makes the same ones.  What they have in common is in `like`: time, segment, channel and origin.
 */
static size_t
make_events(struct req *r, const struct campaign *c, const struct campaign_results *results, const struct event *like,
    struct event_item **items)
{
	size_t count = 0;
	struct event e = *like;

	e.source = results_source;
	e.campaign = c->id;

	*items = arena_alloc(r->arena, (results->failure_count + 1) * sizeof(**items));
	if (results->sent > 0) {
		e.kind = EVENT_SENT;
		e.id = arena_printf(r->arena, "%s/%s/sent", c->id, results->id);
		e.messages = results->sent;
		e.parts = results->parts;
		(*items)[count++].event = e;
	}
	for (size_t i = 0; i < results->failure_count; i++) {
		e.kind = EVENT_FAILED;
		e.id = arena_printf(r->arena, "%s/%s/%zu", c->id, results->id, i + 1);
		e.messages = e.parts = 1;
		e.to = results->failures[i].phone;
		e.reason = results->failures[i].reason;
		(*items)[count++].event = e;
	}
	return count;
}

/*
 * Posts the events of a new report, and closes the segment if the report says that it is done.  A single rejected event
 * rejects the report, because a report is all or nothing.
 */
static enum status
post_results(struct req *r, const struct organization *org, const struct campaign *c,
    const struct campaign_results *results)
{
	struct event_options options = { .now = r->now, .by = &r->by,
		.may_backfill = (r->caller.scopes & SCOPE_USAGE_BACKFILL) != 0 };
	/* What the report does not say is the campaign's; nobody has planned a network. */
	struct event like = { .occurred_at = results->has_time ? results->occurred_at : r->now, .channel = c->channel,
		.sender = results->sender != NULL ? results->sender : c->sender, .network = results->network,
		.tag = results->tag != NULL ? results->tag : c->tag };
	struct event_item *items;
	struct segment_target target;
	enum status st;
	size_t count;

	if ((st = segment_resolve(r->db, r->arena, org, c->id, results->segment, day_at(org->days, like.occurred_at),
	    &target)) != OK)
		return st;
	if (results->segment > 0 && target.ref.segment == 0)
		return error_set(&r->err, BAD_REQUEST, "segmentNumber: there is no segment %" PRId64, results->segment);
	like.segment = target.ref.segment;
	count = make_events(r, c, results, &like, &items);
	if ((st = event_post(r->db, r->arena, org, items, count, &options)) != OK)
		return st;
	for (size_t i = 0; i < count; i++)
		if (items[i].verdict != EVENT_ACCEPTED)
			return error_set(&r->err, BAD_REQUEST, "%s", items[i].error != NULL ? items[i].error :
			    "id: already used; choose another id");
	if (results->done && target.ref.segment > 0 &&
	    (st = campaign_close_segment(r->db, c, target.ref.segment)) != OK)
		return st;
	return campaign_bump_revision(r->db, c, r->now);
}

/*
 * Whether a retry has the same failed contacts as the first time; counts were compared by hash.  The contacts are compared as
 * events, whose hashes are blanked with the phone numbers, so that no other hash of them need be kept.
 */
static enum status
check_same_contacts(struct req *r, const struct organization *org, const struct campaign *c,
    const struct campaign_results *results)
{
	struct event_options options = { .now = r->now, .by = &r->by };
	const char *first = arena_printf(r->arena, "%s/%s/%s", c->id, results->id, results->sent > 0 ? "sent" : "1");
	struct event_item *items;
	struct event_row row;
	enum status st;
	size_t count;
	bool is_there;

	/*
	 * A report that only closed the segment has no events.  Otherwise the first one tells the segment, the instant and what
	 * the campaign was then.
	 */
	if ((st = event_find(r->db, r->arena, org, results_source, first, &is_there, &row)) != OK || !is_there)
		return st;
	count = make_events(r, c, results, &(const struct event) { .segment = row.segment_given, .occurred_at = row.occurred_at,
	    .channel = row.channel, .sender = row.sender, .network = row.network, .tag = row.tag }, &items);
	if ((st = event_post(r->db, r->arena, org, items, count, &options)) != OK)
		return st;
	for (size_t i = 0; i < count; i++)
		if (items[i].verdict != EVENT_DUPLICATE)
			return error_set(&r->err, CONFLICT, "id: already used by other results of this campaign; choose another id");
	return OK;
}

/* A POST of results. */
struct results_post {
	struct req *r;
	struct campaign_results results;
	struct buf *body;
};

/*
 * Inside the write transaction: decides whether this report is new, a retry or another one with the same id, and posts a new
 * one.
 */
static enum status
report(struct organization *org, void *arg)
{
	struct results_post *post = arg;
	const struct campaign_results *results = &post->results;
	struct req *r = post->r;
	struct day today = organization_today(org, r->now);
	enum idempotency_seen seen;
	struct campaign c;
	const char *id;
	enum status st;

	if ((st = campaign_load(r->db, r->arena, org, req_path(r, "campaignId"), today, &c, &r->err)) != OK)
		return st;
	id = arena_printf(r->arena, "%s/%s", c.id, results->id);
	if ((st = idempotency_check(r->db, org->key, "results", id, results->sha256, &seen)) != OK)
		return st;
	if (seen == IDEMPOTENCY_OTHER)
		return error_set(&r->err, CONFLICT, "id: already used by other results of this campaign; choose another id");
	if (seen == IDEMPOTENCY_SAME) {
		req_add_header(r, "Idempotent-Replayed", "true");
		if ((st = check_same_contacts(r, org, &c, results)) != OK)
			return st;
	} else if ((st = post_results(r, org, &c, results)) != OK ||
	    (st = idempotency_remember(r->db, org->key, "results", id, results->sha256, r->now)) != OK)
		return st;
	if ((st = campaign_load(r->db, r->arena, org, c.id, today, &c, &r->err)) != OK)
		return st;
	campaign_reply(r, post->body, org, &c, today, NULL);
	return OK;
}

/* Whether the campaign exists, looked up before the body is read: a 404 comes before a 400. */
static enum status
find_campaign(struct req *r)
{
	struct organization org;
	struct campaign c;
	enum status st;

	if ((st = db_read_begin(r->db)) != OK)
		return st;
	if ((st = organization_load(r->db, r->org, &org, &r->err)) == OK)
		st = campaign_load(r->db, r->arena, &org, req_path(r, "campaignId"), organization_today(&org, r->now), &c, &r->err);
	db_read_end(r->db);
	return st;
}

/* Reads the results from the body after it has found the campaign. */
enum status
campaigns_results(struct req *r, struct buf *body)
{
	struct results_post post = { .r = r, .body = body };
	enum status st;

	if ((st = find_campaign(r)) != OK || (st = campaign_results_read(r, &post.results)) != OK)
		return st;
	return organization_write(r->db, r->arena, r->org, r->now, report, &post, &r->err);
}
