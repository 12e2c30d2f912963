/*
 * What sending windows allow (see sending_window.h).
 *
 * While a zone's offset stays the same, its clock runs as evenly as UTC does.  So the search for an instant goes span by span,
 * and within each by the local time alone: gaps and repeats of the clock need no rules of their own.
 */
#include <string.h>

#include "quota/sending_window.h"
#include "time/instant.h"

/* The index of the first closed date from that one on. */
static size_t
find_closed(const struct sending_window *w, int64_t day)
{
	size_t low = 0, high = w->closed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->closed[middle].day.n < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_closed(const struct sending_window *w, int64_t day)
{
	size_t i = find_closed(w, day);

	return i < w->closed_count && w->closed[i].day.n == day;
}

bool
sending_window_close(struct arena *a, struct sending_window *w, struct closed_day day, size_t closed_max)
{
	size_t i = find_closed(w, day.day.n);

	if (!is_closed(w, day.day.n)) {
		if (w->closed_count >= closed_max)
			return false;
		w->closed = arena_grow(a, w->closed, w->closed_count, &w->closed_room, sizeof(*w->closed));
		memmove(w->closed + i + 1, w->closed + i, (w->closed_count - i) * sizeof(*w->closed));
		w->closed_count++;
	} else if (day.name[0] == '\0')
		return true;
	w->closed[i] = day;
	return true;
}

bool
sending_window_open(struct sending_window *w, struct day day)
{
	size_t i = find_closed(w, day.n);

	if (!is_closed(w, day.n))
		return false;
	w->closed_count--;
	memmove(w->closed + i, w->closed + i + 1, (w->closed_count - i) * sizeof(*w->closed));
	return true;
}

/* The bit of a date's weekday; 1970-01-01 was a Thursday. */
static unsigned
weekday_bit(int64_t day)
{
	return 1u << (day + 3 - floor_div(day + 3, 7) * 7 + 1);
}

/* Whether an entry allows a time of a date, in milliseconds since its midnight. */
static bool
hours_allow(const struct sending_hours *h, int64_t day, int64_t ms)
{
	int64_t from = h->from * MINUTE_MS, until = h->until * MINUTE_MS;

	if (from < until)
		return (h->weekdays & weekday_bit(day)) != 0 && ms >= from && ms < until;
	return ((h->weekdays & weekday_bit(day)) != 0 && ms >= from) || ((h->weekdays & weekday_bit(day - 1)) != 0 && ms < until);
}

static bool
window_allows(const struct sending_window *w, int64_t day, int64_t ms)
{
	if (is_closed(w, day))
		return false;
	for (size_t i = 0; i < w->hours_count; i++)
		if (hours_allow(&w->hours[i], day, ms))
			return true;
	return w->hours_count == 0;
}

static bool
all_allow(const struct sending *s, int64_t local)
{
	int64_t day = floor_div(local, DAY_MS);

	for (size_t i = 0; i < s->count; i++)
		if (!window_allows(s->windows[i], day, local - day * DAY_MS))
			return false;
	return true;
}

void
sending_add(struct sending *s, const struct sending_window *w)
{
	if (w->hours_count > 0 || w->closed_count > 0)
		s->windows[s->count++] = w;
}

/*
 * The first local time of a date, from `from` on, that all windows allow; INT64_MAX if there is none.  Something can only begin
 * to be allowed at midnight, which is `from` if the date is not the first one, or when the hours of some entry begin.
 */
static int64_t
first_of_date(const struct sending *s, int64_t day, int64_t from)
{
	int64_t best = all_allow(s, from) ? from : INT64_MAX;

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->windows[i]->hours_count; k++) {
			int64_t begins = day * DAY_MS + s->windows[i]->hours[k].from * MINUTE_MS;

			if (begins > from && begins < best && all_allow(s, begins))
				best = begins;
		}
	return best;
}

/* The first allowed local time in [local, until); INT64_MAX if there is none. */
static int64_t
first_local(const struct sending *s, int64_t local, int64_t until)
{
	for (int64_t day = floor_div(local, DAY_MS); day * DAY_MS < until; day++) {
		int64_t found = first_of_date(s, day, day * DAY_MS > local ? day * DAY_MS : local);

		if (found < INT64_MAX)
			return found < until ? found : INT64_MAX;
	}
	return INT64_MAX;
}

bool
sending_allows(const struct sending *s, int64_t at)
{
	return at < INSTANT_MAX && all_allow(s, at + span_offset_at(s->wall, at) * SECOND_MS);
}

bool
sending_next_before(const struct sending *s, int64_t at, int64_t until, int64_t *next)
{
	size_t i = 0;

	if (until > INSTANT_MAX)
		until = INSTANT_MAX;
	while (i + 1 < s->wall.count && s->wall.at[i + 1].from_at <= at)
		i++;
	/* Each round is a span, which ends where the next one begins. */
	for (; at < until; i++) {
		int64_t offset = s->wall.at[i].utc_offset_s * SECOND_MS, ends = until, local;

		if (i + 1 < s->wall.count && s->wall.at[i + 1].from_at < until)
			ends = s->wall.at[i + 1].from_at;
		if ((local = first_local(s, at + offset, ends + offset)) < INT64_MAX) {
			*next = local - offset;
			return true;
		}
		at = ends;
	}
	return false;
}

bool
sending_next(const struct sending *s, int64_t at, int64_t *next)
{
	return sending_next_before(s, at, at + SENDING_SEARCH_DAYS * DAY_MS, next);
}

bool
sending_next_of_date(const struct sending *s, int64_t at, int64_t *next)
{
	return sending_next_before(s, at, day_start(s->wall, day_add(day_at(s->wall, at), 1)), next);
}
