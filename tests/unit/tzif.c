#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "make_tzif.h"

#include "time/tzif.h"

enum { FILE_MAX = 64 * 1024 };

/* Parses a copy of just that many bytes, so that a sanitizer sees reading beyond them. */
static const char *
parse(const uint8_t *bytes, size_t n, struct tzif *t)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);
	const char *wrong;

	assert_non_null(exact);
	memcpy(exact, bytes, n);
	wrong = tzif_parse(exact, n, t);
	free(exact);
	return wrong;
}

/* ---- A small file: UTC-1 until 1000, UTC+2 until 2000, then UTC-1 with summers. */

static const int32_t offsets[] = { -3600, 7200 };
static const struct made_step steps[] = { { 1000, 1 }, { 2000, 0 } };

/* Where the parts of its second block begin. */
enum {
	TIMES = AT_BLOCK,
	INDICES = TIMES + 2 * 8,
	TYPES = INDICES + 2,
	CHARS = TYPES + 2 * 6,
	FOOTER = CHARS + 1,
};

static size_t
make_small(uint8_t *out)
{
	return make_tzif(out, offsets, 2, steps, 2, "AAA1BBB,J100,J200");
}

static const struct moment {
	const char *name;
	int64_t at_s;
	int32_t offset_s;
} moments[] = {
	{ "before the first step the first type holds", 999, -3600 },
	{ "also long before", -(INT64_C(1) << 59), -3600 },
	{ "from a step on its own type holds", 1000, 7200 },
	{ "until the second before the next", 1999, 7200 },
	{ "from the last step on the rule holds", 2000, -3600 },
	{ "with its summers", 100 * 86400, 0 },
	{ "and winters", 200 * 86400, -3600 },
	{ "also in 2400", INT64_C(13570000000), -3600 },
	{ "and in the summer of 2400", INT64_C(13580000000), 0 },
};

static void
has_the_offset(void **state)
{
	const struct moment *row = *state;
	uint8_t bytes[MADE_SIZE];
	struct tzif t;

	assert_null(parse(bytes, make_small(bytes), &t));
	assert_int_equal(tzif_offset_at(&t, row->at_s), row->offset_s);
}

static void
steps_come_one_after_another(void **state)
{
	uint8_t bytes[MADE_SIZE];
	struct tzif t;
	int64_t next_s;

	(void)state;
	assert_null(parse(bytes, make_small(bytes), &t));
	assert_true(tzif_next(&t, -5, &next_s));
	assert_int_equal(next_s, 1000);
	assert_true(tzif_next(&t, 1000, &next_s));
	assert_int_equal(next_s, 2000);
	assert_true(tzif_next(&t, 2000, &next_s));
	assert_int_equal(next_s, 99 * 86400 + 3 * 3600);	/* 10 April 1970 at two, by UTC-1 */
}

static void
the_last_type_holds_without_a_rule(void **state)
{
	uint8_t bytes[MADE_SIZE];
	struct tzif t;
	int64_t next_s;

	(void)state;
	assert_null(parse(bytes, make_tzif(bytes, offsets, 2, steps, 2, ""), &t));
	assert_int_equal(tzif_offset_at(&t, 100 * 86400), -3600);
	assert_false(tzif_next(&t, 2000, &next_s));
}

static void
a_file_of_nothing_but_its_first_type(void **state)
{
	uint8_t bytes[MADE_SIZE];
	struct tzif t;

	(void)state;
	assert_null(parse(bytes, make_fixed(bytes, 5400, ""), &t));
	assert_int_equal(tzif_offset_at(&t, 0), 5400);
}

static void
what_follows_the_footer_is_for_later_versions(void **state)
{
	uint8_t bytes[MADE_SIZE];
	size_t n = make_small(bytes);
	struct tzif t;

	(void)state;
	bytes[AT_VERSION] = bytes[AT_SECOND + AT_VERSION] = '4';
	memcpy(bytes + n, "more", 4);
	assert_null(parse(bytes, n + 4, &t));
}

/* ---- Damage: the bytes of a number at a place become another number. */

static const struct damage {
	const char *name;
	size_t place;
	int bytes;
	int64_t value;
	const char *wrong;	/* NULL: accepted */
} damages[] = {
	{ "an undamaged file is accepted", 0, 1, 'T', NULL },
	{ "another magic is refused", 0, 1, 't', "not a TZif file" },
	{ "version 3 is accepted", AT_VERSION, 1, '3', NULL },
	{ "version 4 is accepted", AT_VERSION, 1, '4', NULL },
	{ "version 1 is refused", AT_VERSION, 1, 0, "TZif of version 1, without a footer" },
	{ "a first block longer than the file is refused", AT_FIRST_TYPES, 4, 0xffffffff, "cut short in its first block" },
	{ "a first block that ends elsewhere is refused", AT_FIRST_TYPES, 4, 2, "cut short in its first block" },
	{ "another second magic is refused", AT_SECOND, 1, 't', "cut short in its first block" },
	{ "a leap second is refused", AT_LEAPS, 4, 1, "it counts leap seconds" },
	{ "2^32 - 1 leap seconds are refused", AT_LEAPS, 4, 0xffffffff, "it counts leap seconds" },
	{ "more steps than bytes are refused", AT_STEPS, 4, 20, "cut short in its second block" },
	{ "2,001 steps are refused", AT_STEPS, 4, 2001, "too many transitions" },
	{ "2^32 - 1 steps are refused", AT_STEPS, 4, 0xffffffff, "too many transitions" },
	{ "no types are refused", AT_TYPES, 4, 0, "no local time types, or too many" },
	{ "257 types are refused", AT_TYPES, 4, 257, "no local time types, or too many" },
	{ "256 types are refused only for their bytes", AT_TYPES, 4, 256, "cut short in its second block" },
	{ "no designations are refused", AT_CHARS, 4, 0, "no local time types, or too many" },
	{ "2^32 - 1 designations are refused", AT_CHARS, 4, 0xffffffff, "cut short in its second block" },
	{ "one standard indicator for two types is refused", AT_ISSTDS, 4, 1, "indicators do not match the local time types" },
	{ "one UT indicator for two types is refused", AT_ISUTS, 4, 1, "indicators do not match the local time types" },
	{ "a step to the same type again is accepted", INDICES, 1, 0, NULL },
	{ "a step to a type that is not there is refused", INDICES, 1, 2, "a transition to an unknown local time type" },
	{ "steps that ascend by one are accepted", TIMES, 8, 1999, NULL },
	{ "two steps at once are refused", TIMES, 8, 2000, "transitions out of order" },
	{ "descending steps are refused", TIMES, 8, 2001, "transitions out of order" },
	{ "a step 2^59 seconds ago is accepted", TIMES, 8, -(INT64_C(1) << 59), NULL },
	{ "a step before that is refused", TIMES, 8, -(INT64_C(1) << 59) - 1, "transitions out of order" },
	{ "a step after 2^59 is refused", TIMES + 8, 8, (INT64_C(1) << 59) + 1, "transitions out of order" },
	{ "an offset of almost a day is accepted", TYPES + 6, 4, 86399, NULL },
	{ "an offset of a day is refused", TYPES + 6, 4, 86400, "an offset of a day or more" },
	{ "an offset of almost a day west is accepted", TYPES + 6, 4, -86399, NULL },
	{ "an offset of a day west is refused", TYPES + 6, 4, -86400, "an offset of a day or more" },
	{ "the offset -2^31 is refused", TYPES + 6, 4, INT32_MIN, "an offset of a day or more" },
	{ "daylight saving is accepted", TYPES + 4, 1, 1, NULL },
	{ "daylight saving that is neither yes nor no is refused", TYPES + 4, 1, 2, "a malformed local time type" },
	{ "a designation that is not there is refused", TYPES + 5, 1, 1, "a malformed local time type" },
	{ "an endless designation is refused", CHARS, 1, 'X', "an unterminated designation" },
	{ "a footer without a line break before it is refused", FOOTER, 1, 'E', "no footer" },
	{ "another rule is accepted", FOOTER + 1, 1, 'S', NULL },
	{ "a rule that contradicts the last step is refused", FOOTER + 4, 1, '2',
	    "the rule in the footer contradicts the last transition" },
	{ "and so is a last step that contradicts the rule", INDICES + 1, 1, 1,
	    "the rule in the footer contradicts the last transition" },
	{ "a malformed rule is refused", FOOTER + 1, 1, '-', "a malformed rule in the footer" },
	{ "a NUL in the rule is refused", FOOTER + 1, 1, 0, "a malformed rule in the footer" },
	{ "a footer without a line break after it is refused", FOOTER + 18, 1, ',', "a footer cut short" },
};

static void
is_judged(void **state)
{
	const struct damage *row = *state;
	uint8_t bytes[MADE_SIZE];
	size_t n = make_small(bytes);
	const char *wrong;
	struct tzif t;

	put_number(bytes, row->place, row->value, row->bytes);
	wrong = parse(bytes, n, &t);
	if (row->wrong == NULL)
		assert_null(wrong);
	else {
		assert_non_null(wrong);
		assert_string_equal(wrong, row->wrong);
	}
}

/* ---- A real file, damaged everywhere */

static size_t
read_real(uint8_t *bytes)
{
	FILE *f = fopen("/usr/share/zoneinfo/America/New_York", "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, FILE_MAX, f);
	fclose(f);
	return n;
}

static void
every_truncation_is_refused(void **state)
{
	static uint8_t bytes[FILE_MAX];
	size_t n = read_real(bytes);
	struct tzif t;

	(void)state;
	assert_null(parse(bytes, n, &t));
	for (size_t cut = 0; cut < n; cut++)
		assert_non_null(parse(bytes, cut, &t));
}

/* Whatever was accepted can be used: offsets are below a day, and every next step is a later one. */
static void
use(const struct tzif *t)
{
	static const int64_t from_s[] = { -(INT64_C(1) << 59), 0, 2000000000, 4102444800 };
	int32_t offset_s;
	int64_t at_s, next_s;

	for (size_t i = 0; i < sizeof(from_s) / sizeof(from_s[0]); i++) {
		at_s = from_s[i];
		for (int n = 0; n < 5 && tzif_next(t, at_s, &next_s); n++) {
			assert_true(next_s > at_s);
			at_s = next_s;
			offset_s = tzif_offset_at(t, at_s);
			assert_true(offset_s > -86400 && offset_s < 86400);
		}
	}
}

static void
every_changed_byte_is_refused_or_harmless(void **state)
{
	static const uint8_t changes[] = { 0x01, 0x80, 0xff, 0x0a, 0x7f };
	static uint8_t bytes[FILE_MAX];
	size_t n = read_real(bytes), accepted = 0, refused = 0;
	struct tzif t;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < sizeof(changes); c++) {
			bytes[i] ^= changes[c];
			if (parse(bytes, n, &t) == NULL) {
				use(&t);
				accepted++;
			} else
				refused++;
			bytes[i] ^= changes[c];
		}
	assert_true(accepted > 0 && refused > 0);
}

int
main(void)
{
	TABLE(moments, has_the_offset);
	CASE("steps come one after another", steps_come_one_after_another);
	CASE("without a rule the last type holds permanently", the_last_type_holds_without_a_rule);
	CASE("a file can be nothing but its first type", a_file_of_nothing_but_its_first_type);
	CASE("what follows the footer is for later versions", what_follows_the_footer_is_for_later_versions);
	TABLE(damages, is_judged);
	CASE("every truncation of New York's file is refused", every_truncation_is_refused);
	CASE("every changed byte in it is refused or harmless", every_changed_byte_is_refused_or_harmless);
	return TABLE_RUN("tzif");
}
