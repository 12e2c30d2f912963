/*
 * GET /api/campaigns/usage-calendar?from=YYYY-MM-DD&to=YYYY-MM-DD -- SMS usage and campaigns by the organization's
 * local days, `from` and `to` inclusive, at most 366.
 *
 *	200	{"success":true,"data":{"timezone","dailyLimit","isUnlimited","plan","dates":{"YYYY-MM-DD":
 *		{"sent","reserved","total","availableQuota","bookable","limitedBy"?,"campaignCount","campaigns":[…]},…}}}
 *		All figures are in the organization's quota unit.  Unlimited: dailyLimit and availableQuota are -1.
 *		bookable: one-part SMS contacts that a campaign could still reserve by all limits; -1 = any number.
 *		limitedBy: the limit that says so, if it is not the daily one.  availableQuota is by each day's own amount.
 *		Days before today reserve nothing, and their open campaigns are shown as ended.  At most 1,000 campaigns
 *		of each day, campaignCount says how many it has, and at most 100 failedDetails for each segment.
 *	format=csv, or Accept: text/csv: a line for each day; "campaigns" is their number, "campaignIds" the ids of at most
 *		1,000.
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

enum { RANGE_DAYS_MAX = 366, CAMPAIGNS_LISTED_MAX = 1000, FAILURES_LISTED_MAX = 100 };

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

/* The failed contacts of a segment that are listed. */
struct failures {
	struct failed_contact *of;
	size_t count;
};

/* One day of the reply.  `campaigns` is how many there are; of those the first are listed, each with its failed contacts. */
struct calendar_day {
	struct day day;
	struct day_usage usage;
	int64_t campaigns;
	struct segment_entry *entries;
	struct failures *failures;
	size_t count;
};

/* What a reply is made of: all of it is read before anything is written, so that a failure leaves no half reply. */
struct calendar {
	struct organization org;
	struct day_range range;
	struct day today;
	struct limit_book *book;
	struct calendar_day *days;
	size_t count;
};

static void
put_campaign(struct json *out, const struct segment_entry *e, const struct failures *failures)
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
	for (size_t i = 0; i < failures->count; i++) {
		json_open_object(out, NULL);
		json_put_text(out, "phoneNumber", failures->of[i].phone);
		json_put_text(out, "reason", failures->of[i].reason);
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
	room = limit_book_room(book, d, &(const struct limit_contact) { .channel = SMS, .parts = 1 }, &by);
	if (by != NULL && strcmp(by->word, "dailyLimit") != 0)
		*limited_by = by->word;
	return room == INT64_MAX ? UNLIMITED : room;
}

static void
put_day(struct json *out, const struct calendar *c, const struct calendar_day *day)
{
	const char *limited_by;
	char text[DAY_TEXT_MAX];

	json_open_object(out, day_format(day->day, text));
	json_put_int(out, "sent", day->usage.sent);
	json_put_int(out, "reserved", day->usage.reserved);
	json_put_int(out, "total", quota_total(day->usage));
	json_put_int(out, "availableQuota", available(&c->org, day->day, day->usage));
	json_put_int(out, "bookable", bookable(c->book, day->day, c->today, &limited_by));
	if (limited_by != NULL)
		json_put_text(out, "limitedBy", limited_by);
	json_put_int(out, "campaignCount", day->campaigns);
	json_open_array(out, "campaigns");
	for (size_t i = 0; i < day->count; i++)
		put_campaign(out, &day->entries[i], &day->failures[i]);
	json_close_array(out);
	json_close_object(out);
}

static void
put_json(struct json *out, const struct calendar *c)
{
	dialect_tether_open(out);
	json_put_text(out, "timezone", c->org.timezone);
	json_put_int(out, "dailyLimit", limit_rules_daily(&c->org.limits, c->today));
	json_put_bool(out, "isUnlimited", limit_rules_daily(&c->org.limits, c->today) == UNLIMITED);
	json_put_text(out, "plan", c->org.plan);
	json_open_object(out, "dates");
	for (size_t i = 0; i < c->count; i++)
		put_day(out, c, &c->days[i]);
	json_close_object(out);
	dialect_tether_close(out);
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

	csv_put_names(&csv, names);
	for (const struct calendar_day *day = c->days; day < c->days + c->count; day++) {
		csv_put_text(&csv, day_format(day->day, text));
		csv_put_int(&csv, day->usage.sent);
		csv_put_int(&csv, day->usage.reserved);
		csv_put_int(&csv, quota_total(day->usage));
		csv_put_int(&csv, available(&c->org, day->day, day->usage));
		csv_put_int(&csv, day->campaigns);
		csv_put_text(&csv, campaign_ids(r->arena, day->entries, day->count));
		csv_put_end(&csv);
	}
}

/* Reads what the days hold and how many campaigns they have, and what limits leave of those that are not over. */
static enum status
load_days(struct req *r, struct calendar *c)
{
	struct day open_from = c->range.from.n < c->today.n ? c->today : c->range.from;
	struct day_usage usage[RANGE_DAYS_MAX];
	int64_t campaigns[RANGE_DAYS_MAX];
	enum status st;

	if ((st = limit_row_load(r->db, r->arena, &c->org)) != OK ||
	    (st = usage_days(r->db, &c->org, c->range.from, c->range.to, c->today, usage)) != OK ||
	    (st = segment_count(r->db, &c->org, c->range.from, c->range.to, campaigns)) != OK ||
	    (st = limit_book_new(r->db, r->arena, &c->org, NULL, LIMIT_FOLLOW_LIMITED, r->now, &c->book)) != OK)
		return st;
	c->count = (size_t)(c->range.to.n - c->range.from.n + 1);
	c->days = arena_alloc(r->arena, c->count * sizeof(*c->days));
	for (size_t i = 0; i < c->count; i++)
		c->days[i] = (struct calendar_day) { .day = day_add(c->range.from, (int32_t)i), .usage = usage[i],
			.campaigns = campaigns[i] };
	return open_from.n <= c->range.to.n ? limit_book_read(c->book, open_from, c->range.to) : OK;
}

/* How many days from the i-th one on have at most CAMPAIGNS_LISTED_MAX campaigns together; 1 if that one alone has more. */
static size_t
days_together(const struct calendar *c, size_t i)
{
	int64_t campaigns = c->days[i].campaigns;
	size_t n = 1;

	while (i + n < c->count && (campaigns += c->days[i + n].campaigns) <= CAMPAIGNS_LISTED_MAX)
		n++;
	return n;
}

/* Reads the campaigns that are listed: of many days at once if they are few, of a day with too many the first. */
static enum status
load_campaigns(struct req *r, struct calendar *c)
{
	enum status st = OK;
	struct segment_entry *entries;
	size_t count;

	for (size_t i = 0, n; st == OK && i < c->count; i += n) {

		n = days_together(c, i);
		st = segment_list(r->db, r->arena, &c->org, c->days[i].day, c->days[i + n - 1].day, c->today, CAMPAIGNS_LISTED_MAX,
		    &entries, &count);
		for (size_t k = 0; st == OK && k < count; k++) {
			struct calendar_day *day = &c->days[entries[k].day.n - c->range.from.n];

			if (day->count++ == 0)
				day->entries = &entries[k];
		}
	}
	return st;
}

/* Reads the failed contacts of the segments of a day that have some. */
static enum status
load_failures(struct req *r, struct calendar_day *day)
{
	enum status st = OK;

	day->failures = arena_alloc(r->arena, (day->count + 1) * sizeof(*day->failures));
	for (size_t i = 0; st == OK && i < day->count; i++) {
		if (!day->entries[i].has_failures)
			continue;
		st = segment_failures(r->db, r->arena, day->entries[i].campaign_key, day->entries[i].number, FAILURES_LISTED_MAX,
		    &day->failures[i].of, &day->failures[i].count);
		r->is_secret = r->is_secret || day->failures[i].count > 0;	/* then there are phone numbers */
	}
	return st;
}

static enum status
usage_calendar(struct req *r, struct buf *body)
{
	struct calendar c = { .count = 0 };
	int64_t unchanged_until;
	enum status st;

	if ((st = organization_load(r->db, r->org, &c.org, &r->err)) != OK ||
	    (st = read_range(r, &c.range)) != OK ||
	    (st = limit_unchanged_until(r->db, r->arena, &c.org, r->now, &unchanged_until)) != OK)
		return st;
	c.today = organization_today(&c.org, r->now);
	if (reply_cached(r, body, c.org.revision, unchanged_until))
		return OK;
	if ((st = load_days(r, &c)) == OK)
		st = load_campaigns(r, &c);
	for (size_t i = 0; st == OK && !r->is_csv && i < c.count; i++)
		st = load_failures(r, &c.days[i]);
	if (st != OK)
		return st;
	if (r->is_csv)
		put_csv(r, body, &c);
	else
		put_json(json_on(body), &c);
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
