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

const char *
limit_refusal_text(struct arena *a, const struct limit_refusal *r)
{
	const char *const units[] = { [LIMIT_MESSAGES] = "messages", [LIMIT_PARTS] = "parts",
		[LIMIT_COST] = currency_units(r->rule->currency) };
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];
	const struct limit_state *s = &r->state;
	const char *window = r->is_long ? arena_printf(a, "%s to %s", day_format(s->window.from, from),
	    day_format(day_add(s->window.until, -1), to)) : day_format(r->day, from);
	const char *name = strcmp(r->rule->word, "dailyLimit") == 0 ? "the daily limit" : r->rule->word;

	return arena_printf(a, "%s has room for %s of %s of %s %s, not for %s", window,
	    amount_text(a, r->rule, s->available), name, amount_text(a, r->rule, s->amount), units[r->rule->unit],
	    amount_text(a, r->rule, r->needed));
}

const char *
limit_refusal_subject(const struct limit_refusal *r)
{
	static const char *const subjects[] = { [LIMIT_DAY] = "The day", [LIMIT_ROLLING] = "A limit of several days",
		[LIMIT_CYCLE] = "A cap of the billing cycle", [LIMIT_MONTH] = "A limit of the month",
		[LIMIT_YEAR] = "A limit of the year" };

	return r->is_long ? subjects[r->rule->period] : subjects[LIMIT_DAY];
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
