/*
 * What the events of quarter-hours cost by the ledger, for repricing.  For reprice*.c only.
 */
#ifndef REPRICE_GROUPS_H
#define REPRICE_GROUPS_H

#include "org/organization.h"
#include "quota/channel.h"

/*
 * The events of one quarter-hour, sender and network with the same number of parts.  They cost the same, so one multiplication
 * serves all.
 */
struct reprice_group {
	int64_t quarter;
	const char *sender, *network;	/* NULL = not said */
	int64_t parts, events, cost_micros;
};

struct reprice_groups {
	struct reprice_group *of;
	size_t count, max;
};

/* Adds the groups of the quarter-hours [first, end) of a channel, in the arena; looks at `budget` rows at most. */
enum status	reprice_groups_read(struct db *db, struct arena *a, const struct organization *org, enum channel c, int64_t first,
		    int64_t end, int64_t budget, struct reprice_groups *groups) MUST_CHECK;

/*
 * Moves *g past the groups of one quarter-hour, sender and network, and returns by how much its cost differs from what a price
 * makes of it.
 */
int64_t		reprice_groups_difference(int64_t nanos, const struct reprice_group **g, const struct reprice_group *end);

#endif
