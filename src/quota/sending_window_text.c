/*
 * Hours of sending windows as people write them (see sending_window.h): for the command.
 */
#include <stdio.h>
#include <string.h>

#include "quota/sending_window.h"

enum { ENTRY_MAX = 64, EVERY_DAY = 0xfe };

static const char *const weekday_names[] = { "", "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

bool
sending_time_parse(const char *text, bool is_end, int *minutes)
{
	int hour, minute;

	if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789") != 2 || strspn(text + 3, "0123456789") != 2)
		return false;
	hour = (text[0] - '0') * 10 + text[1] - '0';
	minute = (text[3] - '0') * 10 + text[4] - '0';
	*minutes = hour * 60 + minute;
	return minute < 60 && (hour < 24 || (is_end && *minutes == 24 * 60));
}

char *
sending_time_format(int minutes, char out[8])
{
	snprintf(out, 8, "%02u:%02u", (unsigned)minutes / 60 % 100, (unsigned)minutes % 60);
	return out;
}

static int
weekday_of(const char *text, size_t n)
{
	for (int day = 1; day <= 7; day++)
		if (n == 3 && strncmp(text, weekday_names[day], n) == 0)
			return day;
	return 0;
}

/* Reads days such as mon, mon-fri, sat-mon, mon+wed+fri or daily. */
static bool
parse_days(const char *text, unsigned *weekdays)
{
	*weekdays = 0;
	if (strcmp(text, "daily") == 0) {
		*weekdays = EVERY_DAY;
		return true;
	}
	for (;;) {
		size_t n = strcspn(text, "+"), dash = strcspn(text, "-+");
		int from = weekday_of(text, dash), to = dash < n ? weekday_of(text + dash + 1, n - dash - 1) : from;

		if (from == 0 || to == 0)
			return false;
		/* A range may go over Sunday. */
		for (int day = from;; day = day % 7 + 1) {
			*weekdays |= 1u << day;
			if (day == to)
				break;
		}
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

/* Reads `mon-fri 09:00-17:00`, which it takes apart in place. */
static bool
parse_entry(char *entry, struct sending_hours *h)
{
	char *days = strtok(entry, " \t"), *from = strtok(NULL, " \t"), *until = from != NULL ? strchr(from, '-') : NULL;

	if (until == NULL || strtok(NULL, " \t") != NULL)
		return false;
	*until++ = '\0';
	return parse_days(days, &h->weekdays) && sending_time_parse(from, false, &h->from) &&
	    sending_time_parse(until, true, &h->until) && h->from != h->until;
}

enum status
sending_hours_parse(const char *label, const char *text, struct sending_window *w, struct error *err)
{
	char entry[ENTRY_MAX], shown[ERROR_SHOWN_MAX];

	w->hours_count = 0;
	if (strcmp(text, "always") == 0)
		return OK;
	for (;;) {
		size_t n = strcspn(text, ",");

		snprintf(entry, sizeof(entry), "%.*s", (int)(n < ENTRY_MAX ? n : ENTRY_MAX), text);
		error_shown(entry, shown);
		if (w->hours_count == SENDING_HOURS_MAX)
			return error_set(err, BAD_REQUEST, "%s: more than %d entries", label, SENDING_HOURS_MAX);
		if (n >= ENTRY_MAX || !parse_entry(entry, &w->hours[w->hours_count]))
			return error_set(err, BAD_REQUEST, "%s: \"%s\" is not days and hours such as mon-fri 09:00-17:00", label, shown);
		w->hours_count++;
		if (text[n] == '\0')
			return OK;
		text += n + 1;
	}
}

/* Three days and more in a row become a range. */
static void
put_days(struct buf *to, unsigned weekdays)
{
	const char *between = "";

	if (weekdays == EVERY_DAY) {
		buf_put_text(to, "daily");
		return;
	}
	for (int day = 1; day <= 7; day++) {
		int last = day;

		if (!(weekdays & 1u << day))
			continue;
		while (last < 7 && weekdays & 1u << (last + 1))
			last++;
		if (last - day < 2)
			last = day;
		buf_printf(to, "%s%s", between, weekday_names[day]);
		if (last > day)
			buf_printf(to, "-%s", weekday_names[last]);
		between = "+";
		day = last;
	}
}

void
sending_hours_format(struct buf *to, const struct sending_window *w)
{
	char from[8], until[8];

	if (w->hours_count == 0)
		buf_put_text(to, "always");
	for (size_t i = 0; i < w->hours_count; i++) {
		const struct sending_hours *h = &w->hours[i];

		buf_put_text(to, i > 0 ? ", " : "");
		put_days(to, h->weekdays);
		buf_printf(to, " %s-%s", sending_time_format(h->from, from), sending_time_format(h->until, until));
	}
}
