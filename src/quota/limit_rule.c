/*
 * Limit rules (see limit_rule.h): the table of the five, the amounts and windows of any rule, and the words of all.
 *
 * A new kind of window is a value of enum limit_period, a word in period_names and a case of limit_rule_window.
 */
#include <assert.h>
#include <string.h>

#include "quota/limit_rule.h"
#include "time/instant.h"

static const char *const unit_names[] = { [LIMIT_MESSAGES] = "message", [LIMIT_PARTS] = "part", [LIMIT_COST] = "cost" };
static const char *const period_names[] = { [LIMIT_DAY] = "day", [LIMIT_ROLLING] = "rolling", [LIMIT_CYCLE] = "cycle",
	[LIMIT_MONTH] = "month", [LIMIT_YEAR] = "year" };

const struct limit_base limit_base_none = { .amounts = { UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED } };

/* ---- The five */

/* The channels for which one column of the table of channels is true. */
static unsigned
channels_where(bool (*is)(const struct channel_facts *f))
{
	unsigned set = 0;

	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (is(channel_facts(c)))
			set |= 1U << c;
	return set;
}

static bool
in_message_usage(const struct channel_facts *f)
{
	return f->in_message_usage;
}

static bool
in_budget_usage(const struct channel_facts *f)
{
	return f->in_budget_usage;
}

/*
 * The caps follow pingram's contract: messagesCap counts what messageUsage counts, costCap what budgetUsage adds up.  The
 * daily limit and smsCap count SMS, callCap calls.
 */
struct limit_base_facts
limit_base_facts(enum limit_base_rule r)
{
	switch (r) {
	case LIMIT_BASE_DAILY:
		return (struct limit_base_facts) { "daily", "dailyLimit", LIMIT_DAY, LIMIT_MESSAGES, 1U << SMS };
	case LIMIT_BASE_MESSAGES:
		return (struct limit_base_facts) { "cycle-messages", "messagesCap", LIMIT_CYCLE, LIMIT_MESSAGES,
			channels_where(in_message_usage) };
	case LIMIT_BASE_COST:
		return (struct limit_base_facts) { "cycle-cost", "costCap", LIMIT_CYCLE, LIMIT_COST,
			channels_where(in_budget_usage) };
	case LIMIT_BASE_SMS:
		return (struct limit_base_facts) { "cycle-sms", "smsCap", LIMIT_CYCLE, LIMIT_MESSAGES, 1U << SMS };
	case LIMIT_BASE_CALLS:
		return (struct limit_base_facts) { "cycle-calls", "callCap", LIMIT_CYCLE, LIMIT_MESSAGES, 1U << CALL };
	case LIMIT_BASE_COUNT:
		break;
	}
	assert(0 && "one of the five");
	return (struct limit_base_facts) { 0 };
}

void
limit_base_read(const struct limit_rules *rules, struct day d, struct limit_base *base)
{
	assert(rules->count >= LIMIT_BASE_COUNT);
	for (enum limit_base_rule r = 0; r < LIMIT_BASE_COUNT; r++)
		base->amounts[r] = limit_rule_amount(&rules->of[r], d);
	base->unit = limit_rules_unit(rules);
	/* The four caps share their action: allowOverage sets all of them. */
	base->allow_overage = !rules->of[LIMIT_BASE_MESSAGES].refuses;
}

enum quota_unit
limit_rules_unit(const struct limit_rules *rules)
{
	assert(rules->count >= LIMIT_BASE_COUNT);
	return rules->of[LIMIT_BASE_DAILY].unit == LIMIT_PARTS ? UNIT_PART : UNIT_MESSAGE;
}

int64_t
limit_rules_daily(const struct limit_rules *rules, struct day d)
{
	assert(rules->count >= LIMIT_BASE_COUNT);
	return limit_rule_amount(&rules->of[LIMIT_BASE_DAILY], d);
}

/* ---- One rule */

/* Amounts are few and in the order of their days, so the last one that has begun is found by a walk. */
int64_t
limit_rule_amount(const struct limit_rule *rule, struct day d)
{
	int64_t amount = UNLIMITED;

	for (size_t i = 0; i < rule->amount_count && rule->amounts[i].from.n <= d.n; i++)
		amount = rule->amounts[i].amount;
	return amount;
}

bool
limit_rule_counts(const struct limit_rule *rule, enum channel c)
{
	return (rule->channels >> c & 1U) != 0;
}

bool
limit_rule_counts_event(const struct limit_rule *rule, enum channel c, const char *sender, const char *network)
{
	return limit_rule_counts(rule, c) &&
	    (rule->sender == NULL || (sender != NULL && strcmp(rule->sender, sender) == 0)) &&
	    (rule->network == NULL || (network != NULL && strcmp(rule->network, network) == 0));
}

bool
limit_rule_is_long(const struct limit_rule *rule)
{
	return rule->period == LIMIT_ROLLING ? rule->quarters > DAY_MS / QUARTER_MS : rule->period != LIMIT_DAY;
}

bool
limit_rule_has_usage(const struct limit_rule *rule)
{
	return rule->sender != NULL || rule->network != NULL;
}

struct spans
limit_rule_days(const struct limit_rule *rule, struct spans org_days)
{
	return rule->zone != NULL ? rule->days : org_days;
}

/* Something counts once by each unit; the rule chooses which of the three it looks at. */
int64_t
limit_rule_units(const struct limit_rule *rule, int64_t messages, int64_t parts, int64_t cost_micros)
{
	switch (rule->unit) {
	case LIMIT_MESSAGES:
		return messages;
	case LIMIT_PARTS:
		return parts;
	case LIMIT_COST:
		break;
	}
	return cost_micros;
}

/* Months and years are those of the calendar, in the organization's days; a rolling window is not made of days. */
struct limit_window
limit_rule_window(const struct limit_rule *rule, struct spans days, const struct cycle_rule *cycles, struct day d)
{
	struct cycle cycle;
	int year, month, dayofmonth;

	day_civil(d, &year, &month, &dayofmonth);
	switch (rule->period) {
	case LIMIT_CYCLE:
		cycle = cycle_of(days, cycles, d);
		return (struct limit_window) { cycle.from, cycle.until };
	case LIMIT_MONTH:
		return (struct limit_window) { day_of(year, month, 1),
			month < 12 ? day_of(year, month + 1, 1) : day_of(year + 1, 1, 1) };
	case LIMIT_YEAR:
		return (struct limit_window) { day_of(year, 1, 1), day_of(year + 1, 1, 1) };
	case LIMIT_DAY:
	case LIMIT_ROLLING:
		break;
	}
	return (struct limit_window) { d, day_add(d, 1) };
}

/* ---- Words */

/* Finds a word in a list whose places are the values of an enum. */
static bool
find_word(const char *const *words, int count, const char *word, int *i)
{
	for (*i = 0; *i < count; ++*i)
		if (strcmp(words[*i], word) == 0)
			return true;
	return false;
}

const char *
limit_unit_name(enum limit_unit u)
{
	return unit_names[u];
}

bool
limit_unit_parse(const char *name, enum limit_unit *u)
{
	int i;

	if (!find_word(unit_names, LIMIT_COST + 1, name, &i))
		return false;
	*u = (enum limit_unit)i;
	return true;
}

const char *
limit_period_name(enum limit_period p)
{
	return period_names[p];
}

bool
limit_period_parse(const char *name, enum limit_period *p)
{
	int i;

	if (!find_word(period_names, (int)(sizeof(period_names) / sizeof(period_names[0])), name, &i))
		return false;
	*p = (enum limit_period)i;
	return true;
}

char *
limit_channels_format(unsigned channels, char *out)
{
	char *end = out;

	*end = '\0';
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		if ((channels >> c & 1U) == 0)
			continue;
		assert((size_t)(end - out) + strlen(channel_facts(c)->name) + 2 < LIMIT_CHANNELS_MAX);
		end = stpcpy(end == out ? end : stpcpy(end, " "), channel_facts(c)->name);
	}
	return out;
}

/* Refuses an empty set too: a rule that counts nothing is a mistake. */
bool
limit_channels_parse(const char *text, unsigned *channels)
{
	char name[64];
	enum channel c;
	size_t n;

	*channels = 0;
	for (;; text += n) {
		text += strspn(text, " ");
		if ((n = strcspn(text, " ")) == 0)
			return *channels != 0;
		if (n >= sizeof(name))
			return false;
		memcpy(name, text, n);
		name[n] = '\0';
		if (!channel_parse(name, &c))
			return false;
		*channels |= 1U << c;
	}
}
