/*
 * Cycle caps: the most that an organization may use in one billing cycle.  They bind conditional events and campaign
 * writes; other events are facts and are always recorded.
 */
#ifndef CAP_H
#define CAP_H

#include "time/cycle.h"
#include "org/organization.h"
#include "ledger/price.h"
#include "ledger/usage.h"

/* What one cycle holds: what was sent, and what open segments reserve. */
struct cap_usage {
	struct cycle cycle;
	int64_t messages;	/* messageUsage */
	int64_t cost_micros;	/* budgetUsage and the reservations, at the prices of their days */
	int64_t sms, calls;	/* in messages; SMS reservations count in contacts */
};

bool		cap_any(const struct organization *org);	/* a cap is set and binds (no overage) */

/* Reads the usage of the cycle that contains d. */
enum status	cap_usage_load(struct db *db, const struct organization *org, const struct price_list *prices,
		    struct day d, struct day today, struct cap_usage *usage);

/* Adds what was sent on a channel in the cycle. */
void		cap_add_sent(struct cap_usage *usage, enum channel c, int64_t messages, int64_t cost_micros);

/*
 * Adds (sign 1) or subtracts (-1) what a segment on that day of the cycle holds: contacts, and money at the price of
 * the day.
 */
void		cap_add_held(const struct price_list *prices, struct cap_usage *usage, struct day d, int64_t contacts,
		    int64_t parts_per_contact, int sign);

/*
 * Returns the name of a cap that this usage exceeds ("messagesCap", "costCap", "smsCap", "callCap"), or NULL.  Ignores
 * caps whose usage did not grow since `than`, the usage before.
 */
const char	*cap_over(const struct organization *org, const struct cap_usage *usage, const struct cap_usage *than);

#endif
