/*
 * What the book of limits answers (see limit.h): the state of one window, and the room of a day by all limits.
 */
#include "base/money.h"
#include "ledger/limit_internal.h"
#include "time/instant.h"

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
		s.window = limit_rule_window(rule, b->org->days, &b->org->cycles, d);
	s.available = quota_available(s.amount, (struct day_usage) { s.used, s.held });
	return s;
}

struct day
limit_day_after_gap(const struct limit_book *b, struct day d)
{
	return day_at(b->org->days, day_start(b->org->days, d));
}

bool
limit_day_exists(const struct limit_book *b, struct day d)
{
	return limit_day_after_gap(b, d).n == d.n && day_start(b->org->days, d) < INSTANT_MAX;
}

/* What a campaign may hold of a rule's window: what is available or, if that is more, what it held there already. */
static int64_t
room_in(const struct limit_book *b, const struct limit_follower *f, struct day d)
{
	int64_t available = limit_book_state(b, f->rule, d).available;
	const struct window *w = limit_window_find(f, d);

	return w != NULL && w->own > available ? w->own : available;
}

int64_t
limit_book_room(const struct limit_book *b, struct day d, enum channel c, int64_t parts_per_contact,
    const struct limit_rule **by)
{
	int64_t cost = money_cost(parts_per_contact, price_nanos(b->prices, c, d)), room = INT64_MAX, each, contacts;

	*by = NULL;
	if (!limit_day_exists(b, d))
		return 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct limit_rule *rule = b->of[i].rule;

		/* A contact that costs nothing fits any number of times. */
		if (!rule->refuses || !limit_rule_counts(rule, c) || limit_rule_amount(rule, d) == UNLIMITED ||
		    (each = limit_rule_units(rule, 1, parts_per_contact, cost)) == 0)
			continue;
		if ((contacts = room_in(b, &b->of[i], d) / each) < room) {
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

	for (size_t i = 0; i < b->count; i++)
		if (*by == b->of[i].rule && *by == &b->org->limits.of[LIMIT_BASE_DAILY])
			return room_in(b, &b->of[i], d);
	return quota_held(contacts, 0, parts_per_contact, limit_rules_unit(&b->org->limits));
}
