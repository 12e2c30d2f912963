/*
 * The rows of a campaign, one write each.  For campaign*.c only.
 */
#ifndef CAMPAIGN_ROWS_H
#define CAMPAIGN_ROWS_H

#include "campaign/campaign.h"

/* Adds the segment, or makes its row what it says; what is spent of it stays. */
enum status	campaign_write_segment(struct db *db, const struct organization *org, const struct campaign *c,
		    const struct segment *s) MUST_CHECK;

/*
 * Writes the digest of the plan as its rows now are: a row that is changed or taken away by other hands shows.  What is spent
 * of it is not in the digest; the ledger proves that.
 */
enum status	campaign_seal(struct db *db, const struct campaign *c) MUST_CHECK;

enum status	campaign_audit(struct db *db, const struct organization *org, const struct campaign *c,
		    const struct campaign_change *change, const char *action) MUST_CHECK;

#endif
