/*
 * GET /api/campaigns/usage-calendar?from=YYYY-MM-DD&to=YYYY-MM-DD -- SMS usage and campaigns by the organization's
 * local days, `from` and `to` inclusive, at most 366.
 *
 *	200	{"success":true,"data":{"timezone","dailyLimit","isUnlimited","plan","dates":{"YYYY-MM-DD":
 *		{"sent","reserved","total","availableQuota","bookable","limitedBy"?,"campaigns":[…]},…}}}
 *		All figures are in the organization's quota unit.  Unlimited: dailyLimit and availableQuota are -1.
 *		bookable: one-part SMS contacts that a campaign could still reserve by all limits; -1 = any number.
 *		limitedBy: the limit that says so, if it is not the daily one.  availableQuota is by each day's own amount.
 *		Days before today reserve nothing, and their open campaigns are shown as ended.  At most 100
 *		failedDetails for each segment.
 *	format=csv, or Accept: text/csv: a line for each day; "campaigns" is their number, "campaignIds" their ids.
 *	400	from or to is missing or not a date, or they are out of order or too far apart
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "ledger/limit.h"
#include "ledger/segment.h"
#include "http/serve.h"
#include "ledger/usage.h"

enum { RANGE_DAYS_MAX = 366, FAILURES_LISTED_MAX = 100 };

/* The vendor's contract fixes the message if a parameter is missing. */
static enum status
read_range(struct req *r, struct day_range *range)
{
	if (req_query(r, "from") == NULL || req_query(r, "to") == NULL) {
		r->message = "from and to query params are required";
		return error_set(&r->err, BAD_REQUEST, "%s: required", req_query(r, "from") == NULL ? "from" : "to");
	}
	return req_day_range(r, "from", "to", false, RANGE_DAYS_MAX, range);
}

/*
 * Reads the failed contacts of each segment that has some, before anything is written, so that a failure leaves no half
 * reply.
 */
static enum status
load_failures(struct req *r, const struct segment_entry *entries, size_t count, struct failed_contact ***failures,
    size_t **failure_counts)
{
	enum status st = OK;

	*failures = arena_alloc(r->arena, (count + 1) * sizeof(**failures));
	*failure_counts = arena_alloc(r->arena, (count + 1) * sizeof(**failure_counts));
	for (size_t i = 0; st == OK && i < count; i++)
		if (entries[i].has_failures)
			st = segment_failures(r->db, r->arena, entries[i].campaign_key, entries[i].number,
			    FAILURES_LISTED_MAX, &(*failures)[i], &(*failure_counts)[i]);
	return st;
}

static void
put_campaign(struct json *out, const struct segment_entry *e, const struct failed_contact *failures, size_t failure_count)
{
	json_open_object(out, NULL);
	json_put_text(out, "campaignId", e->campaign);
	json_put_text(out, "campaignName", e->name);
	json_put_int(out, "contactCount", e->contacts);
	json_put_text(out, "status", segment_state_name(e->reads));
	json_put_bool(out, "isSegmented", e->is_segmented);
	if (e->is_segmented)
		json_put_int(out, "segmentNumber", e->number);
	json_open_array(out, "failedDetails");
	for (size_t i = 0; i < failure_count; i++) {
		json_open_object(out, NULL);
		json_put_text(out, "phoneNumber", failures[i].phone);
		json_put_text(out, "reason", failures[i].reason);
		json_close_object(out);
	}
	json_close_array(out);
	json_close_object(out);
}

/* A day's room by the daily limit in force on that day; -1 (UNLIMITED) if there is none, as the contract wants it. */
static int64_t
available(const struct organization *org, struct day d, struct day_usage u)
{
	int64_t limit = limit_rules_daily(&org->limits, d);

	return limit == UNLIMITED ? UNLIMITED : quota_available(limit, u);
}

/* The room of a day by all limits; *limited_by is the one that leaves less than the daily limit, NULL if none does. */
static int64_t
bookable(const struct limit_book *book, struct day d, struct day today, const char **limited_by)
{
	const struct limit_rule *by;
	int64_t room;

	*limited_by = NULL;
	if (d.n < today.n)
		return 0;
	room = limit_book_room(book, d, SMS, 1, &by);
	if (by != NULL && strcmp(by->word, "dailyLimit") != 0)
		*limited_by = by->word;
	return room == INT64_MAX ? UNLIMITED : room;
}

/*
 * What a reply is made of: `days` has an entry for each day of the range, `entries` the segments, in the order of their days.
 */
struct calendar {
	struct organization org;
	struct day_range range;
	struct day today;
	struct day_usage *days;
	struct limit_book *book;
	struct segment_entry *entries;
	size_t count;
};

static void
put_day_figures(struct json *out, const struct calendar *c, struct day d)
{
	struct day_usage u = c->days[d.n - c->range.from.n];
	const char *limited_by;

	json_put_int(out, "sent", u.sent);
	json_put_int(out, "reserved", u.reserved);
	json_put_int(out, "total", quota_total(u));
	json_put_int(out, "availableQuota", available(&c->org, d, u));
	json_put_int(out, "bookable", bookable(c->book, d, c->today, &limited_by));
	if (limited_by != NULL)
		json_put_text(out, "limitedBy", limited_by);
}

/* The ids separated by blanks.  A campaign with two segments on one day is listed twice, as in JSON. */
static const char *
campaign_ids(struct arena *a, const struct segment_entry *entries, size_t count)
{
	size_t size = 1, n = 0;
	char *text;

	for (size_t i = 0; i < count; i++)
		size += strlen(entries[i].campaign) + 1;
	text = arena_alloc(a, size);
	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? " " : "", entries[i].campaign);
	return text;
}

static void
put_csv(struct req *r, struct buf *body, const struct calendar *c)
{
	static const char *const names[] = { "date", "sent", "reserved", "total", "availableQuota", "campaigns", "campaignIds",
		NULL };
	struct csv csv = { .to = body };
	char text[DAY_TEXT_MAX];
	size_t i = 0, n;

	csv_put_names(&csv, names);
	for (struct day d = c->range.from; d.n <= c->range.to.n; d = day_add(d, 1), i += n) {
		struct day_usage u = c->days[d.n - c->range.from.n];

		/* The entries of this day are the next n. */
		for (n = 0; i + n < c->count && c->entries[i + n].day.n == d.n; n++)
			;
		csv_put_text(&csv, day_format(d, text));
		csv_put_int(&csv, u.sent);
		csv_put_int(&csv, u.reserved);
		csv_put_int(&csv, quota_total(u));
		csv_put_int(&csv, available(&c->org, d, u));
		csv_put_int(&csv, (int64_t)n);
		csv_put_text(&csv, campaign_ids(r->arena, c->entries + i, n));
		csv_put_end(&csv);
	}
}

static void
put_json(struct json *out, const struct calendar *c, struct failed_contact **failures, const size_t *failure_counts)
{
	char text[DAY_TEXT_MAX];
	size_t i = 0;

	dialect_tether_open(out);
	json_put_text(out, "timezone", c->org.timezone);
	json_put_int(out, "dailyLimit", limit_rules_daily(&c->org.limits, c->today));
	json_put_bool(out, "isUnlimited", limit_rules_daily(&c->org.limits, c->today) == UNLIMITED);
	json_put_text(out, "plan", c->org.plan);
	json_open_object(out, "dates");
	for (struct day d = c->range.from; d.n <= c->range.to.n; d = day_add(d, 1)) {
		json_open_object(out, day_format(d, text));
		put_day_figures(out, c, d);
		json_open_array(out, "campaigns");
		for (; i < c->count && c->entries[i].day.n == d.n; i++)
			put_campaign(out, &c->entries[i], failures[i], failure_counts[i]);
		json_close_array(out);
		json_close_object(out);
	}
	json_close_object(out);
	dialect_tether_close(out);
}

/* Reads what the days hold, and what limits leave of those that are not over. */
static enum status
load_days(struct req *r, struct calendar *c)
{
	struct day open_from = c->range.from.n < c->today.n ? c->today : c->range.from;
	enum status st;

	c->days = arena_alloc(r->arena, RANGE_DAYS_MAX * sizeof(*c->days));
	if ((st = limit_row_load(r->db, r->arena, &c->org)) != OK ||
	    (st = usage_days(r->db, &c->org, c->range.from, c->range.to, c->today, c->days)) != OK ||
	    (st = limit_book_new(r->db, r->arena, &c->org, NULL, LIMIT_FOLLOW_LIMITED, r->now, &c->book)) != OK)
		return st;
	return open_from.n <= c->range.to.n ? limit_book_read(c->book, open_from, c->range.to) : OK;
}

static enum status
usage_calendar(struct req *r, struct buf *body)
{
	size_t *failure_counts;
	struct failed_contact **failures;
	struct calendar c = { .count = 0 };
	enum status st;

	if ((st = organization_load(r->db, r->org, &c.org, &r->err)) != OK ||
	    (st = read_range(r, &c.range)) != OK)
		return st;
	c.today = organization_today(&c.org, r->now);
	if (reply_cached(r, body, c.org.revision, organization_unchanged_until(&c.org, r->now)))
		return OK;
	if ((st = load_days(r, &c)) != OK ||
	    (st = segment_list(r->db, r->arena, &c.org, c.range.from, c.range.to, c.today, &c.entries, &c.count)) != OK)
		return st;
	if (r->is_csv) {
		put_csv(r, body, &c);
		return OK;
	}
	if ((st = load_failures(r, c.entries, c.count, &failures, &failure_counts)) != OK)
		return st;
	for (size_t i = 0; i < c.count; i++)
		r->is_secret = r->is_secret || failure_counts[i] > 0;	/* then there are phone numbers */
	put_json(json_on(body), &c, failures, failure_counts);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "from", "to", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/api/campaigns/usage-calendar", SCOPE_USAGE_READ, usage_calendar, .query = query,
		    .has_csv = true },
		{ 0 } };

	return serve(&(const struct endpoint) { .name = "usage-calendar", .dialect = TETHER, .routes = routes });
}
