/*
 * TZif, the compiled form of a time zone (RFC 9636): bytes in, steps and a rule out.  Any bytes
 * may be given; nothing outside them is read.
 *
 * Read are the 64-bit block of version 2 and later, and the footer.  Refused besides what
 * is malformed: version 1, which has no footer; leap seconds, because instants do not count them;
 * offsets of a day or more; a rule that contradicts the last step.
 */
#ifndef TZIF_H
#define TZIF_H

#include "time/tzrule.h"

#define TZIF_STEPS_MAX 2000	/* as in the tz code; the busiest zone has about 240 */

/* From at_s (seconds of UTC since 1970) on, the offset is utc_offset_s, until the next step. */
struct tzif_step {
	int64_t at_s;
	int32_t utc_offset_s;
};

/*
 * 1. Steps ascend.
 * 2. Before the first step first_offset_s holds.
 * 3. From the last step on (always, where there is none) the rule holds, where there is one.
 */
struct tzif {
	int32_t first_offset_s;
	size_t count;
	struct tzif_step steps[TZIF_STEPS_MAX];
	bool has_rule;
	struct tzrule rule;
};

/* Returns NULL, or what is wrong with the bytes. */
const char	*tzif_parse(const void *bytes, size_t n, struct tzif *t);

/* Seconds east of UTC at an instant, in seconds since 1970. */
int32_t		 tzif_offset_at(const struct tzif *t, int64_t at_s);

/* The first step or turn after an instant; the offset need not change there.  False where there is none. */
bool		 tzif_next(const struct tzif *t, int64_t at_s, int64_t *next_s);

#endif
