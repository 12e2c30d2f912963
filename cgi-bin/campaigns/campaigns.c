/*
 * Campaigns, which reserve quota of the coming days.  All in the tether dialect.
 *
 * POST /api/campaigns {"id"?,"name","contactCount","scheduledISO"?,"partsPerContact"?,"status"?:"draft"|"scheduled"}
 *	or "segments":[{"scheduledISO","contactCount"},…], or "autoSegment":{as POST …/auto-segment} instead of
 *	contactCount and scheduledISO; with any of them "channel"?,"from"?,"tag"?.
 *	All or nothing: every segment finds room, or none is reserved.
 *	Without scheduledISO it is to be sent now; an instant up to 5 minutes past on the present day means now too.
 *	"sendingWindow":{"hours","closed"} restricts when it may go out besides the organization's window (sending-window.c);
 *	"timezone" is whose clock both are about, by default the organization's.  PUT takes both too (null removes the window),
 *	and resume takes timezone.
 *	A request with an `id` that the client chose can safely be repeated.
 *
 *	201	{"success":true,"data":{"campaignId","name","status",…,"segments":[…]}}
 *	200	the same request again: the campaign as it is now, and `Idempotent-Replayed: true`; "warnings":[…] if it was
 *		cancelled since, because it holds nothing
 *	402	a cap of the billing cycle has no room
 *	409	a day has no room: "error" names it, with "nextAvailableDate" and "available"; or another request has used
 *		the id
 *
 * GET /api/campaigns?status=&from=&to=&limit=&cursor= -- newest first; nextCursor is null on the last page.
 *	format=csv, or Accept: text/csv: a line for each campaign; the cursor is the header X-Next-Cursor.
 * GET /api/campaigns/{campaignId}?limit=&cursor= -- one campaign, and the contacts that could not be
 *	reached (failedDetails), in pages.
 * PUT /api/campaigns/{campaignId} any of name, contactCount, partsPerContact, scheduledISO, channel, from, tag, status (of a
 *	draft), segments [{"segmentNumber","contactCount"?,"scheduledISO"?},…] -- moves and resizes in one step.
 *	null takes from and tag away; 409 for another channel when something is spent.  412 if If-Match does not match.
 * DELETE /api/campaigns/{campaignId} -- only a draft without events can be deleted.
 *	A segment whose day is over moves with the contacts that are left (the campaign's `unfinished`).
 * POST /api/campaigns/{campaignId}/cancel, …/pause, …/resume -- 409, naming both states, if the
 *	present state does not allow it.  resume takes {"scheduledISO"} or {"segments":[{"segmentNumber","scheduledISO"},…]}:
 *	a paused segment whose day is over needs a new instant.
 * POST /api/campaigns/{campaignId}/results {"id","segmentNumber"?,"occurredAt"?,"sent":n,"parts"?:n,
 *	"failed":[{"phoneNumber","reason"}],"from"?,"network"?,"tag"?,"done"?:true} -- what was sent, from a sender that does not post
 *	events.
 *
 *	400	a field is missing, unknown or wrong; an instant is past, or outside of a sending window: then the body has
 *		"nextAllowedAt", or null if nothing is allowed for three years
 *	401 403	no valid credential; the scope campaigns:write is missing (usage:read for GET)
 *	404	no such campaign
 */
#include "body.h"
#include "campaign/campaign_list.h"
#include "write.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "time/instant.h"

enum { LIST_DEFAULT = 50, LIST_MAX = 200, FAILURES_DEFAULT = 100, FAILURES_MAX = 1000 };

/* The filter of the list.  Without from and to, all days. */
static enum status
read_filter(struct req *r, const struct organization *org, struct campaign_filter *f)
{
	const char *state = req_query(r, "status"), *cursor = req_query(r, "cursor");
	struct day_range range = { { INT32_MIN }, { INT32_MAX } };
	enum status st;

	*f = (struct campaign_filter) { 0 };
	if (state != NULL && !(f->has_state = segment_state_parse(state, &f->state)))
		return error_set(&r->err, BAD_REQUEST, "status: unknown \"%s\"; draft, scheduled, sending, paused, sent, failed or "
		    "cancelled", state);
	if ((st = req_day_range(r, "from", "to", true, 0, &range)) != OK)
		return st;
	f->from = range.from;
	f->to = range.to;
	if (cursor != NULL && (st = campaign_cursor_read(r->db, r->arena, org, cursor, &f->before, &r->err)) != OK)
		return st;
	return req_int(r, "limit", 1, LIST_MAX, LIST_DEFAULT, &f->limit);
}

static enum status
campaigns_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct campaign_filter filter;
	struct organization org;
	struct campaign_page page;
	const char *cursor;
	struct day today;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = read_filter(r, &org, &filter)) != OK)
		return st;
	today = organization_today(&org, r->now);
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = limit_row_load(r->db, r->arena, &org)) != OK ||
	    (st = campaign_list(r->db, r->arena, &org, &filter, today, &page, &r->err)) != OK)
		return st;
	cursor = page.has_more ? campaign_cursor(r->arena, &page) : NULL;
	if (r->is_csv) {
		campaign_put_csv(body, &org, page.campaigns, page.count, today);
		reply_cursor(r, cursor);
		return OK;
	}
	dialect_tether_open(out);
	json_open_array(out, "campaigns");
	for (size_t i = 0; i < page.count; i++)
		campaign_put(out, NULL, &org, &page.campaigns[i], today);
	json_close_array(out);
	json_put_text_or_null(out, "nextCursor", cursor);
	dialect_tether_close(out);
	return OK;
}

/*
 * One campaign with a page of its failed contacts.  Its ETag is that of the campaign, which If-Match of a PUT compares; the
 * reply is not cached.
 */
static enum status
campaigns_get(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct failure_page page;
	struct campaign c;
	struct day today;
	int64_t limit;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = limit_row_load(r->db, r->arena, &org)) != OK)
		return st;
	today = organization_today(&org, r->now);
	if ((st = campaign_load(r->db, r->arena, &org, req_path(r, "campaignId"), today, &c, &r->err)) != OK ||
	    (st = req_int(r, "limit", 1, FAILURES_MAX, FAILURES_DEFAULT, &limit)) != OK ||
	    (st = campaign_failures(r->db, r->arena, &c, req_query(r, "cursor"), (size_t)limit, &page, &r->err)) != OK)
		return st;
	campaign_tag(r, &org, &c, today);
	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	campaign_put(out, "data", &org, &c, today);
	json_open_array(out, "failedDetails");
	for (size_t i = 0; i < page.count; i++) {
		json_open_object(out, NULL);
		json_put_int(out, "segmentNumber", page.failures[i].segment);
		json_put_text(out, "phoneNumber", page.failures[i].phone);
		json_put_text(out, "reason", page.failures[i].reason);
		instant_put(out, "failedAt", page.failures[i].failed_at);
		json_close_object(out);
	}
	json_close_array(out);
	json_put_text_or_null(out, "nextCursor", page.cursor);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const char *const list_query[] = { "status", "from", "to", "limit", "cursor", "format", NULL };
	static const char *const get_query[] = { "limit", "cursor", NULL };
	static const struct route routes[] = {
		{ GET, "/api/campaigns", SCOPE_USAGE_READ, campaigns_list, .query = list_query, .has_csv = true },
		{ POST, "/api/campaigns", SCOPE_CAMPAIGNS_WRITE, campaigns_post },
		{ GET, "/api/campaigns/{campaignId}", SCOPE_USAGE_READ, campaigns_get, .query = get_query,
		    .is_private = true },
		{ PUT, "/api/campaigns/{campaignId}", SCOPE_CAMPAIGNS_WRITE, campaigns_put },
		{ DELETE, "/api/campaigns/{campaignId}", SCOPE_CAMPAIGNS_WRITE, campaigns_delete },
		{ POST, "/api/campaigns/{campaignId}/cancel", SCOPE_CAMPAIGNS_WRITE, campaigns_cancel },
		{ POST, "/api/campaigns/{campaignId}/pause", SCOPE_CAMPAIGNS_WRITE, campaigns_pause },
		{ POST, "/api/campaigns/{campaignId}/resume", SCOPE_CAMPAIGNS_WRITE, campaigns_resume },
		{ POST, "/api/campaigns/{campaignId}/results", SCOPE_CAMPAIGNS_WRITE, campaigns_results, .body_max = RESULTS_BODY_MAX },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "campaigns", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
