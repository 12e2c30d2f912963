/*
 * GET /organization/usage/history?startDate=YYYY-MM-DD&endDate=YYYY-MM-DD[&costs=all] -- usage by calendar month, in
 * the organization's local days; both dates inclusive, at most 120 months.
 *
 *	200	{"items":[{"yearMonth":"YYYY-MM","messageUsage","budgetUsage","costSms","costCall","channelUsages"},…]}
 *		One item for each month that the range touches, in order, also for months without traffic.  The first and the
 *		last one cover only the days in the range, so that adjoining ranges add up.  "repricing":true is added beside
 *		the items while a job reprices events (jobs.c).
 *		"currency" is added beside the items if the organization's is not USD.
 *		costs=all adds "totalCost" and "channelCosts" to each month, as in organization-usage.c.
 *	format=csv, or Accept: text/csv: a line for each month, and a column for each channel; costs=all adds totalCost and
 *		a column cost.CHANNEL for each channel.  The last column is currency, if that is not USD.
 *	400	a date is missing or invalid, endDate is before startDate, or the range has more than 120 months
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <stdio.h>

#include "base/csv.h"
#include "ledger/job.h"
#include "org/organization.h"
#include "ledger/pingram.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/usage.h"

enum { MONTHS_MAX = 120, MONTH_TEXT_MAX = 16, CSV_NAME_MAX = 32 };

/* Reads the days and counts the months that they touch. */
static enum status
read_range(struct req *r, struct day_range *range, int *months)
{
	int from_year, from_month, to_year, to_month, unused;
	enum status st;

	if ((st = req_day_range(r, "startDate", "endDate", false, 0, range)) != OK)
		return st;
	day_civil(range->from, &from_year, &from_month, &unused);
	day_civil(range->to, &to_year, &to_month, &unused);
	*months = (to_year - from_year) * 12 + to_month - from_month + 1;
	if (*months > MONTHS_MAX) {
		st = error_set(&r->err, BAD_REQUEST, "endDate: the range has more than %d months", MONTHS_MAX);
		error_hint(&r->err, "Ask for at most %d months at a time.", MONTHS_MAX);
		return st;
	}
	return OK;
}

/* The end of the part of the range that is in the month of d: the next month's first day, or the day after the range. */
static struct day
month_until(struct day d, struct day to)
{
	int year, month, dayofmonth;
	struct day until;

	day_civil(d, &year, &month, &dayofmonth);
	until = day_add(d, days_in_month(year, month) - dayofmonth + 1);
	return until.n > to.n ? day_add(to, 1) : until;
}

static const char *
month_format(struct day d, char *text, size_t size)
{
	int year, month, dayofmonth;

	day_civil(d, &year, &month, &dayofmonth);
	snprintf(text, size, "%04d-%02d", year, month);
	return text;
}

static void
put_csv_cost_names(struct csv *csv)
{
	char name[CSV_NAME_MAX];

	csv_put_text(csv, "totalCost");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		snprintf(name, sizeof(name), "cost.%s", channel_facts(c)->name);
		csv_put_text(csv, name);
	}
}

static void
put_csv_costs(struct csv *csv, const struct usage_sums *sums)
{
	csv_put_money(csv, usage_cost_micros(sums));
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		csv_put_money(csv, sums->of[c].cost_micros);
}

static void
put_csv(struct buf *body, const struct organization *org, const struct day_range *range, const struct usage_sums *sums,
    bool with_costs)
{
	static const char *const names[] = { "yearMonth", "messageUsage", "budgetUsage", "costSms", "costCall" };
	struct csv csv = { .to = body };
	char text[MONTH_TEXT_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		csv_put_text(&csv, names[i]);
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		csv_put_text(&csv, channel_facts(c)->name);
	if (with_costs)
		put_csv_cost_names(&csv);
	if (!currency_is_default(org->currency))
		csv_put_text(&csv, "currency");
	csv_put_end(&csv);
	for (struct day d = range->from; d.n <= range->to.n; d = month_until(d, range->to), sums++) {
		csv_put_text(&csv, month_format(d, text, sizeof(text)));
		csv_put_int(&csv, usage_messages(sums));
		csv_put_money(&csv, usage_budget_micros(sums));
		csv_put_money(&csv, sums->of[SMS].cost_micros);
		csv_put_money(&csv, sums->of[CALL].cost_micros);
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			csv_put_int(&csv, sums->of[c].messages);
		if (with_costs)
			put_csv_costs(&csv, sums);
		if (!currency_is_default(org->currency))
			csv_put_text(&csv, org->currency);
		csv_put_end(&csv);
	}
}

static enum status
put_json(struct req *r, const struct organization *org, struct json *out, const struct day_range *range,
    const struct usage_sums *sums, bool with_costs)
{
	enum status st;

	char text[MONTH_TEXT_MAX];

	json_open_object(out, NULL);
	json_open_array(out, "items");
	for (struct day d = range->from; d.n <= range->to.n; d = month_until(d, range->to), sums++) {
		json_open_object(out, NULL);
		json_put_text(out, "yearMonth", month_format(d, text, sizeof(text)));
		pingram_put_usage(out, sums, with_costs);
		json_close_object(out);
	}
	json_close_array(out);
	currency_put(out, org->currency);
	st = job_put_repricing(r->db, org->key, out);
	json_close_object(out);
	return st;
}

static enum status
usage_history(struct req *r, struct buf *body)
{
	struct usage_sums *sums;
	struct organization org;
	struct day_range range;
	struct day *starts;
	enum status st;
	bool with_costs;
	int months;

	if ((st = req_word(r, "costs", "all", &with_costs)) != OK ||
	    (st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = read_range(r, &range, &months)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	sums = arena_alloc(r->arena, (size_t)months * sizeof(*sums));
	starts = arena_alloc(r->arena, (size_t)(months + 1) * sizeof(*starts));
	starts[0] = range.from;
	for (int i = 0; i < months; i++)
		starts[i + 1] = month_until(starts[i], range.to);
	if ((st = usage_sum_stretches(r->db, &org, starts, (size_t)months, sums)) != OK)
		return st;
	if (!r->is_csv)
		return put_json(r, &org, json_on(body), &range, sums, with_costs);
	put_csv(body, &org, &range, sums, with_costs);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "startDate", "endDate", "costs", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/organization/usage/history", SCOPE_USAGE_READ, usage_history, .query = query, .has_csv = true },
		{ 0 } };

	return serve(&(const struct endpoint) { .name = "usage-history", .dialect = PINGRAM, .routes = routes });
}
