/*
 * TZif, the compiled form of a time zone (RFC 9636): reads its bytes into a list of transitions and
 * a rule.  The bytes may be anything; nothing outside them is read.
 *
 * It reads the 64-bit block of version 2 and later, and the footer.  Apart from malformed files it
 * refuses: version 1, which has no footer; leap seconds, because instants do not count them;
 * offsets of a day or more; a rule that contradicts the last transition.
 */
#ifndef TZIF_H
#define TZIF_H

#include "time/tzrule.h"

#define TZIF_STEPS_MAX 2000	/* as in the tz code; the zone with the most transitions has about 240 */

/* A transition: from at_s (seconds of UTC since 1970) on the offset is utc_offset_s, until the next one. */
struct tzif_step {
	int64_t at_s;
	int32_t utc_offset_s;
};

/*
 * 1. Transitions are in ascending order.
 * 2.  Before the first transition first_offset_s holds.
 * 3.  From the last transition on (always, if there is none) the rule holds, if there is one.
 */
struct tzif {
	int32_t first_offset_s;
	size_t count;
	bool has_rule;
	struct tzrule rule;
	struct tzif_step steps[TZIF_STEPS_MAX];	/* the last member: who keeps a zone frees what is behind `count` */
};

/* Returns NULL, or what is wrong with the bytes.  Then *t is not valid. */
const char	*tzif_parse(const void *bytes, size_t n, struct tzif *t);

/* The offset in seconds east of UTC at an instant, given in seconds since 1970. */
int32_t		 tzif_offset_at(const struct tzif *t, int64_t at_s);

/*
 * The first transition after an instant, from the list or by the rule; the offset need not change
 * there.  False if there is none.
 */
bool		 tzif_next(const struct tzif *t, int64_t at_s, int64_t *next_s);

#endif
