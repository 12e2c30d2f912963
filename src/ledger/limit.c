/*
 * The book of limits (see limit.h): reads what windows hold, and keeps it up to date while a transaction changes it.
 */
#include <assert.h>
#include <string.h>

#include "base/money.h"
#include "ledger/held.h"
#include "ledger/limit_internal.h"
#include "ledger/usage.h"
#include "store/channel_column.h"
#include "time/instant.h"

/* Whether a rule can limit anything: rules without an amount on any day are not followed. */
static bool
has_amount(const struct limit_rule *rule)
{
	for (size_t i = 0; i < rule->amount_count; i++)
		if (rule->amounts[i].amount != UNLIMITED)
			return true;
	return false;
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
	assert(rules->count >= LIMIT_BASE_COUNT);	/* limit_row_load */
	b->of = arena_alloc(a, (rules->count + 1) * sizeof(*b->of));
	for (size_t i = 0; i < rules->count; i++)
		if (follow == LIMIT_FOLLOW_ALL || has_amount(&rules->of[i])) {
			b->of[b->count++].rule = &rules->of[i];
			needs_prices |= prices == NULL && rules->of[i].unit == LIMIT_COST;
		}
	*book = b;
	return needs_prices ? price_load(db, a, org, &b->own_prices) : OK;
}

void
limit_book_flushes(struct limit_book *b, struct rollup *rollup)
{
	b->rollup = rollup;
}

void
limit_book_reset(struct limit_book *b)
{
	for (size_t i = 0; i < b->count; i++)
		b->of[i].count = 0;
}

/* ---- Windows */

/* The place of the first window that ends after the day. */
static size_t
place_of(const struct limit_follower *f, struct day d)
{
	size_t low = 0, high = f->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (f->windows[middle].days.until.n > d.n)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct window *
limit_window_find(const struct limit_follower *f, struct day d)
{
	size_t i = place_of(f, d);

	return i < f->count && f->windows[i].days.from.n <= d.n ? &f->windows[i] : NULL;
}

/* Adds an empty window in its place. */
static void
insert_window(struct limit_book *b, struct limit_follower *f, struct limit_window days)
{
	size_t i = place_of(f, days.from);

	f->windows = arena_grow(b->arena, f->windows, f->count, &f->max, sizeof(*f->windows));
	memmove(f->windows + i + 1, f->windows + i, (f->count - i) * sizeof(*f->windows));
	f->windows[i] = (struct window) { .days = days, .reading = b->reading };
	f->count++;
}

bool
limit_book_has(const struct limit_book *b, struct day d)
{
	for (size_t i = 0; i < b->count; i++)
		if (limit_window_find(&b->of[i], d) == NULL)
			return false;
	return true;
}

/* ---- Reading */

/* Which windows a load is added to: all, those that are being read now, or of these those of a day each. */
enum adding { ADD_ALL, ADD_NEW, ADD_NEW_DAYS };

/* Adds to the windows that contain the day. */
static void
add(struct limit_book *b, const struct limit_load *l, int sign, enum adding which)
{
	if (l->is_held && l->day.n < b->today.n)
		return;	/* the day is over: its segments hold nothing */
	for (size_t i = 0; i < b->count; i++) {
		struct limit_follower *f = &b->of[i];
		struct window *w;
		int64_t units;

		if (!limit_rule_counts(f->rule, l->channel) || (w = limit_window_find(f, l->day)) == NULL ||
		    (which != ADD_ALL && w->reading != b->reading) ||
		    (which == ADD_NEW_DAYS && w->days.until.n - w->days.from.n > 1))
			continue;
		units = sign * limit_rule_units(f->rule, l->messages, l->parts, l->cost_micros);
		if (l->is_held)
			w->held = quota_sum(w->held, units);
		else
			w->used = quota_sum(w->used, units);
	}
}

void
limit_book_add(struct limit_book *b, const struct limit_load *load)
{
	add(b, load, 1, ADD_ALL);
}

void
limit_book_subtract(struct limit_book *b, const struct limit_load *load)
{
	add(b, load, -1, ADD_ALL);
}

struct limit_load
limit_book_hold(const struct limit_book *b, struct day d, enum channel c, int64_t contacts, int64_t parts_per_contact)
{
	return (struct limit_load) { .day = d, .channel = c, .is_held = true, .messages = contacts,
		.parts = quota_product(contacts, parts_per_contact),
		.cost_micros = quota_product(contacts, money_cost(parts_per_contact, price_nanos(b->prices, c, d))) };
}

/* What a campaign holds already counts for it, even on a day that is over its limit: room remembers it apart. */
void
limit_book_set_aside(struct limit_book *b, const struct limit_load *hold)
{
	struct window *w;

	limit_book_subtract(b, hold);
	for (size_t i = 0; i < b->count; i++)
		if (hold->day.n >= b->today.n && limit_rule_counts(b->of[i].rule, hold->channel) &&
		    (w = limit_window_find(&b->of[i], hold->day)) != NULL)
			w->own = quota_sum(w->own, limit_rule_units(b->of[i].rule, hold->messages, hold->parts, hold->cost_micros));
}

/* The days of the windows that are being read now: of those of a day each (is_long false), or of the longer ones. */
static struct limit_window
new_days(const struct limit_book *b, bool is_long)
{
	struct limit_window all = { { INT32_MAX }, { INT32_MIN } };

	for (size_t i = 0; i < b->count; i++)
		for (const struct window *w = b->of[i].windows; w < b->of[i].windows + b->of[i].count; w++) {
			if (w->reading != b->reading || (w->days.until.n - w->days.from.n > 1) != is_long)
				continue;
			all.from.n = w->days.from.n < all.from.n ? w->days.from.n : all.from.n;
			all.until.n = w->days.until.n > all.until.n ? w->days.until.n : all.until.n;
		}
	return all;
}

/* Reads what was used in windows of a day each: one row of the roll-up is one day and channel. */
static enum status
read_used_days(struct limit_book *b)
{
	struct query *q = db_query(b->db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	struct limit_window days = new_days(b, false);
	enum status st = OK, done;

	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", days.from.n);
	query_bind_int(q, ":until", days.until.n);
	while (st == OK && query_step(q)) {
		struct limit_load l = { .day = { (int32_t)query_int(q, 0) }, .messages = query_int(q, 2), .parts = query_int(q, 3),
			.cost_micros = query_int(q, 4) };

		if ((st = channel_column(q, 1, &l.channel)) == OK)
			add(b, &l, 1, ADD_NEW_DAYS);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Adds what a longer window has used to every rule that has this very window, and is reading it now. */
static void
share_sums(struct limit_book *b, struct limit_window days, const struct usage_sums *sums)
{
	for (size_t i = 0; i < b->count; i++) {
		struct window *w = limit_window_find(&b->of[i], days.from);

		if (w == NULL || w->reading != b->reading || w->has_used || w->days.from.n != days.from.n ||
		    w->days.until.n != days.until.n)
			continue;
		w->has_used = true;
		for (enum channel c = 0; c < CHANNEL_COUNT; c++)
			if (limit_rule_counts(b->of[i].rule, c))
				w->used = quota_sum(w->used, limit_rule_units(b->of[i].rule, sums->of[c].messages, sums->of[c].parts,
				    sums->of[c].cost_micros));
	}
}

/* Reads what was used in longer windows, each once: the caps share that of the cycle. */
static enum status
read_used_long(struct limit_book *b)
{
	struct usage_sums sums;
	enum status st;

	for (size_t i = 0; i < b->count; i++)
		for (size_t k = 0; k < b->of[i].count; k++) {
			const struct window *w = &b->of[i].windows[k];

			if (w->reading != b->reading || w->has_used || w->days.until.n - w->days.from.n <= 1)
				continue;
			if ((st = usage_sum_days(b->db, b->org, w->days.from, w->days.until, &sums)) != OK)
				return st;
			share_sums(b, w->days, &sums);
		}
	return OK;
}

static void
add_held(const struct hold *hold, void *arg)
{
	struct limit_book *b = arg;
	struct limit_load l = limit_book_hold(b, hold->day, hold->channel, hold->contacts, hold->parts_per_contact);

	add(b, &l, 1, ADD_NEW);
}

/* Reads what open segments hold in all windows that are being read now; those of days that are over hold nothing. */
static enum status
read_held(struct limit_book *b)
{
	struct limit_window days = new_days(b, false), longer = new_days(b, true);
	struct day from = days.from.n < longer.from.n ? days.from : longer.from;
	struct day until = days.until.n > longer.until.n ? days.until : longer.until;

	return held_each(b->db, b->org, from.n < b->today.n ? b->today : from, until, add_held, b);
}

/*
 * Adds the windows of all rules that are missing, then fills them.  What is read may meet windows that were read before;
 * those are left as they are.
 */
enum status
limit_book_read(struct limit_book *b, struct day from, struct day to)
{
	bool is_new = false;
	enum status st;

	b->reading++;
	for (size_t i = 0; i < b->count; i++)
		for (struct day d = from; d.n <= to.n;) {
			const struct window *w = limit_window_find(&b->of[i], d);
			struct limit_window days = w != NULL ? w->days :
			    limit_rule_window(b->of[i].rule, b->org->days, &b->org->cycles, d);

			if (w == NULL)
				insert_window(b, &b->of[i], days);
			is_new |= w == NULL;
			d = days.until;
		}
	if (!is_new)
		return OK;
	st = b->rollup != NULL ? rollup_flush(b->rollup, b->db) : OK;
	if (st == OK && (st = read_used_days(b)) == OK && (st = read_used_long(b)) == OK)
		st = read_held(b);
	if (st != OK)
		limit_book_reset(b);
	return st;
}

enum status
limit_book_today(struct db *db, struct arena *a, struct organization *org, int64_t now, struct limit_book **book)
{
	struct day today = organization_today(org, now);
	enum status st;

	if ((st = limit_row_load(db, a, org)) != OK || (st = limit_book_new(db, a, org, NULL, LIMIT_FOLLOW_ALL, now, book)) != OK)
		return st;
	return limit_book_read(*book, today, today);
}
