/*
 * TZif files made by hand, for cases that the real ones do not have.
 */
#ifndef MAKE_TZIF_H
#define MAKE_TZIF_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define MADE_SIZE 4096

/* Where things are in a made file: the second header and its counts, and what follows it. */
enum {
	AT_VERSION = 4,
	AT_FIRST_LEAPS = 28,
	AT_FIRST_TYPES = 36,
	HEADER = 44,
	AT_SECOND = HEADER + 7,		/* the first block is one type of 6 bytes and one character */
	AT_ISUTS = AT_SECOND + 20,
	AT_ISSTDS = AT_SECOND + 24,
	AT_LEAPS = AT_SECOND + 28,
	AT_STEPS = AT_SECOND + 32,
	AT_TYPES = AT_SECOND + 36,
	AT_CHARS = AT_SECOND + 40,
	AT_BLOCK = AT_SECOND + HEADER,
};

struct made_step {
	int64_t at_s;
	int type;
};

static inline size_t
put_number(uint8_t *out, size_t n, int64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		out[n++] = (uint8_t)((uint64_t)value >> (8 * i));
	return n;
}

static inline size_t
put_header(uint8_t *out, size_t n, int steps, int types)
{
	memset(out + n, 0, HEADER);
	memcpy(out + n, "TZif2", 5);
	put_number(out, n + 32, steps, 4);
	put_number(out, n + 36, types, 4);
	put_number(out, n + 40, 1, 4);
	return n + HEADER;
}

/* Writes a file into out (MADE_SIZE bytes); offsets are those of the types.  Returns its size. */
static inline size_t
make_tzif(uint8_t *out, const int32_t *offsets, int types, const struct made_step *steps, int count,
    const char *footer)
{
	size_t n = put_header(out, 0, 0, 1);

	n = put_number(out, n, 0, 7);
	n = put_header(out, n, count, types);
	for (int i = 0; i < count; i++)
		n = put_number(out, n, steps[i].at_s, 8);
	for (int i = 0; i < count; i++)
		n = put_number(out, n, steps[i].type, 1);
	for (int i = 0; i < types; i++) {
		n = put_number(out, n, offsets[i], 4);
		n = put_number(out, n, 0, 2);
	}
	n = put_number(out, n, 0, 1);
	out[n++] = '\n';
	memcpy(out + n, footer, strlen(footer));
	n += strlen(footer);
	out[n++] = '\n';
	assert(n <= MADE_SIZE);
	return n;
}

/* A file of one offset. */
static inline size_t
make_fixed(uint8_t *out, int32_t offset_s, const char *footer)
{
	return make_tzif(out, &offset_s, 1, NULL, 0, footer);
}

#endif
