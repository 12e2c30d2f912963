#include <assert.h>

#include "time/cycle.h"

/*
 * The day on which the cycle of a month starts: the cycle day, or the month's last day if the month
 * is shorter.  month may be 0 or 13, so that callers can step to the month before or after.
 */
static struct day
cycle_start(int year, int month, int cycle_day)
{
	int length;

	if (month < 1) {
		month = 12;
		year--;
	} else if (month > 12) {
		month = 1;
		year++;
	}
	length = days_in_month(year, month);
	return day_of(year, month, cycle_day < length ? cycle_day : length);
}

struct cycle
cycle_of(struct spans s, int cycle_day, struct day d)
{
	int year, month, dayofmonth;
	struct cycle c;

	assert(cycle_day >= 1 && cycle_day <= 31);
	day_civil(d, &year, &month, &dayofmonth);
	/* The month's cycle starts after d, so d belongs to the one that started in the month before. */
	if (cycle_start(year, month, cycle_day).n > d.n)
		month--;
	c.from = cycle_start(year, month, cycle_day);
	c.until = cycle_start(year, month + 1, cycle_day);
	/* A cycle is a range of days first; its instants follow from the organization's spans. */
	c.starts_at = day_start(s, c.from);
	c.ends_at = day_start(s, c.until);
	return c;
}
