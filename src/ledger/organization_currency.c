/*
 * The currency of an organization, when it changes (see organization_currency.h).
 */
#include "ledger/job.h"
#include "ledger/organization_currency.h"
#include "ledger/price.h"
#include "ledger/reprice.h"

/* What a change may look at while the writers wait: about 100 ms. */
enum { LOOKED_AT_MAX = 100000 };

/* CONFLICT if it has a price of its own, which is in the old currency. */
static enum status
check_own_prices(struct db *db, const struct organization *org, struct error *err)
{
	struct query *q = db_query(db, "SELECT channel FROM price WHERE org = :org LIMIT 1");
	enum status st = OK;

	query_bind_int(q, ":org", org->key);
	if (query_step(q)) {
		st = error_set(err, CONFLICT, "currency: the organization has a price of its own, for %s", query_text(q, 0));
		error_hint(err, "Remove its prices first; set them again in the new currency.");
	}
	return query_done(q) == OK ? st : INTERNAL;
}

/* Whether a limit has an amount of money, now or from a later day on. */
static bool
has_money(const struct limit_rule *rule, struct day today)
{
	if (rule->unit != LIMIT_COST)
		return false;
	for (size_t k = 0; k < rule->amount_count; k++)
		if (rule->amounts[k].from.n > today.n && rule->amounts[k].amount != UNLIMITED)
			return true;
	return limit_rule_amount(rule, today) != UNLIMITED;
}

/* CONFLICT if a limit of it had an amount of money before the change, and has one after it. */
static enum status
check_limits(const struct organization *org, const struct limit_rules *was, struct day today, struct error *err)
{
	for (size_t i = 0; i < org->limits.count; i++) {
		const struct limit_rule *rule = &org->limits.of[i];
		bool had = false;

		for (size_t k = 0; k < was->count; k++)
			had |= was->of[k].key == rule->key && has_money(&was->of[k], today);
		if (!had || !has_money(rule, today))
			continue;
		error_set(err, CONFLICT, "currency: %s is an amount of money", rule->word);
		error_hint(err, "Take this limit away first; set it again in the new currency.");
		return CONFLICT;
	}
	return OK;
}

/*
 * Whether an event has a cost.  Costs are not below zero but in corrections, so if every day's sum is zero and no correction has
 * a cost, no event has one; and there are few corrections.  *is_unknown if there are more of them than the budget.
 */
static enum status
has_costs(struct db *db, const struct organization *org, int64_t *budget, bool *has, bool *is_unknown)
{
	struct query *q = db_query(db, "SELECT 1 FROM usage_day WHERE org = :org AND cost_micros <> 0 LIMIT 1");
	enum status st;

	*is_unknown = false;
	query_bind_int(q, ":org", org->key);
	*has = query_step(q);
	if ((st = query_done(q)) != OK || *has)
		return st;
	q = db_query(db, "SELECT count(*), coalesce(sum(CASE cost_micros WHEN 0 THEN 0 ELSE 1 END), 0) FROM (SELECT cost_micros "
	    "FROM event WHERE org = :org AND rank > 0 LIMIT :budget) AS corrections");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":budget", *budget);
	if (query_step(q)) {
		*has = query_int(q, 1) > 0;
		*is_unknown = query_int(q, 0) == *budget;
		*budget -= query_int(q, 0);
	}
	query_step(q);	/* to its end: there is one row */
	return query_done(q);
}

/*
 * Whether the common prices of the new currency would give an event a cost, if none has one yet; the budget is of the rows that
 * are looked at.  What is before the first price would still cost nothing.
 */
static enum status
would_cost(struct db *db, struct arena *a, const struct organization *org, int64_t *budget, bool *would, bool *is_unknown)
{
	struct price_list prices;
	struct day first = { 0 };
	enum status st = price_load(db, a, org, &prices);

	*would = *is_unknown = false;
	for (enum channel c = 0; st == OK && !*would && !*is_unknown && c < CHANNEL_COUNT; c++)
		if (price_first_day(&prices, c, &first))
			st = reprice_is_needed(db, a, org, &prices, c, first, budget, would, is_unknown);
	return st;
}

enum status
organization_check_currency(struct db *db, struct arena *a, const struct organization *org, const struct limit_rules *was,
    int64_t now, struct error *err)
{
	int64_t budget = LOOKED_AT_MAX;
	bool has, is_unknown;
	enum status st;

	/* A job that reprices is about to give costs. */
	if ((st = job_check_none(db, org, err)) != OK || (st = check_own_prices(db, org, err)) != OK ||
	    (st = check_limits(org, was, organization_today(org, now), err)) != OK ||
	    (st = has_costs(db, org, &budget, &has, &is_unknown)) != OK)
		return st;
	if (has)
		return error_set(err, CONFLICT, "currency: events of the organization have a cost; it can change only while none has");
	if (!is_unknown && (st = would_cost(db, a, org, &budget, &has, &is_unknown)) != OK)
		return st;
	if (has)
		return error_set(err, CONFLICT, "currency: events of the organization would have a cost by the prices in %s for all "
		    "organizations", org->currency);
	if (is_unknown)
		return error_set(err, CONFLICT, "currency: the organization has too many events to see at once whether one has a cost");
	return OK;
}
