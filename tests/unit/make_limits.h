/*
 * A random organization for the tests of limits: its limits, roll-ups, open segments and prices in a real database file,
 * the same in arrays, and what limits are by these arrays alone.
 */
#ifndef MAKE_LIMITS_H
#define MAKE_LIMITS_H

#include "table.h"
#include "make_token.h"
#include "ledger/held.h"
#include "ledger/limit.h"

enum { RULES = LIMIT_BASE_COUNT + 3, SENT = 60, SEGMENTS = 30, AMOUNTS = 3, PRICES = 2 };

/* Days that are written to or asked about, around today. */
enum { PAST = -200, FUTURE = 150, REACH = 1000 };

static struct {
	struct organization org;
	struct day today;
	struct {
		const char *name;
		unsigned channels;
		enum limit_unit unit;
		enum limit_period period;
		bool refuses;
		struct limit_amount amounts[AMOUNTS];
	} rules[RULES];
	struct limit_load sent[SENT];
	struct {
		struct day day;
		int64_t contacts, spent, parts;
		bool is_open;
	} segments[SEGMENTS];
	struct limit_amount prices[PRICES];	/* of SMS: nanos from a day on */
	int32_t begins_on[RULES][2 * REACH];	/* what window_of has found; 0 = not yet */
} w;

static uint64_t random_state;

/* A number from 0 to n - 1. */
static inline int64_t
below(int64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (int64_t)(random_state % (uint64_t)n);
}

static inline struct day
some_day(int from, int until)
{
	return day_add(w.today, (int32_t)(from + below(until - from)));
}

/* ---- A world, in the arrays and in the rows */

static inline void
run(struct query *q)
{
	assert_int_equal(query_run(q), OK);
}

static inline void
make_rule(int i)
{
	static const struct { const char *name; unsigned channels; enum limit_unit unit; } five[] = {
		{ "daily", 1U << SMS, LIMIT_MESSAGES },
		{ "cycle-messages", 1U << EMAIL | 1U << INAPP_WEB | 1U << WEB_PUSH | 1U << PUSH | 1U << SLACK, LIMIT_MESSAGES },
		{ "cycle-cost", 1U << SMS | 1U << CALL, LIMIT_COST },
		{ "cycle-sms", 1U << SMS, LIMIT_MESSAGES },
		{ "cycle-calls", 1U << CALL, LIMIT_MESSAGES },
	};
	static const enum limit_period periods[] = { LIMIT_DAY, LIMIT_CYCLE, LIMIT_MONTH, LIMIT_YEAR };
	char channels[LIMIT_CHANNELS_MAX];
	struct query *q;
	bool is_base = i < LIMIT_BASE_COUNT;

	w.rules[i].name = is_base ? five[i].name : arena_printf(arena, "x%d", i);
	w.rules[i].channels = is_base ? five[i].channels : (unsigned)(1 + below((1 << CHANNEL_COUNT) - 1)) | (unsigned)below(2);
	w.rules[i].unit = is_base ? five[i].unit : (enum limit_unit)below(3);
	if (i == 0 && below(2) == 0)
		w.rules[i].unit = LIMIT_PARTS;
	w.rules[i].period = is_base ? (i == 0 ? LIMIT_DAY : LIMIT_CYCLE) : periods[below(4)];
	w.rules[i].refuses = below(5) > 0;
	q = db_query(db, "INSERT INTO limit_rule (org, name, channels, unit, period, action) "
	    "VALUES (:org, :name, :channels, :unit, :period, :action) ON CONFLICT (org, name) "
	    "DO UPDATE SET unit = excluded.unit, action = excluded.action");
	query_bind_int(q, ":org", w.org.key);
	query_bind_text(q, ":name", w.rules[i].name);
	query_bind_text(q, ":channels", limit_channels_format(w.rules[i].channels, channels));
	query_bind_text(q, ":unit", limit_unit_name(w.rules[i].unit));
	query_bind_text(q, ":period", limit_period_name(w.rules[i].period));
	query_bind_text(q, ":action", w.rules[i].refuses ? "refuse" : "report");
	run(q);
	for (int k = 0; k < AMOUNTS; k++) {
		struct limit_amount *a = &w.rules[i].amounts[k];

		a->from = day_add(w.today, (int32_t[]) { PAST, -20, 0 }[k] + (int32_t)below(20));
		a->amount = below(4) == 0 ? UNLIMITED : below(w.rules[i].unit == LIMIT_COST ? 3000000 : w.rules[i].period == LIMIT_DAY ? 300 : 2000);
		q = db_query(db, "INSERT INTO limit_amount (rule, valid_from, amount) SELECT key, :from, :amount FROM limit_rule "
		    "WHERE org = :org AND name = :name");
		query_bind_int(q, ":org", w.org.key);
		query_bind_text(q, ":name", w.rules[i].name);
		query_bind_int(q, ":from", a->from.n);
		if (a->amount != UNLIMITED)
			query_bind_int(q, ":amount", a->amount);
		run(q);
	}
}

/* Days and channels must differ, so each entry has a channel and a stretch of days to itself. */
static inline void
make_sent(int i)
{
	struct limit_load *l = &w.sent[i];
	struct query *q = db_query(db, "INSERT INTO usage_day (org, day, channel, messages, parts, cost_micros) "
	    "VALUES (:org, :day, :channel, :messages, :parts, :cost)");
	int stretch = (1 - PAST) * 2 / SENT;

	*l = (struct limit_load) { .day = some_day(PAST + i / 2 * stretch, PAST + i / 2 * stretch + stretch),
		.channel = i % 2 == 0 ? SMS : (enum channel)(1 + below(CHANNEL_COUNT - 1)), .messages = below(200) };
	l->parts = l->messages * (1 + below(3));
	l->cost_micros = below(300000);
	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":day", l->day.n);
	query_bind_text(q, ":channel", channel_facts(l->channel)->name);
	query_bind_int(q, ":messages", l->messages);
	query_bind_int(q, ":parts", l->parts);
	query_bind_int(q, ":cost", l->cost_micros);
	run(q);
}

static inline void
make_segment(int i, int64_t campaign)
{
	static const char *const open[] = { "scheduled", "sending", "paused" }, *const shut[] = { "draft", "sent", "failed", "cancelled" };
	struct query *q = db_query(db, "INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, parts_per_contact, "
	    "sent, spent, status) VALUES (:campaign, :number, :org, :at, :day, :contacts, :parts, 0, :spent, :status)");

	w.segments[i].day = some_day(-10, FUTURE);
	w.segments[i].contacts = below(100);
	w.segments[i].spent = below(2) * below(120);
	w.segments[i].parts = 1 + below(4);
	w.segments[i].is_open = below(4) > 0;
	query_bind_int(q, ":campaign", campaign);
	query_bind_int(q, ":number", i + 1);
	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":at", day_start(w.org.days, w.segments[i].day) + below(2) * (DAY_MS - HOUR_MS - 1));
	query_bind_int(q, ":day", w.segments[i].day.n);
	query_bind_int(q, ":contacts", w.segments[i].contacts);
	query_bind_int(q, ":parts", w.segments[i].parts);
	query_bind_int(q, ":spent", w.segments[i].spent);
	query_bind_text(q, ":status", w.segments[i].is_open ? open[below(3)] : shut[below(4)]);
	run(q);
}

static inline void
make_prices(void)
{
	for (int i = 0; i < PRICES; i++) {
		struct query *q = db_query(db, "INSERT INTO price (org, channel, valid_from, nanos_per_part) VALUES (:org, 'SMS', :from, :nanos)");

		w.prices[i] = (struct limit_amount) { day_add(w.today, (int32_t[]) { PAST, 1 }[i] + (int32_t)below(60)),
			(int64_t[]) { 0, 400, 500, 1500, 2500, 7900000 }[below(6)] };
		query_bind_int(q, ":org", w.org.key);
		query_bind_int(q, ":from", w.prices[i].from.n);
		query_bind_int(q, ":nanos", w.prices[i].amount);
		run(q);
	}
}

static inline void
make_world(void)
{
	struct query *q = db_query(db, "DELETE FROM limit_amount WHERE rule IN (SELECT key FROM limit_rule WHERE org = :org)");
	int64_t campaign = 0;

	memset(w.begins_on, 0, sizeof(w.begins_on));
	w.today = organization_today(&w.org, NOW);
	w.org.cycles = (struct cycle_rule) { .first_day = (int[]) { 1, 15, 29, 30, 31 }[below(5)] };
	/* In two of three worlds the cycle day changes once or twice, in the past or to come. */
	for (int64_t i = below(3); i > 0; i--)
		assert_true(cycle_set_from(&w.org.cycles, day_add(w.today, (int32_t)below(120) - 60), (int)below(31) + 1));
	query_bind_int(q, ":org", w.org.key);
	run(q);
	for (int i = 0; i < RULES; i++)
		make_rule(i);
	for (int i = 0; i < SENT; i++)
		make_sent(i);
	q = db_query(db, "INSERT INTO campaign (org, id, name, is_segmented, created_at, updated_at) VALUES (:org, 'c', 'c', 1, 0, 0) RETURNING key");
	query_bind_int(q, ":org", w.org.key);
	if (query_step(q))
		campaign = query_int(q, 0);
	query_step(q);
	assert_int_equal(query_done(q), OK);
	for (int i = 0; i < SEGMENTS; i++)
		make_segment(i, campaign);
	assert_int_equal(held_rebuild(db, &w.org), OK);
	make_prices();
	assert_int_equal(limit_row_load(db, arena, &w.org), OK);
}

/* ---- Brute force */

static inline bool
counts(int rule, enum channel c)
{
	return (w.rules[rule].channels >> c & 1U) != 0;
}

static inline int64_t
amount_on(int rule, struct day d)
{
	int64_t amount = UNLIMITED;

	for (int i = 0; i < AMOUNTS; i++)
		if (w.rules[rule].amounts[i].from.n <= d.n)
			amount = w.rules[rule].amounts[i].amount;
	return amount;
}

/* Whether a window of the rule begins on a day. */
static inline bool
begins(int rule, struct day d)
{
	int year, month, dayofmonth, first = 1;

	if (w.rules[rule].period == LIMIT_CYCLE)
		first = w.org.cycles.first_day;
	for (size_t i = 0; w.rules[rule].period == LIMIT_CYCLE && i < w.org.cycles.count; i++) {
		if (w.org.cycles.changes[i].from.n == d.n)
			return true;
		if (w.org.cycles.changes[i].from.n < d.n)
			first = w.org.cycles.changes[i].cycle_day;
	}
	day_civil(d, &year, &month, &dayofmonth);
	if (w.rules[rule].period == LIMIT_DAY)
		return true;
	return dayofmonth == (first < days_in_month(year, month) ? first : days_in_month(year, month)) &&
	    (w.rules[rule].period != LIMIT_YEAR || month == 1);
}

/* The first day of the window that contains a day: looked for backwards, so days of one window have the same. */
static inline struct day
window_of(int rule, struct day d)
{
	int32_t *known = &w.begins_on[rule][d.n - w.today.n + REACH];

	if (*known == 0)
		*known = begins(rule, d) ? d.n : window_of(rule, day_add(d, -1)).n;
	return (struct day) { *known };
}

static inline int64_t
units(int rule, int64_t messages, int64_t parts, int64_t micros)
{
	return w.rules[rule].unit == LIMIT_MESSAGES ? messages : w.rules[rule].unit == LIMIT_PARTS ? parts : micros;
}

/* What contacts hold on a day, of a rule that counts SMS. */
static inline int64_t
held_units(int rule, struct day d, int64_t contacts, int64_t parts)
{
	int64_t nanos = 0, micros;

	for (int i = 0; i < PRICES; i++)
		if (w.prices[i].from.n <= d.n)
			nanos = w.prices[i].amount;
	micros = parts * nanos / 1000;
	if (parts * nanos % 1000 > 500 || (parts * nanos % 1000 == 500 && micros % 2 == 1))
		micros++;
	return units(rule, contacts, contacts * parts, contacts * micros);
}

static inline int64_t
used_of(int rule, struct day d)
{
	struct day from = window_of(rule, d);
	int64_t sum = 0;

	for (int i = 0; i < SENT; i++)
		if (counts(rule, w.sent[i].channel) && window_of(rule, w.sent[i].day).n == from.n)
			sum += units(rule, w.sent[i].messages, w.sent[i].parts, w.sent[i].cost_micros);
	return sum;
}

static inline int64_t
held_of(int rule, struct day d)
{
	struct day from = window_of(rule, d);
	int64_t sum = 0;

	for (int i = 0; i < SEGMENTS && counts(rule, SMS); i++)
		if (w.segments[i].is_open && w.segments[i].day.n >= w.today.n && w.segments[i].contacts > w.segments[i].spent &&
		    window_of(rule, w.segments[i].day).n == from.n)
			sum += held_units(rule, w.segments[i].day, w.segments[i].contacts - w.segments[i].spent, w.segments[i].parts);
	return sum;
}

/* What loads count in the window of a day, of what is on the days from..to. */
static inline int64_t
load_in(int rule, const struct limit_load *loads, size_t count, struct day d, struct day from, struct day to)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (counts(rule, loads[i].channel) && loads[i].day.n >= from.n && loads[i].day.n <= to.n &&
		    window_of(rule, loads[i].day).n == window_of(rule, d).n &&
		    (!loads[i].is_held || loads[i].day.n >= w.today.n))
			sum += units(rule, loads[i].messages, loads[i].parts, loads[i].cost_micros);
	return sum;
}

#endif
