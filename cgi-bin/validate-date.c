/*
 * POST /api/campaigns/validate-date {"scheduledISO":"…Z","contactCount":n,"excludeCampaignId"?:"…",
 *	"partsPerContact"?:n} -- whether the organization's local day of that instant has room for the contacts.
 *
 *	200	{"success":true,"available":bool,"remaining":n,"limit":n} and, if it is not available, "message".
 *		remaining is the room before contactCount is subtracted; excludeCampaignId leaves the reservation of that
 *		campaign out.  Unlimited: remaining and limit are null.  A day that is over is not available.
 *	400	a field is missing, unknown or wrong
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <inttypes.h>

#include "campaign/campaign.h"
#include "time/instant.h"
#include "http/serve.h"
#include "ledger/usage.h"

struct wanted {
	int64_t scheduled_at, contacts, parts_per_contact;
	const char *exclude;
};

static enum status
read_wanted(struct req *r, struct json_object *o, struct wanted *w)
{
	const char *at;
	enum status st;
	bool found;

	*w = (struct wanted) { .parts_per_contact = 1 };
	if ((st = json_string(o, "scheduledISO", 1, 64, &at, &r->err)) != OK)
		return st;
	if (at == NULL)
		return error_set(&r->err, BAD_REQUEST, "scheduledISO: required");
	if (!instant_parse(at, &w->scheduled_at))
		return error_set(&r->err, BAD_REQUEST, "scheduledISO: not an RFC 3339 instant such as 2026-05-20T15:00:00.000Z");
	if ((st = json_int(o, "contactCount", 0, CAMPAIGN_CONTACTS_MAX, &found, &w->contacts, &r->err)) != OK)
		return st;
	if (!found)
		return error_set(&r->err, BAD_REQUEST, "contactCount: required");
	if ((st = json_int(o, "partsPerContact", 1, PARTS_PER_CONTACT_MAX, &found, &w->parts_per_contact, &r->err)) != OK)
		return st;
	return json_string(o, "excludeCampaignId", 1, 64, &w->exclude, &r->err);
}

/* The room on that day in quota units, without what the excluded campaign holds; one that does not exist holds nothing. */
static enum status
load_room(struct req *r, const struct organization *org, const struct wanted *w, struct day d, struct day today,
    int64_t *remaining)
{
	struct day_usage usage;
	struct campaign c;
	enum status st;

	if ((st = usage_days(r->db, org, d, d, today, &usage)) != OK)
		return st;
	if (w->exclude != NULL) {
		st = campaign_load(r->db, r->arena, org, w->exclude, today, &c, &r->err);
		if (st == OK)
			usage.reserved -= campaign_held(org, &c, d, today);
		else if (st != NOT_FOUND)
			return st;
	}
	*remaining = quota_available(org->daily_limit, usage);
	return OK;
}

static void
put_reply(struct req *r, struct json *out, const struct organization *org, const struct wanted *w, struct day d,
    struct day today, int64_t remaining)
{
	int64_t units = quota_held(w->contacts, 0, w->parts_per_contact, org->unit);
	bool is_over = d.n < today.n, is_unlimited = org->daily_limit == UNLIMITED;
	bool available = !is_over && (is_unlimited || remaining >= units);
	char text[DAY_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	json_put_bool(out, "available", available);
	json_put_int_or_null(out, "remaining", is_unlimited ? UNLIMITED : remaining, UNLIMITED);
	json_put_int_or_null(out, "limit", org->daily_limit, UNLIMITED);
	if (is_over)
		json_put_text(out, "message", arena_printf(r->arena, "%s is over.", day_format(d, text)));
	else if (!available)
		json_put_text(out, "message", arena_printf(r->arena, "%s has room for %" PRId64 ", not for %" PRId64 ".",
		    day_format(d, text), remaining, units));
	json_close_object(out);
}

/* A POST that only reads, so it opens the read transaction itself. */
static enum status
validate_date(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "scheduledISO", "contactCount", "excludeCampaignId", "partsPerContact", NULL };
	struct organization org;
	struct json_object *o;
	struct wanted wanted;
	int64_t remaining = 0;
	struct day d, today;
	enum status st;

	if ((st = db_read_begin(r->db)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = req_object(r, fields, &o)) != OK)
		return st;
	st = read_wanted(r, o, &wanted);
	json_object_free(o);
	if (st != OK)
		return st;
	d = day_at(org.days, wanted.scheduled_at);
	today = organization_today(&org, r->now);
	if ((st = load_room(r, &org, &wanted, d, today, &remaining)) == OK)
		put_reply(r, json_on(body), &org, &wanted, d, today, remaining);
	return st;
}

int
main(void)
{
	static const struct route routes[] = {
		{ POST, "/api/campaigns/validate-date", SCOPE_USAGE_READ, validate_date }, { 0 } };

	return serve(&(const struct endpoint) {
		.name = "validate-date", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
