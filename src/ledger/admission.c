/*
 * Admission of conditional events (see admission.h).
 *
 * A cache of days and cycles, filled from the roll-ups and then changed by the same arithmetic for every event,
 * recorded or only considered: admission_check applies an event to a copy and compares, admission_commit applies it to
 * the cache.
 */
#include <inttypes.h>

#include "ledger/admission.h"
#include "time/instant.h"
#include "ledger/slot.h"
#include "ledger/usage.h"

/* The cache covers the ordinary window of posting; backfilled events may need more, and then it starts over. */
enum { DAYS_KEPT = 64, CYCLES_KEPT = 8, AHEAD = SLOT_SEARCH_DAYS + 1 };

struct kept_day {
	struct day day;
	struct day_usage usage;
};

struct admission {
	struct db *db;
	struct arena *arena;
	const struct organization *org;
	const struct price_list *prices;
	int64_t now;
	struct day today;
	bool has_caps;
	struct kept_day days[DAYS_KEPT];
	size_t day_count;
	struct cap_usage cycles[CYCLES_KEPT];
	size_t cycle_count;
	struct day_usage ahead[AHEAD];	/* today and the days after it, if knows_ahead */
	bool knows_ahead;
};

struct admission *
admission_new(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices, int64_t now)
{
	struct admission *e = arena_alloc(a, sizeof(*e));

	e->db = db;
	e->arena = a;
	e->org = org;
	e->prices = prices;
	e->now = now;
	e->today = organization_today(org, now);
	e->has_caps = cap_any(org);
	return e;
}

void
admission_reset(struct admission *e)
{
	e->day_count = e->cycle_count = 0;
	e->knows_ahead = false;
}

/* ---- The cache of days and cycles */

static const struct kept_day *
find_day(const struct admission *e, struct day d)
{
	for (size_t i = 0; i < e->day_count; i++)
		if (e->days[i].day.n == d.n)
			return &e->days[i];
	return NULL;
}

static bool
is_in(const struct cycle *c, struct day d)
{
	return c->from.n <= d.n && d.n < c->until.n;
}

/* Cycles are found by a day that they contain, since an event knows only its day. */
static const struct cap_usage *
find_cycle(const struct admission *e, struct day d)
{
	for (size_t i = 0; i < e->cycle_count; i++)
		if (is_in(&e->cycles[i].cycle, d))
			return &e->cycles[i];
	return NULL;
}

bool
admission_has(const struct admission *e, struct day d)
{
	return find_day(e, d) != NULL && (!e->has_caps || find_cycle(e, d) != NULL);
}

/*
 * Reads the day and its cycle unless they are cached.  Starts over if either table is full.  What it reads is complete
 * only if the roll-ups are flushed.
 */
static enum status
load(struct admission *e, struct day d)
{
	bool lacks_day = find_day(e, d) == NULL, lacks_cycle = e->has_caps && find_cycle(e, d) == NULL;
	enum status st = OK;

	/*
	 * What is kept may go only if something is missing: then admission_has was false, and the caller has flushed the
	 * roll-ups, so that what is read again holds what this post has recorded.
	 */
	if ((lacks_day && e->day_count == DAYS_KEPT) || (lacks_cycle && e->cycle_count == CYCLES_KEPT)) {
		admission_reset(e);
		lacks_day = true;
		lacks_cycle = e->has_caps;
	}
	if (lacks_day) {
		e->days[e->day_count].day = d;
		if ((st = usage_days(e->db, e->org, d, d, e->today, &e->days[e->day_count].usage)) == OK)
			e->day_count++;
	}
	if (st == OK && lacks_cycle &&
	    (st = cap_usage_load(e->db, e->org, e->prices, d, e->today, &e->cycles[e->cycle_count])) == OK)
		e->cycle_count++;
	return st;
}

/* ---- The arithmetic of one event */

/*
 * Applies an event to a day.  Both parts may concern it: what the event adds if it is the event's own day, and what it
 * frees if the segment's reservation lies on it.  Only SMS count on a day, and reservations of past days count nothing
 * already.
 */
static void
change_day(const struct admission *e, const struct admission_change *c, struct kept_day *k)
{
	const struct segment_hold *h = &c->before;

	if (k->day.n == c->day.n && c->channel == SMS)
		k->usage.sent += quota_units(e->org->unit, c->messages, c->parts);
	if (c->has_segment && k->day.n == h->day.n && k->day.n >= e->today.n)
		k->usage.reserved -= quota_held(h->left, 0, h->parts_per_contact, e->org->unit) -
		    quota_held(c->left_after, 0, h->parts_per_contact, e->org->unit);
}

/*
 * Applies an event to a cycle, in the same two parts as change_day.  The reservation counts as SMS contacts and as
 * money, but not as messages: messagesCap looks at what was sent.
 */
static void
change_cycle(const struct admission *e, const struct admission_change *c, struct cap_usage *u)
{
	const struct segment_hold *h = &c->before;

	if (is_in(&u->cycle, c->day))
		cap_add_sent(u, c->channel, c->messages, c->cost_micros);
	if (c->has_segment && is_in(&u->cycle, h->day) && h->day.n >= e->today.n) {
		cap_add_held(e->prices, u, h->day, h->left, h->parts_per_contact, -1);
		cap_add_held(e->prices, u, h->day, c->left_after, h->parts_per_contact, 1);
	}
}

void
admission_commit(struct admission *e, const struct admission_change *c)
{
	/* An event may free a reservation on another day than its own, so every cached day and cycle is visited. */
	for (size_t i = 0; i < e->day_count; i++)
		change_day(e, c, &e->days[i]);
	for (size_t i = 0; i < e->cycle_count; i++)
		change_cycle(e, c, &e->cycles[i]);
	/* The days ahead are a separate copy; read them again when the next refusal needs them. */
	e->knows_ahead = false;
}

/* ---- Refusals */

static const struct event_refusal *
keep_refusal(struct admission *e, struct event_refusal refusal)
{
	struct event_refusal *r = arena_alloc(e->arena, sizeof(*r));

	*r = refusal;
	return r;
}

/*
 * Replaces the days ahead by their cached copies: those include what this post has recorded but not yet written to the
 * roll-ups.
 */
static void
overlay_kept(struct admission *e)
{
	for (size_t i = 0; i < e->day_count; i++) {
		int32_t n = e->days[i].day.n - e->today.n;

		if (n >= 0 && n < AHEAD)
			e->ahead[n] = e->days[i].usage;
	}
}

/*
 * Finds the first day from today on with room for so many units.  The days are read once and serve all refusals until
 * an event is recorded.
 */
static enum status
find_next(struct admission *e, int64_t units, struct event_refusal *refusal)
{
	enum status st;
	int32_t first;

	if (!e->knows_ahead) {
		st = usage_days(e->db, e->org, e->today, day_add(e->today, AHEAD - 1), e->today, e->ahead);
		if (st != OK)
			return st;
		overlay_kept(e);
		e->knows_ahead = true;
	}
	first = slot_first(e->org->daily_limit, e->ahead, AHEAD, units);
	if ((refusal->has_next = first >= 0))
		refusal->next = day_add(e->today, first);
	return OK;
}

/*
 * Describes a refusal by the daily limit: what the day has left, when it ends, and the next day with enough room, so
 * that the client can decide when to retry.
 */
static enum status
refuse_by_day(struct admission *e, const struct admission_change *c, const struct day_usage *usage,
    const struct event_refusal **refusal)
{
	int64_t units = quota_units(e->org->unit, c->messages, c->parts);
	struct event_refusal r = { .limit = "dailyLimit", .day = c->day,
		.frees_at = day_start(e->org->days, day_add(c->day, 1)),
		.available = quota_available(e->org->daily_limit, *usage) };
	char text[DAY_TEXT_MAX];
	enum status st;

	if ((st = find_next(e, units, &r)) != OK)
		return st;
	r.error = arena_printf(e->arena, "over_quota: %s has room for %" PRId64 " of the daily limit of %" PRId64
	    " %ss, not for %" PRId64, day_format(c->day, text), r.available, e->org->daily_limit,
	    quota_unit_name(e->org->unit), units);
	*refusal = keep_refusal(e, r);
	return OK;
}

/*
 * Checks the caps before the daily limit: if both refuse, the client receives the cap, because waiting for another day
 * would not help.
 */
enum status
admission_check(struct admission *e, const struct admission_change *c, const struct event_refusal **refusal)
{
	struct kept_day day;
	struct cap_usage cycle;
	const char *cap;
	enum status st;

	*refusal = NULL;
	if ((st = load(e, c->day)) != OK)
		return st;
	if (e->has_caps) {
		/*
		 * Apply the event to a copy.  cap_over compares it with the cycle before the event, so that an event
		 * which frees as much as it takes is not refused by a cap that was exceeded already.
		 */
		cycle = *find_cycle(e, c->day);
		change_cycle(e, c, &cycle);
		if ((cap = cap_over(e->org, &cycle, find_cycle(e, c->day))) != NULL) {
			*refusal = keep_refusal(e, (struct event_refusal) { .is_cap = true, .limit = cap, .day = c->day,
			    .frees_at = cycle.cycle.ends_at, .has_next = true, .next = cycle.cycle.until,
			    .error = arena_printf(e->arena, "over_cap: this event would exceed %s of the billing cycle", cap) });
			return OK;
		}
	}
	if (c->channel != SMS || e->org->daily_limit == UNLIMITED)
		return OK;
	/* The same for the day: admit the event if the day stays within the limit, or holds no more than before. */
	day = *find_day(e, c->day);
	change_day(e, c, &day);
	if (quota_total(day.usage) <= e->org->daily_limit || quota_total(day.usage) <= quota_total(find_day(e, c->day)->usage))
		return OK;
	return refuse_by_day(e, c, &find_day(e, c->day)->usage, refusal);
}
