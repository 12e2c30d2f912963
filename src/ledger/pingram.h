/*
 * The members that pingram's two usage replies share.
 */
#ifndef PINGRAM_H
#define PINGRAM_H

#include "base/json.h"
#include "ledger/usage.h"

/*
 * Writes messageUsage, budgetUsage, costSms, costCall and channelUsages as members of the open object; if the caller asks for
 * all costs, which the vendor's replies do not have, also totalCost and channelCosts.
 */
void	pingram_put_usage(struct json *out, const struct usage_sums *sums, bool with_costs);

#endif
