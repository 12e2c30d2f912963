/*
 * GET /api/campaigns/next-available-slot?contactCount=N -- today's usage, and the first day with
 * room for N contacts (default 0: any room), from today to 60 days later.  `partsPerContact` (not in the vendor's API,
 * default 1) multiplies N if the organization's quota unit is the part.
 *
 *	200	{"success":true,"isUnlimited","timezone","dailyLimit","todayDate","todayUsage",
 *		"todayAvailableQuota","nextAvailableDate","availableQuota","daysUntilAvailable","message"}
 *		Unlimited: dailyLimit and both quotas are null.  If no day has room, nextAvailableDate and
 *		daysUntilAvailable are absent, availableQuota is null, and message says why.
 *	400	contactCount or partsPerContact is not an integer in its range
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <inttypes.h>

#include "org/organization.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/slot.h"

struct wanted {
	int64_t contacts, parts_per_contact, units;
};

static enum status
read_wanted(struct req *r, const struct organization *org, struct wanted *w)
{
	enum status st;

	if ((st = req_int(r, "contactCount", 0, LIMIT_MAX, 0, &w->contacts)) != OK ||
	    (st = req_int(r, "partsPerContact", 1, 1000, 1, &w->parts_per_contact)) != OK)
		return st;
	w->units = quota_held(w->contacts, 0, w->parts_per_contact, org->unit);
	return OK;
}

/* The sentence for a person: why no day has room, or where the room is. */
static const char *
message(struct req *r, const struct organization *org, const struct wanted *w, const struct slot *slot, struct day today)
{
	const char *unit = org->unit == UNIT_MESSAGE ? "SMS" : "SMS parts";
	char day[DAY_TEXT_MAX];
	int32_t days = slot->day.n - today.n;

	if (org->daily_limit == UNLIMITED)
		return "Unlimited plan: no daily quota applies.";
	if (!slot->is_found && org->daily_limit == 0)
		return "The daily limit is 0: nothing can be sent.";
	if (!slot->is_found && w->units > org->daily_limit)
		return arena_printf(r->arena, "%" PRId64 " contacts are more than a whole day's limit of %" PRId64
		    " %s: use auto-segment.", w->contacts, org->daily_limit, unit);
	if (!slot->is_found)
		return arena_printf(r->arena, "No day within %d days has room for %" PRId64 ".", SLOT_SEARCH_DAYS,
		    w->contacts > 0 ? w->contacts : 1);
	if (days == 0)
		return arena_printf(r->arena, "%" PRId64 " %s left today.", slot->available, unit);
	if (days == 1 && slot->available == org->daily_limit)
		return "Next slot with full daily quota is tomorrow.";
	if (w->contacts == 0)
		return arena_printf(r->arena, "Next date with room is %s (in %d day%s).", day_format(slot->day, day),
		    (int)days, days == 1 ? "" : "s");
	return arena_printf(r->arena, "Next date with room for %" PRId64 " is %s (in %d day%s).", w->contacts,
	    day_format(slot->day, day), (int)days, days == 1 ? "" : "s");
}

static enum status
next_available_slot(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	char text[DAY_TEXT_MAX];
	struct slot slot;
	struct wanted wanted;
	struct day today;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = read_wanted(r, &org, &wanted)) != OK)
		return st;
	today = organization_today(&org, r->now);
	if (reply_cached(r, body, org.revision, today))
		return OK;
	if ((st = slot_find(r->db, &org, today, wanted.units, &slot)) != OK)
		return st;

	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	json_put_bool(out, "isUnlimited", org.daily_limit == UNLIMITED);
	json_put_text(out, "timezone", org.timezone);
	json_put_int_or_null(out, "dailyLimit", org.daily_limit, UNLIMITED);
	json_put_text(out, "todayDate", day_format(today, text));
	json_put_int(out, "todayUsage", quota_total(slot.today));
	json_put_int_or_null(out, "todayAvailableQuota", quota_available(org.daily_limit, slot.today), ROOM_UNLIMITED);
	if (slot.is_found) {
		json_put_text(out, "nextAvailableDate", day_format(slot.day, text));
		json_put_int_or_null(out, "availableQuota", slot.available, ROOM_UNLIMITED);
		json_put_int(out, "daysUntilAvailable", slot.day.n - today.n);
	} else
		json_put_null(out, "availableQuota");
	json_put_text(out, "message", message(r, &org, &wanted, &slot, today));
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "contactCount", "partsPerContact", NULL };
	static const struct route routes[] = {
		{ GET, "/api/campaigns/next-available-slot", SCOPE_USAGE_READ, next_available_slot, .query = query },
		{ 0 } };

	return serve(&(const struct endpoint) { .name = "next-available-slot", .dialect = TETHER, .routes = routes });
}
