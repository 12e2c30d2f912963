/*
 * Cycle caps: what an organisation may use in one billing cycle.  They bind enforced events and campaign
 * writes; plain events are facts.
 */
#ifndef CAP_H
#define CAP_H

#include "time/cycle.h"
#include "org/organization.h"
#include "ledger/price.h"
#include "ledger/usage.h"

/* What one cycle holds: sent, and reserved by open segments. */
struct cap_usage {
	struct cycle cycle;
	int64_t messages;	/* messageUsage */
	int64_t cost_micros;	/* budgetUsage and the reservations, priced on their days */
	int64_t sms, calls;	/* messages; SMS reservations in contacts count */
};

bool		cap_any(const struct organization *org);	/* one is set, and overage is not allowed */

/* The usage of the cycle that holds d. */
enum status	cap_usage_load(struct db *db, const struct organization *org, const struct price_list *prices,
		    struct day d, struct day today, struct cap_usage *usage);

/*
 * Adds (sign 1) or takes out (-1) what a segment on that day of the cycle holds: contacts, and money at the price of the day.
 * What would not fit stays at its end: absurd costs must refuse, not wrap round to room.
 */
void		cap_add_held(const struct price_list *prices, struct cap_usage *usage, struct day d, int64_t contacts,
		    int64_t parts_per_contact, int sign);

/*
 * The name of a cap that this usage is over ("messagesCap", "costCap", "smsCap", "callCap"); NULL where
 * none is.  Only those are asked of which `than`, the usage before, has less.
 */
const char	*cap_over(const struct organization *org, const struct cap_usage *usage, const struct cap_usage *than);

#endif
