/*
 * What the book of limits answers (see limit.h): the state of one window, and the room of a day or an instant by all limits.
 */
#include "base/money.h"
#include "ledger/limit_internal.h"
#include "time/instant.h"

/* The fullest window of a rolling limit that contains a quarter-hour. */
static void
rolling_state(const struct limit_book *b, const struct limit_follower *f, int64_t quarter, struct limit_state *s)
{
	int64_t last;
	struct limit_sums sums = limit_rolling_fullest(f, quarter, quarter + f->rule->quarters + 1, &last);

	s->used = sums.used;
	s->held = sums.held;
	s->from_at = (last - f->rule->quarters) * QUARTER_MS;
	s->until_at = (last + 1) * QUARTER_MS;
	s->window = (struct limit_window) { day_at(b->org->days, s->from_at),
		day_add(day_at(b->org->days, s->until_at - 1), 1) };
}

struct limit_state
limit_book_state(const struct limit_book *b, const struct limit_rule *rule, int64_t at)
{
	const struct limit_follower *f = limit_follower_of(b, rule);
	int64_t quarter = floor_div(at, QUARTER_MS);
	struct limit_state s = { .amount = limit_rule_amount(rule, limit_day_of(b, rule, quarter)) };

	if (f != NULL && rule->period == LIMIT_ROLLING)
		rolling_state(b, f, quarter, &s);
	else if (rule->period != LIMIT_ROLLING) {
		const struct window *found = f != NULL ? limit_window_find(f, quarter) : NULL;
		struct window w = found != NULL ? *found : limit_window_of(b, rule, quarter);

		s.window = w.days;
		s.used = w.used;
		s.held = w.held;
		s.from_at = w.from * QUARTER_MS;
		s.until_at = w.until * QUARTER_MS;
	}
	s.available = quota_available(s.amount, (struct day_usage) { s.used, s.held });
	return s;
}

bool
limit_book_daily(const struct limit_book *b, struct day d, struct day_usage *usage)
{
	const struct limit_follower *f = limit_follower_of(b, &b->org->limits.of[LIMIT_BASE_DAILY]);
	const struct window *w;

	if (f == NULL || f->source != LIMIT_FROM_DAYS)
		return false;
	w = limit_window_find(f, limit_day_from(b, f->rule, d));
	/* A day that the zone skips has no window, and begins in that of the next one. */
	*usage = w != NULL && w->days.from.n == d.n ? (struct day_usage) { w->used, w->held } : (struct day_usage) { 0 };
	return true;
}

/* What a campaign may hold of a window: what is available or, if that is more, what it held there already. */
static int64_t
room_of(const struct window *w, int64_t amount)
{
	int64_t available = quota_available(amount, (struct day_usage) { w->used, w->held });

	return w->own > available ? w->own : available;
}

int64_t
limit_room_in(const struct limit_book *b, const struct limit_follower *f, struct stretch where)
{
	int64_t room = INT64_MAX, amount;

	while (where.from < where.until) {
		const struct window *w = NULL;
		struct window empty;

		amount = limit_rule_amount(f->rule, limit_day_of(b, f->rule, where.from));
		if (f->rule->period == LIMIT_ROLLING)
			return amount == UNLIMITED ? INT64_MAX : limit_rolling_room(f, where, amount);
		if ((w = limit_window_find(f, where.from)) == NULL) {
			empty = limit_window_of(b, f->rule, where.from);
			w = &empty;
		}
		if (amount != UNLIMITED && room_of(w, amount) < room)
			room = room_of(w, amount);
		where.from = w->until;	/* one day of the organization may lie in two or three of another zone */
	}
	return room;
}

/* How many contacts fit in these quarter-hours of a day. */
static int64_t
contacts_in(const struct limit_book *b, struct stretch where, struct day d, const struct limit_contact *contact,
    const struct limit_rule **by)
{
	struct limit_load one = limit_book_hold(b, day_start(b->org->days, d), contact, 1);
	int64_t room = INT64_MAX, each, contacts;

	*by = NULL;
	if (!limit_day_exists(b, d))
		return 0;
	/* Whether a rule counts it does not depend on whether the day is over. */
	one.quarter = where.from < b->today_from ? b->today_from : where.from;
	for (size_t i = 0; i < b->count; i++) {
		const struct limit_rule *rule = b->of[i].rule;

		/* A contact that costs nothing fits any number of times. */
		if (!rule->refuses || !limit_counts(b, rule, &one) || (each = limit_load_units(rule, &one)) == 0)
			continue;
		contacts = limit_room_in(b, &b->of[i], where);
		if (contacts == INT64_MAX)
			continue;	/* no amount at present */
		if (contacts / each < room) {
			room = contacts / each;
			*by = rule;
		}
	}
	return room;
}

static int64_t
units_in(const struct limit_book *b, struct stretch where, struct day d, const struct limit_contact *contact,
    const struct limit_rule **by)
{
	const struct limit_rule *daily = &b->org->limits.of[LIMIT_BASE_DAILY];
	int64_t contacts = contacts_in(b, where, d, contact, by);

	if (*by == daily)
		return limit_room_in(b, limit_follower_of(b, daily), where);
	return quota_held(contacts, 0, contact->parts, limit_rules_unit(&b->org->limits));
}

static struct stretch
quarter_of(int64_t at)
{
	return (struct stretch) { floor_div(at, QUARTER_MS), floor_div(at, QUARTER_MS) + 1 };
}

int64_t
limit_book_room(const struct limit_book *b, struct day d, const struct limit_contact *contact, const struct limit_rule **by)
{
	return contacts_in(b, limit_rest_of_day(b, d), d, contact, by);
}

int64_t
limit_book_room_at(const struct limit_book *b, int64_t at, const struct limit_contact *contact, const struct limit_rule **by)
{
	return contacts_in(b, quarter_of(at), day_at(b->org->days, at), contact, by);
}

int64_t
limit_book_room_units(const struct limit_book *b, struct day d, const struct limit_contact *contact,
    const struct limit_rule **by)
{
	return units_in(b, limit_rest_of_day(b, d), d, contact, by);
}

int64_t
limit_book_room_units_at(const struct limit_book *b, int64_t at, const struct limit_contact *contact,
    const struct limit_rule **by)
{
	return units_in(b, quarter_of(at), day_at(b->org->days, at), contact, by);
}

/* ---- Until when that holds */

enum { KEPT = 256 };	/* organizations whose answers a process keeps */

static struct kept {
	int64_t db, org, revision, zone_revision, since, until;	/* a restored file has another zone_revision */
} kept[KEPT];

enum status
limit_unchanged_until(struct db *db, struct arena *a, struct organization *org, int64_t now, int64_t *until)
{
	struct kept *k = &kept[org->key % KEPT];
	enum status st;

	/* What changes limits counts the revision up, and until the answer itself nothing changes. */
	if (k->db == db_number(db) && k->org == org->key && k->revision == org->revision &&
	    k->zone_revision == org->zone_revision && k->since <= now && now < k->until) {
		*until = k->until;
		return OK;
	}
	if ((st = limit_row_load(db, a, org)) != OK)
		return st;
	*until = organization_unchanged_until(org, now);
	for (const struct limit_rule *rule = org->limits.of; rule < org->limits.of + org->limits.count; rule++) {
		int64_t next = INT64_MAX;

		if (rule->period == LIMIT_ROLLING)
			next = (floor_div(now, QUARTER_MS) + 1) * QUARTER_MS;
		else if (rule->zone != NULL)
			next = day_start(rule->days, day_add(day_at(rule->days, now), 1));
		*until = next < *until ? next : *until;
	}
	*k = (struct kept) { db_number(db), org->key, org->revision, org->zone_revision, now, *until };
	return OK;
}
