/*
 * Usage: what was sent, and what is held, by the organisation's days.  Read from the roll-ups.
 */
#ifndef USAGE_H
#define USAGE_H

#include "quota/channel.h"
#include "org/organization.h"

/* Sums by channel. */
struct usage_sums {
	struct usage_sum {
		int64_t messages, parts, cost_micros;
	} of[CHANNEL_COUNT];
};

/* Sums that pingram's replies are made of. */
int64_t		usage_messages(const struct usage_sums *s);	/* messageUsage */
int64_t		usage_budget_micros(const struct usage_sums *s);	/* budgetUsage */

/*
 * SMS of the days from..to (both inclusive) in quota units, into out[0 .. to - from].  Days before
 * today hold nothing.
 */
enum status	usage_days(struct db *db, const struct organization *org, struct day from, struct day to,
		    struct day today, struct day_usage *out);

/* All channels over the days [from, until). */
enum status	usage_sum_days(struct db *db, const struct organization *org, struct day from, struct day until,
		    struct usage_sums *sums);

/* All channels over the instants [from_at, to_at), exact to the millisecond. */
enum status	usage_sum_instants(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at,
		    struct usage_sums *sums);

/* Each organization's sum of all days by channel, ordered by id and channel: for metrics. */
enum status	usage_each_total(struct db *db, void (*each)(void *arg, const char *organization, const char *channel,
		    const struct usage_sum *sum), void *arg) MUST_CHECK;

/* Adds to effects->over the days from today on that hold more than the limit. */
enum status	usage_days_over(struct db *db, struct arena *a, const struct organization *org, int64_t now,
		    struct org_effects *effects);

/* ---- The roll-ups' writer: collects what a transaction adds, and adds it at its end. */

struct rollup;

struct rollup	*rollup_new(const struct organization *org);
void		 rollup_free(struct rollup *r);
void		 rollup_add(struct rollup *r, int64_t occurred_at, enum channel c, int64_t messages, int64_t parts,
		    int64_t cost_micros);
/* Takes note of a row that was added to the ledger, by its hash. */
void		 rollup_note(struct rollup *r, int64_t occurred_at, int64_t hash);
/* Writes all that was added since the last flush to usage_quarter, usage_day and ledger_day. */
enum status	 rollup_flush(struct rollup *r, struct db *db) MUST_CHECK;

#endif
