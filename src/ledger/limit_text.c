/* Limits as JSON (see limit_text.h). */
#include "ledger/limit_text.h"
#include "time/instant.h"

/* An amount in the rule's unit; null if there is none. */
static void
put_amount(struct json *j, const char *name, const struct limit_rule *rule, int64_t amount)
{
	if (amount == UNLIMITED || amount == INT64_MAX)
		json_put_null(j, name);
	else
		limit_put_amount(j, name, rule, amount);
}

static void
put_channels(struct json *j, const struct limit_rule *rule)
{
	json_open_array(j, "channels");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (limit_rule_counts(rule, c))
			json_put_text(j, NULL, channel_facts(c)->name);
	json_close_array(j);
}

/* The amount in force on a day, with the day that it began on, and all later ones. */
static void
put_amounts(struct json *j, const struct limit_rule *rule, struct day from)
{
	char text[DAY_TEXT_MAX];

	json_open_array(j, "amounts");
	for (size_t i = 0; i < rule->amount_count; i++) {
		if (i + 1 < rule->amount_count && rule->amounts[i + 1].from.n <= from.n)
			continue;
		json_open_object(j, NULL);
		json_put_text(j, "validFrom", day_format(rule->amounts[i].from, text));
		put_amount(j, "amount", rule, rule->amounts[i].amount);
		json_close_object(j);
	}
	json_close_array(j);
}

/* Members that only some limits have are left out of the others. */
static void
put_text_if(struct json *j, const char *name, const char *value)
{
	if (value != NULL)
		json_put_text(j, name, value);
}

static void
put_hours(struct json *j, const struct limit_rule *rule)
{
	if (rule->period == LIMIT_ROLLING)
		json_put_int(j, "hours", rule->quarters / 4);
}

void
limit_put_rule(struct json *j, const char *name, const struct limit_rule *rule, struct day from)
{
	json_open_object(j, name);
	put_channels(j, rule);
	put_text_if(j, "from", rule->sender);
	put_text_if(j, "network", rule->network);
	json_put_text(j, "unit", limit_unit_name(rule->unit));
	json_put_text(j, "window", limit_period_name(rule->period));
	put_text_if(j, "zone", rule->zone);
	put_hours(j, rule);
	put_amounts(j, rule, from);
	json_put_text(j, "action", rule->would_refuse ? "refuse" : "report");
	json_close_object(j);
}

void
limit_put(struct json *j, const struct organization *org, const struct limit_book *book, const struct limit_rule *rule,
    bool has_rule, int64_t now)
{
	struct limit_state s = limit_book_state(book, rule, now);
	char text[DAY_TEXT_MAX];

	json_put_text(j, "name", rule->name);
	json_put_text(j, "limit", rule->word);
	put_channels(j, rule);
	put_text_if(j, "sender", rule->sender);
	put_text_if(j, "network", rule->network);
	json_put_text(j, "unit", limit_unit_name(rule->unit));
	json_put_text(j, "window", limit_period_name(rule->period));
	put_text_if(j, "zone", rule->zone);
	put_hours(j, rule);
	json_put_text(j, "from", day_format(s.window.from, text));
	json_put_text(j, "until", day_format(day_add(s.window.until, -1), text));
	if (rule->unit == LIMIT_COST)
		currency_put(j, rule->currency);
	put_amount(j, "amount", rule, s.amount);
	put_amount(j, "used", rule, s.used);
	put_amount(j, "held", rule, s.held);
	put_amount(j, "available", rule, s.available);
	instant_put(j, "resetsAt", s.until_at);
	json_put_text(j, "action", rule->would_refuse ? "refuse" : "report");
	if (rule->is_building)
		json_put_text(j, "state", "building");
	if (has_rule)
		limit_put_rule(j, "rule", rule, day_at(limit_rule_days(rule, org->days), now));
}

void
limit_put_over(struct json *j, const struct limit_rule *rule, const struct limit_over *over, size_t count)
{
	char text[DAY_TEXT_MAX];

	if (over == NULL) {
		json_put_null(j, "daysOverLimit");
		return;
	}
	json_open_array(j, "daysOverLimit");
	for (size_t i = 0; i < count; i++) {
		json_open_object(j, NULL);
		json_put_text(j, "date", day_format(over[i].day, text));
		limit_put_amount(j, "used", rule, over[i].state.used);
		limit_put_amount(j, "held", rule, over[i].state.held);
		limit_put_amount(j, "amount", rule, over[i].state.amount);
		json_close_object(j);
	}
	json_close_array(j);
}
