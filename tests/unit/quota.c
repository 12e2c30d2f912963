/* quota.c: what is free, what is held; never out of range. */
#include <string.h>

#include "quota/quota.h"
#include "table.h"

#define GREAT INT64_C(1000000000000)

static const struct day_row {
	const char *name;
	int64_t limit;
	struct day_usage usage;
	int64_t total, available;
} days[] = {
	{ "an empty day has all of its limit", 500, { 0, 0 }, 0, 500 },
	{ "sent and reserved both take room", 500, { 120, 30 }, 150, 350 },
	{ "reserved alone takes room", 500, { 0, 30 }, 30, 470 },
	{ "a full day has nothing", 500, { 400, 100 }, 500, 0 },
	{ "one unit is left", 500, { 400, 99 }, 499, 1 },
	{ "a day over its limit has nothing, not less", 500, { 600, 100 }, 700, 0 },
	{ "a limit of 0 has nothing", 0, { 0, 0 }, 0, 0 },
	{ "a limit of 0 with usage has nothing", 0, { 1, 0 }, 1, 0 },
	{ "unlimited has as much as there can be", UNLIMITED, { 400, 100 }, 500, INT64_MAX },
	{ "the greatest limit", GREAT, { 1, 0 }, 1, GREAT - 1 },
	{ "counts beyond 64 bits are a full day", GREAT, { INT64_MAX, INT64_MAX }, INT64_MAX, 0 },
	{ "one beyond 64 bits", GREAT, { INT64_MAX, 1 }, INT64_MAX, 0 },
	{ "counts at the other end do not wrap round", GREAT, { INT64_MIN, -1 }, INT64_MIN, INT64_MAX },
	{ "unlimited with counts beyond 64 bits", UNLIMITED, { INT64_MAX, 1 }, INT64_MAX, INT64_MAX },
};

static void
day_has(void **state)
{
	const struct day_row *row = *state;

	assert_int_equal(quota_total(row->usage), row->total);
	assert_int_equal(quota_available(row->limit, row->usage), row->available);
}

static const struct held_row {
	const char *name;
	int64_t contacts, spent, parts, by_message, by_part;
} holdings[] = {
	{ "an untouched segment holds all of its contacts", 100, 0, 1, 100, 100 },
	{ "parts count only where the unit is the part", 100, 0, 3, 100, 300 },
	{ "what is spent is let go", 100, 40, 3, 60, 180 },
	{ "a finished segment holds nothing", 100, 100, 3, 0, 0 },
	{ "more spent than contacts holds nothing, not less", 100, 140, 3, 0, 0 },
	{ "no contacts hold nothing", 0, 0, 3, 0, 0 },
	{ "the greatest numbers stay at the end", GREAT, 0, GREAT, GREAT, INT64_MAX },
	{ "just within 64 bits is exact", GREAT, 0, INT64_C(9223372), GREAT, INT64_C(9223372000000000000) },
	{ "just beyond 64 bits stays at the end", GREAT, 0, INT64_C(9223373), GREAT, INT64_MAX },
	{ "a difference beyond 64 bits stays at the end", INT64_MAX, INT64_MIN, 1, INT64_MAX, INT64_MAX },
};

static void
segment_holds(void **state)
{
	const struct held_row *row = *state;

	assert_int_equal(quota_held(row->contacts, row->spent, row->parts, UNIT_MESSAGE), row->by_message);
	assert_int_equal(quota_held(row->contacts, row->spent, row->parts, UNIT_PART), row->by_part);
}

static const struct unit_row {
	const char *name, *text;
	bool is_unit;
	enum quota_unit unit;
} units[] = {
	{ "message is a unit", "message", true, UNIT_MESSAGE },
	{ "part is a unit", "part", true, UNIT_PART },
	{ "messages is none", "messages", false, UNIT_MESSAGE },
	{ "Part is none", "Part", false, UNIT_MESSAGE },
	{ "par is none", "par", false, UNIT_MESSAGE },
	{ "an empty text is none", "", false, UNIT_MESSAGE },
};

static void
unit_is(void **state)
{
	const struct unit_row *row = *state;
	enum quota_unit unit = 99;

	assert_int_equal(quota_unit_parse(row->text, &unit), row->is_unit);
	assert_int_equal(unit, row->is_unit ? row->unit : 99);
	if (row->is_unit)
		assert_string_equal(quota_unit_name(row->unit), row->text);
}

static void
an_amount_counts_in_its_unit(void **state)
{
	(void)state;
	assert_int_equal(quota_units(UNIT_MESSAGE, 2, 7), 2);
	assert_int_equal(quota_units(UNIT_PART, 2, 7), 7);
	assert_int_equal(quota_units(UNIT_PART, -2, -7), -7);
}

int
main(void)
{
	TABLE(days, day_has);
	TABLE(holdings, segment_holds);
	TABLE(units, unit_is);
	CASE("an amount counts in messages or in parts", an_amount_counts_in_its_unit);
	return TABLE_RUN("quota");
}
