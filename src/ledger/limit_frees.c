/*
 * When what was refused would fit (see limit.h): by the limit that refused it, and by all limits.
 */
#include "ledger/limit_internal.h"
#include "time/instant.h"

enum { FREES_NEAR = LIMIT_SEARCH_DAYS + 1, FREES_FAR = 400 };	/* days that the search for freesAt reads, first and at most */

static const int32_t horizons[] = { FREES_NEAR, FREES_FAR };

/* Adds to one limit, or takes away again (sign -1), what the change adds outside some quarter-hours: that stays where it is. */
static void
add_others(struct limit_book *b, struct limit_follower *f, const struct limit_change *c, struct stretch s, int sign)
{
	for (const struct limit_load *l = c->plus; l < c->plus + c->plus_count; l++)
		if (l->quarter < s.from || l->quarter >= s.until)
			limit_add_to(b, f, l, sign, LIMIT_ADD_ALL);
}

static struct stretch
window_of(const struct limit_refusal *r)
{
	return (struct stretch) { r->state.from_at / QUARTER_MS, r->state.until_at / QUARTER_MS };
}

static void
set_frees(const struct limit_book *b, struct limit_refusal *r, int64_t quarter)
{
	r->frees = true;
	r->frees_at = quarter * QUARTER_MS < b->now ? b->now : quarter * QUARTER_MS;
}

/* ---- Windows that follow one another */

/* The first quarter-hour after a day of the limit in which it has another window or another amount. */
static int64_t
next_change(const struct limit_book *b, const struct limit_rule *rule, struct day d)
{
	struct day next = limit_window_of(b, rule, limit_day_from(b, rule, d)).days.until;

	for (size_t i = 0; i < rule->amount_count; i++)
		if (rule->amounts[i].from.n > d.n && rule->amounts[i].from.n < next.n)
			next = rule->amounts[i].from;
	return limit_day_from(b, rule, next);
}

/* Finds the first later window, or later amount, with room for what was refused. */
static enum status
find_in_windows(struct limit_book *b, struct limit_follower *f, struct limit_refusal *r)
{
	int64_t now = floor_div(b->now, QUARTER_MS), until = window_of(r).until, q, end;
	struct day today = limit_day_of(b, f->rule, now);
	enum status st;

	if (until <= now)
		return OK;	/* the window is over: waiting does not change it */
	/* A day that is over may have had less than today has. */
	q = r->limit_day.n < today.n ? limit_day_from(b, f->rule, today) : next_change(b, f->rule, r->limit_day);
	for (size_t i = 0; !r->frees && i < sizeof(horizons) / sizeof(horizons[0]); i++) {
		end = limit_day_from(b, f->rule, day_add(r->state.window.until, horizons[i]));
		limit_want_one(b, f);
		if (q <= end && (st = limit_read(b, q, end + 1)) != OK)
			return st;
		for (; !r->frees && q <= end; q = next_change(b, f->rule, limit_day_of(b, f->rule, q)))
			if (limit_room_in(b, f, (struct stretch) { q, q + 1 }) >= r->needed)
				set_frees(b, r, q);
	}
	return OK;
}

/* ---- Rolling windows */

/* Whether the window that ends with a quarter-hour has no room. */
static bool
is_full(const struct limit_follower *f, int64_t last, int64_t amount, int64_t needed)
{
	struct limit_sums s = limit_rolling_sums(f, last);

	return quota_available(amount, (struct day_usage) { s.used, s.held }) < needed;
}

/*
 * The last end of a window without room, of all that contain a quarter-hour: that at which its sum was reached.  Returns false
 * if they all have room.
 */
static bool
find_last_full(const struct limit_follower *f, int64_t quarter, int64_t amount, int64_t needed, int64_t *last)
{
	*last = quarter + f->rule->quarters + 1;
	while (limit_rolling_previous(f, *last, quarter + 1, amount - needed, last))
		if (is_full(f, *last, amount, needed))
			return true;
	*last = quarter;
	return is_full(f, quarter, amount, needed);
}

/* The first quarter-hour after one from which the limit has another amount. */
static int64_t
next_amount(const struct limit_book *b, const struct limit_rule *rule, int64_t quarter)
{
	for (size_t i = 0; i < rule->amount_count; i++) {
		int64_t from = limit_day_from(b, rule, rule->amounts[i].from);

		if (from > quarter)
			return from;
	}
	return INT64_MAX;
}

/* The first quarter-hour after the end of a window in which something has left it, so that the sum may be less. */
static int64_t
next_leaving(const struct limit_follower *f, int64_t last)
{
	int64_t first = limit_rolling_first(f, last - f->rule->quarters);

	return first != INT64_MAX ? first + f->rule->quarters + 1 : INT64_MAX;
}

/* Finds the first quarter-hour in all of whose windows what was refused has room. */
static enum status
find_in_rolling(struct limit_book *b, struct limit_follower *f, struct limit_refusal *r)
{
	int64_t now = floor_div(b->now, QUARTER_MS), q = r->place_from + 1 > now ? r->place_from + 1 : now, end, last, next;
	enum status st;

	if (r->place_from + f->rule->quarters < now)
		return OK;	/* all windows that contain it are over */
	for (size_t i = 0; !r->frees && i < sizeof(horizons) / sizeof(horizons[0]); i++) {
		end = window_of(r).until + horizons[i] * (DAY_MS / QUARTER_MS);
		limit_want_one(b, f);
		if (q <= end && (st = limit_read(b, q, end + 1)) != OK)
			return st;
		while (!r->frees && q <= end) {
			int64_t amount = limit_rule_amount(f->rule, limit_day_of(b, f->rule, q));

			if (amount == UNLIMITED || !find_last_full(f, q, amount, r->needed, &last)) {
				set_frees(b, r, q);
				break;
			}
			next = next_leaving(f, last);
			q = next_amount(b, f->rule, q) < next ? next_amount(b, f->rule, q) : next;
		}
	}
	return OK;
}

enum status
limit_find_frees(struct limit_book *b, struct limit_follower *f, const struct limit_change *c, struct limit_refusal *r)
{
	enum status st;

	add_others(b, f, c, window_of(r), 1);
	st = f->rule->period == LIMIT_ROLLING ? find_in_rolling(b, f, r) : find_in_windows(b, f, r);
	add_others(b, f, c, window_of(r), -1);
	return st;
}

/* ---- By all limits */

/* What was refused would count on another day: contacts are held at that day's price, events keep their cost. */
static int64_t
moved_units(const struct limit_book *b, const struct limit_rule *rule, const struct limit_change *c,
    const struct limit_refusal *r, struct day d)
{
	int64_t sum = 0;

	for (const struct limit_load *l = c->plus; l < c->plus + c->plus_count; l++) {
		struct limit_load moved = *l;

		if (l->quarter < r->place_from || l->quarter >= r->place_until || !limit_counts(b, rule, l))
			continue;
		if (l->is_held && l->messages > 0)
			moved = limit_book_hold(b, day_start(b->org->days, d),
			    &(const struct limit_contact) { l->channel, l->sender, l->parts / l->messages }, l->messages);
		sum = quota_sum(sum, limit_load_units(rule, &moved));
	}
	return sum;
}

/* Whether all limits that refuse have room on a day for what was refused. */
static bool
all_fit(const struct limit_book *b, const struct limit_change *c, const struct limit_refusal *r, struct day d)
{
	if (!limit_day_exists(b, d))
		return false;
	for (size_t i = 0; i < b->count; i++) {
		const struct limit_follower *f = &b->of[i];
		int64_t units = f->rule->refuses ? moved_units(b, f->rule, c, r, d) : 0;

		if (units > 0 && limit_room_in(b, f, limit_rest_of_day(b, d)) < units)
			return false;
	}
	return true;
}

/* Finds the next date for what was refused: from today on or, for a reservation, from its day on. */
enum status
limit_find_next(struct limit_book *b, const struct limit_change *c, struct limit_refusal *r)
{
	struct day d = c->replaces_own && r->day.n > b->today.n ? r->day : b->today, end = day_add(d, LIMIT_SEARCH_DAYS);
	struct stretch place = { r->place_from, r->place_until };
	enum status st;

	for (size_t i = 0; i < b->count; i++)
		add_others(b, &b->of[i], c, place, 1);
	limit_want_counting(b, c);
	st = limit_read(b, limit_rest_of_day(b, d).from, limit_rest_of_day(b, end).until);
	for (; st == OK && d.n <= end.n && !r->has_next; d = day_add(d, 1))
		if (all_fit(b, c, r, d)) {
			r->has_next = true;
			r->next = d;
		}
	for (size_t i = 0; i < b->count; i++)
		add_others(b, &b->of[i], c, place, -1);
	return st;
}
