/*
 * What the tables about zones and days share: a zone or a day by its name, and the comparison of an instant or a day with a text.
 */
#ifndef ZONES_H
#define ZONES_H

#include <stdbool.h>

#include "table.h"

#include "time/day.h"
#include "time/zone.h"

/* The zone, which must be there. */
static inline const struct zone *
zone(const char *name)
{
	struct error err = { "", "" };
	const struct zone *z = zone_get(name, &err);

	if (z == NULL)
		fail_msg("%s", err.text);
	return z;
}

/* Whether there is a zone of that name; if not, an error must say why. */
static inline bool
is_zone(const char *name)
{
	struct error err = { "", "" };
	bool found = zone_get(name, &err) != NULL;

	assert_true(found || err.text[0] != '\0');
	return found;
}

static inline struct day
day(const char *text)
{
	struct day d = { 0 };

	assert_true(day_parse(text, &d));
	return d;
}

static inline void
assert_instant(int64_t instant, const char *expected)
{
	char text[INSTANT_TEXT_MAX];

	assert_string_equal(instant_format(instant, text), expected);
}

static inline void
assert_day(struct day d, const char *expected)
{
	char text[DAY_TEXT_MAX];

	assert_string_equal(day_format(d, text), expected);
}

#endif
