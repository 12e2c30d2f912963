/*
 * Failed contacts: the people who could not be reached.  Kept for a limited time, then blanked permanently.
 */
#ifndef FAILED_CONTACT_H
#define FAILED_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "store/actor.h"

/*
 * Blanks phone, reason and the event's detail hash of failed contacts that are older than the setting
 * failure_retention_days, and counts up the revisions of the organizations and campaigns that showed them.  Inside any
 * write transaction; almost always there is nothing to do.
 */
enum status	failed_contact_expire(struct db *db, int64_t now);	/* at most 1,000 per call */

/* Whether failed_contact_expire has anything to do. */
enum status	failed_contact_is_due(struct db *db, int64_t now, bool *is_due);

/*
 * Blanks one phone number in every organization; *count is the number of failed contacts that had it.  Writes an audit row with
 * that number, and never with the phone number.  Inside a write transaction.
 */
enum status	failed_contact_erase(struct db *db, struct arena *a, const char *phone, int64_t now, const struct actor *by,
		    int64_t *count);

/* Removes the failed contact of an event that was voided: its row, and the event's detail hash. */
enum status	failed_contact_forget(struct db *db, int64_t org_key, const char *source, const char *id);

#endif
