/*
 * Limit rules: what an organization may send or spend in a window of time.  Pure: reads no clock and no database.
 *
 * A rule says what it counts (channels, unit), over which window (period), how much that may be (an amount from a day
 * on), and whether reaching it refuses or is only reported.  Five rules stand in every organization: the daily limit
 * and the four caps of the billing cycle.
 */
#ifndef LIMIT_RULE_H
#define LIMIT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quota/channel.h"
#include "quota/quota.h"
#include "time/cycle.h"
#include "time/day.h"

#define LIMIT_MAX INT64_C(1000000000000)	/* the greatest amount that a person can set */
#define LIMIT_NAME_MAX 33			/* bytes, with the NUL */
#define LIMIT_CHANNELS_MAX 512			/* bytes of the names of all channels, with the NUL */

enum limit_unit { LIMIT_MESSAGES, LIMIT_PARTS, LIMIT_COST };	/* cost in micros */
enum limit_period { LIMIT_DAY, LIMIT_ROLLING, LIMIT_CYCLE, LIMIT_MONTH, LIMIT_YEAR };

struct limit_amount {
	struct day from;
	int64_t amount;		/* UNLIMITED */
};

struct limit_rule {
	int64_t key;
	const char *name;
	const char *word;	/* what the API calls it: "dailyLimit", "smsCap" …; of others the name */
	unsigned channels;	/* a bit for each channel that it counts (limit_rule_counts) */
	enum limit_unit unit;
	const char *currency;	/* of a cost; NULL = the default */
	enum limit_period period;
	const char *sender, *network;	/* counts only what has this one; NULL = any */
	const char *zone;	/* of a day: the time zone whose days count; NULL = the organization's */
	struct spans days;	/* the days of that zone; none without one */
	int32_t quarters;	/* of a rolling window: its length in quarter-hours */
	bool is_building;	/* its roll-up is not complete yet, so it refuses nothing */
	bool would_refuse;	/* its action: true = refuse, false = report */
	bool refuses;		/* its action is refuse, and it is not being built; false: it is shown, and refuses nothing */
	const struct limit_amount *amounts;	/* in the order of their days */
	size_t amount_count;
};

/* The rules of one organization: the five in the order of enum limit_base_rule, then the others by name. */
struct limit_rules {
	struct limit_rule *of;
	size_t count;
};

enum limit_base_rule {
	LIMIT_BASE_DAILY, LIMIT_BASE_MESSAGES, LIMIT_BASE_COST, LIMIT_BASE_SMS, LIMIT_BASE_CALLS,
	LIMIT_BASE_COUNT
};

/* The unit of quota figures, which is that of the daily limit; and the daily limit on a day.  The rules must be loaded. */
enum quota_unit	limit_rules_unit(const struct limit_rules *rules);
int64_t		limit_rules_daily(const struct limit_rules *rules, struct day d);

/* What is fixed of each of the five. */
struct limit_base_facts {
	const char *name, *word;
	enum limit_period period;
	enum limit_unit unit;	/* of the daily limit: unless the organization counts parts */
	unsigned channels;
};
struct limit_base_facts	limit_base_facts(enum limit_base_rule r);

/* The five on one day, as settings show and change them. */
struct limit_base {
	int64_t amounts[LIMIT_BASE_COUNT];	/* UNLIMITED */
	enum quota_unit unit;			/* what the daily limit counts */
	bool allow_overage;			/* the caps only report */
};

/* Without any limit. */
extern const struct limit_base limit_base_none;

/* Reads the five, as they are on a day, from an organization's rules. */
void		limit_base_read(const struct limit_rules *rules, struct day d, struct limit_base *base);

/* What the rule allows on a day; UNLIMITED before its first amount. */
int64_t		limit_rule_amount(const struct limit_rule *rule, struct day d);

bool		limit_rule_counts(const struct limit_rule *rule, enum channel c);

/* Whether the rule counts what has this channel, sender and network (NULL = not said). */
bool		limit_rule_counts_event(const struct limit_rule *rule, enum channel c, const char *sender, const char *network);

/* Whether a window of the rule is longer than a day: of a rolling one, than 24 hours. */
bool		limit_rule_is_long(const struct limit_rule *rule);

/* Whether what the rule counts is in a roll-up of its own, limit_usage. */
bool		limit_rule_has_usage(const struct limit_rule *rule);

/* The days whose dates the rule's amounts have: those of its zone, else the organization's. */
struct spans	limit_rule_days(const struct limit_rule *rule, struct spans org_days);

/* How much something counts, in the rule's unit. */
int64_t		limit_rule_units(const struct limit_rule *rule, int64_t messages, int64_t parts, int64_t cost_micros);

/* The window that contains a day: the days [from, until). */
struct limit_window {
	struct day from, until;
};
struct limit_window	limit_rule_window(const struct limit_rule *rule, struct spans days,
			const struct cycle_rule *cycles, struct day d);

/* "message", "part", "cost"; "day", "rolling", "cycle", "month", "year".  Parsing is false for any other word. */
const char	*limit_unit_name(enum limit_unit u);
bool		 limit_unit_parse(const char *name, enum limit_unit *u);
const char	*limit_period_name(enum limit_period p);
bool		 limit_period_parse(const char *name, enum limit_period *p);

/* The names of a set of channels, separated by blanks, into LIMIT_CHANNELS_MAX bytes; false for an unknown name. */
char		*limit_channels_format(unsigned channels, char *out);
bool		 limit_channels_parse(const char *text, unsigned *channels);

#endif
