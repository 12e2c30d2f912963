/*
 * Exact decimal arithmetic on int64.  Texts are read digit by digit into units of the last decimal
 * that counts, and written the same way; there is no floating-point arithmetic.
 */
#include <assert.h>
#include <stddef.h>

#include "base/money.h"

enum { MICROS_DECIMALS = 6, NANOS_DECIMALS = 9, NANOS_PER_MICRO = 1000 };

/* An amount read up to a number of decimals, and what is needed to round it: the digits cut off after them. */
struct decimal {
	int64_t units;		/* the dollars, in units of the last decimal */
	int cut;		/* the first digit cut off; -1 if none was */
	bool cut_more;		/* whether a digit other than 0 followed it */
};

int64_t
money_cost(int64_t parts, int64_t nanos_per_part)
{
	/* 128 bits hold every product of two int64, so only the result can be out of range. */
	__int128 nanos = (__int128)parts * nanos_per_part;
	__int128 micros = nanos / NANOS_PER_MICRO;
	int sign = nanos < 0 ? -1 : 1;
	int rest = sign * (int)(nanos % NANOS_PER_MICRO);

	/* Half to even, on absolute values, so that a cost and the same negative cost cancel out. */
	if (rest > NANOS_PER_MICRO / 2 || (rest == NANOS_PER_MICRO / 2 && micros % 2 != 0))
		micros += sign;
	if (micros > INT64_MAX)
		return INT64_MAX;
	if (micros < -INT64_MAX)
		return -INT64_MAX;
	return (int64_t)micros;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Reads a plain decimal.  False if it is anything else or more than max units.  max is small enough
 * that ten times it plus a digit fits an int64, so checking after each digit is soon enough.
 */
static bool
decimal_read(const char *text, int decimals, int64_t max, struct decimal *d)
{
	const char *p;
	int seen = -1;	/* decimals so far; -1 before the point; stops at decimals + 1 */

	assert(max < INT64_MAX / 20);
	*d = (struct decimal){ .cut = -1 };
	for (p = text; *p != '\0'; p++) {
		if (*p == '.' && seen < 0) {
			seen = 0;
			continue;
		}
		if (!is_digit(*p))
			return false;
		if (seen < decimals)
			d->units = d->units * 10 + (*p - '0');
		else if (seen == decimals)
			d->cut = *p - '0';
		else
			d->cut_more |= *p != '0';
		if (d->units > max)
			return false;
		if (seen >= 0 && seen <= decimals)
			seen++;
	}
	if (p == text || !is_digit(p[-1]))
		return false;	/* the text is "", "." or "5." */
	/* Fewer decimals than the unit has: 1.5 dollars are 1500000 micros. */
	for (seen = seen < 0 ? 0 : seen; seen < decimals; seen++)
		if ((d->units *= 10) > max)
			return false;
	return true;
}

bool
money_parse(const char *text, int64_t *micros)
{
	struct decimal d;

	if (!decimal_read(text, MICROS_DECIMALS, MONEY_MICROS_MAX, &d))
		return false;
	/* Half to even again: the first digit cut off decides, and at 5 the ones after it. */
	if (d.cut > 5 || (d.cut == 5 && (d.cut_more || d.units % 2 != 0)))
		d.units++;
	/* Rounding up may have passed the maximum that decimal_read has checked. */
	if (d.units > MONEY_MICROS_MAX)
		return false;
	*micros = d.units;
	return true;
}

/* Zeros after the last decimal are no further decimals. */
bool
money_parse_exact(const char *text, int64_t *micros)
{
	struct decimal d;

	if (!decimal_read(text, MICROS_DECIMALS, MONEY_MICROS_MAX, &d) || d.cut > 0 || d.cut_more)
		return false;
	*micros = d.units;
	return true;
}

/* A price is never rounded: a sender who writes ten decimals must learn that nine count. */
bool
money_parse_nanos(const char *text, int64_t *nanos)
{
	struct decimal d;

	if (!decimal_read(text, NANOS_DECIMALS, MONEY_NANOS_MAX, &d) || d.cut >= 0)
		return false;
	*nanos = d.units;
	return true;
}

/*
 * Writes an amount from its end to its start: decimals without trailing zeros, the point, the
 * dollars, the sign.
 */
static char *
decimal_format(int64_t units, int decimals, char *out)
{
	char text[MONEY_TEXT_MAX], *p = text + sizeof(text);
	uint64_t rest = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
	size_t n;

	*--p = '\0';
	for (; decimals > 0; decimals--) {
		/* Leaves out a zero as long as no decimal is written yet. */
		if (rest % 10 != 0 || *p != '\0')
			*--p = (char)('0' + rest % 10);
		rest /= 10;
	}
	if (*p != '\0')
		*--p = '.';
	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (units < 0)
		*--p = '-';
	for (n = 0; (out[n] = p[n]) != '\0'; n++)
		;
	return out;
}

char *
money_format(int64_t micros, char *out)
{
	return decimal_format(micros, MICROS_DECIMALS, out);
}

char *
money_format_nanos(int64_t nanos, char *out)
{
	return decimal_format(nanos, NANOS_DECIMALS, out);
}
