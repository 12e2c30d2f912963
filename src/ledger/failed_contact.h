/*
 * Who could not be reached: kept for a while, and blanked for good.
 */
#ifndef FAILED_CONTACT_H
#define FAILED_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

/*
 * Blanks phone, reason and the event's detail hash where they are older than the setting failure_retention_days, and counts
 * up the revisions of the organisations and campaigns that showed them.  Inside any write transaction; almost always
 * there is nothing to do.
 */
enum status	failed_contact_expire(struct db *db, int64_t now);	/* at most 1,000 of them */

/* Whether there are such. */
enum status	failed_contact_is_due(struct db *db, int64_t now, bool *is_due);

/* The same for one phone number, in every organisation; *count says how often it stood there. */
enum status	failed_contact_erase(struct db *db, const char *phone, int64_t *count);

/* One failure that was none after all: its row and its event's hash go. */
enum status	failed_contact_forget(struct db *db, int64_t org_key, const char *source, const char *id);

#endif
