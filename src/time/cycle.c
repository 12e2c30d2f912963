#include <assert.h>

#include "time/cycle.h"

/* The day on which the cycle of a month starts; month may be one below or above a year's own. */
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
	if (cycle_start(year, month, cycle_day).n > d.n)
		month--;
	c.from = cycle_start(year, month, cycle_day);
	c.until = cycle_start(year, month + 1, cycle_day);
	c.starts_at = day_start(s, c.from);
	c.ends_at = day_start(s, c.until);
	return c;
}
