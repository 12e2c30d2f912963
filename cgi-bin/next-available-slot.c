/*
 * GET /api/campaigns/next-available-slot?contactCount=N -- today's usage, and the first day with
 * room for N contacts (default 0: any room), from today to 60 days later.  `partsPerContact` (not in the vendor's API,
 * default 1) multiplies N if the organization's quota unit is the part.  `channel` (default SMS) and `from`, neither in the
 * vendor's API, are those of the campaign.
 *
 *	200	{"success":true,"isUnlimited","timezone","dailyLimit","todayDate","todayUsage",
 *		"todayAvailableQuota","nextAvailableDate","availableQuota","daysUntilAvailable","message"}
 *		nextAvailableDate and availableQuota obey all limits, the others the daily one.  Without a daily limit
 *		dailyLimit and todayAvailableQuota are null, and availableQuota unless another limits.  If no day has room,
 *		nextAvailableDate and daysUntilAvailable are absent, availableQuota is null, and message says why.
 *	400	contactCount or partsPerContact is not an integer in its range
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <inttypes.h>
#include <string.h>

#include "org/organization.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/limit.h"
#include "ledger/usage.h"
#include "quota/origin.h"

struct wanted {
	int64_t contacts, parts_per_contact, units;
	enum channel channel;
	const char *sender;	/* NULL = not said */
};

/* What the reply says. */
struct slot {
	int64_t daily_limit;		/* today's; UNLIMITED */
	int64_t daily_most;		/* of the days that were searched */
	struct day_usage today;
	bool is_found;
	struct day day;			/* if is_found */
	int64_t available;		/* its room in quota units, by all limits */
	const struct limit_rule *by;	/* the limit with the least room there; NULL = none */
};

static enum status
read_wanted(struct req *r, struct wanted *w)
{
	const char *channel = req_query(r, "channel");
	enum status st;

	w->channel = SMS;
	w->sender = req_query(r, "from");
	if ((channel != NULL && (st = channel_read(channel, &w->channel, &r->err)) != OK) ||
	    (w->sender != NULL && (st = origin_check_sender(w->sender, &r->err)) != OK))
		return st;
	if ((st = req_int(r, "contactCount", 0, LIMIT_MAX, 0, &w->contacts)) != OK ||
	    (st = req_int(r, "partsPerContact", 1, 1000, 1, &w->parts_per_contact)) != OK)
		return st;
	return OK;
}

/* Finds the first day with room.  A request for no contacts asks for a day with any room. */
static enum status
find_slot(struct req *r, const struct organization *org, const struct wanted *w, struct day today, struct slot *slot)
{
	struct limit_contact contact = { .channel = w->channel, .sender = w->sender,
		.parts = w->contacts > 0 ? w->parts_per_contact : 1 };
	int64_t contacts = w->contacts > 0 ? w->contacts : 1, room;
	struct limit_book *book;
	enum status st;

	*slot = (struct slot) { .daily_limit = limit_rules_daily(&org->limits, today) };
	if ((st = usage_days(r->db, org, today, today, today, &slot->today)) != OK ||
	    (st = limit_book_new(r->db, r->arena, org, NULL, LIMIT_FOLLOW_LIMITED, r->now, &book)) != OK ||
	    (st = limit_next_day(book, today, &contact, contacts, &slot->is_found, &slot->day, &room)) != OK)
		return st;
	slot->daily_most = slot->daily_limit;
	for (int32_t i = 1; i <= LIMIT_SEARCH_DAYS; i++) {
		int64_t amount = limit_rules_daily(&org->limits, day_add(today, i));

		if (slot->daily_most != UNLIMITED && (amount == UNLIMITED || amount > slot->daily_most))
			slot->daily_most = amount;
	}
	slot->available = limit_book_room_units(book, slot->day, &contact, &slot->by);
	return OK;
}

/* Why no day has room. */
static const char *
message_without(struct req *r, const struct wanted *w, const struct slot *slot, const char *unit)
{
	if (slot->daily_most == 0 && w->channel == SMS)
		return "The daily limit is 0: nothing can be sent.";
	if (slot->daily_most != UNLIMITED && w->channel == SMS && w->units > slot->daily_most)
		return arena_printf(r->arena, "%" PRId64 " contacts are more than a whole day's limit of %" PRId64
		    " %s: use auto-segment.", w->contacts, slot->daily_most, unit);
	return arena_printf(r->arena, "No day within %d days has room for %" PRId64 "%s%s.", LIMIT_SEARCH_DAYS,
	    w->contacts > 0 ? w->contacts : 1, slot->by != NULL && strcmp(slot->by->word, "dailyLimit") != 0 ? ": " : "",
	    slot->by != NULL && strcmp(slot->by->word, "dailyLimit") != 0 ? slot->by->word : "");
}

/* The sentence for a person: why no day has room, or where the room is. */
static const char *
message(struct req *r, const struct organization *org, const struct wanted *w, const struct slot *slot, struct day today)
{
	const char *unit = arena_printf(r->arena, limit_rules_unit(&org->limits) == UNIT_MESSAGE ? "%s" : "%s parts",
	    channel_facts(w->channel)->name);
	char day[DAY_TEXT_MAX];
	int32_t days = slot->day.n - today.n;

	if (!slot->is_found)
		return message_without(r, w, slot, unit);
	if (slot->by == NULL)
		return "Unlimited plan: no daily quota applies.";
	if (days == 0)
		return arena_printf(r->arena, "%" PRId64 " %s left today.", slot->available, unit);
	if (days == 1 && w->channel == SMS && slot->available == slot->daily_limit)
		return "Next slot with full daily quota is tomorrow.";
	if (w->contacts == 0)
		return arena_printf(r->arena, "Next date with room is %s (in %d day%s).", day_format(slot->day, day),
		    (int)days, days == 1 ? "" : "s");
	return arena_printf(r->arena, "Next date with room for %" PRId64 " is %s (in %d day%s).", w->contacts,
	    day_format(slot->day, day), (int)days, days == 1 ? "" : "s");
}

static void
put_slot(struct req *r, struct json *out, const struct organization *org, const struct wanted *w, const struct slot *slot,
    struct day today)
{
	bool is_unlimited = slot->daily_limit == UNLIMITED;
	char text[DAY_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	json_put_bool(out, "isUnlimited", is_unlimited);
	json_put_text(out, "timezone", org->timezone);
	json_put_int_or_null(out, "dailyLimit", slot->daily_limit, UNLIMITED);
	json_put_text(out, "todayDate", day_format(today, text));
	json_put_int(out, "todayUsage", quota_total(slot->today));
	json_put_int_or_null(out, "todayAvailableQuota",
	    is_unlimited ? UNLIMITED : quota_available(slot->daily_limit, slot->today), UNLIMITED);
	if (slot->is_found) {
		json_put_text(out, "nextAvailableDate", day_format(slot->day, text));
		json_put_int_or_null(out, "availableQuota", slot->by != NULL ? slot->available : UNLIMITED, UNLIMITED);
		json_put_int(out, "daysUntilAvailable", slot->day.n - today.n);
	} else
		json_put_null(out, "availableQuota");
	json_put_text(out, "message", message(r, org, w, slot, today));
	json_close_object(out);
}

static enum status
next_available_slot(struct req *r, struct buf *body)
{
	struct organization org;
	struct slot slot;
	struct wanted wanted;
	int64_t unchanged_until;
	struct day today;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK || (st = read_wanted(r, &wanted)) != OK ||
	    (st = limit_unchanged_until(r->db, r->arena, &org, r->now, &unchanged_until)) != OK)
		return st;
	today = organization_today(&org, r->now);
	if (reply_cached(r, body, org.revision, unchanged_until))
		return OK;
	if ((st = limit_row_load(r->db, r->arena, &org)) != OK)
		return st;
	wanted.units = quota_held(wanted.contacts, 0, wanted.parts_per_contact, limit_rules_unit(&org.limits));
	if ((st = find_slot(r, &org, &wanted, today, &slot)) == OK)
		put_slot(r, json_on(body), &org, &wanted, &slot, today);
	return st;
}

int
main(void)
{
	static const char *const query[] = { "contactCount", "partsPerContact", "channel", "from", NULL };
	static const struct route routes[] = {
		{ GET, "/api/campaigns/next-available-slot", SCOPE_USAGE_READ, next_available_slot, .query = query },
		{ 0 } };

	return serve(&(const struct endpoint) { .name = "next-available-slot", .dialect = TETHER, .routes = routes });
}
