/*
 * Recurrence rules (see ical_parts.h).
 *
 * A date either is in the rule or not, whatever dates come before it, but for COUNT and BYSETPOS.  So the walk looks at one date
 * after the other, and keeps those of the present period (day, week, month or year) until it ends.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "time/ical_parts.h"
#include "time/instant.h"

enum { PERIOD_DAYS_MAX = 366, NUMBER_DIGITS_MAX = 6 };

bool
ical_date_parse(const char *text, size_t n, struct day *d)
{
	int year, month, dayofmonth;

	if (n != 8 || strspn(text, "0123456789") < 8)
		return false;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
	month = (text[4] - '0') * 10 + text[5] - '0';
	dayofmonth = (text[6] - '0') * 10 + text[7] - '0';
	if (year < 1900 || month < 1 || month > 12 || dayofmonth < 1 || dayofmonth > days_in_month(year, month))
		return false;
	*d = day_of(year, month, dayofmonth);
	return true;
}

/* ---- Reading */

static const char *const weekday_names[] = { "", "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

static int
weekday_of(const char *text)
{
	for (int i = 1; i <= 7; i++)
		if (strcasecmp(text, weekday_names[i]) == 0)
			return i;
	return 0;
}

/* A whole number from min to max; if it may be negative, also from -max to -min, with either sign. */
static bool
parse_number(const char *text, bool may_be_negative, int min, int max, int *value)
{
	bool has_sign = may_be_negative && (text[0] == '-' || text[0] == '+');
	size_t digits = strspn(text + has_sign, "0123456789");

	if (digits == 0 || digits > NUMBER_DIGITS_MAX || text[has_sign + digits] != '\0')
		return false;
	*value = atoi(text + has_sign);
	if (*value < min || *value > max)
		return false;
	if (has_sign && text[0] == '-')
		*value = -*value;
	return true;
}

/* Reads a list in place. */
static bool
parse_list(char *text, bool may_be_negative, int max, int *list, size_t *count)
{
	for (char *at = text, *next; at != NULL; at = next) {
		if ((next = strchr(at, ',')) != NULL)
			*next++ = '\0';
		if (*count == ICAL_LIST_MAX || !parse_number(at, may_be_negative, 1, max, &list[*count]))
			return false;
		(*count)++;
	}
	return true;
}

/* MO, 2MO, -1FR … */
static bool
parse_weekdays(char *text, struct ical_rule *rule)
{
	for (char *at = text, *next; at != NULL; at = next) {
		struct ical_weekday *w = &rule->weekdays[rule->weekday_count];
		size_t n;

		if ((next = strchr(at, ',')) != NULL)
			*next++ = '\0';
		if (rule->weekday_count == ICAL_LIST_MAX || (n = strlen(at)) < 2 || (w->weekday = weekday_of(at + n - 2)) == 0)
			return false;
		w->nth = 0;
		at[n - 2] = '\0';
		if (n > 2 && !parse_number(at, true, 1, 53, &w->nth))
			return false;
		rule->weekday_count++;
	}
	return true;
}

static bool
parse_months(char *text, unsigned *months)
{
	int list[ICAL_LIST_MAX];
	size_t count = 0;

	if (!parse_list(text, false, 12, list, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		*months |= 1u << list[i];
	return true;
}

/* Reads one NAME=VALUE, in place. */
static const char *
parse_part(char *name, char *value, struct ical_rule *rule, bool *has_freq)
{
	static const char *const freqs[] = { "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
	int count;

	if (strcasecmp(name, "FREQ") == 0) {
		for (size_t i = 0; i < sizeof(freqs) / sizeof(freqs[0]); i++)
			if (strcasecmp(value, freqs[i]) == 0) {
				rule->freq = (enum ical_freq)i;
				*has_freq = true;
				return NULL;
			}
		return "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY";
	}
	if (strcasecmp(name, "INTERVAL") == 0)
		return parse_number(value, false, 1, 1000, &rule->interval) ? NULL : "INTERVAL must be from 1 to 1000";
	if (strcasecmp(name, "COUNT") == 0) {
		if (!parse_number(value, false, 1, 100000, &count))
			return "COUNT must be from 1 to 100000";
		rule->count = count;
		return NULL;
	}
	/* Of a date and time, the date: events are all-day. */
	if (strcasecmp(name, "UNTIL") == 0)
		return ical_date_parse(value, strcspn(value, "T"), &rule->until) ? NULL : "UNTIL is not a date";
	if (strcasecmp(name, "BYMONTH") == 0)
		return parse_months(value, &rule->months) ? NULL : "BYMONTH must be numbers from 1 to 12";
	if (strcasecmp(name, "BYMONTHDAY") == 0)
		return parse_list(value, true, 31, rule->monthdays, &rule->monthday_count) ? NULL :
		    "BYMONTHDAY must be numbers from 1 to 31, or negative";
	if (strcasecmp(name, "BYYEARDAY") == 0)
		return parse_list(value, true, 366, rule->yeardays, &rule->yearday_count) ? NULL :
		    "BYYEARDAY must be numbers from 1 to 366, or negative";
	if (strcasecmp(name, "BYSETPOS") == 0)
		return parse_list(value, true, 366, rule->setpos, &rule->setpos_count) ? NULL :
		    "BYSETPOS must be numbers from 1 to 366, or negative";
	if (strcasecmp(name, "BYDAY") == 0)
		return parse_weekdays(value, rule) ? NULL : "BYDAY must be weekdays such as MO, 2TU or -1FR";
	if (strcasecmp(name, "WKST") == 0)
		return (rule->week_start = weekday_of(value)) != 0 ? NULL : "WKST must be a weekday such as MO";
	return "it has a part that Daybook does not read (BYWEEKNO, BYHOUR …); list the dates instead";
}

/* What RFC 5545 does not allow together. */
static const char *
check(const struct ical_rule *rule)
{
	if (rule->count > 0 && rule->until.n != INT32_MAX)
		return "COUNT and UNTIL exclude each other";
	if (rule->yearday_count > 0 && rule->freq != ICAL_YEARLY)
		return "BYYEARDAY is for YEARLY only";
	if (rule->monthday_count > 0 && rule->freq == ICAL_WEEKLY)
		return "BYMONTHDAY is not for WEEKLY";
	for (size_t i = 0; i < rule->weekday_count; i++)
		if (rule->weekdays[i].nth != 0 && rule->freq < ICAL_MONTHLY)
			return "BYDAY with a number is for MONTHLY and YEARLY only";
	if (rule->setpos_count > 0 && rule->weekday_count == 0 && rule->monthday_count == 0 && rule->yearday_count == 0 &&
	    rule->months == 0)
		return "BYSETPOS needs another BY part";
	return NULL;
}

const char *
ical_rule_parse(const char *text, struct ical_rule *rule)
{
	char *copy = strdup(text);
	const char *wrong = NULL;
	bool has_freq = false;

	*rule = (struct ical_rule) { .interval = 1, .until = { INT32_MAX }, .week_start = 1 };
	if (copy == NULL)
		return "there is no memory to read it";
	for (char *part = copy, *next, *value; wrong == NULL && part != NULL; part = next) {
		if ((next = strchr(part, ';')) != NULL)
			*next++ = '\0';
		if (next != NULL && *next == '\0')
			next = NULL;	/* a semicolon at the end, which some programs write */
		if ((value = strchr(part, '=')) == NULL) {
			wrong = "it must be NAME=VALUE;…";
			break;
		}
		*value++ = '\0';
		wrong = parse_part(part, value, rule, &has_freq);
	}
	free(copy);
	return wrong != NULL ? wrong : !has_freq ? "FREQ is missing" : check(rule);
}

/* ---- Dates */

/* A date with all that a rule asks of it. */
struct date {
	struct day day;
	int year, month, dayofmonth, weekday;
	int dayofyear, days_of_month, days_of_year;
};

static struct date
date_of(struct day d)
{
	struct date date = { .day = d };

	day_civil(d, &date.year, &date.month, &date.dayofmonth);
	date.weekday = (int)(d.n + 3 - floor_div(d.n + 3, 7) * 7) + 1;
	date.dayofyear = d.n - day_of(date.year, 1, 1).n + 1;
	date.days_of_month = days_in_month(date.year, date.month);
	date.days_of_year = days_in_month(date.year, 2) == 29 ? 366 : 365;
	return date;
}

/* Whether a number from 1 to last, or its negative counted from the end, is in a list. */
static bool
is_listed(const int *list, size_t count, int number, int last)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == number || list[i] == number - last - 1)
			return true;
	return false;
}

static bool
is_weekday(const struct ical_rule *rule, const struct date *d)
{
	bool by_month = rule->freq == ICAL_MONTHLY || rule->months != 0;
	int number = by_month ? d->dayofmonth : d->dayofyear, last = by_month ? d->days_of_month : d->days_of_year;

	for (size_t i = 0; i < rule->weekday_count; i++) {
		const struct ical_weekday *w = &rule->weekdays[i];

		if (w->weekday == d->weekday && (w->nth == 0 || w->nth == (number - 1) / 7 + 1 || w->nth == -((last - number) / 7 + 1)))
			return true;
	}
	return false;
}

/* Whether the date is in the rule by its BY parts; without any that says which day, it is the day of the first date. */
static bool
is_in(const struct ical_rule *rule, const struct date *first, const struct date *d)
{
	if (rule->months != 0 && !(rule->months & 1u << d->month))
		return false;
	if (rule->yearday_count > 0 && !is_listed(rule->yeardays, rule->yearday_count, d->dayofyear, d->days_of_year))
		return false;
	if (rule->monthday_count > 0 && !is_listed(rule->monthdays, rule->monthday_count, d->dayofmonth, d->days_of_month))
		return false;
	if (rule->weekday_count > 0 && !is_weekday(rule, d))
		return false;
	if (rule->yearday_count > 0 || rule->monthday_count > 0 || rule->weekday_count > 0 || rule->freq == ICAL_DAILY)
		return true;
	if (rule->freq == ICAL_WEEKLY)
		return d->weekday == first->weekday;
	return d->dayofmonth == first->dayofmonth && (rule->freq == ICAL_MONTHLY || rule->months != 0 || d->month == first->month);
}

/* The number of the day, week, month or year of a date. */
static int64_t
period_of(const struct ical_rule *rule, const struct date *d)
{
	switch (rule->freq) {
	case ICAL_DAILY:
		return d->day.n;
	case ICAL_WEEKLY:
		return floor_div(d->day.n + 4 - rule->week_start, 7);
	case ICAL_MONTHLY:
		return (int64_t)d->year * 12 + d->month;
	default:
		return d->year;
	}
}

/* The walk over dates. */
struct walk {
	const struct ical_rule *rule;
	struct day first, until;
	int64_t count;			/* dates of the rule so far */
	struct day in_period[PERIOD_DAYS_MAX];
	size_t in_period_count;
	bool (*each)(void *arg, struct day d);
	void *arg;
};

/* Ends a period: its dates, or those that BYSETPOS chooses of them.  False if the walk is to end. */
static bool
end_period(struct walk *w)
{
	const struct ical_rule *rule = w->rule;
	size_t n = w->in_period_count;

	w->in_period_count = 0;
	for (size_t i = 0; i < n; i++) {
		struct day d = w->in_period[i];

		if ((rule->setpos_count > 0 && !is_listed(rule->setpos, rule->setpos_count, (int)i + 1, (int)n)) || d.n < w->first.n)
			continue;
		if (d.n > rule->until.n || d.n >= w->until.n || (rule->count > 0 && w->count == rule->count) || !w->each(w->arg, d))
			return false;
		w->count++;
	}
	return true;
}

bool
ical_rule_walk(const struct ical_rule *rule, struct day first, struct day from, struct day until, int64_t *steps,
    bool (*each)(void *arg, struct day d), void *arg)
{
	struct date begin = date_of(first);
	int64_t zero = period_of(rule, &begin), period = INT64_MIN;
	struct walk w = { .rule = rule, .first = first, .until = until, .each = each, .arg = arg };
	/* The first period as a whole, for BYSETPOS; what is long past matters only if dates are counted. */
	struct day d = day_add(first, -PERIOD_DAYS_MAX);

	if (rule->count == 0 && from.n - PERIOD_DAYS_MAX > d.n)
		d = day_add(from, -PERIOD_DAYS_MAX);
	for (;; d = day_add(d, 1)) {
		struct date date = date_of(d);
		int64_t its = period_of(rule, &date);

		if (its != period && !end_period(&w))
			return true;
		period = its;
		/* Whole periods after the end have nothing to add. */
		if (w.in_period_count == 0 && (d.n >= until.n + PERIOD_DAYS_MAX || d.n - PERIOD_DAYS_MAX > (int64_t)rule->until.n))
			return true;
		if (--*steps < 0)
			return false;
		if (its >= zero && (its - zero) % rule->interval == 0 && is_in(rule, &begin, &date))
			w.in_period[w.in_period_count++] = d;
	}
}
