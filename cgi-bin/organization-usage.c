/*
 * GET /organization/usage[?costs=all&cycle=previous|YYYY-MM-DD] (also /account/organization/usage) -- this billing cycle's counts
 *	and costs, or those of the cycle before or of the one that contains a date.
 *
 *	200	{"messageUsage","budgetUsage","costSms","costCall","channelUsages":{…},
 *		"billingCycleStart","billingCycleEnd"}
 *		Counts are messages, costs are in US dollars, or in "currency", which is added if the organization has
 *		another.  The cycle starts at local midnight of the organization's cycle day; billingCycleEnd is the start of the
 *		next cycle.  "repricing":true is added while a job reprices events (jobs.c), so that costs are partly those of the
 *		old price.
 *		costs=all adds "totalCost" and "channelCosts":{…}, the costs of all channels; budgetUsage
 *		is that of SMS and calls, which the cost cap counts.
 *	400	costs is another word; cycle is neither previous nor a date, or a date in a cycle that has not begun
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include "ledger/job.h"
#include "org/organization.h"
#include "ledger/pingram.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/usage.h"
#include "time/instant.h"

static enum status
organization_usage(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct usage_sums sums;
	struct cycle cycle;
	enum status st;
	bool with_costs;

	if ((st = req_word(r, "costs", "all", &with_costs)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	if ((st = organization_cycle(&org, "cycle", req_query(r, "cycle"), organization_today(&org, r->now), &cycle, &r->err)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = usage_sum_days(r->db, &org, cycle.from, cycle.until, &sums)) != OK)
		return st;
	json_open_object(out, NULL);
	pingram_put_usage(out, &sums, with_costs);
	instant_put(out, "billingCycleStart", cycle.starts_at);
	instant_put(out, "billingCycleEnd", cycle.ends_at);
	currency_put(out, org.currency);
	st = job_put_repricing(r->db, org.key, out);
	json_close_object(out);
	return st;
}

int
main(void)
{
	static const char *const query[] = { "costs", "cycle", NULL };
	/* The route is the tail of the path: this one serves /account/organization/usage too. */
	static const struct route routes[] = {
		{ GET, "/organization/usage", SCOPE_USAGE_READ, organization_usage, .query = query }, { 0 } };

	return serve(&(const struct endpoint) { .name = "organization-usage", .dialect = PINGRAM, .routes = routes });
}
