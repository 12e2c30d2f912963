/*
 * Quota arithmetic.  All values are in the organization's quota unit (messages or parts); a limit
 * of UNLIMITED is no limit.  A result that does not fit an int64 becomes the nearest one that does.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#define UNLIMITED (-1)
#define ROOM_UNLIMITED INT64_MAX	/* the room of a day without a limit */

enum quota_unit { UNIT_MESSAGE, UNIT_PART };

/* One day: what was sent, and what open segments still hold of it. */
struct day_usage {
	int64_t sent, reserved;
};

/* a + b and a x b; the nearest int64 if that does not fit. */
int64_t	quota_sum(int64_t a, int64_t b);
int64_t	quota_product(int64_t a, int64_t b);

int64_t	quota_total(struct day_usage u);			/* sent + reserved */
int64_t	quota_available(int64_t limit, struct day_usage u);	/* max(0, limit - total); ROOM_UNLIMITED if there is no limit */

/* What an open segment holds: max(0, contacts - spent) x parts_per_contact (x 1 for messages). */
int64_t	quota_held(int64_t contacts, int64_t spent, int64_t parts_per_contact, enum quota_unit unit);

/* How much an amount counts against the limit. */
int64_t	quota_units(enum quota_unit unit, int64_t messages, int64_t parts);

const char	*quota_unit_name(enum quota_unit unit);		/* "message", "part" */
bool		 quota_unit_parse(const char *name, enum quota_unit *unit);

#endif
