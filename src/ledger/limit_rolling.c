/*
 * Rolling windows of the book of limits (see limit_internal.h).  What was used and is held lies in moments, in the order of time.
 * The sum of a window that moves on grows only when a moment enters it, so the fullest of many ends where one of them begins or
 * with a moment.
 */
#include <string.h>

#include "ledger/limit_internal.h"

/* A moment with more than any amount counts as this much, so that sums of many stay exact. */
#define MOMENT_MAX (INT64_C(1) << 50)

bool
limit_rolling_knows(const struct limit_follower *f, int64_t quarter)
{
	for (size_t i = 0; i < f->known_count; i++)
		if (f->known[i].from <= quarter && quarter < f->known[i].until)
			return true;
	return false;
}

size_t
limit_rolling_from(const struct limit_follower *f, int64_t quarter)
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

struct moment *
limit_rolling_moment(struct limit_book *b, struct limit_follower *f, int64_t quarter)
{
	size_t i = limit_rolling_from(f, quarter);

	/* What the caller changes is in all sums after it. */
	if (f->summed > i + 1)
		f->summed = i + 1;
	if (i < f->moment_count && f->moments[i].quarter == quarter)
		return &f->moments[i];
	f->moments = arena_grow(b->arena, f->moments, f->moment_count, &f->moment_max, sizeof(*f->moments));
	memmove(f->moments + i + 1, f->moments + i, (f->moment_count - i) * sizeof(*f->moments));
	f->moments[i] = (struct moment) { .quarter = quarter };
	f->moment_count++;
	if (f->summed > i)
		f->summed = i;
	return &f->moments[i];
}

/* ---- Sums */

static int64_t
bounded(int64_t units)
{
	return units > MOMENT_MAX ? MOMENT_MAX : units < -MOMENT_MAX ? -MOMENT_MAX : units;
}

/* Brings the sums before the first `count` moments up to date. */
static void
sum_up(struct limit_follower *f, size_t count)
{
	for (; f->summed < count; f->summed++) {
		struct moment *m = &f->moments[f->summed];
		const struct moment *before = f->summed > 0 ? m - 1 : NULL;

		m->used_before = before != NULL ? quota_sum(before->used_before, bounded(before->used)) : 0;
		m->held_before = before != NULL ? quota_sum(before->held_before, bounded(before->held)) : 0;
		m->own_before = before != NULL ? quota_sum(before->own_before, bounded(before->own)) : 0;
	}
}

/* The sums of the moments from the first to the last. */
static struct limit_sums
sums_of(const struct limit_follower *f, size_t first, size_t last)
{
	const struct moment *x = &f->moments[first], *y = &f->moments[last];

	return (struct limit_sums) { y->used_before - x->used_before + bounded(y->used), y->held_before - x->held_before +
		bounded(y->held), y->own_before - x->own_before + bounded(y->own) };
}

struct limit_sums
limit_rolling_sums(const struct limit_follower *f, int64_t last)
{
	size_t first = limit_rolling_from(f, last - f->rule->quarters), until = limit_rolling_from(f, last + 1);

	if (first == until)
		return (struct limit_sums) { 0 };
	sum_up((struct limit_follower *)f, until);
	return sums_of(f, first, until - 1);
}

/* ---- Room */

/* The room of the window that ends with a quarter-hour: what is available or, if that is more, what a campaign held there. */
static void
look_at(const struct limit_follower *f, int64_t end, int64_t amount, int64_t *room, int64_t *last)
{
	struct limit_sums s = limit_rolling_sums(f, end);
	int64_t available = quota_available(amount, (struct day_usage) { s.used, s.held });

	if (s.own > available)
		available = s.own;
	if (available < *room) {
		*room = available;
		*last = end;
	}
}

int64_t
limit_rolling_room(const struct limit_follower *f, struct stretch where, int64_t amount, int64_t *last)
{
	int64_t room = INT64_MAX, end = where.until - 1 + f->rule->quarters;
	size_t i = limit_rolling_from(f, where.from + 1);

	*last = where.from;
	look_at(f, where.from, amount, &room, last);
	for (; i < f->moment_count && f->moments[i].quarter <= end; i++)
		look_at(f, f->moments[i].quarter, amount, &room, last);
	/* What a campaign held counts for it only as long as it is in the window: also look where some of it has just left. */
	for (i = limit_rolling_from(f, where.from - f->rule->quarters); i < f->moment_count; i++) {
		int64_t after = f->moments[i].quarter + f->rule->quarters + 1;

		if (after > end)
			break;
		if (f->moments[i].own > 0)
			look_at(f, after, amount, &room, last);
	}
	return room;
}
