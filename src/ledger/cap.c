/*
 * Cycle caps (see cap.h): what a cycle holds, and whether a change takes it over a cap.  Campaigns and conditional
 * events use the same functions, so that both count alike.
 */
#include <string.h>

#include "ledger/cap.h"
#include "base/money.h"
#include "ledger/segment.h"

bool
cap_any(const struct organization *org)
{
	return !org->allow_overage && (org->cap_messages != NO_CAP || org->cap_cost_micros != NO_CAP ||
	    org->cap_sms != NO_CAP || org->cap_calls != NO_CAP);
}

/* Money saturates: an absurd cost must be refused, not wrap around and look like room. */
static void
add_micros(struct cap_usage *usage, int64_t micros)
{
	if (__builtin_add_overflow(usage->cost_micros, micros, &usage->cost_micros))
		usage->cost_micros = micros < 0 ? -INT64_MAX : INT64_MAX;
}

void
cap_add_sent(struct cap_usage *usage, enum channel c, int64_t messages, int64_t cost_micros)
{
	usage->messages += channel_facts(c)->in_message_usage ? messages : 0;
	usage->sms += c == SMS ? messages : 0;
	usage->calls += c == CALL ? messages : 0;
	add_micros(usage, channel_facts(c)->in_budget_usage ? cost_micros : 0);
}

/* A reservation counts in parts for its cost, at the price of its own day, and in contacts for smsCap. */
void
cap_add_held(const struct price_list *prices, struct cap_usage *usage, struct day d, int64_t contacts, int64_t parts_per_contact,
    int sign)
{
	usage->sms += sign * contacts;
	add_micros(usage, sign * money_cost(quota_held(contacts, 0, parts_per_contact, UNIT_PART), price_nanos(prices, SMS, d)));
}

/* A cycle and the prices of its days, for add_open. */
struct reserved {
	const struct price_list *prices;
	struct cap_usage *usage;
};

/* Adds an open segment.  The price depends on the day, so each is added by itself. */
static void
add_open(const struct segment_hold *h, void *arg)
{
	const struct reserved *r = arg;

	cap_add_held(r->prices, r->usage, h->day, h->left, h->parts_per_contact, 1);
}

enum status
cap_usage_load(struct db *db, const struct organization *org, const struct price_list *prices, struct day d,
    struct day today, struct cap_usage *usage)
{
	struct reserved reserved = { prices, usage };
	struct usage_sums sums;
	enum status st;

	memset(usage, 0, sizeof(*usage));
	usage->cycle = cycle_of(org->days, org->cycle_day, d);
	if ((st = usage_sum_days(db, org, usage->cycle.from, usage->cycle.until, &sums)) != OK)
		return st;
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		cap_add_sent(usage, c, sums.of[c].messages, sums.of[c].cost_micros);
	/* Reservations of days that are over have lapsed: count from today if the cycle started earlier. */
	return segment_each_open(db, org, usage->cycle.from.n < today.n ? today : usage->cycle.from,
	    day_add(usage->cycle.until, -1), add_open, &reserved);
}

/* Whether usage exceeds the cap because of this change.  Usage that exceeded it before and did not grow is not refused. */
static bool
is_over(int64_t cap, int64_t is, int64_t was)
{
	return cap != NO_CAP && is > cap && is > was;
}

const char *
cap_over(const struct organization *org, const struct cap_usage *usage, const struct cap_usage *than)
{
	if (org->allow_overage)
		return NULL;
	if (is_over(org->cap_messages, usage->messages, than->messages))
		return "messagesCap";
	if (is_over(org->cap_cost_micros, usage->cost_micros, than->cost_micros))
		return "costCap";
	if (is_over(org->cap_sms, usage->sms, than->sms))
		return "smsCap";
	if (is_over(org->cap_calls, usage->calls, than->calls))
		return "callCap";
	return NULL;
}
