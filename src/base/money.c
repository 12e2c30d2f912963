#include <assert.h>
#include <stddef.h>

#include "base/money.h"

enum { MICROS_DECIMALS = 6, NANOS_DECIMALS = 9, NANOS_PER_MICRO = 1000 };

/* Dollars read as far as some number of decimals, and what was cut off behind them. */
struct decimal {
	int64_t units;		/* the dollars, in units of the last decimal */
	int cut;		/* the first digit cut off, -1 where there was none */
	bool cut_more;		/* whether another but 0 followed it */
};

int64_t
money_cost(int64_t parts, int64_t nanos_per_part)
{
	__int128 nanos = (__int128)parts * nanos_per_part;
	__int128 micros = nanos / NANOS_PER_MICRO;
	int sign = nanos < 0 ? -1 : 1;
	int rest = sign * (int)(nanos % NANOS_PER_MICRO);

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

/* max is so small that ten times it and a digit more fit an int64. */
static bool
decimal_read(const char *text, int decimals, int64_t max, struct decimal *d)
{
	const char *p;
	int seen = -1;	/* decimals so far; -1 before the point; stays at decimals + 1 */

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
		return false;	/* "", "." and "5." */
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
	if (d.cut > 5 || (d.cut == 5 && (d.cut_more || d.units % 2 != 0)))
		d.units++;
	if (d.units > MONEY_MICROS_MAX)
		return false;
	*micros = d.units;
	return true;
}

bool
money_parse_nanos(const char *text, int64_t *nanos)
{
	struct decimal d;

	if (!decimal_read(text, NANOS_DECIMALS, MONEY_NANOS_MAX, &d) || d.cut >= 0)
		return false;
	*nanos = d.units;
	return true;
}

/* Written from the end: decimals without their last zeros, the point, the dollars, the sign. */
static char *
decimal_format(int64_t units, int decimals, char *out)
{
	char text[MONEY_TEXT_MAX], *p = text + sizeof(text);
	uint64_t rest = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
	size_t n;

	*--p = '\0';
	for (; decimals > 0; decimals--) {
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
