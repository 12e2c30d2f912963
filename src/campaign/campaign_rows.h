/*
 * The rows of a campaign, one function per write.  For campaign*.c only.
 */
#ifndef CAMPAIGN_ROWS_H
#define CAMPAIGN_ROWS_H

#include "campaign/campaign.h"

/*
 * Adds the i-th segment of a campaign, or updates its row, and the sums of what is held; what is spent of it remains.  `was`
 * is the campaign as the rows have it, NULL if it is new.
 */
enum status	campaign_write_segment(struct db *db, const struct organization *org, const struct campaign *was,
		    const struct campaign *c, size_t i) MUST_CHECK;

/*
 * Writes the digest of the plan, as its rows are now, so that `daybook verify` finds a row that somebody else changed
 * or removed.  What is spent is not in the digest; the ledger proves that.
 */
enum status	campaign_seal(struct db *db, const struct campaign *c) MUST_CHECK;

/* OK if there is room for what the campaign will hold; `was` is NULL for a new one.  Errors as campaign_add. */
enum status	campaign_reserve(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
		    const struct campaign *is, const struct campaign_change *change, struct campaign_refusal *refusal,
		    struct error *err) MUST_CHECK;

/* OK if sending windows allow all instants that the change gives segments, or at which it lets them go out again. */
enum status	campaign_check_window(struct db *db, struct arena *a, const struct organization *org, const struct campaign *was,
		    const struct campaign *c, const struct campaign_change *change, struct campaign_refusal *refusal,
		    struct error *err) MUST_CHECK;

enum status	campaign_audit(struct db *db, const struct organization *org, const struct campaign *c,
		    const struct campaign_change *change, const char *action) MUST_CHECK;

/* The audit row of a change from `was` to `is`, with the old and the new value of what differs. */
enum status	campaign_audit_change(struct db *db, const struct organization *org, const struct campaign *was,
		    const struct campaign *is, const struct campaign_change *change) MUST_CHECK;

#endif
