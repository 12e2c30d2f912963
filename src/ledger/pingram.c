/*
 * Usage in pingram's words (see pingram.h).
 */
#include "ledger/pingram.h"

/* What each channel cost, also one that no cap counts, and the sum: that of the column `cost` of the same events. */
static void
put_costs(struct json *out, const struct usage_sums *sums)
{
	json_put_money(out, "totalCost", usage_cost_micros(sums));
	json_open_object(out, "channelCosts");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		json_put_money(out, channel_facts(c)->name, sums->of[c].cost_micros);
	json_close_object(out);
}

void
pingram_put_usage(struct json *out, const struct usage_sums *sums, bool with_costs)
{
	json_put_int(out, "messageUsage", usage_messages(sums));
	json_put_money(out, "budgetUsage", usage_budget_micros(sums));
	json_put_money(out, "costSms", sums->of[SMS].cost_micros);
	json_put_money(out, "costCall", sums->of[CALL].cost_micros);
	json_open_object(out, "channelUsages");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		/* pingram always shows some channels and the others only if they were used. */
		if (channel_facts(c)->always_shown || sums->of[c].messages != 0)
			json_put_int(out, channel_facts(c)->name, sums->of[c].messages);
	json_close_object(out);
	if (with_costs)
		put_costs(out, sums);
}
