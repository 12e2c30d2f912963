/*
 * Statements as JSON and CSV (see statement.h).
 */
#include <inttypes.h>
#include <stdio.h>

#include "ledger/statement.h"
#include "quota/quota.h"
#include "time/instant.h"

const char *
statement_kind_name(enum statement_kind kind)
{
	static const char *const names[LATER_KINDS] = { [LATER_EVENTS] = "event", [LATER_FAILED] = "failed", [LATER_VOIDS] = "void",
		[LATER_SETTLEMENTS] = "settlement", [LATER_ADJUSTMENTS] = "adjustment" };

	return names[kind];
}

static bool
is_zero(const struct usage_sum *sum)
{
	return sum->messages == 0 && sum->parts == 0 && sum->cost_micros == 0;
}

static void
add(struct usage_sum *sum, const struct usage_sum *other)
{
	sum->messages = quota_sum(sum->messages, other->messages);
	sum->parts = quota_sum(sum->parts, other->parts);
	sum->cost_micros = quota_sum(sum->cost_micros, other->cost_micros);
}

void
statement_totals(const struct statement_figures *figures, struct usage_sums *channels, struct usage_sum *all)
{
	*channels = (struct usage_sums) { 0 };
	*all = (struct usage_sum) { 0 };
	for (int day = 0; day < STATEMENT_DAYS_MAX; day++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
			add(&channels->of[c], &figures->of[day][c]);
			add(all, &figures->of[day][c]);
		}
}

/* ---- JSON */

static void
put_sum(struct json *j, const struct usage_sum *sum)
{
	json_put_int(j, "messages", sum->messages);
	json_put_int(j, "parts", sum->parts);
	json_put_money(j, "cost", sum->cost_micros);
}

static void
put_day(struct json *j, const char *name, struct day d)
{
	char text[DAY_TEXT_MAX];

	json_put_text(j, name, day_format(d, text));
}

/* The figures of all days, and of each channel that has one. */
static void
put_totals(struct json *j, const struct statement_figures *figures)
{
	struct usage_sums channels;
	struct usage_sum all;

	statement_totals(figures, &channels, &all);
	json_open_object(j, "total");
	put_sum(j, &all);
	json_close_object(j);
	json_open_array(j, "channels");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		if (is_zero(&channels.of[c]))
			continue;
		json_open_object(j, NULL);
		json_put_text(j, "channel", channel_facts(c)->name);
		put_sum(j, &channels.of[c]);
		json_close_object(j);
	}
	json_close_array(j);
}

/* A figure of a day and channel as an element of a list; one of nothing is left out. */
static void
put_figure(struct json *j, const struct statement *s, int day, enum channel c, const struct usage_sum *sum)
{
	if (is_zero(sum))
		return;
	json_open_object(j, NULL);
	put_day(j, "day", day_add(s->month, day));
	json_put_text(j, "channel", channel_facts(c)->name);
	put_sum(j, sum);
	json_close_object(j);
}

/* A digest has 62 bits, more than a number of JSON. */
static void
put_digest(struct json *j, int64_t digest)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, digest);
	json_put_text(j, "digest", text);
}

static void
put_utc_days(struct json *j, const struct statement *s)
{
	json_open_array(j, "utcDays");
	for (size_t i = 0; i < s->utc_day_count; i++) {
		json_open_object(j, NULL);
		put_day(j, "day", (struct day) { (int32_t)s->utc_days[i].day });
		json_put_int(j, "events", s->utc_days[i].events);
		put_digest(j, s->utc_days[i].digest);
		json_close_object(j);
	}
	json_close_array(j);
}

static void
put_row(struct json *j, const struct statement_row *l)
{
	const struct event_row *row = &l->row;

	json_open_object(j, NULL);
	json_put_text(j, "kind", statement_kind_name(l->kind));
	json_put_text(j, "id", row->id);
	json_put_text(j, "source", row->source);
	json_put_text(j, "channel", channel_facts(row->channel)->name);
	instant_put(j, "occurredAt", row->occurred_at);
	instant_put(j, "receivedAt", l->received_at);
	json_put_int(j, "messages", row->messages);
	json_put_int(j, "parts", row->parts);
	json_put_money(j, "cost", row->cost_micros);
	json_put_text_or_null(j, "of", row->voids != NULL ? row->voids : row->settles);
	json_put_text_or_null(j, "reason", row->reason);
	json_close_object(j);
}

static void
put_later_channels(struct json *j, const struct statement_later *later)
{
	static const char *const names[LATER_KINDS] = { "events", "failed", "voids", "settlements", "adjustments" };
	int64_t rows;

	json_open_array(j, "channels");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		rows = 0;
		for (int k = 0; k < LATER_KINDS; k++)
			rows += later->of[c].rows[k];
		if (rows == 0)
			continue;
		json_open_object(j, NULL);
		json_put_text(j, "channel", channel_facts(c)->name);
		for (int k = 0; k < LATER_KINDS; k++)
			json_put_int(j, names[k], later->of[c].rows[k]);
		put_sum(j, &later->of[c].sum);
		json_close_object(j);
	}
	json_close_array(j);
}

/* The days that were compared, and what is other there although no row came later that explains it. */
static void
put_moved(struct json *j, const struct statement *s, const struct statement_later *later)
{
	bool is_any = later->compared_until.n > later->compared_from.n;
	struct usage_sum sum;

	if (is_any) {
		put_day(j, "comparedFrom", later->compared_from);
		put_day(j, "comparedTo", day_add(later->compared_until, -1));
	} else {
		json_put_null(j, "comparedFrom");
		json_put_null(j, "comparedTo");
	}
	json_open_array(j, "moved");
	for (int day = 0; day < s->days; day++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			if (statement_moved(s, later, day, c, &sum))
				put_figure(j, s, day, c, &sum);
	json_close_array(j);
}

static void
put_later(struct json *j, const struct statement *s, const struct statement_later *later, const char *next)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX], link[96];

	json_open_object(j, "now");
	put_totals(j, later->now);
	json_close_object(j);
	json_open_object(j, "later");
	json_put_int(j, "rows", later->rows);
	json_put_int(j, "outside", later->outside);
	put_later_channels(j, later);
	json_open_array(j, "listed");
	for (size_t i = 0; i < later->listed_count; i++)
		put_row(j, &later->listed[i]);
	json_close_array(j);
	put_moved(j, s, later);
	snprintf(link, sizeof(link), "/api/events?from=%s&to=%s", day_format(s->month, from),
	    day_format(day_add(s->month, s->days - 1), to));
	json_put_text(j, "events", link);
	json_put_text_or_null(j, "next", next);
	json_close_object(j);
}

void
statement_put(struct json *j, const struct organization *org, const struct statement *s, const struct statement_later *later,
    const char *next)
{
	char month[MONTH_TEXT_MAX];

	json_put_text(j, "organizationId", org->id);
	json_put_text(j, "month", statement_month_format(s->month, month));
	instant_put(j, "startsAt", s->from_at);
	instant_put(j, "endsAt", s->until_at);
	json_put_text(j, "timezone", s->timezone);
	json_put_text(j, "currency", s->currency);
	instant_put(j, "keptAt", s->created_at);
	json_put_text(j, "credential", s->credential);
	json_put_text_or_null(j, "actor", s->actor[0] != '\0' ? s->actor : NULL);
	json_put_int(j, "revision", s->revision);
	put_digest(j, s->digest);
	put_totals(j, s->figures);
	json_open_array(j, "days");
	for (int day = 0; day < s->days; day++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			put_figure(j, s, day, c, &s->figures->of[day][c]);
	json_close_array(j);
	put_utc_days(j, s);
	put_later(j, s, later, next);
}

void
statement_put_summary(struct json *j, const struct statement_summary *s)
{
	char month[MONTH_TEXT_MAX];

	json_open_object(j, NULL);
	json_put_text(j, "month", statement_month_format(s->month, month));
	json_put_text(j, "timezone", s->timezone);
	json_put_text(j, "currency", s->currency);
	instant_put(j, "keptAt", s->created_at);
	json_put_int(j, "revision", s->revision);
	put_sum(j, &s->sum);
	json_put_bool(j, "isChanged", s->is_changed);
	json_close_object(j);
}

/* ---- CSV */

static void
put_csv_sum(struct csv *csv, const struct usage_sum *sum)
{
	csv_put_int(csv, sum->messages);
	csv_put_int(csv, sum->parts);
	csv_put_money(csv, sum->cost_micros);
}

static void
put_csv_line(struct csv *csv, const struct statement *s, const struct statement_later *later, int day, enum channel c)
{
	struct day d = day_add(s->month, day);
	char text[DAY_TEXT_MAX];

	csv_put_text(csv, day_format(d, text));
	csv_put_text(csv, channel_facts(c)->name);
	put_csv_sum(csv, &s->figures->of[day][c]);
	csv_put_text(csv, s->currency);
	put_csv_sum(csv, &later->now->of[day][c]);
	if (d.n >= later->compared_from.n && d.n < later->compared_until.n)
		put_csv_sum(csv, &later->rows_of->of[day][c]);
	else
		for (int i = 0; i < 3; i++)
			csv_put_none(csv);
	csv_put_end(csv);
}

void
statement_put_csv(struct csv *csv, const struct statement *s, const struct statement_later *later)
{
	static const char *const names[] = { "day", "channel", "messages", "parts", "cost", "currency", "messagesNow", "partsNow",
		"costNow", "messagesLater", "partsLater", "costLater", NULL };

	csv_put_names(csv, names);
	for (int day = later->lines_from.n - s->month.n; day < later->lines_until.n - s->month.n; day++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			if (!is_zero(&s->figures->of[day][c]) || !is_zero(&later->now->of[day][c]) ||
			    !is_zero(&later->rows_of->of[day][c]))
				put_csv_line(csv, s, later, day, c);
}

void
statement_put_csv_list(struct csv *csv, const struct organization *org, const struct statement_list *list)
{
	static const char *const names[] = { "month", "timezone", "currency", "keptAt", "messages", "parts", "cost", "isChanged",
		"localTime", NULL };
	char month[MONTH_TEXT_MAX];

	csv_put_names(csv, names);
	for (const struct statement_summary *s = list->of; s < list->of + list->count; s++) {
		csv_put_text(csv, statement_month_format(s->month, month));
		csv_put_text(csv, s->timezone);
		csv_put_text(csv, s->currency);
		instant_put_csv(csv, s->created_at);
		put_csv_sum(csv, &s->sum);
		csv_put_bool(csv, s->is_changed);
		day_put_csv_local(csv, org->days, s->created_at);
		csv_put_end(csv);
	}
}
