/*
 * Cycle caps (see cap.h): what a cycle holds, and whether a change takes it over a cap.  Campaigns and conditional
 * events use the same functions, so that both count alike.
 */
#include <string.h>

#include "ledger/cap.h"
#include "base/money.h"

bool
cap_any(const struct organization *org)
{
	return !org->allow_overage && (org->cap_messages != NO_CAP || org->cap_cost_micros != NO_CAP ||
	    org->cap_sms != NO_CAP || org->cap_calls != NO_CAP);
}

/* A reservation counts in parts for its cost, at the price of its own day, and in contacts for smsCap. */
void
cap_add_held(const struct price_list *prices, struct cap_usage *usage, struct day d, int64_t contacts, int64_t parts_per_contact,
    int sign)
{
	int64_t micros = sign * money_cost(quota_held(contacts, 0, parts_per_contact, UNIT_PART), price_nanos(prices, SMS, d));

	usage->sms += sign * contacts;
	/* Saturate: an absurd cost must be refused, not wrap around and look like room. */
	if (__builtin_add_overflow(usage->cost_micros, micros, &usage->cost_micros))
		usage->cost_micros = sign < 0 ? -INT64_MAX : INT64_MAX;
}

/*
 * Adds what open segments of the cycle's days hold, from the day `from` on.  The price depends on the day, so the rows
 * are added one by one.
 */
static enum status
add_reserved(struct db *db, const struct organization *org, const struct price_list *prices, struct day from,
    struct cap_usage *usage)
{
	struct query *q = db_query(db, "SELECT day, contacts, spent, parts_per_contact FROM segment "
	    "WHERE org = :org AND day >= :from AND day < :until AND status IN ('scheduled', 'sending', 'paused')");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":until", usage->cycle.until.n);
	while (query_step(q)) {
		cap_add_held(prices, usage, (struct day) { (int32_t)query_int(q, 0) },
		    quota_held(query_int(q, 1), query_int(q, 2), 1, UNIT_MESSAGE), query_int(q, 3), 1);
	}
	return query_done(q);
}

enum status
cap_usage_load(struct db *db, const struct organization *org, const struct price_list *prices, struct day d,
    struct day today, struct cap_usage *usage)
{
	struct usage_sums sums;
	enum status st;

	memset(usage, 0, sizeof(*usage));
	usage->cycle = cycle_of(org->days, org->cycle_day, d);
	if ((st = usage_sum_days(db, org, usage->cycle.from, usage->cycle.until, &sums)) != OK)
		return st;
	usage->messages = usage_messages(&sums);
	usage->cost_micros = usage_budget_micros(&sums);
	usage->sms = sums.of[SMS].messages;
	usage->calls = sums.of[CALL].messages;
	/* Reservations of days that are over have lapsed: count from today if the cycle started earlier. */
	return add_reserved(db, org, prices, usage->cycle.from.n < today.n ? today : usage->cycle.from, usage);
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
