/*
 * The second half of a rebuild: the counters of segments, campaign by campaign.  Only for rebuild.c.
 */
#ifndef REBUILD_SEGMENTS_H
#define REBUILD_SEGMENTS_H

#include "ledger/job.h"

enum status	rebuild_segments_turn(struct db *db, struct arena *a, const char *org, const struct job *job, int64_t now,
		    struct error *err) MUST_CHECK;

#endif
