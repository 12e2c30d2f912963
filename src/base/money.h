/*
 * Money: int64 millionths (micros) of a currency, which the organization has (base/currency.h); prices: int64 billionths (nanos)
 * per part.  Comments that say dollars mean that currency.
 * No floating point anywhere; one rounding, half to even, when an event is priced.
 */
#ifndef MONEY_H
#define MONEY_H

#include <stdbool.h>
#include <stdint.h>

#define MONEY_TEXT_MAX 32	/* bytes of an amount as text, including its NUL */
#define MONEY_MICROS_MAX INT64_C(1000000000000)	/* one amount: a million dollars */
#define MONEY_NANOS_MAX INT64_C(1000000000000)	/* one price: a thousand dollars a part */

/*
 * parts x nanos_per_part in micros, rounded half to even.  parts may be negative.  A result beyond
 * an int64 becomes +-INT64_MAX, far above MONEY_MICROS_MAX, the limit that the caller enforces.
 */
int64_t	money_cost(int64_t parts, int64_t nanos_per_part);

/*
 * Reads a plain decimal of dollars (`0.0158`, `12`, `.5`; no sign, no exponent, no blanks).
 * money_parse rounds half to even to micros, and money_parse_exact refuses more than six decimals; money_parse_nanos refuses more
 * than nine.
 * False, without changing the result, if the text is anything else or above the maximum once
 * rounded.
 */
bool	money_parse(const char *text, int64_t *micros);
bool	money_parse_exact(const char *text, int64_t *micros);
bool	money_parse_nanos(const char *text, int64_t *nanos);

/* Dollars with at most six (nine) decimals, as a JSON number: `0.0158`, `-3`, `0`.  Return out. */
char	*money_format(int64_t micros, char *out);
char	*money_format_nanos(int64_t nanos, char *out);

#endif
