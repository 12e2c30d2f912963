/* The months that a statement can be of, as text. */
#include <string.h>

#include "table.h"

#include "ledger/statement.h"

static const struct month {
	const char *name, *text;
	bool is_one;
} months[] = {
	{ "a month", "2026-10", true },
	{ "the first month of the ledger", "2012-01", true },
	{ "a leap year's February", "2024-02", true },
	{ "the last month that has days", "2099-12", true },
	{ "the month before the first", "2011-12", false },
	{ "the month after the last", "2100-01", false },
	{ "a thirteenth month", "2026-13", false },
	{ "month zero", "2026-00", false },
	{ "a month without its zero", "2026-1", false },
	{ "a day", "2026-10-01", false },
	{ "a year", "2026", false },
	{ "nothing", "", false },
	{ "a blank in front", " 2026-1", false },
	{ "a sign", "+026-10", false },
	{ "another dash", "2026/10", false },
	{ "letters", "2026-1O", false },
	{ "a short year", "26-1000", false },
};

static void
check_month(void **state)
{
	const struct month *row = *state;
	struct day month = { -1 };
	char text[MONTH_TEXT_MAX];

	assert_int_equal(statement_month_parse(row->text, &month), row->is_one);
	if (!row->is_one)
		return;
	assert_string_equal(statement_month_format(month, text), row->text);
	assert_string_equal(statement_month_format(day_add(month, 27), text), row->text);
	assert_string_not_equal(statement_month_format(day_add(month, -1), text), row->text);
}

int
main(void)
{
	TABLE(months, check_month);
	return TABLE_RUN("statement");
}
