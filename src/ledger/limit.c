/*
 * The book of limits (see limit.h): reads what windows hold, and keeps it up to date while a transaction changes it.
 */
#include <assert.h>
#include <string.h>

#include "base/money.h"
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

/* Adds to the windows that contain the day; if `only_new`, to those that are being read now. */
static void
add(struct limit_book *b, const struct limit_load *l, int sign, bool only_new)
{
	if (l->is_held && l->day.n < b->today.n)
		return;	/* the day is over: its segments hold nothing */
	for (size_t i = 0; i < b->count; i++) {
		struct limit_follower *f = &b->of[i];
		struct window *w;
		int64_t units;

		if (!limit_rule_counts(f->rule, l->channel) || (w = limit_window_find(f, l->day)) == NULL ||
		    (only_new && w->reading != b->reading))
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
	add(b, load, 1, false);
}

void
limit_book_subtract(struct limit_book *b, const struct limit_load *load)
{
	add(b, load, -1, false);
}

struct limit_load
limit_book_hold(const struct limit_book *b, struct day d, enum channel c, int64_t contacts, int64_t parts_per_contact)
{
	return (struct limit_load) { .day = d, .channel = c, .is_held = true, .messages = contacts,
		.parts = quota_product(contacts, parts_per_contact),
		.cost_micros = quota_product(contacts, money_cost(parts_per_contact, price_nanos(b->prices, c, d))) };
}

static enum status
read_used(struct limit_book *b, struct day from, struct day until)
{
	struct query *q = db_query(b->db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	enum status st = OK, done;

	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":until", until.n);
	while (st == OK && query_step(q)) {
		struct limit_load l = { .day = { (int32_t)query_int(q, 0) }, .messages = query_int(q, 2), .parts = query_int(q, 3),
			.cost_micros = query_int(q, 4) };

		if ((st = channel_column(q, 1, &l.channel)) == OK)
			add(b, &l, 1, true);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* The sums come from the index segment_open alone. */
static enum status
read_held(struct limit_book *b, struct day from, struct day until)
{
	struct query *q = db_query(b->db, "SELECT day, channel, parts_per_contact, "
	    "sum(CASE WHEN contacts > spent THEN contacts - spent ELSE 0 END) FROM segment "
	    "WHERE org = :org AND day >= :from AND day < :until AND is_open = 1 GROUP BY day, channel, parts_per_contact");
	enum status st = OK, done;
	enum channel c;

	query_bind_int(q, ":org", b->org->key);
	query_bind_int(q, ":from", from.n < b->today.n ? b->today.n : from.n);
	query_bind_int(q, ":until", until.n);
	while (st == OK && query_step(q))
		if ((st = channel_column(q, 1, &c)) == OK) {
			struct limit_load l = limit_book_hold(b, (struct day) { (int32_t)query_int(q, 0) }, c, query_int(q, 3),
			    query_int(q, 2));

			add(b, &l, 1, true);
		}
	done = query_done(q);
	return st != OK ? st : done;
}

/*
 * Adds the windows of all rules that are missing, then fills them with one pass over the days that they span.  A pass
 * may meet windows that were read before; those are left as they are.
 */
enum status
limit_book_read(struct limit_book *b, struct day from, struct day to)
{
	struct limit_window all = { { INT32_MAX }, { INT32_MIN } };
	enum status st;

	b->reading++;
	for (size_t i = 0; i < b->count; i++)
		for (struct day d = from; d.n <= to.n;) {
			const struct window *w = limit_window_find(&b->of[i], d);
			struct limit_window days = w != NULL ? w->days :
			    limit_rule_window(b->of[i].rule, b->org->days, b->org->cycle_day, d);

			if (w == NULL) {
				insert_window(b, &b->of[i], days);
				all.from.n = days.from.n < all.from.n ? days.from.n : all.from.n;
				all.until.n = days.until.n > all.until.n ? days.until.n : all.until.n;
			}
			d = days.until;
		}
	if (all.from.n >= all.until.n)
		return OK;
	if ((st = read_used(b, all.from, all.until)) == OK)
		st = read_held(b, all.from, all.until);
	if (st != OK)
		limit_book_reset(b);
	return st;
}

/* ---- Answers */

struct limit_state
limit_book_state(const struct limit_book *b, const struct limit_rule *rule, struct day d)
{
	struct limit_state s = { .amount = limit_rule_amount(rule, d), .available = INT64_MAX };
	const struct window *w = NULL;

	for (size_t i = 0; i < b->count; i++)
		if (b->of[i].rule == rule)
			w = limit_window_find(&b->of[i], d);
	if (w != NULL) {
		s.window = w->days;
		s.used = w->used;
		s.held = w->held;
	} else
		s.window = limit_rule_window(rule, b->org->days, b->org->cycle_day, d);
	s.available = quota_available(s.amount, (struct day_usage) { s.used, s.held });
	return s;
}

int64_t
limit_book_room(const struct limit_book *b, struct day d, enum channel c, int64_t parts_per_contact,
    const struct limit_rule **by)
{
	int64_t cost = money_cost(parts_per_contact, price_nanos(b->prices, c, d)), room = INT64_MAX, each, contacts;

	*by = NULL;
	for (size_t i = 0; i < b->count; i++) {
		const struct limit_rule *rule = b->of[i].rule;
		struct limit_state s;

		/* A contact that costs nothing fits any number of times. */
		if (!rule->refuses || !limit_rule_counts(rule, c) ||
		    (each = limit_rule_units(rule, 1, parts_per_contact, cost)) == 0)
			continue;
		s = limit_book_state(b, rule, d);
		if (s.amount != UNLIMITED && (contacts = s.available / each) < room) {
			room = contacts;
			*by = rule;
		}
	}
	return room;
}

int64_t
limit_book_room_units(const struct limit_book *b, struct day d, enum channel c, int64_t parts_per_contact,
    const struct limit_rule **by)
{
	int64_t contacts = limit_book_room(b, d, c, parts_per_contact, by);

	if (*by == &b->org->limits.of[LIMIT_BASE_DAILY])
		return limit_book_state(b, *by, d).available;
	return quota_held(contacts, 0, parts_per_contact, limit_rules_unit(&b->org->limits));
}
