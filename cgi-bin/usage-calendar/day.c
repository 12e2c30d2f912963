/*
 * How the calendar writes a day (see calendar.h): in JSON with its campaigns and their failed contacts, or as a line of CSV.
 */
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "calendar.h"
#include "ledger/usage.h"

enum { FAILURES_LISTED_MAX = 100 };

static enum status
put_failures(struct calendar *c, const struct segment_entry *e, bool *is_secret)
{
	struct failed_contact *failures;
	enum status st;
	size_t count;

	if (!e->has_failures) {
		json_put_raw(json_name(&c->json, "failedDetails"), NULL, "[]", 2);
		return OK;
	}
	st = segment_failures(c->r->db, c->r->arena, &c->org, e->campaign, e->number, FAILURES_LISTED_MAX, &failures, &count);
	json_open_array(json_name(&c->json, "failedDetails"), NULL);
	for (size_t i = 0; st == OK && i < count; i++) {
		json_open_object(&c->json, NULL);
		json_put_text(json_name(&c->json, "phoneNumber"), NULL, failures[i].phone);
		json_put_text(json_name(&c->json, "reason"), NULL, failures[i].reason);
		json_close_object(&c->json);
	}
	json_close_array(&c->json);
	*is_secret |= count > 0;	/* then there are phone numbers */
	return st;
}

static enum status
put_campaign(struct calendar *c, const struct segment_entry *e, bool *is_secret)
{
	struct json *out = &c->json;
	enum status st;

	json_open_object(out, NULL);
	json_put_text(json_name(out, "campaignId"), NULL, e->campaign);
	json_put_text(json_name(out, "campaignName"), NULL, e->name);
	json_put_int(json_name(out, "contactCount"), NULL, e->contacts);
	json_put_text(json_name(out, "status"), NULL, segment_state_name(e->reads));
	json_put_bool(json_name(out, "isSegmented"), NULL, e->is_segmented);
	if (e->is_segmented)
		json_put_int(json_name(out, "segmentNumber"), NULL, e->number);
	st = put_failures(c, e, is_secret);
	json_close_object(out);
	return st;
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

enum status
day_put_json(struct calendar *c, const struct calendar_day *day, bool *is_secret)
{
	struct json *out = &c->json;
	const char *limited_by;
	char text[DAY_TEXT_MAX];
	enum status st = OK;

	json_open_object(out, day_format(day->day, text));
	json_put_int(json_name(out, "sent"), NULL, day->usage.sent);
	json_put_int(json_name(out, "reserved"), NULL, day->usage.reserved);
	json_put_int(json_name(out, "total"), NULL, quota_total(day->usage));
	json_put_int(json_name(out, "availableQuota"), NULL, available(&c->org, day->day, day->usage));
	json_put_int(json_name(out, "bookable"), NULL, bookable(c->book, day->day, c->today, &limited_by));
	if (limited_by != NULL)
		json_put_text(json_name(out, "limitedBy"), NULL, limited_by);
	json_put_int(json_name(out, "campaignCount"), NULL, day->campaigns);
	json_open_array(json_name(out, "campaigns"), NULL);
	for (size_t i = 0; st == OK && i < day->count; i++)
		st = put_campaign(c, &day->entries[i], is_secret);
	json_close_array(out);
	json_close_object(out);
	return st;
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

void
day_put_csv(struct calendar *c, const struct calendar_day *day)
{
	struct csv csv = { .to = c->body };
	char text[DAY_TEXT_MAX];

	csv_put_text(&csv, day_format(day->day, text));
	csv_put_int(&csv, day->usage.sent);
	csv_put_int(&csv, day->usage.reserved);
	csv_put_int(&csv, quota_total(day->usage));
	csv_put_int(&csv, available(&c->org, day->day, day->usage));
	csv_put_int(&csv, day->campaigns);
	csv_put_text(&csv, campaign_ids(c->r->arena, day->entries, day->count));
	csv_put_end(&csv);
}

