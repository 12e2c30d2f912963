#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "time/day.h"
#include "time/instant.h"

/*
 * Civil dates, as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years begin in
 * March, so that the leap day is the last of its year, and an era is the 400 years after which the
 * calendar repeats.  Counted from March, months begin at (153 * month + 2) / 5: five months have
 * 153 days.
 */
enum { ERA_YEARS = 400, ERA_DAYS = 146097, DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };

/*
 * Offsets are shorter than a day (TZ_OFFSET_MAX_S), so an instant is less than this from its local
 * time read as UTC.
 */
#define REACH_MS DAY_MS

int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	assert(month >= 1 && month <= 12);
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

struct day
day_of(int year, int month, int dayofmonth)
{
	int64_t from_march = month > 2 ? year : year - 1;
	int64_t era = floor_div(from_march, ERA_YEARS);
	int64_t year_of_era = from_march - era * ERA_YEARS;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + dayofmonth - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	assert(dayofmonth >= 1 && dayofmonth <= days_in_month(year, month));
	return (struct day){ (int32_t)(era * ERA_DAYS + day_of_era - DAYS_TO_1970) };
}

void
day_civil(struct day d, int *year, int *month, int *dayofmonth)
{
	int64_t n = (int64_t)d.n + DAYS_TO_1970;
	int64_t era = floor_div(n, ERA_DAYS);
	/* The inverse of day_of: takes the leap days out first, so that the rest divides by 365. */
	int day_of_era = (int)(n - era * ERA_DAYS);
	int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month_from_march = (5 * day_of_year + 2) / 153;

	*dayofmonth = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	*month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	*year = (int)(era * ERA_YEARS) + year_of_era + (*month <= 2);
}

struct day
day_add(struct day d, int32_t days)
{
	return (struct day){ d.n + days };
}

bool
day_parse(const char *text, struct day *d)
{
	char midnight[INSTANT_TEXT_MAX];
	int64_t at;

	if (strlen(text) != strlen("YYYY-MM-DD"))
		return false;
	/* Uses the reader of instants, so that there is one opinion on which dates exist. */
	snprintf(midnight, sizeof(midnight), "%sT00:00:00Z", text);
	if (!instant_parse(midnight, &at) || at < 0)
		return false;
	d->n = (int32_t)(at / DAY_MS);
	return true;
}

static char *
put_two_digits(char *out, unsigned n)
{
	*out++ = (char)('0' + n / 10 % 10);
	*out++ = (char)('0' + n % 10);
	return out;
}

/* Without snprintf, because a calendar has hundreds of dates. */
char *
day_format(struct day d, char *out)
{
	int year, month, dayofmonth;
	char *p;

	day_civil(d, &year, &month, &dayofmonth);
	if (year < 0 || year > 9999) {
		snprintf(out, DAY_TEXT_MAX, "%04d-%02u-%02u", year, (unsigned)month % 100, (unsigned)dayofmonth % 100);
		return out;
	}
	p = put_two_digits(out, (unsigned)year / 100);
	p = put_two_digits(p, (unsigned)year);
	*p++ = '-';
	p = put_two_digits(p, (unsigned)month);
	*p++ = '-';
	p = put_two_digits(p, (unsigned)dayofmonth);
	*p = '\0';
	return out;
}

static bool
span_holds(struct spans s, size_t i, int64_t at)
{
	return i < s.count && (i == 0 || s.at[i].from_at <= at) && (i + 1 == s.count || at < s.at[i + 1].from_at);
}

/*
 * The index of the span in force at an instant, by bisection; the first one holds for all earlier instants.  Spans last for
 * months, and the days of a calendar are asked about one after the other: so the one that was found last is tried first.
 */
static size_t
span_find(struct spans s, int64_t at)
{
	static size_t low;
	size_t high = s.count, middle;

	assert(s.count > 0);
	if (span_holds(s, low, at))
		return low;
	low = 0;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (s.at[middle].from_at <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int32_t
span_offset_at(struct spans s, int64_t at)
{
	return s.at[span_find(s, at)].utc_offset_s;
}

void
day_put_csv_local(struct csv *c, struct spans s, int64_t at)
{
	int64_t local_s = floor_div(at, SECOND_MS) + span_offset_at(s, at), day = floor_div(local_s, DAY_MS / SECOND_MS);
	int s_of_day = (int)(local_s - day * (DAY_MS / SECOND_MS));
	char date[DAY_TEXT_MAX], text[DAY_TEXT_MAX + 16];

	snprintf(text, sizeof(text), "%s %02d:%02d:%02d", day_format((struct day){ (int32_t)day }, date), s_of_day / 3600,
	    s_of_day / 60 % 60, s_of_day % 60);
	csv_put_text(c, text);
}

/* The instant at which a clock that always had the offset of span i would show a local time. */
static int64_t
span_instant(struct spans s, size_t i, int64_t local)
{
	return local - s.at[i].utc_offset_s * SECOND_MS;
}

/* Whether span i begins after an instant; the first span never does. */
static bool
span_starts_after(struct spans s, size_t i, int64_t at)
{
	return i > 0 && at < s.at[i].from_at;
}

/* Whether span i ends after an instant; the last span always does. */
static bool
span_ends_after(struct spans s, size_t i, int64_t at)
{
	return i + 1 == s.count || at < s.at[i + 1].from_at;
}

struct day
day_at(struct spans s, int64_t at)
{
	return (struct day){ (int32_t)floor_div(at + span_offset_at(s, at) * SECOND_MS, DAY_MS) };
}

int64_t
day_start(struct spans s, struct day d)
{
	int64_t midnight = d.n * DAY_MS, at;
	size_t i = span_find(s, midnight - REACH_MS);

	/*
	 * Takes the first span that lasts until d's midnight by its own offset.  Midnight may lie
	 * before that span, if a gap skips it: then the day starts with the span.
	 */
	while (at = span_instant(s, i, midnight), !span_ends_after(s, i, at))
		i++;
	return span_starts_after(s, i, at) ? s.at[i].from_at : at;
}

int64_t
day_next_start(struct spans s, int64_t at)
{
	struct day d = day_at(s, at);
	int64_t start;

	do {	/* a day that the zone skips starts when the next one does */
		d = day_add(d, 1);
		start = day_start(s, d);
	} while (start <= at);
	return start;
}

int64_t
day_wall(struct spans s, struct day d, int64_t ms_of_day)
{
	int64_t local = d.n * DAY_MS + ms_of_day, at, moved = 0;
	bool is_skipped = false;

	/*
	 * Tries the spans in order, from the last one that surely begins early enough.  The first
	 * span during which its own clock shows the time is the answer, so a repeated time is its
	 * first occurrence.
	 */
	for (size_t i = span_find(s, local - REACH_MS); i < s.count; i++) {
		at = span_instant(s, i, local);
		if (!span_ends_after(s, i, at))
			continue;	/* its clock does not get that far */
		if (!span_starts_after(s, i, at))
			return at;
		/*
		 * Span i begins after that time.  So its start skips the time, unless a later span
		 * sets the clock back to it.  If no span does, the answer is the instant by the
		 * offset before the gap: 02:30 becomes 03:30.
		 */
		if (!is_skipped)
			moved = span_instant(s, i - 1, local);
		is_skipped = true;
		if (s.at[i].from_at > local + REACH_MS)
			break;
	}
	return moved;
}

/*
 * Whether each quarter-hour of UTC lies in one day only, which the roll-up usage_quarter depends
 * on.  With offsets that are multiples of a quarter-hour, local midnight is on one too.  Then a
 * change of the offset may be off it (Casey's was at 00:01), but only if it does not change the
 * date.
 */
static bool
keeps_quarters(const struct span *before, const struct span *s)
{
	if (s->utc_offset_s * SECOND_MS % QUARTER_MS != 0)
		return false;
	return before == NULL || s->from_at % QUARTER_MS == 0 ||
	    floor_div(s->from_at - 1 + before->utc_offset_s * SECOND_MS, DAY_MS) ==
	    floor_div(s->from_at + s->utc_offset_s * SECOND_MS, DAY_MS);
}

/*
 * Joins neighbours with the same offset.  Returns how many spans are left; 0 if a day is off the
 * quarter-hour.
 */
static size_t
spans_tidy(struct span *at, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!keeps_quarters(n > 0 ? &at[n - 1] : NULL, &at[i]))
			return 0;
		if (n == 0 || at[i].utc_offset_s != at[n - 1].utc_offset_s)
			at[n++] = at[i];
	}
	return n;
}

size_t
spans_join(struct spans past, const struct zone *z, int64_t from_at, struct span *out, size_t max)
{
	struct day last;
	int64_t until;
	size_t n = 0, more;

	if (past.count == 0)
		from_at = INSTANT_MIN;
	/* The past is kept as it was: days that were reported do not change. */
	for (; n < past.count && past.at[n].from_at < from_at; n++) {
		if (n == max)
			return 0;
		out[n] = past.at[n];
	}
	more = zone_spans(z, from_at, INSTANT_MAX, out + n, max - n);
	if (more > max - n)
		return 0;
	if (past.count > 0 && more > 0) {
		struct spans next = { out + n, more };

		last = day_at(past, from_at - 1);
		if (day_at(next, from_at).n < last.n) {
			/*
			 * By z the last day has not begun yet.  Repeats it from its midnight, with
			 * the offset that makes the clock show midnight now, until z itself reaches
			 * the start of that day.
			 */
			until = day_start(next, last);
			out[n++] = (struct span){ from_at, (int32_t)((last.n * DAY_MS - from_at) / SECOND_MS) };
			more = zone_spans(z, until, INSTANT_MAX, out + n, max - n);
			if (more > max - n)
				return 0;
		}
	}
	return spans_tidy(out, n + more);
}
