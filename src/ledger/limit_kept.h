/*
 * What a process keeps of organizations' limits from one transaction to the next, for limit_row_load.  It is valid for one
 * opening of the file, one organization and one zone_revision, so that a write which posts events finds it too: whoever writes
 * limits calls organization_forget_kept.
 */
#ifndef LIMIT_KEPT_H
#define LIMIT_KEPT_H

#include "org/organization.h"

/* Copies the rules into org->limits, in the arena, but for the days of their zones; false if they are not kept. */
bool		limit_kept_find(struct db *db, struct arena *a, struct organization *org) MUST_CHECK;

/* Keeps org->limits, as they were just read, if this transaction has not changed what processes keep. */
void		limit_kept_put(struct db *db, const struct organization *org);

#endif
