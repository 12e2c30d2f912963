/*
 * POST /api/campaigns/auto-segment {"totalContacts":n,"firstSegmentDate"?:"YYYY-MM-DD",
 *	"firstSegmentTime"?:"HH:MM","timezone"?:"Area/City","partsPerContact"?:n} -- a proposal that spreads the
 *	contacts over the coming days with room, at the same local time each day.  Reserves nothing.
 *
 *	A time that sending windows do not allow moves to the next one of its date that they do; a date without one is passed
 *	over.  "sendingWindow"? is the campaign's own, as in POST /api/campaigns.
 *	"channel"? and "from"? are those of the campaign: the plan obeys the limits that count them.
 *	Defaults: SMS; 10:00; today, or tomorrow if that time is past; the organization's time zone.
 *
 *	200	{"success":true,"segments":[{"id":"seg-1","scheduledDate":"…Z","contactCount":n},…],
 *		"totalSegments":n,"warnings":[]}
 *	400	a field is missing, unknown or wrong; the first time is past; more than 366 days are needed; the sending
 *		window allows nothing from that time on
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <string.h>

#include "campaign/auto_segment.h"
#include "campaign/campaign.h"
#include "http/serve.h"
#include "ledger/limit_row.h"
#include "quota/origin.h"
#include "time/instant.h"

/*
 * Makes the plan in a read transaction of its own, because a POST has none: the proposal is what the days hold at one moment.
 */
static enum status
plan(struct req *r, struct auto_request *request, struct auto_plan *plan, struct organization *org)
{
	static const char *const fields[] = { "totalContacts", "firstSegmentDate", "firstSegmentTime", "timezone", "partsPerContact",
		"sendingWindow", "channel", "from", NULL };
	struct json_object *o;
	enum status st;
	bool found;

	if ((st = db_read_begin(r->db)) != OK)
		return st;
	if ((st = organization_load(r->db, r->org, org, &r->err)) == OK &&
	    (st = limit_row_load(r->db, r->arena, org)) == OK &&
	    (st = req_object(r, fields, &o)) == OK) {
		if ((st = auto_request_read(o, request, &r->err)) == OK &&
		    (st = origin_read_planned(o, &request->channel, &request->sender, &r->err)) == OK &&
		    (st = campaign_read_window(r->arena, r->body, r->body_n, &found, &request->sending_window, &r->err)) == OK)
			st = auto_plan_make(r->db, r->arena, org, request, r->now, plan, &r->err);
		json_object_free(o);
	}
	db_read_end(r->db);
	return st;
}

/* Whether a limit allows only so much today or, by an amount that is to come, on a later day. */
static bool
is_limited(const struct limit_rule *rule, struct day today)
{
	bool is = limit_rule_amount(rule, today) != UNLIMITED;

	for (size_t i = 0; i < rule->amount_count; i++)
		is |= rule->amounts[i].from.n > today.n && rule->amounts[i].amount != UNLIMITED;
	return is;
}

/* Events alone keep limits of networks, because nobody knows where a campaign's messages will go. */
static void
warn_of_networks(struct req *r, struct json *out, const struct organization *org, const struct auto_request *request)
{
	for (const struct limit_rule *rule = org->limits.of; rule < org->limits.of + org->limits.count; rule++)
		if (rule->network != NULL && rule->refuses &&
		    limit_rule_counts_event(rule, request->channel, request->sender, rule->network) &&
		    is_limited(rule, day_at(limit_rule_days(rule, org->days), r->now)))
			json_put_text(out, NULL, arena_printf(r->arena, "The limit \"%s\" counts only what goes to %s, so the plan "
			    "does not obey it.", rule->name, rule->network));
}

static enum status
auto_segment(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct auto_request request;
	struct organization org;
	struct auto_plan p;
	enum status st;

	if ((st = plan(r, &request, &p, &org)) != OK)
		return st;
	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	json_open_array(out, "segments");
	for (size_t i = 0; i < p.count; i++) {
		json_open_object(out, NULL);
		json_put_text(out, "id", arena_printf(r->arena, "seg-%zu", i + 1));
		instant_put(out, "scheduledDate", p.segments[i].scheduled_at);
		json_put_int(out, "contactCount", p.segments[i].contacts);
		json_close_object(out);
	}
	json_close_array(out);
	json_put_int(out, "totalSegments", (int64_t)p.count);
	json_open_array(out, "warnings");
	if (p.blocked_by != NULL)
		json_put_text(out, NULL, arena_printf(r->arena, "%s is 0: nothing can be planned.",
		    strcmp(p.blocked_by, "dailyLimit") == 0 ? "The daily limit" : p.blocked_by));
	else if (p.limited_by != NULL)
		json_put_text(out, NULL, arena_printf(r->arena, "%s leaves less room than the days do, so the plan takes longer.",
		    p.limited_by));
	warn_of_networks(r, out, &org, &request);
	if (p.passed_over > 0)
		json_put_text(out, NULL, arena_printf(r->arena, "The sending window passes over %zu date%s.", p.passed_over,
		    p.passed_over == 1 ? "" : "s"));
	json_close_array(out);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const struct route routes[] = {
		{ POST, "/api/campaigns/auto-segment", SCOPE_USAGE_READ, auto_segment }, { 0 } };

	return serve(&(const struct endpoint) {
		.name = "auto-segment", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
