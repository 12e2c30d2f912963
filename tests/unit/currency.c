/* currency.c: which codes are currencies. */
#include <string.h>

#include "base/currency.h"
#include "table.h"

static const struct row {
	const char *name, *code;
	bool is_good;
} rows[] = {
	{ "the default one", "USD", true },
	{ "the euro", "EUR", true },
	{ "the first of the list", "AED", true },
	{ "the last of the list", "ZWG", true },
	{ "one without coins", "JPY", true },
	{ "one of several countries", "XOF", true },
	{ "the newest", "XCG", true },
	{ "nothing", "", false },
	{ "small letters", "eur", false },
	{ "two letters", "EU", false },
	{ "four letters", "EURO", false },
	{ "the end of one and the beginning of the next", "ED ", false },
	{ "a blank and two letters", " AE", false },
	{ "three blanks", "   ", false },
	{ "a country", "USA", false },
	{ "one that the euro replaced", "BGN", false },
	{ "a metal", "XAU", false },
	{ "the code for tests", "XTS", false },
	{ "the code for none", "XXX", false },
};

static void
is_a_currency(void **state)
{
	const struct row *row = *state;
	struct error err = { 0 };

	assert_int_equal(currency_check("field", row->code, &err), row->is_good ? OK : BAD_REQUEST);
	if (!row->is_good)
		assert_int_equal(strncmp(err.text, "field: unknown \"", strlen("field: unknown \"")), 0);
}

static void
only_another_one_is_said(void **state)
{
	struct buf text = { 0 };
	struct json *j = json_on(&text);

	(void)state;
	json_open_object(j, NULL);
	currency_put(j, "USD");
	currency_put(j, NULL);
	currency_put(j, "CHF");
	json_close_object(j);
	assert_string_equal(buf_text(&text), "{\"currency\":\"CHF\"}");
	buf_free(&text);
	assert_string_equal(currency_units("USD"), "dollars");
	assert_string_equal(currency_units("CHF"), "CHF");
}

int
main(void)
{
	TABLE(rows, is_a_currency);
	CASE("only another currency than the default is said", only_another_one_is_said);
	return TABLE_RUN("currency");
}
