/*
 * The book of limits (see limit.h): which rules it follows, their windows, and what a transaction adds to them.
 */
#include <assert.h>
#include <string.h>

#include "base/money.h"
#include "ledger/limit_internal.h"
#include "ledger/usage.h"
#include "time/instant.h"

/* ---- Which rules */

/* Whether a rule can limit anything: rules without an amount on any day are not followed. */
static bool
has_amount(const struct limit_rule *rule)
{
	for (size_t i = 0; i < rule->amount_count; i++)
		if (rule->amounts[i].amount != UNLIMITED)
			return true;
	return false;
}

static enum limit_source
source_of(const struct limit_rule *rule)
{
	if (limit_rule_has_usage(rule))
		return LIMIT_FROM_ITS_OWN;
	if (rule->period == LIMIT_ROLLING || rule->zone != NULL)
		return LIMIT_FROM_QUARTERS;
	return rule->period == LIMIT_DAY ? LIMIT_FROM_DAYS : LIMIT_FROM_SUMS;
}

enum status
limit_book_new(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
    enum limit_follow follow, int64_t now, struct limit_book **book)
{
	struct limit_book *b = arena_alloc(a, sizeof(*b));
	const struct limit_rules *rules = &org->limits;
	bool needs_prices = false;

	*b = (struct limit_book) { .db = db, .arena = a, .org = org, .prices = prices != NULL ? prices : &b->own_prices, .now = now,
		.today = organization_today(org, now) };
	b->today_from = day_start(org->days, b->today) / QUARTER_MS;
	assert(rules->count >= LIMIT_BASE_COUNT);	/* limit_row_load */
	b->of = arena_alloc(a, (rules->count + 1) * sizeof(*b->of));
	for (size_t i = 0; i < rules->count; i++) {
		const struct limit_rule *rule = &rules->of[i];

		if (follow != LIMIT_FOLLOW_ALL && (!rule->refuses || rule->is_building || !has_amount(rule)))
			continue;
		b->of[b->count++] = (struct limit_follower) { .rule = rule, .source = source_of(rule), .arena = a };
		needs_prices |= prices == NULL && rule->unit == LIMIT_COST;
	}
	*book = b;
	return needs_prices ? price_load(db, a, org, &b->own_prices) : OK;
}

void
limit_book_reset(struct limit_book *b)
{
	for (size_t i = 0; i < b->count; i++) {
		b->of[i].count = 0;
		limit_rolling_reset(&b->of[i]);
	}
}

struct limit_follower *
limit_follower_of(const struct limit_book *b, const struct limit_rule *rule)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->of[i].rule == rule)
			return &b->of[i];
	return NULL;
}

/* ---- Time */

struct spans
limit_days(const struct limit_book *b, const struct limit_rule *rule)
{
	return limit_rule_days(rule, b->org->days);
}

struct day
limit_day_of(const struct limit_book *b, const struct limit_rule *rule, int64_t quarter)
{
	return day_at(limit_days(b, rule), quarter * QUARTER_MS);
}

int64_t
limit_day_from(const struct limit_book *b, const struct limit_rule *rule, struct day d)
{
	return day_start(limit_days(b, rule), d) / QUARTER_MS;
}

struct stretch
limit_rest_of_day(const struct limit_book *b, struct day d)
{
	struct stretch all = { day_start(b->org->days, d) / QUARTER_MS, day_start(b->org->days, day_add(d, 1)) / QUARTER_MS };

	if (d.n == b->today.n)
		all.from = floor_div(b->now, QUARTER_MS);
	return all;
}

bool
limit_day_exists(const struct limit_book *b, struct day d)
{
	int64_t at = day_start(b->org->days, d);

	return day_at(b->org->days, at).n == d.n && at < INSTANT_MAX;
}

/* ---- Windows that follow one another */

/* The place of the first window that ends after the quarter-hour. */
static size_t
place_of(const struct limit_follower *f, int64_t quarter)
{
	size_t low = 0, high = f->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (f->windows[middle].until > quarter)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct window *
limit_window_find(const struct limit_follower *f, int64_t quarter)
{
	size_t i = place_of(f, quarter);

	return i < f->count && f->windows[i].from <= quarter ? &f->windows[i] : NULL;
}

struct window
limit_window_of(const struct limit_book *b, const struct limit_rule *rule, int64_t quarter)
{
	struct limit_window days = limit_rule_window(rule, b->org->days, &b->org->cycles, limit_day_of(b, rule, quarter));
	struct window w = { .from = limit_day_from(b, rule, days.from), .until = limit_day_from(b, rule, days.until), .days = days };

	assert(w.from <= quarter && quarter < w.until);	/* dates never go back (day.h) */
	return w;
}

/* ---- Loads */

/* A hold of a day that is over counts nothing, and nobody knows to which network a campaign will send. */
bool
limit_counts(const struct limit_book *b, const struct limit_rule *rule, const struct limit_load *l)
{
	if (l->is_held && l->quarter < b->today_from)
		return false;
	return limit_rule_counts_event(rule, l->channel, l->sender, l->network);
}

int64_t
limit_load_units(const struct limit_rule *rule, const struct limit_load *l)
{
	return limit_rule_units(rule, l->messages, l->parts, l->cost_micros);
}

/* Whether a quarter-hour of a rolling window belongs to what is added to. */
static bool
is_added(const struct limit_follower *f, int64_t quarter, enum limit_adding which)
{
	bool is_known = limit_rolling_knows(f, quarter);

	return which == LIMIT_ADD_ALL ? is_known : !is_known && f->wanted.from <= quarter && quarter < f->wanted.until;
}

void
limit_add_units(struct limit_book *b, struct limit_follower *f, int64_t quarter, bool is_held, int64_t units,
    enum limit_adding which)
{
	struct window *w;
	int64_t *to;

	if (f->rule->period == LIMIT_ROLLING) {
		if (units != 0 && is_added(f, quarter, which))
			limit_rolling_add(f, quarter, is_held ? 0 : units, is_held ? units : 0);
		return;
	}
	w = limit_window_find(f, quarter);
	if (w == NULL || (which == LIMIT_ADD_NEW && w->reading != b->reading))
		return;
	to = is_held ? &w->held : &w->used;
	*to = quota_sum(*to, units);
}

void
limit_add_to(struct limit_book *b, struct limit_follower *f, const struct limit_load *l, int sign, enum limit_adding which)
{
	if (limit_counts(b, f->rule, l))
		limit_add_units(b, f, l->quarter, l->is_held, sign * limit_load_units(f->rule, l), which);
}

void
limit_book_add(struct limit_book *b, const struct limit_load *load)
{
	for (size_t i = 0; i < b->count; i++)
		limit_add_to(b, &b->of[i], load, 1, LIMIT_ADD_ALL);
}

void
limit_book_subtract(struct limit_book *b, const struct limit_load *load)
{
	for (size_t i = 0; i < b->count; i++)
		limit_add_to(b, &b->of[i], load, -1, LIMIT_ADD_ALL);
}

static void
add_entry(void *book, const struct rollup_entry *e)
{
	limit_book_add(book, &(const struct limit_load) { .quarter = floor_div(e->occurred_at, QUARTER_MS), .channel = e->channel,
	    .sender = e->sender, .network = e->network, .messages = e->sum.messages, .parts = e->sum.parts,
	    .cost_micros = e->sum.cost_micros });
}

void
limit_book_follow(struct limit_book *b, struct rollup *rollup)
{
	b->rollup = rollup;
	rollup_follow(rollup, add_entry, b);
}

struct limit_load
limit_book_hold(const struct limit_book *b, int64_t at, const struct limit_contact *contact, int64_t contacts)
{
	int64_t nanos = b->prices->count > 0 ? price_nanos(b->prices, contact->channel, day_at(b->org->days, at)) : 0;

	return (struct limit_load) { .quarter = floor_div(at, QUARTER_MS), .channel = contact->channel, .sender = contact->sender,
		.is_held = true, .messages = contacts, .parts = quota_product(contacts, contact->parts),
		.cost_micros = quota_product(contacts, money_cost(contact->parts, nanos)) };
}

/* What a campaign holds already counts for it, even in a window that is over its limit: room remembers it apart. */
void
limit_book_set_aside(struct limit_book *b, const struct limit_load *hold)
{
	limit_book_subtract(b, hold);
	for (size_t i = 0; i < b->count; i++) {
		struct limit_follower *f = &b->of[i];
		int64_t units = limit_load_units(f->rule, hold);
		struct window *w;

		if (!limit_counts(b, f->rule, hold))
			continue;
		if (f->rule->period == LIMIT_ROLLING && limit_rolling_knows(f, hold->quarter))
			limit_rolling_set_aside(f, hold->quarter, units);
		else if (f->rule->period != LIMIT_ROLLING && (w = limit_window_find(f, hold->quarter)) != NULL)
			w->own = quota_sum(w->own, units);
	}
}
