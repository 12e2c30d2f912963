/*
 * GET /api/usage?from=&to=[&by=channel|day|hour|source|campaign|sender|network|tag] -- who used it: messages, parts and cost by
 * one of them, or by two with a comma, such as by=tag,day; by channel if it is left out.
 *
 *	from, to	days of the organization, YYYY-MM-DD, both included; or instants of whole quarter-hours, of which `to` is
 *		excluded, for parts of days that have too many events.  At most 3,660 days; 400 by hour, or if one is no whole day.
 *
 *	200	{"success":true,"data":{"startsAt","endsAt","timezone","by":[…],"total":{"messages","parts","cost"},
 *		"channels":[{"channel","messages","parts","cost"},…],"groups":[{"tag","day","messages","parts","cost"},…]}}
 *		A group has a member for each word of `by`, null for events that do not say it.  An hour is the instant at which
 *		it begins.  Groups that add up to nothing are left out.  The order is that of the values, null last.
 *		All groups together are the total, and so are all channels.  Failed events count nothing; a void and a settlement
 *		belong to the groups of their event.  "repricing":true is added while a job reprices events (jobs.c), and
 *		"currency", in CSV as the last column, if the organization's is not USD.
 *	format=csv, or Accept: text/csv: a line for each group; by hour with the organization's time, localTime, beside it.
 *	400	a parameter is missing or wrong; or, by source, campaign, sender, network or tag, there are more than 100,000
 *		events (the error says about how many, and a range that would do); or more than 10,000 groups
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <string.h>

#include "base/csv.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/job.h"
#include "ledger/usage_group.h"
#include "org/organization.h"
#include "time/instant.h"

enum { USAGE_DAYS_MAX = 3660, USAGE_HOUR_DAYS_MAX = 400, USAGE_EVENTS_MAX = 100000, USAGE_GROUPS_MAX = 10000 };

/* A reply that is being made: all of it is read before anything is written. */
struct usage_reply {
	struct organization org;
	struct price_list prices;
	struct usage_question question;
	struct usage_sums sums;
	const struct usage_group *groups;
	size_t count;
};

/* ---- The question */

/* Reads one end of the range: a day, the last one up to its end, or an instant.  *is_day says which it was. */
static enum status
read_end(struct req *r, const struct organization *org, const char *name, bool is_last, int64_t *at, bool *is_day)
{
	const char *text = req_query(r, name);
	struct day d;

	if (text == NULL)
		return error_set(&r->err, BAD_REQUEST, "%s: required", name);
	if ((*is_day = day_parse(text, &d)))
		*at = day_start(org->days, is_last ? day_add(d, 1) : d);
	else if (!instant_parse(text, at))
		return error_set(&r->err, BAD_REQUEST, "%s: must be a date (YYYY-MM-DD) or an instant such as 2026-05-20T15:00:00Z",
		    name);
	if (*at % QUARTER_MS != 0)
		return error_set(&r->err, BAD_REQUEST, "%s: an instant must be a whole quarter-hour, such as 15:00:00, 15:15:00", name);
	/* A day of 2099 may end in 2100 by UTC. */
	return *at > INSTANT_MAX + DAY_MS ? error_set(&r->err, BAD_REQUEST, "%s: after 2099", name) : OK;
}

static enum status
read_range(struct req *r, struct usage_reply *u)
{
	struct usage_question *q = &u->question;
	bool is_first_day, is_last_day, by_slots;
	int64_t days_max;
	enum status st;

	if ((st = read_end(r, &u->org, "from", false, &q->from_at, &is_first_day)) != OK ||
	    (st = read_end(r, &u->org, "to", true, &q->until_at, &is_last_day)) != OK)
		return st;
	if (q->until_at <= q->from_at)
		return error_set(&r->err, BAD_REQUEST, "to: must not be earlier than from%s", is_last_day ? "" :
		    "; an instant is excluded, so it must be later");
	by_slots = usage_by_has(&q->by, USAGE_HOUR) || !is_first_day || !is_last_day;
	days_max = by_slots ? USAGE_HOUR_DAYS_MAX : USAGE_DAYS_MAX;
	if (day_at(u->org.days, q->until_at - 1).n - day_at(u->org.days, q->from_at).n >= days_max)
		return error_set(&r->err, BAD_REQUEST, "to: the range has more than %d days", (int)days_max);
	return OK;
}

static enum status
read_question(struct req *r, struct usage_reply *u)
{
	const char *by = req_query(r, "by");
	enum status st;

	u->question = (struct usage_question) { .org = &u->org, .prices = &u->prices, .rows_max = USAGE_EVENTS_MAX,
		.groups_max = USAGE_GROUPS_MAX };
	if ((st = usage_by_parse(by != NULL ? by : "channel", &u->question.by, &r->err)) != OK)
		return st;
	return read_range(r, u);
}

static enum status
read_groups(struct req *r, struct usage_reply *u)
{
	struct usage_groups *groups = usage_groups_new(r->arena, &u->question);
	enum status st;

	if ((st = price_load(r->db, r->arena, &u->org, &u->prices)) != OK ||
	    (st = usage_groups_read(r->db, r->arena, groups, &r->err)) != OK ||
	    (st = usage_sum_instants(r->db, &u->org, u->question.from_at, u->question.until_at, &u->sums, &r->err)) != OK)
		return st;
	u->groups = usage_groups_sorted(groups, &u->count);
	return OK;
}

/* ---- The reply */

static void
put_figures(struct json *out, const struct usage_sum *s)
{
	json_put_int(out, "messages", s->messages);
	json_put_int(out, "parts", s->parts);
	json_put_money(out, "cost", s->cost_micros);
}

/* The total, and the channels that were used. */
static void
put_channels(struct json *out, const struct usage_sums *sums)
{
	struct usage_sum all = { 0 };

	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		all.messages += sums->of[c].messages;
		all.parts += sums->of[c].parts;
		all.cost_micros += sums->of[c].cost_micros;
	}
	json_open_object(out, "total");
	put_figures(out, &all);
	json_close_object(out);
	json_open_array(out, "channels");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		const struct usage_sum *s = &sums->of[c];

		if (s->messages == 0 && s->parts == 0 && s->cost_micros == 0)
			continue;
		json_open_object(out, NULL);
		json_put_text(out, "channel", channel_facts(c)->name);
		put_figures(out, s);
		json_close_object(out);
	}
	json_close_array(out);
}

static enum status
put_json(struct req *r, struct json *out, const struct usage_reply *u)
{
	const struct usage_by *by = &u->question.by;
	enum status st;

	dialect_tether_open(out);
	instant_put(out, "startsAt", u->question.from_at);
	instant_put(out, "endsAt", u->question.until_at);
	json_put_text(out, "timezone", u->org.timezone);
	json_open_array(out, "by");
	for (size_t i = 0; i < by->count; i++)
		json_put_text(out, NULL, usage_dimension_name(by->of[i]));
	json_close_array(out);
	put_channels(out, &u->sums);
	json_open_array(out, "groups");
	for (size_t i = 0; i < u->count; i++) {
		json_open_object(out, NULL);
		for (size_t k = 0; k < by->count; k++)
			json_put_text_or_null(out, usage_dimension_name(by->of[k]), u->groups[i].key[k]);
		put_figures(out, &u->groups[i].sum);
		json_close_object(out);
	}
	json_close_array(out);
	currency_put(out, u->org.currency);
	st = job_put_repricing(r->db, u->org.key, out);
	dialect_tether_close(out);
	return st;
}

/* An hour has the organization's time beside it, for people. */
static void
put_csv_key(struct csv *csv, const struct organization *org, enum usage_dimension d, const char *key)
{
	int64_t at;

	csv_put_text(csv, key != NULL ? key : "");
	if (d == USAGE_HOUR && key != NULL && instant_parse(key, &at))
		day_put_csv_local(csv, org->days, at);
}

static void
put_csv(struct buf *body, const struct usage_reply *u)
{
	static const char *const figures[] = { "messages", "parts", "cost", NULL };
	static const char *const foreign[] = { "messages", "parts", "cost", "currency", NULL };
	bool is_default = currency_is_default(u->org.currency);
	const struct usage_by *by = &u->question.by;
	struct csv csv = { .to = body };

	for (size_t i = 0; i < by->count; i++) {
		csv_put_text(&csv, usage_dimension_name(by->of[i]));
		if (by->of[i] == USAGE_HOUR)
			csv_put_text(&csv, "localTime");
	}
	csv_put_names(&csv, is_default ? figures : foreign);
	for (size_t i = 0; i < u->count; i++) {
		for (size_t k = 0; k < by->count; k++)
			put_csv_key(&csv, &u->org, by->of[k], u->groups[i].key[k]);
		csv_put_int(&csv, u->groups[i].sum.messages);
		csv_put_int(&csv, u->groups[i].sum.parts);
		csv_put_money(&csv, u->groups[i].sum.cost_micros);
		if (!is_default)
			csv_put_text(&csv, u->org.currency);
		csv_put_end(&csv);
	}
}

static enum status
usage(struct req *r, struct buf *body)
{
	struct usage_reply *u = arena_alloc(r->arena, sizeof(*u));
	enum status st;

	if ((st = organization_load(r->db, r->org, &u->org, &r->err)) != OK || (st = read_question(r, u)) != OK)
		return st;
	if (reply_cached(r, body, u->org.revision, organization_unchanged_until(&u->org, r->now)))
		return OK;
	if ((st = read_groups(r, u)) != OK)
		return st;
	if (!r->is_csv)
		return put_json(r, json_on(body), u);
	put_csv(body, u);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "from", "to", "by", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/api/usage", SCOPE_USAGE_READ, usage, .query = query, .has_csv = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "usage", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
