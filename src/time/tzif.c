/*
 * Reads TZif in one pass over bytes that may be anything.  Every size is computed in 64 bits and
 * compared with the bytes that are left before it is used, so wrong counts in a header cannot do
 * harm.
 *
 * A file of version 2 or later has two blocks: the first, with 32-bit times for old readers, is
 * skipped.  The second has 64-bit times, and the footer after it has the rule for all later years.
 */
#include <string.h>

#include "time/tzif.h"

enum {
	HEADER_SIZE = 44,
	TYPE_SIZE = 6,		/* of a local time type: offset, is daylight saving, designation */
	TYPES_MAX = 256,	/* a transition names its type with one byte */
};

/* No transition is farther from 1970 than this: RFC 9636 suggests -2^59, earlier than the Big Bang. */
#define STEP_MAX_S (INT64_C(1) << 59)

struct cursor {
	const uint8_t *p;
	size_t left;
};

struct header {
	char version;
	uint32_t isut_count, isstd_count, leap_count, time_count, type_count, char_count;
};

/* Takes the next n bytes; NULL if there are not so many. */
static const uint8_t *
take(struct cursor *c, uint64_t n)
{
	const uint8_t *p = c->p;

	if (n > c->left)
		return NULL;
	c->p += n;
	c->left -= (size_t)n;
	return p;
}

static uint32_t
big_endian_32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t
big_endian_64(const uint8_t *p)
{
	return (int64_t)((uint64_t)big_endian_32(p) << 32 | big_endian_32(p + 4));
}

/* RFC 9636, 3.1: four bytes "TZif", the version, 15 unused bytes, six counts. */
static bool
take_header(struct cursor *c, struct header *h)
{
	const uint8_t *p = take(c, HEADER_SIZE);

	if (p == NULL || memcmp(p, "TZif", 4) != 0)
		return false;
	h->version = (char)p[4];
	h->isut_count = big_endian_32(p + 20);
	h->isstd_count = big_endian_32(p + 24);
	h->leap_count = big_endian_32(p + 28);
	h->time_count = big_endian_32(p + 32);
	h->type_count = big_endian_32(p + 36);
	h->char_count = big_endian_32(p + 40);
	return true;
}

/* Bytes of the data block after a header; time_size is 4 in the first block and 8 in the second. */
static uint64_t
block_size(const struct header *h, uint64_t time_size)
{
	return h->time_count * (time_size + 1) + (uint64_t)h->type_count * TYPE_SIZE + h->char_count +
	    h->leap_count * (time_size + 4) + h->isstd_count + h->isut_count;
}

/* Refuses counts that RFC 9636 does not allow, leap seconds, and more transitions than struct tzif holds. */
static const char *
check_counts(const struct header *h)
{
	if (h->leap_count != 0)
		return "it counts leap seconds";
	if (h->time_count > TZIF_STEPS_MAX)
		return "too many transitions";
	if (h->type_count == 0 || h->type_count > TYPES_MAX || h->char_count == 0)
		return "no local time types, or too many";
	if ((h->isut_count != 0 && h->isut_count != h->type_count) ||
	    (h->isstd_count != 0 && h->isstd_count != h->type_count))
		return "indicators do not match the local time types";
	return NULL;
}

/*
 * Reads the second block, all bytes of which are there: its arrays follow each other without
 * padding.  Whether a type is daylight saving time, and its name, make no difference here; only
 * offsets count.
 */
static const char *
read_block(const struct header *h, const uint8_t *block, struct tzif *t)
{
	const uint8_t *times = block, *indices = times + h->time_count * 8;
	const uint8_t *types = indices + h->time_count, *chars = types + h->type_count * TYPE_SIZE;
	int32_t offsets[TYPES_MAX];

	for (uint32_t i = 0; i < h->type_count; i++) {
		const uint8_t *type = types + i * TYPE_SIZE;

		offsets[i] = (int32_t)big_endian_32(type);
		if (offsets[i] > TZ_OFFSET_MAX_S || offsets[i] < -TZ_OFFSET_MAX_S)
			return "an offset of a day or more";
		if (type[4] > 1 || type[5] >= h->char_count)
			return "a malformed local time type";
	}
	if (chars[h->char_count - 1] != '\0')
		return "an unterminated designation";
	/* RFC 9636, 3.2: type 0 holds before the first transition. */
	t->first_offset_s = offsets[0];
	t->count = h->time_count;
	for (uint32_t i = 0; i < h->time_count; i++) {
		struct tzif_step *step = &t->steps[i];

		if (indices[i] >= h->type_count)
			return "a transition to an unknown local time type";
		/* tzif_next and tzif_offset_at search by bisection, so the order must be right. */
		step->at_s = big_endian_64(times + i * 8);
		step->utc_offset_s = offsets[indices[i]];
		if (step->at_s > STEP_MAX_S || step->at_s < -STEP_MAX_S || (i > 0 && step->at_s <= step[-1].at_s))
			return "transitions out of order";
	}
	return NULL;
}

/* The footer: a line break, a rule or nothing, a line break.  Later versions may add text after it. */
static const char *
read_footer(struct cursor *c, struct tzif *t)
{
	const struct tzif_step *last;
	const char *text, *end;

	if (c->left < 2 || *c->p != '\n')
		return "no footer";
	text = (const char *)c->p + 1;
	if ((end = memchr(text, '\n', c->left - 1)) == NULL)
		return "a footer cut short";
	if (end == text)
		return NULL;
	t->has_rule = true;
	if (!tzrule_parse(text, (size_t)(end - text), &t->rule))
		return "a malformed rule in the footer";
	if (t->count == 0)
		return NULL;
	/*
	 * zic 2.36 -b slim writes such a file for America/Ojinaga.  Nobody can tell which of the
	 * two is meant.
	 */
	last = &t->steps[t->count - 1];
	if (tzrule_offset_at(&t->rule, last->at_s) != last->utc_offset_s)
		return "the rule in the footer contradicts the last transition";
	return NULL;
}

const char *
tzif_parse(const void *bytes, size_t n, struct tzif *t)
{
	struct cursor c = { bytes, n };
	struct header h;
	const uint8_t *block;
	const char *wrong;

	memset(t, 0, sizeof(*t));
	if (!take_header(&c, &h))
		return "not a TZif file";
	if (h.version < '2')
		return "TZif of version 1, without a footer";
	if (take(&c, block_size(&h, 4)) == NULL || !take_header(&c, &h))
		return "cut short in its first block";
	if ((wrong = check_counts(&h)) != NULL)
		return wrong;
	if ((block = take(&c, block_size(&h, 8))) == NULL)
		return "cut short in its second block";
	if ((wrong = read_block(&h, block, t)) != NULL)
		return wrong;
	return read_footer(&c, t);
}

/* How many transitions are at or before an instant. */
static size_t
steps_until(const struct tzif *t, int64_t at_s)
{
	size_t low = 0, high = t->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (t->steps[middle].at_s <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t
tzif_offset_at(const struct tzif *t, int64_t at_s)
{
	size_t n = steps_until(t, at_s);

	/* After the last transition, and if there is none at all, the rule holds. */
	if (n == t->count && t->has_rule)
		return tzrule_offset_at(&t->rule, at_s);
	return n == 0 ? t->first_offset_s : t->steps[n - 1].utc_offset_s;
}

bool
tzif_next(const struct tzif *t, int64_t at_s, int64_t *next_s)
{
	size_t n = steps_until(t, at_s);

	if (n == t->count)
		return t->has_rule && tzrule_next(&t->rule, at_s, next_s);
	*next_s = t->steps[n].at_s;
	return true;
}
