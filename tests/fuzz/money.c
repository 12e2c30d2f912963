/*
 * Any text as money: what is taken is within the limits, comes back the same from its own text, and
 * rounds to micros as money_cost rounds its nanos.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static void
comes_back(const char *text)
{
	char again[MONEY_TEXT_MAX];
	int64_t micros, nanos, back;
	bool is_amount = money_parse(text, &micros), is_price = money_parse_nanos(text, &nanos);

	if (is_amount) {
		must(micros >= 0 && micros <= MONEY_MICROS_MAX);
		must(money_parse(money_format(micros, again), &back) && back == micros);
	}
	if (is_price) {
		must(nanos >= 0 && nanos <= MONEY_NANOS_MAX);
		must(money_parse_nanos(money_format_nanos(nanos, again), &back) && back == nanos);
		must(is_amount && money_cost(1, nanos) == micros);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), out[MONEY_TEXT_MAX];
	int64_t parts = 0, nanos = 0;

	memcpy(text, data, n);
	text[n] = '\0';
	comes_back(text);
	for (size_t i = 0; i < n; i++)	/* mostly digits, as the fuzzer alone would not find */
		text[i] = "0123456789.05059"[data[i] & 15];
	comes_back(text);
	free(text);

	memcpy(&parts, data, n < 8 ? n : 8);
	if (n > 8)
		memcpy(&nanos, data + 8, n < 16 ? n - 8 : 8);
	must(parts == INT64_MIN || money_cost(-parts, nanos) == -money_cost(parts, nanos));
	must(strlen(money_format(parts, out)) < sizeof(out));
	must(strlen(money_format_nanos(parts, out)) < sizeof(out));
	return 0;
}
