#include <inttypes.h>

#include "event_enforce.h"
#include "slot.h"
#include "usage.h"

enum status
enforce_begin(struct db *db, const struct organization *org, const struct price_list *prices, const struct event *e,
    int64_t now, struct enforcement *enforcement)
{
	enum status st;

	enforcement->day = day_at(org->days, e->occurred_at);
	enforcement->today = organization_today(org, now);
	enforcement->has_caps = cap_any(org);
	if ((st = usage_days(db, org, enforcement->day, enforcement->day, enforcement->today, &enforcement->before)) != OK)
		return st;
	if (!enforcement->has_caps)
		return OK;
	return cap_usage_load(db, org, prices, enforcement->day, enforcement->today, &enforcement->caps_before);
}

static enum status
refuse_by_cap(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    const struct enforcement *enforcement, const struct event_refusal **refusal)
{
	struct event_refusal *r;
	struct cap_usage caps;
	const char *cap;
	enum status st;

	if ((st = cap_usage_load(db, org, prices, enforcement->day, enforcement->today, &caps)) != OK ||
	    (cap = cap_over(org, &caps, &enforcement->caps_before)) == NULL)
		return st;
	r = arena_alloc(a, sizeof(*r));
	*r = (struct event_refusal) { .is_cap = true, .limit = cap, .day = enforcement->day, .frees_at = caps.cycle.ends_at,
		.has_next = true, .next = caps.cycle.until };
	r->error = arena_printf(a, "over_cap: %s of the billing cycle is reached", cap);
	*refusal = r;
	return OK;
}

static enum status
refuse_by_day(struct db *db, struct arena *a, const struct organization *org, const struct event *e,
    const struct enforcement *enforcement, const struct event_refusal **refusal)
{
	int64_t available = quota_available(org->daily_limit, enforcement->before);
	int64_t units = quota_units(org->unit, e->messages, e->parts);
	char text[DAY_TEXT_MAX];
	struct event_refusal *r;
	struct day_usage after;
	struct slot slot;
	enum status st;

	if ((st = usage_days(db, org, enforcement->day, enforcement->day, enforcement->today, &after)) != OK)
		return st;
	if (quota_total(after) <= org->daily_limit || quota_total(after) <= quota_total(enforcement->before))
		return OK;
	if ((st = slot_find(db, org, enforcement->today, units, &slot)) != OK)
		return st;
	r = arena_alloc(a, sizeof(*r));
	*r = (struct event_refusal) { .limit = "dailyLimit", .day = enforcement->day,
		.frees_at = day_start(org->days, day_add(enforcement->day, 1)), .available = available,
		.has_next = slot.is_found, .next = slot.day };
	r->error = arena_printf(a, "over_quota: %s has room for %" PRId64 " of the daily limit of %" PRId64 " %ss, not for %" PRId64,
	    day_format(enforcement->day, text), available, org->daily_limit, quota_unit_name(org->unit), units);
	*refusal = r;
	return OK;
}

/* Caps first: where both refuse, it is the cap. */
enum status
enforce_end(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    const struct event *e, const struct enforcement *enforcement, const struct event_refusal **refusal)
{
	enum status st;

	*refusal = NULL;
	if (enforcement->has_caps && ((st = refuse_by_cap(db, a, org, prices, enforcement, refusal)) != OK || *refusal != NULL))
		return st;
	if (e->channel != SMS || org->daily_limit == UNLIMITED)
		return OK;
	return refuse_by_day(db, a, org, e, enforcement, refusal);
}
