/*
 * Usage: what was sent and what is reserved, by the organization's days.  Read from the roll-ups.
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

/* The two sums of pingram's replies. */
int64_t		usage_messages(const struct usage_sums *s);	/* messageUsage */
int64_t		usage_budget_micros(const struct usage_sums *s);	/* budgetUsage */
int64_t		usage_cost_micros(const struct usage_sums *s);	/* of all channels */

/*
 * Reads the SMS of the days from..to (both inclusive) in quota units, into out[0 .. to - from].  Days before today
 * reserve nothing.
 */
enum status	usage_days(struct db *db, const struct organization *org, struct day from, struct day to,
		    struct day today, struct day_usage *out);

/* Sums all channels over the days [from, until). */
enum status	usage_sum_days(struct db *db, const struct organization *org, struct day from, struct day until,
		    struct usage_sums *sums);

/* The same of count stretches that follow one another: sums[i] is of the days [starts[i], starts[i + 1]). */
enum status	usage_sum_stretches(struct db *db, const struct organization *org, const struct day *starts, size_t count,
		    struct usage_sums *sums) MUST_CHECK;

/* Adds sums with the sign. */
void		usage_add_sums(struct usage_sums *to, int sign, const struct usage_sums *sums);

/* Adds columns of a row with the sign: the channel, and all figures (messages, parts, cost) or the first one. */
enum { USAGE_FIGURES = 3 };
enum status	usage_add(struct query *q, int column, size_t figures, int sign, struct usage_sums *sums) MUST_CHECK;

/*
 * Sums all channels over the instants [from_at, to_at), exact to the millisecond.  BAD_REQUEST if an incomplete quarter-hour has
 * so many events that they cannot be looked at in one request.
 */
enum status	usage_sum_instants(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at,
		    struct usage_sums *sums, struct error *err) MUST_CHECK;
/* The same, of messages only: in a third less time. */
enum status	usage_sum_messages(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at,
		    struct usage_sums *sums, struct error *err) MUST_CHECK;

/* All that an organization ever sent, by channel. */
struct usage_total {
	struct usage_sums sums;
	unsigned channels;		/* those of which there is a row, as bits, even if its figures are 0 */
};

/* Reads it.  A process keeps the sums of old days, so the years before take no time.  now is the clock of this request. */
enum status	usage_total(struct db *db, const struct organization *org, int64_t now, struct usage_total *total) MUST_CHECK;

/* Adds to effects->over the days from today on that hold more than the daily limit. */
enum status	usage_days_over(struct db *db, struct arena *a, const struct organization *org, int64_t now,
		    struct org_effects *effects);

/* ---- Writing the roll-ups: collects what a transaction adds, and writes it at its end. */

struct rollup;

/* Of an organization with its limits loaded; it must outlive the rollup. */
struct rollup	*rollup_new(const struct organization *org);
void		 rollup_free(struct rollup *r);
/* What a row of the ledger adds to the sums, or takes away; sender and network NULL = not said. */
struct rollup_entry {
	int64_t occurred_at;
	enum channel channel;
	const char *sender, *network;
	struct usage_sum sum;
};
void		 rollup_add(struct rollup *r, const struct rollup_entry *e);
/* Calls added for each entry from now on, for one who has read the roll-ups and follows what becomes of them. */
void		 rollup_follow(struct rollup *r, void (*added)(void *arg, const struct rollup_entry *e), void *arg);
/* The key of who writes the rows; looked up once. */
struct actor;
enum status	 rollup_actor(struct rollup *r, struct db *db, const struct actor *by, int64_t *key) MUST_CHECK;
/* Adds a row of the ledger, by its hash, to the digest of its day. */
void		 rollup_note(struct rollup *r, int64_t occurred_at, int64_t hash);
/* Adds to what a segment holds (held_add), which must not move before the flush. */
void		 rollup_hold(struct rollup *r, int64_t campaign, int64_t number, int64_t contacts);
/*
 * Figures of days that are over for longer than this change rarely, and a process may keep sums of them for one zone_revision of
 * the organization: whoever changes one calls usage_forget_old, in the same write transaction.  A rollup does.
 */
#define USAGE_OLD_DAYS 40
enum status	 usage_forget_old(struct db *db, const struct organization *org) MUST_CHECK;
/* Writes what was added since the last flush to usage_quarter, usage_day, limit_usage, ledger_day and held. */
enum status	 rollup_flush(struct rollup *r, struct db *db) MUST_CHECK;

/*
 * Recomputes usage_day from usage_quarter: all of it, or from the day `from` on, whose start must not have changed.
 * The second is for a change that starts in the future: an event may lie up to EVENT_AHEAD_MS ahead of now, and so
 * after that start.
 */
enum status	 rollup_rebuild_days(struct db *db, const struct organization *org);
enum status	 rollup_rebuild_days_from(struct db *db, const struct organization *org, struct day from);

#endif
