/*
 * Decodes single strings and numbers of JSON text.  Their syntax was checked before, but every read
 * is bounded all the same.
 */
#include <string.h>

#include "base/crypto.h"
#include "base/json_text.h"

enum { EXPONENT_MAX = 1000 };	/* larger exponents change nothing: no number has so many digits */

/* ---- Strings */

int32_t
json_unit(const char *p, const char *end)
{
	int32_t unit = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			unit = unit * 16 + (p[i] - '0');
		else if (p[i] >= 'a' && p[i] <= 'f')
			unit = unit * 16 + (p[i] - 'a' + 10);
		else if (p[i] >= 'A' && p[i] <= 'F')
			unit = unit * 16 + (p[i] - 'A' + 10);
		else
			return -1;
	}
	return unit;
}

/* Encodes a code point as 1 to 4 bytes and returns how many. */
static size_t
put_utf8(int32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* Reads the escape at p, writes the character that it means, and returns the position after it. */
static const char *
unescape(const char *p, const char *end, char **out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	int32_t unit = json_unit(p, end), low;
	const char *found;

	if (unit >= 0) {
		p += 6;
		/* A character past U+FFFF is written as two escapes, a high and a low surrogate. */
		low = json_is_high_surrogate(unit) ? json_unit(p, end) : -1;
		if (json_is_low_surrogate(low)) {
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
		*out += put_utf8(unit, *out);
		return p;
	}
	if (++p == end)
		return p;
	/* A letter with a meaning, or a character that means itself: the quote, the backslash and the slash. */
	found = memchr(from, *p, sizeof(from) - 1);
	*(*out)++ = found != NULL ? to[found - from] : *p;
	return p + 1;
}

const char *
json_unescape(const char *raw, size_t n, char *buf, size_t *out_n)
{
	const char *p = raw, *end = raw + n;
	char *out = buf;

	/* Most strings have no escape, and need no copy. */
	if (memchr(raw, '\\', n) == NULL) {
		*out_n = n;
		return raw;
	}
	while (p < end)
		if (*p == '\\')
			p = unescape(p, end, &out);
		else
			*out++ = *p++;
	*out_n = (size_t)(out - buf);
	return buf;
}

/*
 * A polynomial of the bytes, seven at a time, modulo the prime 2^61 - 1, at a random point that stays with the process: two keys
 * of at most n bytes have the same hash with a chance of n / 2^61, whatever they are.  (A seed for FNV-1a would not do: whether
 * two keys collide there depends on one byte of it.)  The length comes first, so that keys with zero bytes differ too.
 */
uint64_t
json_key_hash(const char *key, size_t n)
{
	static const uint64_t prime = (UINT64_C(1) << 61) - 1;
	static uint64_t point;
	uint64_t hash = n + 1;

	while (point == 0) {
		random_bytes(&point, sizeof(point));
		point &= prime;
	}
	for (size_t i = 0; i < n;) {
		uint64_t bytes = 0;
		unsigned __int128 product;

		for (size_t end = n - i < 7 ? n : i + 7; i < end; i++)
			bytes = bytes << 8 | (unsigned char)key[i];
		product = (unsigned __int128)hash * point + bytes;
		hash = (uint64_t)(product & prime) + (uint64_t)(product >> 61);
		if (hash >= prime)
			hash -= prime;
	}
	return hash;
}

/* ---- Numbers */

/* The exponent after the e; it stops growing at EXPONENT_MAX, so that no int can overflow. */
static int
exponent(const char *p, const char *end)
{
	int sign = 1, n = 0;

	if (p < end && (*p == '-' || *p == '+'))
		sign = *p++ == '-' ? -1 : 1;
	for (; p < end; p++)
		if (n < EXPONENT_MAX)
			n = n * 10 + (*p - '0');
	return sign * n;
}

/*
 * Compares digits as text, because a double would round 9007199254740991.4 into the range.
 *
 * The number is read as 0.DIGITS times ten to the power of `point`, DIGITS without leading zeros.
 * So a smaller `point` than the maximum has means a smaller number, and a larger one a larger
 * number; only if both are equal the digits decide.
 */
bool
json_is_in_range(const char *p, const char *end)
{
	static const char most[] = "9007199254740991";	/* JSON_INT_MAX */
	enum { MOST_DIGITS = sizeof(most) - 1 };
	char kept[MOST_DIGITS];
	bool is_fraction = false, is_more = false;	/* more than the digits kept */
	int point = 0, n = 0, order;

	for (; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.')
			is_fraction = true;
		if (*p < '0' || *p > '9')
			continue;
		/* A leading zero: it is not one of DIGITS, but after the point it moves the others. */
		if (n == 0 && *p == '0') {
			point -= is_fraction;
			continue;
		}
		point += !is_fraction;
		if (n < MOST_DIGITS)
			kept[n++] = *p;
		else
			is_more |= *p != '0';
	}
	/* No digit but zeros: the number is 0, whatever its exponent. */
	if (n == 0)
		return true;
	if (p < end)
		point += exponent(p + 1, end);
	if (point != MOST_DIGITS)
		return point < MOST_DIGITS;
	while (n < MOST_DIGITS)
		kept[n++] = '0';
	order = memcmp(kept, most, MOST_DIGITS);
	return order < 0 || (order == 0 && !is_more);
}
