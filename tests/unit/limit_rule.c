/* limit_rule.c: the amounts, the windows and the words of limits. */
#include <string.h>

#include "table.h"

#include "quota/limit_rule.h"

static const struct span utc[] = { { 0, 0 } };

static struct day
day(const char *text)
{
	struct day d = { 0 };

	assert_true(day_parse(text, &d));
	return d;
}

/* ---- Amounts by date */

static const struct amount_row {
	const char *name, *day;
	int64_t amount;
} amount_rows[] = {
	{ "before the first amount nothing is limited", "2026-05-19", UNLIMITED },
	{ "an amount holds on its own day", "2026-05-20", 1000 },
	{ "it holds until the day before the next", "2026-05-26", 1000 },
	{ "the next one takes its place", "2026-05-27", 4000 },
	{ "an amount of none ends the limit", "2026-06-03", UNLIMITED },
	{ "the last one holds on", "2099-01-01", 0 },
};

static void
is_the_amount(void **state)
{
	const struct amount_row *row = *state;
	const struct limit_amount amounts[] = { { day("2026-05-20"), 1000 }, { day("2026-05-27"), 4000 },
		{ day("2026-06-03"), UNLIMITED }, { day("2026-06-10"), 0 } };
	const struct limit_rule rule = { .amounts = amounts, .amount_count = 4 };

	assert_int_equal(limit_rule_amount(&rule, day(row->day)), row->amount);
}

/* ---- Windows */

static const struct window_row {
	const char *name;
	enum limit_period period;
	int cycle_day;
	const char *day, *from, *until;
} window_rows[] = {
	{ "a day is one day", LIMIT_DAY, 1, "2026-05-20", "2026-05-20", "2026-05-21" },
	{ "a cycle begins on the cycle day", LIMIT_CYCLE, 15, "2026-05-20", "2026-05-15", "2026-06-15" },
	{ "the day before it belongs to the cycle before", LIMIT_CYCLE, 15, "2026-05-14", "2026-04-15", "2026-05-15" },
	{ "cycle day 31 is the last day of a short month", LIMIT_CYCLE, 31, "2026-03-01", "2026-02-28", "2026-03-31" },
	{ "a month does not look at the cycle day", LIMIT_MONTH, 15, "2026-05-20", "2026-05-01", "2026-06-01" },
	{ "December ends with the year", LIMIT_MONTH, 1, "2026-12-31", "2026-12-01", "2027-01-01" },
	{ "a year is the calendar's", LIMIT_YEAR, 15, "2028-02-29", "2028-01-01", "2029-01-01" },
};

static void
is_the_window(void **state)
{
	const struct window_row *row = *state;
	const struct limit_rule rule = { .period = row->period };
	const struct cycle_rule cycles = { .first_day = row->cycle_day };
	struct limit_window w = limit_rule_window(&rule, (struct spans) { utc, 1 }, &cycles, day(row->day));

	assert_int_equal(w.from.n, day(row->from).n);
	assert_int_equal(w.until.n, day(row->until).n);
}

/* ---- Channels and words */

static const struct channels_row {
	const char *name, *text;
	bool is_good;
	unsigned channels;
} channels_rows[] = {
	{ "one channel", "SMS", true, 1U << SMS },
	{ "two channels, with blanks around", "  SMS   CALL ", true, 1U << SMS | 1U << CALL },
	{ "a channel twice is one", "SMS SMS", true, 1U << SMS },
	{ "no channel is refused", "", false, 0 },
	{ "blanks alone are refused", "  ", false, 0 },
	{ "an unknown channel is refused", "SMS FAX", false, 0 },
	{ "another case is refused", "sms", false, 0 },
	{ "a name of a hundred letters is refused",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false, 0 },
};

static void
are_the_channels(void **state)
{
	const struct channels_row *row = *state;
	char text[LIMIT_CHANNELS_MAX];
	unsigned channels = 0, again;

	assert_int_equal(limit_channels_parse(row->text, &channels), row->is_good);
	if (!row->is_good)
		return;
	assert_int_equal(channels, row->channels);
	assert_true(limit_channels_parse(limit_channels_format(channels, text), &again));
	assert_int_equal(again, channels);
}

static void
all_channels_fit(void **state)
{
	char text[LIMIT_CHANNELS_MAX];
	unsigned all = 0, again;

	(void)state;
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		all |= 1U << c;
	assert_true(limit_channels_parse(limit_channels_format(all, text), &again));
	assert_int_equal(again, all);
}

static void
words_are_read_as_they_are_written(void **state)
{
	enum limit_period period;
	enum limit_unit unit;

	(void)state;
	for (enum limit_unit u = LIMIT_MESSAGES; u <= LIMIT_COST; u++) {
		assert_true(limit_unit_parse(limit_unit_name(u), &unit));
		assert_int_equal(unit, u);
	}
	for (enum limit_period p = LIMIT_DAY; p <= LIMIT_YEAR; p++) {
		assert_true(limit_period_parse(limit_period_name(p), &period));
		assert_int_equal(period, p);
	}
	assert_false(limit_unit_parse("messages", &unit));
	assert_false(limit_period_parse("week", &period));
}

/* ---- The five */

static void
the_five_are_read(void **state)
{
	const struct limit_amount ten[] = { { { 0 }, 10 } }, five[] = { { { 0 }, 5 }, { { 100 }, UNLIMITED } };
	struct limit_rule of[LIMIT_BASE_COUNT] = { { 0 } };
	const struct limit_rules rules = { of, LIMIT_BASE_COUNT };
	struct limit_base base;

	(void)state;
	of[LIMIT_BASE_DAILY] = (struct limit_rule) { .unit = LIMIT_PARTS, .refuses = true, .amounts = ten, .amount_count = 1 };
	of[LIMIT_BASE_SMS] = (struct limit_rule) { .amounts = five, .amount_count = 2 };
	limit_base_read(&rules, (struct day) { 99 }, &base);
	assert_int_equal(base.amounts[LIMIT_BASE_DAILY], 10);
	assert_int_equal(base.amounts[LIMIT_BASE_SMS], 5);
	assert_int_equal(base.amounts[LIMIT_BASE_COST], UNLIMITED);
	assert_int_equal(base.unit, UNIT_PART);
	assert_true(base.allow_overage);
	limit_base_read(&rules, (struct day) { 100 }, &base);
	assert_int_equal(base.amounts[LIMIT_BASE_SMS], UNLIMITED);
	assert_int_equal(limit_rules_daily(&rules, (struct day) { 7 }), 10);
}

int
main(void)
{
	TABLE(amount_rows, is_the_amount);
	TABLE(window_rows, is_the_window);
	TABLE(channels_rows, are_the_channels);
	CASE("a text has room for all channels", all_channels_fit);
	CASE("units and periods are read as they are written, and no other word", words_are_read_as_they_are_written);
	CASE("the five are read as they are on a day", the_five_are_read);
	return TABLE_RUN("limit_rule");
}
