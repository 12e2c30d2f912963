/* money.c: exact decimals, one rounding. */
#include <string.h>

#include "base/money.h"
#include "table.h"

#define FAILS INT64_C(-1)

static const struct cost_row {
	const char *name;
	int64_t parts, nanos, micros;
} costs[] = {
	{ "two parts at 0.0079 cost 0.0158", 2, 7900000, 15800 },
	{ "nothing costs nothing", 0, 7900000, 0 },
	{ "a free part costs nothing", 5, 0, 0 },
	{ "half a micro rounds down to the even 0", 1, 500, 0 },
	{ "one and a half micros round up to the even 2", 3, 500, 2 },
	{ "two and a half micros round down to the even 2", 5, 500, 2 },
	{ "less than half a micro is dropped", 1, 499, 0 },
	{ "more than half a micro counts as one", 1, 501, 1 },
	{ "minus half a micro rounds to 0", -1, 500, 0 },
	{ "minus one and a half micros round to the even -2", -3, 500, -2 },
	{ "minus two and a half micros round to the even -2", -5, 500, -2 },
	{ "minus more than half a micro is -1", -1, 501, -1 },
	{ "a void takes back exactly what was billed", -2, 7900000, -15800 },
	{ "the greatest price times a billion parts is exact", 1000000000, MONEY_NANOS_MAX,
	    INT64_C(1000000000000000000) },
	{ "a product beyond 64 bits is exact when its micros fit", INT64_C(4611686018427387904), 1000,
	    INT64_C(4611686018427387904) },
	{ "a cost beyond 64 bits stays at the end", INT64_MAX, MONEY_NANOS_MAX, INT64_MAX },
	{ "a negative cost beyond 64 bits stays at the other end", INT64_MIN, MONEY_NANOS_MAX, -INT64_MAX },
};

static void
cost_is(void **state)
{
	const struct cost_row *row = *state;

	assert_int_equal(money_cost(row->parts, row->nanos), row->micros);
}

static const struct parse_row {
	const char *name, *text;
	int64_t micros, nanos;	/* FAILS: refused */
} parses[] = {
	{ "a price with decimals", "0.0158", 15800, 15800000 },
	{ "whole dollars", "12", 12000000, INT64_C(12000000000) },
	{ "nothing before the point", ".5", 500000, 500000000 },
	{ "zero", "0", 0, 0 },
	{ "zero with decimals", "0.000000", 0, 0 },
	{ "a dollar with cents", "1.25", 1250000, 1250000000 },
	{ "zeros in front", "007.5", 7500000, INT64_C(7500000000) },
	{ "six decimals", "0.000001", 1, 1000 },
	{ "nine decimals are nanos, and round to micros", "0.000000499", 0, 499 },
	{ "a tie rounds to the even 0", "0.0000005", 0, 500 },
	{ "a tie rounds to the even 2", "0.0000015", 2, 1500 },
	{ "a tie rounds down to the even 2", "0.0000025", 2, 2500 },
	{ "above a tie rounds up", "0.000000501", 1, 501 },
	{ "ten decimals are too many for a price", "0.0000000001", 0, FAILS },
	{ "ten decimals are too many even when they are zeros", "0.0000000000", 0, FAILS },
	{ "far after a tie still rounds up", "0.00000050000000000000000000000000000000000001", 1, FAILS },
	{ "zeros far after a tie leave it a tie", "0.00000050000000000000000000000000000000000000", 0, FAILS },
	{ "nines carry into the dollars", "0.9999999", 1000000, 999999900 },
	{ "the greatest price", "1000", INT64_C(1000000000), MONEY_NANOS_MAX },
	{ "above the greatest price", "1000.000000001", INT64_C(1000000000), FAILS },
	{ "the greatest amount", "1000000", MONEY_MICROS_MAX, FAILS },
	{ "the greatest amount with decimals", "1000000.000000", MONEY_MICROS_MAX, FAILS },
	{ "above the greatest amount", "1000000.000001", FAILS, FAILS },
	{ "rounded to above the greatest amount", "1000000.0000007", FAILS, FAILS },
	{ "digits beyond 64 bits", "99999999999999999999999999", FAILS, FAILS },
	{ "2^64 dollars", "18446744073709551616", FAILS, FAILS },
	{ "an empty text", "", FAILS, FAILS },
	{ "a point alone", ".", FAILS, FAILS },
	{ "nothing after the point", "5.", FAILS, FAILS },
	{ "two points", "1.2.3", FAILS, FAILS },
	{ "two points together", "1..2", FAILS, FAILS },
	{ "a minus", "-1", FAILS, FAILS },
	{ "a plus", "+1", FAILS, FAILS },
	{ "an exponent", "1e3", FAILS, FAILS },
	{ "a comma", "1,5", FAILS, FAILS },
	{ "a blank before", " 1", FAILS, FAILS },
	{ "a trailing blank", "1 ", FAILS, FAILS },
	{ "a blank inside the cut decimals", "0.0000001 1", FAILS, FAILS },
	{ "a line end", "1\n", FAILS, FAILS },
	{ "a dollar sign", "$1", FAILS, FAILS },
	{ "hexadecimal", "0x10", FAILS, FAILS },
	{ "infinity", "inf", FAILS, FAILS },
	{ "digits of another script", "\xd9\xa1", FAILS, FAILS },
};

static void
parses_as(void **state)
{
	const struct parse_row *row = *state;
	int64_t micros = 77, nanos = 88;

	assert_int_equal(money_parse(row->text, &micros), row->micros != FAILS);
	assert_int_equal(micros, row->micros != FAILS ? row->micros : 77);
	assert_int_equal(money_parse_nanos(row->text, &nanos), row->nanos != FAILS);
	assert_int_equal(nanos, row->nanos != FAILS ? row->nanos : 88);
}

static const struct format_row {
	const char *name;
	int64_t n;
	const char *micros, *nanos;
} formats[] = {
	{ "zero has no sign and no point", 0, "0", "0" },
	{ "one unit has all its decimals", 1, "0.000001", "0.000000001" },
	{ "minus one unit has a sign", -1, "-0.000001", "-0.000000001" },
	{ "zeros at the end are left out", 15800, "0.0158", "0.0000158" },
	{ "whole dollars have no point", 3000000, "3", "0.003" },
	{ "minus three dollars", -3000000, "-3", "-0.003" },
	{ "zeros of whole dollars stay", INT64_C(100000000000), "100000", "100" },
	{ "zeros inside stay", 1000001, "1.000001", "0.001000001" },
	{ "the greatest amount", MONEY_MICROS_MAX, "1000000", "1000" },
	{ "the greatest number", INT64_MAX, "9223372036854.775807", "9223372036.854775807" },
	{ "the least number", INT64_MIN, "-9223372036854.775808", "-9223372036.854775808" },
};

static void
formats_as(void **state)
{
	const struct format_row *row = *state;
	char text[MONEY_TEXT_MAX];

	assert_string_equal(money_format(row->n, text), row->micros);
	assert_string_equal(money_format_nanos(row->n, text), row->nanos);
}

static void
what_is_written_is_read_again(void **state)
{
	char text[MONEY_TEXT_MAX];
	int64_t back;

	(void)state;
	for (int64_t n = 0; n <= MONEY_MICROS_MAX; n = n * 3 + 1) {
		assert_true(money_parse(money_format(n, text), &back));
		assert_int_equal(back, n);
		assert_true(money_parse_nanos(money_format_nanos(n, text), &back));
		assert_int_equal(back, n);
	}
}

int
main(void)
{
	TABLE(costs, cost_is);
	TABLE(parses, parses_as);
	TABLE(formats, formats_as);
	CASE("what is written is read again", what_is_written_is_read_again);
	return TABLE_RUN("money");
}
