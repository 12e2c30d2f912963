/*
 * What is said of a refusal (see limit.h): a sentence for a person, and the members of a reply.
 */
#include <inttypes.h>
#include <string.h>

#include "base/currency.h"
#include "base/json.h"
#include "base/money.h"
#include "ledger/limit.h"
#include "time/instant.h"

/* An amount in the rule's unit, for a sentence. */
static const char *
amount_text(struct arena *a, const struct limit_rule *rule, int64_t amount)
{
	char money[MONEY_TEXT_MAX];

	if (rule->unit == LIMIT_COST)
		return arena_printf(a, "%s", money_format(amount, money));
	return arena_printf(a, "%" PRId64, amount);
}

/* The length of a rolling window: hours, unless they are not whole. */
static const char *
length_text(struct arena *a, const struct limit_rule *rule)
{
	if (rule->quarters % 4 != 0)
		return arena_printf(a, "%d minutes", (int)rule->quarters * 15);
	return arena_printf(a, "%d hour%s", (int)rule->quarters / 4, rule->quarters == 4 ? "" : "s");
}

/* The window that has no room, with its verb. */
static const char *
window_text(struct arena *a, const struct limit_refusal *r)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX], at[INSTANT_TEXT_MAX];
	const struct limit_state *s = &r->state;

	if (r->rule->period == LIMIT_ROLLING)
		return arena_printf(a, "the %s until %s %s", length_text(a, r->rule), instant_format(s->until_at, at),
		    r->rule->quarters == 4 ? "has" : "have");
	if (r->is_long)
		return arena_printf(a, "%s to %s has", day_format(s->window.from, from),
		    day_format(day_add(s->window.until, -1), to));
	if (r->rule->zone != NULL)
		return arena_printf(a, "%s in %s has", day_format(r->limit_day, from), r->rule->zone);
	return arena_printf(a, "%s has", day_format(r->day, from));
}

const char *
limit_refusal_text(struct arena *a, const struct limit_refusal *r)
{
	const char *const units[] = { [LIMIT_MESSAGES] = "messages", [LIMIT_PARTS] = "parts",
		[LIMIT_COST] = currency_units(r->rule->currency) };
	const struct limit_rule *rule = r->rule;
	const char *name = strcmp(rule->word, "dailyLimit") == 0 ? "the daily limit" :
	    rule->word == rule->name ? arena_printf(a, "the limit \"%s\"", rule->name) : rule->word;	/* one of the caps */

	return arena_printf(a, "%s room for %s of %s of %s %s%s%s%s%s, not for %s", window_text(a, r),
	    amount_text(a, rule, r->state.available), name, amount_text(a, rule, r->state.amount), units[rule->unit],
	    rule->sender != NULL ? " from " : "", rule->sender != NULL ? rule->sender : "", rule->network != NULL ? " to " : "",
	    rule->network != NULL ? rule->network : "", amount_text(a, rule, r->needed));
}

const char *
limit_refusal_subject(struct arena *a, const struct limit_refusal *r)
{
	static const char *const subjects[] = { [LIMIT_DAY] = "The day", [LIMIT_CYCLE] = "A cap of the billing cycle",
		[LIMIT_MONTH] = "A limit of the month", [LIMIT_YEAR] = "A limit of the year" };

	if (r->rule->period == LIMIT_ROLLING)
		return arena_printf(a, "A limit of %s", length_text(a, r->rule));
	return r->rule->zone != NULL ? arena_printf(a, "The day in %s", r->rule->zone) : subjects[r->rule->period];
}

void
limit_put_amount(struct json *j, const char *name, const struct limit_rule *rule, int64_t amount)
{
	if (rule->unit == LIMIT_COST)
		json_put_money(j, name, amount);
	else
		json_put_int(j, name, amount);
}

void
limit_refusal_put(struct json *j, const struct limit_refusal *r)
{
	char text[DAY_TEXT_MAX];

	json_put_text(j, "limit", r->rule->word);
	json_put_text(j, "unit", limit_unit_name(r->rule->unit));
	if (r->rule->unit == LIMIT_COST)
		currency_put(j, r->rule->currency);
	json_put_text(j, "window", limit_period_name(r->rule->period));
	if (r->rule->zone != NULL)
		json_put_text(j, "zone", r->rule->zone);
	if (r->rule->period == LIMIT_ROLLING)
		json_put_int(j, "hours", r->rule->quarters / 4);
	if (r->rule->sender != NULL)
		json_put_text(j, "from", r->rule->sender);
	if (r->rule->network != NULL)
		json_put_text(j, "network", r->rule->network);
	limit_put_amount(j, "used", r->rule, r->state.used);
	limit_put_amount(j, "held", r->rule, r->state.held);
	limit_put_amount(j, "available", r->rule, r->state.available);
	limit_put_amount(j, "needed", r->rule, r->needed);
	if (r->frees)
		instant_put(j, "freesAt", r->frees_at);
	else
		json_put_null(j, "freesAt");
	if (r->has_next)
		json_put_text(j, "nextAvailableDate", day_format(r->next, text));
	else
		json_put_null(j, "nextAvailableDate");
}
