#include <assert.h>
#include <string.h>

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

/* How many of the changes have begun on day d. */
static size_t
begun(const struct cycle_rule *rule, struct day d)
{
	size_t n = 0;

	while (n < rule->count && rule->changes[n].from.n <= d.n)
		n++;
	return n;
}

static int
day_after_changes(const struct cycle_rule *rule, size_t changes)
{
	return changes == 0 ? rule->first_day : rule->changes[changes - 1].cycle_day;
}

int
cycle_day_on(const struct cycle_rule *rule, struct day d)
{
	return day_after_changes(rule, begun(rule, d));
}

struct cycle
cycle_of(struct spans s, const struct cycle_rule *rule, struct day d)
{
	size_t changes = begun(rule, d);
	int year, month, dayofmonth, cycle_day = day_after_changes(rule, changes);
	struct cycle c;

	assert(cycle_day >= 1 && cycle_day <= 31);
	day_civil(d, &year, &month, &dayofmonth);
	/* The month's cycle starts after d, so d belongs to the one that started in the month before. */
	if (cycle_start(year, month, cycle_day).n > d.n)
		month--;
	c.from = cycle_start(year, month, cycle_day);
	c.until = cycle_start(year, month + 1, cycle_day);
	/* A change begins a cycle on its own day, whatever cycle it falls into. */
	if (changes > 0 && c.from.n < rule->changes[changes - 1].from.n)
		c.from = rule->changes[changes - 1].from;
	if (changes < rule->count && c.until.n > rule->changes[changes].from.n)
		c.until = rule->changes[changes].from;
	/* A cycle is a range of days first; its instants follow from the organization's spans. */
	c.starts_at = day_start(s, c.from);
	c.ends_at = day_start(s, c.until);
	return c;
}

bool
cycle_same(const struct cycle_rule *a, const struct cycle_rule *b)
{
	if (a->first_day != b->first_day || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->changes[i].from.n != b->changes[i].from.n || a->changes[i].cycle_day != b->changes[i].cycle_day)
			return false;
	return true;
}

bool
cycle_set_from(struct cycle_rule *rule, struct day from, int cycle_day)
{
	struct cycle_change changes[CYCLE_CHANGES_MAX + 1];
	size_t before = begun(rule, day_add(from, -1)), after = begun(rule, from), count = before;
	int last;

	/* The change takes the place of one of the same day. */
	memcpy(changes, rule->changes, before * sizeof(changes[0]));
	changes[count++] = (struct cycle_change) { from, cycle_day };
	memcpy(changes + count, rule->changes + after, (rule->count - after) * sizeof(changes[0]));
	count += rule->count - after;
	/* Leaves out what changes nothing: it would split a cycle. */
	last = rule->first_day;
	after = 0;
	for (size_t i = 0; i < count; i++) {
		if (changes[i].cycle_day == last)
			continue;
		last = changes[i].cycle_day;
		changes[after++] = changes[i];
	}
	if (after > CYCLE_CHANGES_MAX)
		return false;
	memcpy(rule->changes, changes, after * sizeof(changes[0]));
	rule->count = after;
	return true;
}
