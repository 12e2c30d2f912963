/*
 * A random organization for the tests of limits: its limits, roll-ups, open segments and prices in a real database file,
 * the same in arrays, and what limits are by these arrays alone.  Every kind of window, of zones whose clocks change near NOW.
 *
 * The arrays know a quarter-hour by its number since the world's first one, and for each limit what lies in each.
 */
#ifndef MAKE_LIMITS_H
#define MAKE_LIMITS_H

#include "table.h"
#include "make_token.h"
#include "ledger/held.h"
#include "ledger/limit.h"
#include "time/zone.h"

enum { RULES = LIMIT_BASE_COUNT + 5, SENT = 80, SEGMENTS = 40, AMOUNTS = 3, PRICES = 2, ORIGINS = 3 };

/* Days that are written to or asked about, around today; and those that arrays know. */
enum { PAST = -200, FUTURE = 150, BEFORE = 480, AFTER = 540, DAY_QUARTERS = 96, QUARTERS = (BEFORE + AFTER) * DAY_QUARTERS };

struct item {
	struct limit_load load;
	int64_t parts_each;	/* of a hold */
};

static struct {
	struct organization org;
	int64_t now;
	int64_t first;		/* the quarter-hour that arrays begin with */
	struct day today;
	struct {
		const char *name, *sender, *network, *zone;
		unsigned channels;
		enum limit_unit unit;
		enum limit_period period;
		int64_t quarters;
		bool refuses;
		struct limit_amount amounts[AMOUNTS];
	} rules[RULES];
	struct item sent[SENT], held[SEGMENTS];	/* held of contacts 0: nothing */
	int64_t contacts[SEGMENTS];
	struct limit_amount prices[PRICES];	/* of SMS: nanos from a day on */
	int32_t org_day[QUARTERS + 1];		/* the organization's day of each quarter-hour */
	int32_t day[RULES][QUARTERS + 1];	/* the limit's */
	int32_t window[RULES][QUARTERS + 1];	/* of the limits whose windows follow one another: the first day of the window */
	int64_t used[RULES][QUARTERS + 1], holds[RULES][QUARTERS + 1];	/* before each quarter-hour */
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

/* A quarter-hour, often near now, or near a midnight at which an amount begins in some zone. */
static inline int64_t
some_quarter(int from, int until)
{
	int64_t now = floor_div(w.now, QUARTER_MS), near, q = now + (from + below(until - from)) * DAY_QUARTERS + below(DAY_QUARTERS);

	if (below(3) == 0 && from <= 0 && until > 1)
		q = now + below(2 * DAY_QUARTERS) - (from < 0 ? DAY_QUARTERS : 0);
	near = w.rules[below(RULES)].amounts[below(AMOUNTS)].from.n * DAY_QUARTERS + below(2 * DAY_QUARTERS) - DAY_QUARTERS / 2;
	if (below(3) == 0 && now + from * DAY_QUARTERS <= near && near < now + until * DAY_QUARTERS)
		q = near;
	return q;
}

/* ---- A world, in the arrays and in the rows */

static inline void
run(struct query *q)
{
	assert_int_equal(query_run(q), OK);
}

static inline void
bind_text_or_null(struct query *q, const char *name, const char *text)
{
	if (text != NULL)
		query_bind_text(q, name, text);
}

/* The spans of a limit's zone, as the organization would have them. */
static inline void
write_spans(const char *rule, const char *zone)
{
	static struct span spans[SPANS_MAX];
	struct error err;
	size_t count = spans_join((struct spans) { 0 }, zone_get(zone, &err), INSTANT_MIN, spans, SPANS_MAX);

	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		struct query *q = db_query(db, "INSERT INTO limit_span (rule, from_at, utc_offset_s, zone, tzdata_version) "
		    "SELECT key, :from, :offset, :zone, '' FROM limit_rule WHERE org = :org AND name = :name");

		/* One before the times of a world, and all in them. */
		if (i + 1 < count && spans[i + 1].from_at < w.now - BEFORE * DAY_MS)
			continue;
		if (spans[i].from_at > w.now + AFTER * DAY_MS)
			break;
		query_bind_int(q, ":org", w.org.key);
		query_bind_text(q, ":name", rule);
		query_bind_int(q, ":from", spans[i].from_at);
		query_bind_int(q, ":offset", spans[i].utc_offset_s);
		query_bind_text(q, ":zone", zone);
		run(q);
	}
}

static const char *const senders[ORIGINS] = { NULL, "+15550001", "+15550002" };
static const char *const networks[ORIGINS] = { NULL, "T-Mobile", "Vodafone" };

/* Of a limit beside the five: its window, and what restricts it. */
static inline void
make_kind(int i, const char *zone)
{
	static const int64_t lengths[] = { 1, 4, 95, 96, 97, 3 * 96, 31 * 96 };
	static const enum limit_period periods[] = { LIMIT_DAY, LIMIT_DAY, LIMIT_ROLLING, LIMIT_ROLLING, LIMIT_CYCLE, LIMIT_MONTH, LIMIT_YEAR };

	w.rules[i].period = periods[below(7)];
	if (w.rules[i].period == LIMIT_ROLLING)
		w.rules[i].quarters = lengths[below(7)];
	if (w.rules[i].period == LIMIT_DAY && below(4) > 0)
		w.rules[i].zone = zone;
	if (w.rules[i].period == LIMIT_DAY || w.rules[i].period == LIMIT_ROLLING) {
		w.rules[i].sender = below(3) == 0 ? senders[1 + below(ORIGINS - 1)] : NULL;
		w.rules[i].network = below(3) == 0 ? networks[1 + below(ORIGINS - 1)] : NULL;
	}
}

static inline void
write_rule(int i)
{
	char channels[LIMIT_CHANNELS_MAX];
	struct query *q = db_query(db, "INSERT INTO limit_rule (org, name, channels, unit, period, action, sender, network, zone, quarters) "
	    "VALUES (:org, :name, :channels, :unit, :period, :action, :sender, :network, :zone, :quarters) ON CONFLICT (org, name) "
	    "DO UPDATE SET unit = excluded.unit, action = excluded.action");

	query_bind_int(q, ":org", w.org.key);
	query_bind_text(q, ":name", w.rules[i].name);
	query_bind_text(q, ":channels", limit_channels_format(w.rules[i].channels, channels));
	query_bind_text(q, ":unit", limit_unit_name(w.rules[i].unit));
	query_bind_text(q, ":period", limit_period_name(w.rules[i].period));
	query_bind_text(q, ":action", w.rules[i].refuses ? "refuse" : "report");
	bind_text_or_null(q, ":sender", w.rules[i].sender);
	bind_text_or_null(q, ":network", w.rules[i].network);
	bind_text_or_null(q, ":zone", w.rules[i].zone);
	if (w.rules[i].period == LIMIT_ROLLING)
		query_bind_int(q, ":quarters", w.rules[i].quarters);
	run(q);
	if (w.rules[i].zone != NULL)
		write_spans(w.rules[i].name, w.rules[i].zone);
}

static inline void
make_rule(int i, const char *zone)
{
	static const struct { const char *name; unsigned channels; enum limit_unit unit; } five[] = {
		{ "daily", 1U << SMS, LIMIT_MESSAGES },
		{ "cycle-messages", 1U << EMAIL | 1U << INAPP_WEB | 1U << WEB_PUSH | 1U << PUSH | 1U << SLACK, LIMIT_MESSAGES },
		{ "cycle-cost", 1U << SMS | 1U << CALL, LIMIT_COST },
		{ "cycle-sms", 1U << SMS, LIMIT_MESSAGES },
		{ "cycle-calls", 1U << CALL, LIMIT_MESSAGES },
	};
	bool is_base = i < LIMIT_BASE_COUNT, is_short;

	memset(&w.rules[i], 0, sizeof(w.rules[i]));
	w.rules[i].name = is_base ? five[i].name : arena_printf(arena, "x%d", i);
	w.rules[i].channels = is_base ? five[i].channels : (unsigned)(1 + below((1 << CHANNEL_COUNT) - 1)) | (unsigned)(below(4) > 0);
	w.rules[i].unit = is_base ? five[i].unit : (enum limit_unit)below(3);
	if (i == 0 && below(2) == 0)
		w.rules[i].unit = LIMIT_PARTS;
	w.rules[i].period = i == 0 ? LIMIT_DAY : LIMIT_CYCLE;
	if (!is_base)
		make_kind(i, zone);
	w.rules[i].refuses = below(5) > 0;
	write_rule(i);
	is_short = w.rules[i].period == LIMIT_DAY || w.rules[i].period == LIMIT_ROLLING;
	for (int k = 0; k < AMOUNTS; k++) {
		struct limit_amount *a = &w.rules[i].amounts[k];
		struct query *q = db_query(db, "INSERT INTO limit_amount (rule, valid_from, amount) SELECT key, :from, :amount FROM limit_rule "
		    "WHERE org = :org AND name = :name");

		/* Often from yesterday, today or tomorrow on, so that the midnights of two zones are between what is asked. */
		a->from = day_add(w.today, (int32_t[]) { PAST, -20, 0 }[k] + (int32_t)(below(2) == 0 ? below(20) : k == 1 ? 18 + below(2) : below(2)));
		a->amount = below(4) == 0 ? UNLIMITED : below(w.rules[i].unit == LIMIT_COST ? 3000000 : is_short ? 400 : 2000);
		query_bind_int(q, ":org", w.org.key);
		query_bind_text(q, ":name", w.rules[i].name);
		query_bind_int(q, ":from", a->from.n);
		if (a->amount != UNLIMITED)
			query_bind_int(q, ":amount", a->amount);
		run(q);
	}
}

static inline bool
counts(int rule, const struct limit_load *l)
{
	return (w.rules[rule].channels >> l->channel & 1U) != 0 &&
	    (w.rules[rule].sender == NULL || (l->sender != NULL && strcmp(l->sender, w.rules[rule].sender) == 0)) &&
	    (w.rules[rule].network == NULL || (!l->is_held && l->network != NULL && strcmp(l->network, w.rules[rule].network) == 0));
}

static inline void
bind_sums(struct query *q, const struct limit_load *l)
{
	query_bind_int(q, ":messages", l->messages);
	query_bind_int(q, ":parts", l->parts);
	query_bind_int(q, ":cost", l->cost_micros);
	run(q);
}

/* What the rollup writes of it, by statements of its own. */
static inline void
write_sent(const struct limit_load *l)
{
	struct query *q = db_query(db, "INSERT INTO usage_quarter (org, quarter, channel, messages, parts, cost_micros) "
	    "VALUES (:org, :quarter, :channel, :messages, :parts, :cost) ON CONFLICT (org, quarter, channel) DO UPDATE SET "
	    "messages = messages + excluded.messages, parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros");

	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":quarter", l->quarter);
	query_bind_text(q, ":channel", channel_facts(l->channel)->name);
	bind_sums(q, l);
	q = db_query(db, "INSERT INTO usage_day (org, day, channel, messages, parts, cost_micros) "
	    "VALUES (:org, :day, :channel, :messages, :parts, :cost) ON CONFLICT (org, day, channel) DO UPDATE SET "
	    "messages = messages + excluded.messages, parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros");
	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":day", day_at(w.org.days, l->quarter * QUARTER_MS).n);
	query_bind_text(q, ":channel", channel_facts(l->channel)->name);
	bind_sums(q, l);
	for (int i = 0; i < RULES; i++) {
		if ((w.rules[i].sender == NULL && w.rules[i].network == NULL) || !counts(i, l))
			continue;
		q = db_query(db, "INSERT INTO limit_usage (rule, quarter, messages, parts, cost_micros) "
		    "SELECT key, :quarter, :messages, :parts, :cost FROM limit_rule WHERE org = :org AND name = :name "
		    "ON CONFLICT (rule, quarter) DO UPDATE SET messages = messages + excluded.messages, "
		    "parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros");
		query_bind_int(q, ":org", w.org.key);
		query_bind_text(q, ":name", w.rules[i].name);
		query_bind_int(q, ":quarter", l->quarter);
		bind_sums(q, l);
	}
}

static inline void
make_sent(int i)
{
	struct limit_load *l = &w.sent[i].load;

	*l = (struct limit_load) { .quarter = some_quarter(i % 2 == 0 ? PAST : -3, 1), .messages = below(200),
		.channel = below(2) == 0 ? SMS : (enum channel)below(CHANNEL_COUNT), .sender = senders[below(ORIGINS)],
		.network = networks[below(ORIGINS)] };
	l->parts = l->messages * (1 + below(3));
	l->cost_micros = below(300000);
	write_sent(l);
}

/* What contacts hold: each at the rounded cost of one event on that day. */
static inline struct limit_load
hold(int64_t quarter, const char *sender, int64_t contacts, int64_t parts)
{
	int64_t nanos = 0, micros;

	for (int i = 0; i < PRICES; i++)
		if (w.prices[i].from.n <= day_at(w.org.days, quarter * QUARTER_MS).n)
			nanos = w.prices[i].amount;
	micros = parts * nanos / 1000;
	if (parts * nanos % 1000 > 500 || (parts * nanos % 1000 == 500 && micros % 2 == 1))
		micros++;
	return (struct limit_load) { .quarter = quarter, .channel = SMS, .sender = sender, .is_held = true, .messages = contacts,
		.parts = contacts * parts, .cost_micros = contacts * micros };
}

/* A quarter-hour in which something enters a rolling window when what was sent leaves it, or the window after; 0 = no such one. */
static inline int64_t
quarter_after(void)
{
	int64_t length = w.rules[below(RULES)].quarters, q = w.sent[below(SENT)].load.quarter + (1 + below(2)) * length + below(3);

	return length > 0 && q / DAY_QUARTERS >= w.today.n && q / DAY_QUARTERS < w.today.n + FUTURE ? q : 0;
}

static inline void
make_segment(int i, int64_t campaign)
{
	static const char *const open[] = { "scheduled", "sending", "paused" }, *const shut[] = { "draft", "sent", "failed", "cancelled" };
	struct query *q = db_query(db, "INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, parts_per_contact, "
	    "sent, spent, status, sender) VALUES (:campaign, :number, :org, :at, :day, :contacts, :parts, 0, :spent, :status, :sender)");
	int64_t contacts = below(100), spent = below(2) * below(120), at = some_quarter(i % 2 == 0 ? -10 : 0, i % 2 == 0 ? FUTURE : 3) * QUARTER_MS +
	    below(QUARTER_MS);
	const char *sender = senders[below(ORIGINS)];
	bool is_open = below(4) > 0;
	int64_t after = i % 4 == 0 ? quarter_after() : 0;

	at = after != 0 ? after * QUARTER_MS : at;
	w.held[i].parts_each = 1 + below(4);
	w.contacts[i] = is_open && contacts > spent ? contacts - spent : 0;
	w.held[i].load = hold(floor_div(at, QUARTER_MS), sender, w.contacts[i], w.held[i].parts_each);
	query_bind_int(q, ":campaign", campaign);
	query_bind_int(q, ":number", i + 1);
	query_bind_int(q, ":org", w.org.key);
	query_bind_int(q, ":at", at);
	query_bind_int(q, ":day", day_at(w.org.days, at).n);
	query_bind_int(q, ":contacts", contacts);
	query_bind_int(q, ":parts", w.held[i].parts_each);
	query_bind_int(q, ":spent", spent);
	query_bind_text(q, ":status", is_open ? open[below(3)] : shut[below(4)]);
	bind_text_or_null(q, ":sender", sender);
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

#include "limits_model.h"

/* A new organization in a zone, at an instant, with limits by the days of another zone. */
static inline void
make_world(const char *zone, const char *other, int64_t now)
{
	static int64_t worlds;
	struct query *q;
	struct error err;
	int64_t campaign = 0;

	memset(&w.org, 0, sizeof(w.org));
	w.org = organization_defaults;
	w.now = now;
	w.first = floor_div(now, DAY_MS) * DAY_QUARTERS - BEFORE * DAY_QUARTERS;
	snprintf(w.org.id, sizeof(w.org.id), "hooli");
	snprintf(w.org.timezone, sizeof(w.org.timezone), "%s", zone);
	w.org.cycles.first_day = (int[]) { 1, 15, 29, 30, 31 }[below(5)];
	assert_int_equal(organization_add(db, arena, &w.org, &limit_base_none, now, &test_actor, &err), OK);
	w.org.zone_revision = ++worlds;	/* each world undoes the one before, which caches must not take for it */
	w.today = organization_today(&w.org, now);
	/* In two of three worlds the cycle day changes once or twice, in the past or to come. */
	for (int64_t i = below(3); i > 0; i--)
		assert_true(cycle_set_from(&w.org.cycles, day_add(w.today, (int32_t)below(120) - 60), (int)below(31) + 1));
	q = db_query(db, "DELETE FROM limit_amount WHERE rule IN (SELECT key FROM limit_rule WHERE org = :org)");
	query_bind_int(q, ":org", w.org.key);
	run(q);
	make_prices();
	for (int i = 0; i < RULES; i++)
		make_rule(i, other);
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
	assert_int_equal(limit_row_load(db, arena, &w.org), OK);
	model_sum_up();
}

#endif
