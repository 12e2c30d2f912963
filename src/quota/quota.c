#include <string.h>

#include "quota/quota.h"

static const char *const unit_names[] = { [UNIT_MESSAGE] = "message", [UNIT_PART] = "part" };

/*
 * A result that does not fit an int64 becomes the nearest one that does: absurd counts must be
 * refused, and never overflow into room.
 */

int64_t
quota_sum(int64_t a, int64_t b)
{
	int64_t r;

	if (__builtin_add_overflow(a, b, &r))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return r;
}

int64_t
quota_product(int64_t a, int64_t b)
{
	int64_t r;

	if (__builtin_mul_overflow(a, b, &r))
		return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
	return r;
}

static int64_t
difference(int64_t a, int64_t b)
{
	int64_t r;

	if (__builtin_sub_overflow(a, b, &r))
		return b > 0 ? INT64_MIN : INT64_MAX;
	return r;
}

int64_t
quota_total(struct day_usage u)
{
	return quota_sum(u.sent, u.reserved);
}

/* A day can be over its limit: the limit was lowered, or events came that nobody had reserved. */
int64_t
quota_available(int64_t limit, struct day_usage u)
{
	int64_t total = quota_total(u);

	if (limit == UNLIMITED)
		return ROOM_UNLIMITED;
	return total >= limit ? 0 : difference(limit, total);
}

/* A segment that has sent more than it planned holds nothing; it must not give room back. */
int64_t
quota_held(int64_t contacts, int64_t spent, int64_t parts_per_contact, enum quota_unit unit)
{
	int64_t open = contacts > spent ? difference(contacts, spent) : 0;

	return unit == UNIT_MESSAGE ? open : quota_product(open, parts_per_contact);
}

/* Parts are what a carrier bills; an organization's limit may count either. */
int64_t
quota_units(enum quota_unit unit, int64_t messages, int64_t parts)
{
	return unit == UNIT_MESSAGE ? messages : parts;
}

const char *
quota_unit_name(enum quota_unit unit)
{
	return unit_names[unit];
}

bool
quota_unit_parse(const char *name, enum quota_unit *unit)
{
	for (enum quota_unit u = UNIT_MESSAGE; u <= UNIT_PART; u++)
		if (strcmp(name, unit_names[u]) == 0) {
			*unit = u;
			return true;
		}
	return false;
}
