/*
 * Rolling windows of the book of limits (see limit_internal.h).  What was used and is held lies in moments, in the order of
 * time, and what was added since in a short list of edits, so that one event does not change the sums of all that follow.
 *
 * The sum of a window that moves on grows only when something enters it, so the fullest of many ends where one of them begins
 * or with a moment.  Whoever looks for full ones asks for the next end of a window that may have more than so much: each
 * moment knows the sum of the window that ends with it, and each block of moments the greatest of them, so that most are
 * passed over at once.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger/limit_internal.h"

/* A moment with more than any amount counts as this much, so that sums of many stay exact. */
#define MOMENT_MAX (INT64_C(1) << 50)

enum {
	BLOCK = 64,		/* moments */
	EDITS_FEW = 32,		/* that are looked at one by one; if there are more, a question merges them into the moments */
	EDITS_MANY = 1024,	/* that are kept without a question */
	VAIN_MAX = 64		/* ends that were looked at only because edits may lie in their windows */
};

bool
limit_rolling_knows(const struct limit_follower *f, int64_t quarter)
{
	for (size_t i = 0; i < f->known_count; i++)
		if (f->known[i].from <= quarter && quarter < f->known[i].until)
			return true;
	return false;
}

void
limit_rolling_reset(struct limit_follower *f)
{
	f->moment_count = f->summed = f->edit_count = f->own_count = f->known_count = 0;
	f->vain = 0;
}

/* The place of the first moment from a quarter-hour on. */
static size_t
place_from(const struct limit_follower *f, int64_t quarter)
{
	size_t low = 0, high = f->moment_count, middle;

	/* Most often what is asked for is at or after the end. */
	if (high == 0 || f->moments[high - 1].quarter < quarter)
		return high;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (f->moments[middle].quarter >= quarter)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int64_t
bounded(int64_t units)
{
	return units > MOMENT_MAX ? MOMENT_MAX : units < -MOMENT_MAX ? -MOMENT_MAX : units;
}

/* ---- Sums */

/* Brings the sums of all moments up to date. */
static void
sum_up(struct limit_follower *f)
{
	size_t i = f->summed, first;

	if (i == f->moment_count)
		return;
	while (f->block_max * BLOCK < f->moment_count)
		f->blocks = arena_grow(f->arena, f->blocks, f->block_max, &f->block_max, sizeof(*f->blocks));
	for (first = place_from(f, f->moments[i].quarter - f->rule->quarters); i < f->moment_count; i++) {
		struct moment *m = &f->moments[i];
		int64_t *block = &f->blocks[i / BLOCK];

		m->used_before = i > 0 ? quota_sum(m[-1].used_before, bounded(m[-1].used)) : 0;
		m->held_before = i > 0 ? quota_sum(m[-1].held_before, bounded(m[-1].held)) : 0;
		while (f->moments[first].quarter < m->quarter - f->rule->quarters)
			first++;
		m->load = m->used_before - f->moments[first].used_before + bounded(m->used);
		m->load = quota_sum(m->load, m->held_before - f->moments[first].held_before + bounded(m->held));
		*block = i % BLOCK == 0 || m->load > *block ? m->load : *block;
	}
	f->summed = i;
}

static int
by_time(const void *a, const void *b)
{
	const struct limit_edit *x = a, *y = b;

	return x->quarter < y->quarter ? -1 : x->quarter > y->quarter;
}

/* Merges the edits into the moments, from the last ones on. */
static void
merge(struct limit_follower *f)
{
	size_t from = f->moment_count, to, is_new = 0;

	qsort(f->edits, f->edit_count, sizeof(*f->edits), by_time);
	for (size_t k = 0; k < f->edit_count; k++) {
		size_t i = place_from(f, f->edits[k].quarter);

		is_new += (i == f->moment_count || f->moments[i].quarter != f->edits[k].quarter) &&
		    (k == 0 || f->edits[k - 1].quarter != f->edits[k].quarter);
	}
	while (f->moment_max < f->moment_count + is_new)
		f->moments = arena_grow(f->arena, f->moments, f->moment_max, &f->moment_max, sizeof(*f->moments));
	to = f->moment_count += is_new;
	for (size_t k = f->edit_count; k > 0; k--) {
		const struct limit_edit *e = &f->edits[k - 1];

		while (from > 0 && f->moments[from - 1].quarter >= e->quarter)
			f->moments[--to] = f->moments[--from];
		if (to == f->moment_count || f->moments[to].quarter != e->quarter)
			f->moments[--to] = (struct moment) { .quarter = e->quarter };
		f->moments[to].used = quota_sum(f->moments[to].used, e->used);
		f->moments[to].held = quota_sum(f->moments[to].held, e->held);
	}
	if (f->edit_count > 0 && to < f->summed)
		f->summed = to;
	if (f->summed % BLOCK > 0)	/* the greatest of a block is found from its first moment on */
		f->summed -= f->summed % BLOCK;
	f->edit_count = 0;
	f->vain = 0;
}

/* Before a question: there are few edits, and the sums are right but for them. */
static void
settle(const struct limit_follower *asked)
{
	struct limit_follower *f = (struct limit_follower *)asked;

	if (f->edit_count > EDITS_FEW || f->vain > VAIN_MAX)
		merge(f);
	sum_up(f);
}

void
limit_rolling_add(struct limit_follower *f, int64_t quarter, int64_t used, int64_t held)
{
	size_t i = place_from(f, quarter);

	/* What is read comes mostly in the order of time. */
	if (i == f->moment_count) {
		f->moments = arena_grow(f->arena, f->moments, f->moment_count, &f->moment_max, sizeof(*f->moments));
		f->moments[f->moment_count++] = (struct moment) { .quarter = quarter };
	}
	if (i >= f->summed && f->moments[i].quarter == quarter) {
		f->moments[i].used = quota_sum(f->moments[i].used, used);
		f->moments[i].held = quota_sum(f->moments[i].held, held);
		return;
	}
	if (f->edit_count >= EDITS_MANY)
		merge(f);
	for (i = f->edit_count <= EDITS_FEW ? 0 : f->edit_count - 1; i < f->edit_count && f->edits[i].quarter != quarter; i++)
		;
	if (i == f->edit_count) {
		f->edits = arena_grow(f->arena, f->edits, f->edit_count, &f->edit_max, sizeof(*f->edits));
		f->edits[f->edit_count++] = (struct limit_edit) { .quarter = quarter };
	}
	f->edits[i].used = quota_sum(f->edits[i].used, used);
	f->edits[i].held = quota_sum(f->edits[i].held, held);
}

void
limit_rolling_set_aside(struct limit_follower *f, int64_t quarter, int64_t units)
{
	f->own = arena_grow(f->arena, f->own, f->own_count, &f->own_max, sizeof(*f->own));
	f->own[f->own_count++] = (struct limit_edit) { .quarter = quarter, .held = units };
}

struct limit_sums
limit_rolling_sums(const struct limit_follower *f, int64_t last)
{
	int64_t from = last - f->rule->quarters;
	struct limit_sums s = { 0 };
	size_t first, until;

	settle(f);
	first = place_from(f, from);
	until = place_from(f, last + 1);
	if (first < until) {
		const struct moment *x = &f->moments[first], *y = &f->moments[until - 1];

		s = (struct limit_sums) { y->used_before - x->used_before + bounded(y->used),
			y->held_before - x->held_before + bounded(y->held) };
	}
	for (const struct limit_edit *e = f->edits; e < f->edits + f->edit_count; e++)
		if (from <= e->quarter && e->quarter <= last) {
			s.used = quota_sum(s.used, e->used);
			s.held = quota_sum(s.held, e->held);
		}
	return s;
}

/* ---- Ends of windows */

int64_t
limit_rolling_first(const struct limit_follower *f, int64_t quarter)
{
	size_t i = place_from(f, quarter);
	int64_t first = i < f->moment_count ? f->moments[i].quarter : INT64_MAX;

	for (const struct limit_edit *e = f->edits; e < f->edits + f->edit_count; e++)
		first = quarter <= e->quarter && e->quarter < first ? e->quarter : first;
	return first;
}

/* The most that edits add to a window with one of these ends. */
static int64_t
edits_in(const struct limit_follower *f, int64_t first, int64_t last)
{
	int64_t most = 0;

	for (const struct limit_edit *e = f->edits; e < f->edits + f->edit_count; e++)
		if (first - f->rule->quarters <= e->quarter && e->quarter <= last)
			most = quota_sum(most, (e->used > 0 ? e->used : 0) + (e->held > 0 ? e->held : 0));
	return most;
}

/* A moment that may end such a window only because of the edits: if there are many, they are worth being merged. */
static void
note_vain(const struct limit_follower *f, size_t i, int64_t load)
{
	((struct limit_follower *)f)->vain += f->moments[i].load <= load;
}

bool
limit_rolling_next(const struct limit_follower *f, int64_t after, int64_t until, int64_t load, int64_t *last)
{
	int64_t found = INT64_MAX, least;
	size_t i, end;

	settle(f);
	least = load - edits_in(f, after + 1, until);
	i = place_from(f, after + 1);
	end = place_from(f, until + 1);
	while (i < end && f->moments[i].load <= least)
		i = f->blocks[i / BLOCK] <= least ? (i / BLOCK + 1) * BLOCK : i + 1;
	if (i < end) {
		found = f->moments[i].quarter;
		note_vain(f, i, load);
	}
	for (const struct limit_edit *e = f->edits; e < f->edits + f->edit_count; e++)
		found = after < e->quarter && e->quarter <= until && e->quarter < found ? e->quarter : found;
	*last = found;
	return found != INT64_MAX;
}

bool
limit_rolling_previous(const struct limit_follower *f, int64_t before, int64_t from, int64_t load, int64_t *last)
{
	int64_t found = INT64_MIN, least;
	size_t i, first;

	settle(f);
	least = load - edits_in(f, from, before - 1);
	i = place_from(f, before);
	first = place_from(f, from);
	while (i > first && f->moments[i - 1].load <= least)
		i = f->blocks[(i - 1) / BLOCK] <= least ? (i - 1) / BLOCK * BLOCK : i - 1;
	if (i > first) {
		found = f->moments[i - 1].quarter;
		note_vain(f, i - 1, load);
	}
	for (const struct limit_edit *e = f->edits; e < f->edits + f->edit_count; e++)
		found = from <= e->quarter && e->quarter < before && e->quarter > found ? e->quarter : found;
	*last = found;
	return found != INT64_MIN;
}

struct limit_sums
limit_rolling_fullest(const struct limit_follower *f, int64_t from, int64_t until, int64_t *last)
{
	struct limit_sums fullest = limit_rolling_sums(f, from), s;
	int64_t end = from;

	*last = from;
	while (limit_rolling_next(f, end, until - 1, quota_sum(fullest.used, fullest.held), &end)) {
		s = limit_rolling_sums(f, end);
		if (quota_sum(s.used, s.held) > quota_sum(fullest.used, fullest.held)) {
			fullest = s;
			*last = end;
		}
	}
	return fullest;
}

/* ---- Room */

/* The room of the window that ends with a quarter-hour: what is available or, if that is more, what a campaign held there. */
static int64_t
room_at(const struct limit_follower *f, int64_t last, int64_t amount)
{
	struct limit_sums s = limit_rolling_sums(f, last);
	int64_t available = quota_available(amount, (struct day_usage) { s.used, s.held }), own = 0;

	for (const struct limit_edit *e = f->own; e < f->own + f->own_count; e++)
		if (last - f->rule->quarters <= e->quarter && e->quarter <= last)
			own = quota_sum(own, e->held);
	return own > available ? own : available;
}

int64_t
limit_rolling_room(const struct limit_follower *f, struct stretch where, int64_t amount)
{
	int64_t last = where.from, until = where.until - 1 + f->rule->quarters, room = room_at(f, last, amount), one;

	while (room > 0 && limit_rolling_next(f, last, until, amount - room, &last)) {
		one = room_at(f, last, amount);
		room = one < room ? one : room;
	}
	/* What a campaign held counts for it only as long as it is in the window: also look where some of it has just left. */
	for (const struct limit_edit *e = f->own; e < f->own + f->own_count; e++) {
		last = e->quarter + f->rule->quarters + 1;
		one = where.from < last && last <= until ? room_at(f, last, amount) : room;
		room = one < room ? one : room;
	}
	return room;
}
