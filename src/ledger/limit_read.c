/*
 * Reading what windows of limits hold, and what of them is missing (see limit_internal.h; limit_used.c reads what was used).  A
 * reading makes the windows that are missing, and then goes once over each table that has something of them; what was read before
 * stays as it is, because a transaction may have added to it.
 */
#include <string.h>

#include "ledger/held.h"
#include "ledger/limit_internal.h"
#include "ledger/usage.h"
#include "time/instant.h"

enum { ROUND = DAY_MS / QUARTER_MS };	/* a second reading of rolling windows goes on by days, not by quarter-hours */

void
limit_want_all(struct limit_book *b)
{
	for (size_t i = 0; i < b->count; i++)
		b->of[i].is_wanted = true;
}

void
limit_want_one(struct limit_book *b, const struct limit_follower *wanted)
{
	for (size_t i = 0; i < b->count; i++)
		b->of[i].is_wanted = &b->of[i] == wanted;
}

/* ---- What is missing */

/* Adds an empty window in its place. */
static void
insert_window(struct limit_book *b, struct limit_follower *f, const struct window *w)
{
	size_t i = f->count;

	f->windows = arena_grow(b->arena, f->windows, f->count, &f->max, sizeof(*f->windows));
	while (i > 0 && f->windows[i - 1].from > w->from)
		i--;
	memmove(f->windows + i + 1, f->windows + i, (f->count - i) * sizeof(*f->windows));
	f->windows[i] = *w;
	f->windows[i].reading = b->reading;
	f->count++;
}

/* Adds the windows that contain these quarter-hours; returns whether there were new ones. */
static bool
add_windows(struct limit_book *b, struct limit_follower *f, int64_t from, int64_t until)
{
	bool is_new = false;

	while (from < until) {
		const struct window *old = limit_window_find(f, from);
		struct window w = old != NULL ? *old : limit_window_of(b, f->rule, from);

		if (old == NULL)
			insert_window(b, f, &w);
		is_new |= old == NULL;
		from = w.until;
	}
	return is_new;
}

/* Sets what rolling windows lack of all that is in a window with one of these quarter-hours: one range that has it. */
static bool
add_wanted(struct limit_follower *f, int64_t from, int64_t until)
{
	struct stretch w = { from - f->rule->quarters, until + f->rule->quarters };

	for (size_t i = 0; i < f->known_count; i++)
		if (f->known[i].from <= w.from && w.until <= f->known[i].until)
			return false;
	if (f->known_count > 0)
		w = (struct stretch) { floor_div(w.from, ROUND) * ROUND, (floor_div(w.until, ROUND) + 1) * ROUND };
	/* What it shares at its ends with what is known need not be read again. */
	for (const struct stretch *k = f->known; k < f->known + f->known_count; k++)
		if (k->from <= w.from && w.from < k->until)
			w.from = k->until;
		else if (k->from < w.until && w.until <= k->until)
			w.until = k->from;
	f->wanted = w;
	return true;
}

/* What was wanted is known now: joins it with what it meets. */
static void
set_known(struct limit_book *b, struct limit_follower *f)
{
	struct stretch w = f->wanted;
	size_t n = 0;

	if (w.from == w.until)
		return;
	for (size_t i = 0; i < f->known_count; i++)
		if (f->known[i].until < w.from || f->known[i].from > w.until)
			f->known[n++] = f->known[i];
		else {
			w.from = f->known[i].from < w.from ? f->known[i].from : w.from;
			w.until = f->known[i].until > w.until ? f->known[i].until : w.until;
		}
	f->known_count = n;
	f->known = arena_grow(b->arena, f->known, f->known_count, &f->known_max, sizeof(*f->known));
	f->known[f->known_count++] = w;
	f->wanted = (struct stretch) { 0 };
}

struct stretch
limit_new_of(const struct limit_book *b, const struct limit_follower *f)
{
	struct stretch all = f->wanted;

	for (const struct window *w = f->windows; w < f->windows + f->count; w++)
		if (w->reading == b->reading) {
			all.from = all.until == 0 || w->from < all.from ? w->from : all.from;
			all.until = w->until > all.until ? w->until : all.until;
		}
	return all;
}

struct stretch
limit_join(struct stretch x, struct stretch y)
{
	if (x.from == x.until || y.from == y.until)
		return x.from == x.until ? y : x;
	return (struct stretch) { x.from < y.from ? x.from : y.from, x.until > y.until ? x.until : y.until };
}

/* ---- What is held */

static void
add_held(const struct hold *hold, void *arg)
{
	struct limit_book *b = arg;
	struct limit_contact contact = { hold->channel, hold->sender, hold->parts_per_contact };
	struct limit_load l = limit_book_hold(b, hold->quarter * QUARTER_MS, &contact, hold->contacts);

	for (size_t i = 0; i < b->count; i++)
		limit_add_to(b, &b->of[i], &l, 1, LIMIT_ADD_NEW);
}

/* Reads what open segments hold in all that is being read now; those of days that are over hold nothing. */
static enum status
read_held(struct limit_book *b)
{
	struct stretch all = { 0 };

	for (size_t i = 0; i < b->count; i++)
		if (b->of[i].rule->network == NULL)
			all = limit_join(all, limit_new_of(b, &b->of[i]));
	if (all.from < b->today_from)
		all.from = b->today_from;
	return all.from < all.until ? held_each_quarter(b->db, b->org, all.from, all.until, add_held, b) : OK;
}

/* ---- A reading */

static enum status
read_new(struct limit_book *b)
{
	enum status st = b->rollup != NULL ? rollup_flush(b->rollup, b->db) : OK;

	if (st != OK || (st = limit_read_used(b)) != OK || (st = read_held(b)) != OK)
		return st;
	for (size_t i = 0; i < b->count; i++)
		set_known(b, &b->of[i]);
	return OK;
}

enum status
limit_read(struct limit_book *b, int64_t from, int64_t until)
{
	bool is_new = false;
	enum status st;

	b->reading++;
	for (size_t i = 0; i < b->count; i++) {
		struct limit_follower *f = &b->of[i];

		f->wanted = (struct stretch) { 0 };
		if (f->is_wanted)
			is_new |= f->rule->period == LIMIT_ROLLING ? add_wanted(f, from, until) : add_windows(b, f, from, until);
	}
	if (!is_new)
		return OK;
	if ((st = read_new(b)) != OK)
		limit_book_reset(b);
	return st;
}

enum status
limit_book_read(struct limit_book *b, struct day from, struct day to)
{
	limit_want_all(b);
	return limit_read(b, day_start(b->org->days, from) / QUARTER_MS, day_start(b->org->days, day_add(to, 1)) / QUARTER_MS);
}

enum status
limit_book_read_at(struct limit_book *b, int64_t at)
{
	limit_want_all(b);
	return limit_read(b, floor_div(at, QUARTER_MS), floor_div(at, QUARTER_MS) + 1);
}

enum status
limit_book_today(struct db *db, struct arena *a, struct organization *org, int64_t now, struct limit_book **book)
{
	enum status st;

	if ((st = limit_row_load(db, a, org)) != OK || (st = limit_book_new(db, a, org, NULL, LIMIT_FOLLOW_ALL, now, book)) != OK)
		return st;
	return limit_book_read_at(*book, now);
}
