/*
 * Organizations: org add, set, list, show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "time/instant.h"
#include "base/money.h"
#include "ledger/limit_row.h"

/* The options for the fields of an organization; NULL = not given. */
struct org_options {
	const char *timezone, *name, *plan, *daily_limit, *quota_unit, *cycle_day, *from, *currency, *week_start;
	const char *cap_messages, *cap_cost, *cap_sms, *cap_calls, *allow_overage;
	bool recut;
};

/* Reads a limit or a cap, or the word for none; leaves *value alone if the option is not given. */
static bool
limit_or_none(const char *option, const char *none_word, const char *text, int64_t *value)
{
	if (text == NULL)
		return true;
	if (strcmp(text, none_word) == 0) {
		*value = UNLIMITED;
		return true;
	}
	return cli_int("org", option, text, 0, LIMIT_MAX, value);
}

/* Copies a text that fits its field. */
static bool
text_option(const char *option, const char *text, char *out, size_t size)
{
	if (text == NULL)
		return true;
	if (strlen(text) >= size)
		return cli_usage("org", "%s: longer than %zu bytes", option, size - 1), false;
	snprintf(out, size, "%s", text);
	return true;
}

static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

static bool
weekday_option(const char *text, int *day)
{
	for (int i = 0; i < 7; i++)
		if (strcmp(text, weekdays[i]) == 0) {
			*day = i + 1;
			return true;
		}
	return cli_usage("org", "--week-start: \"%s\" is not a day such as monday or sunday", text), false;
}

/*
 * Applies the options to an organization and its limits; false, with the error printed, if one is wrong.  What the
 * database must know to check a value is checked when it is written.
 */
static bool
apply(const struct org_options *o, struct organization *org, struct limit_base *base)
{
	struct error err;

	if (!text_option("--timezone", o->timezone, org->timezone, sizeof(org->timezone)) ||
	    !text_option("--name", o->name, org->name, sizeof(org->name)) ||
	    !text_option("--plan", o->plan, org->plan, sizeof(org->plan)) ||
	    !limit_or_none("--daily-limit", "unlimited", o->daily_limit, &base->amounts[LIMIT_BASE_DAILY]) ||
	    !limit_or_none("--messages-cap", "none", o->cap_messages, &base->amounts[LIMIT_BASE_MESSAGES]) ||
	    !limit_or_none("--sms-cap", "none", o->cap_sms, &base->amounts[LIMIT_BASE_SMS]) ||
	    !limit_or_none("--call-cap", "none", o->cap_calls, &base->amounts[LIMIT_BASE_CALLS]))
		return false;
	if (o->currency != NULL && currency_check("--currency", o->currency, &err) != OK)
		return cli_usage("org", "%s", err.text), false;
	if (o->currency != NULL)
		snprintf(org->currency, sizeof(org->currency), "%s", o->currency);
	if (o->week_start != NULL && !weekday_option(o->week_start, &org->week_start))
		return false;
	if (o->cap_cost != NULL && strcmp(o->cap_cost, "none") == 0)
		base->amounts[LIMIT_BASE_COST] = UNLIMITED;
	else if (o->cap_cost != NULL && !money_parse(o->cap_cost, &base->amounts[LIMIT_BASE_COST]))
		return cli_usage("org", "--cost-cap: \"%s\" is not an amount such as 12.5", o->cap_cost), false;
	if (o->quota_unit != NULL && !quota_unit_parse(o->quota_unit, &base->unit))
		return cli_usage("org", "--quota-unit: \"%s\" is not message or part", o->quota_unit), false;
	if (o->allow_overage != NULL) {
		base->allow_overage = strcmp(o->allow_overage, "yes") == 0;
		if (!base->allow_overage && strcmp(o->allow_overage, "no") != 0)
			return cli_usage("org", "--allow-overage: must be yes or no"), false;
	}
	return true;
}

/* Reads the cycle day, 0 if it is not given, and the day from which it applies. */
static bool
cycle_options(const struct org_options *o, int64_t *cycle_day, struct day *from)
{
	*cycle_day = 0;
	if (o->from != NULL && o->cycle_day == NULL)
		return cli_usage("org", "--from is only for --cycle-day"), false;
	return (o->cycle_day == NULL || cli_int("org", "--cycle-day", o->cycle_day, 1, 31, cycle_day)) &&
	    (o->from == NULL || cli_day("org", "--from", o->from, from));
}

static bool
read_options(int argc, char **argv, struct org_options *o, const char **id)
{
	const struct option_spec specs[] = {
		{ "--timezone", &o->timezone, NULL }, { "--name", &o->name, NULL }, { "--plan", &o->plan, NULL },
		{ "--daily-limit", &o->daily_limit, NULL }, { "--quota-unit", &o->quota_unit, NULL },
		{ "--cycle-day", &o->cycle_day, NULL }, { "--from", &o->from, NULL },
		{ "--currency", &o->currency, NULL }, { "--week-start", &o->week_start, NULL },
		{ "--messages-cap", &o->cap_messages, NULL },
		{ "--cost-cap", &o->cap_cost, NULL }, { "--sms-cap", &o->cap_sms, NULL },
		{ "--call-cap", &o->cap_calls, NULL }, { "--allow-overage", &o->allow_overage, NULL },
		{ "--recut-history", NULL, &o->recut }, { NULL, NULL, NULL } };

	return cli_options("org", argc, argv, specs, id, 1, 1);
}

struct new_organization {
	struct cli *cli;
	struct organization org;
	struct limit_base base;
};

static enum status
add_organization(void *arg)
{
	struct new_organization *n = arg;
	struct cli *c = n->cli;

	return organization_add(c->db, c->arena, &n->org, &n->base, c->now, &cli_actor, &c->err);
}

static int
add(struct cli *c, int argc, char **argv)
{
	struct new_organization new = { c, organization_defaults, limit_base_none };
	struct organization *org = &new.org;
	struct org_options o = { 0 };
	int64_t cycle_day;
	struct day from;
	const char *id;

	if (!read_options(argc, argv, &o, &id) || !cycle_options(&o, &cycle_day, &from))
		return USAGE;
	if (o.timezone == NULL)
		return cli_usage("org", "--timezone is required, as in --timezone America/Toronto");
	if (o.recut || o.from != NULL)
		return cli_usage("org", "%s is only for org set", o.recut ? "--recut-history" : "--from");
	if (cycle_day != 0)
		org->cycles.first_day = (int)cycle_day;
	if (!organization_id_ok(id)) {
		id_refuse("ID", id, &c->err);
		return cli_usage("org", "%s", c->err.text);
	}
	snprintf(org->id, sizeof(org->id), "%s", id);
	snprintf(org->name, sizeof(org->name), "%s", id);
	if (!apply(&o, org, &new.base))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, add_organization, &new) != OK)
		return cli_fail(c);
	printf("added %s; its days are those of %s\n", org->id, org->timezone);
	return DONE;
}

static void
print_effects(const struct org_effects *effects)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];

	for (size_t i = 0; i < effects->move_count; i++)
		printf("moved: campaign %s, segment %" PRId64 ": from %s to %s\n", effects->moves[i].campaign,
		    effects->moves[i].segment, day_format(effects->moves[i].from, from),
		    day_format(effects->moves[i].to, to));
	for (size_t i = 0; i < effects->over_count; i++)
		printf("over the daily limit: %s\n", day_format(effects->over[i], from));
}

struct org_setting {
	struct cli *cli;
	struct org_options options;
	int64_t cycle_day;	/* 0 = not given */
	struct day from;
	struct org_effects effects;
	bool is_usage;		/* an option was wrong, and the error has been printed */
};

/* Inside the write transaction: options that are not given keep the present values. */
static enum status
set_options(struct organization *org, void *arg)
{
	struct org_setting *s = arg;
	struct cli *c = s->cli;
	struct organization wanted = *org;
	struct day today = organization_today(org, c->now);
	struct limit_base base;
	enum status st;

	limit_base_read(&org->limits, today, &base);
	if (!apply(&s->options, &wanted, &base)) {
		s->is_usage = true;
		return BAD_REQUEST;
	}
	if (s->cycle_day != 0 && (st = organization_set_cycle(&wanted, (int)s->cycle_day, s->options.from != NULL ? &s->from : NULL,
	    "--from", today, &c->err)) != OK)
		return st;
	return organization_update(c->db, c->arena, org, &wanted, &base, s->options.recut, c->now, &cli_actor, &s->effects,
	    &c->err);
}

static int
set(struct cli *c, int argc, char **argv)
{
	struct org_setting setting = { .cli = c };
	const struct org_options *o = &setting.options;
	const char *id;

	if (!read_options(argc, argv, &setting.options, &id) || !cycle_options(o, &setting.cycle_day, &setting.from))
		return USAGE;
	c->org = id;
	if (!cli_open(c))
		return FAILED;
	if (organization_write(c->db, c->arena, id, c->now, set_options, &setting, &c->err) != OK)
		return setting.is_usage ? USAGE : cli_fail(c);
	print_effects(&setting.effects);
	if (o->recut)
		printf("recomputed all day boundaries of %s\n", id);
	else if (o->timezone != NULL)
		printf("the days of %s follow %s from the next day on (all days if there are no events yet)\n", id,
		    o->timezone);
	else
		printf("set %s\n", id);
	return DONE;
}

static const char *
limit_text(struct cli *c, int64_t limit, const char *none)
{
	return limit < 0 ? none : arena_printf(c->arena, "%" PRId64, limit);
}

static int
list(struct cli *c)
{
	struct organization org;
	char day[DAY_TEXT_MAX];
	const char **ids;
	struct day today;
	enum status st;
	size_t n;

	if (!cli_read(c))
		return FAILED;
	if (organization_ids(c->db, c->arena, &ids, &n) != OK)
		return cli_fail(c);
	printf("%-24s %-24s %-10s %10s  %s\n", "ID", "TIMEZONE", "TODAY", "LIMIT", "NAME");
	for (size_t i = 0; i < n; i++) {
		if ((st = organization_load(c->db, ids[i], &org, &c->err)) == INTERNAL)
			continue;	/* it has no spans: `verify` reports that */
		if (st != OK || limit_row_load(c->db, c->arena, &org) != OK)
			return cli_fail(c);
		today = organization_today(&org, c->now);
		printf("%-24s %-24s %-10s %10s  %s\n", org.id, org.timezone,
		    day_format(today, day), limit_text(c, limit_rules_daily(&org.limits, today), "unlimited"),
		    cli_shown(c, org.name));
	}
	db_read_end(c->db);
	return DONE;
}

/* The cycle day of today, and the coming ones: "1; 15 from 2026-12-10". */
static const char *
cycle_text(struct cli *c, const struct organization *org)
{
	struct day today = organization_today(org, c->now);
	const char *text = arena_printf(c->arena, "%d", cycle_day_on(&org->cycles, today));
	char day[DAY_TEXT_MAX];

	for (size_t i = 0; i < org->cycles.count; i++)
		if (org->cycles.changes[i].from.n > today.n)
			text = arena_printf(c->arena, "%s; %d from %s", text, org->cycles.changes[i].cycle_day,
			    day_format(org->cycles.changes[i].from, day));
	return text;
}

static int
show(struct cli *c, int argc, char **argv)
{
	static const struct option_spec none[] = { { NULL, NULL, NULL } };
	char day[DAY_TEXT_MAX], at[INSTANT_TEXT_MAX], cost[MONEY_TEXT_MAX];
	struct organization org;
	struct limit_base base;
	const char *id;

	if (!cli_options("org", argc, argv, none, &id, 1, 1))
		return USAGE;
	c->org = id;
	if (!cli_read(c))
		return FAILED;
	if (organization_load(c->db, id, &org, &c->err) != OK || limit_row_load(c->db, c->arena, &org) != OK)
		return cli_fail(c);
	limit_base_read(&org.limits, organization_today(&org, c->now), &base);
	printf("id             %s\nname           %s\ntimezone       %s\ntoday          %s\n", org.id,
	    cli_shown(c, org.name), org.timezone, day_format(organization_today(&org, c->now), day));
	printf("plan           %s\ndaily limit    %s %ss\ncycle day      %s\nweek start     %s\n", cli_shown(c, org.plan),
	    limit_text(c, base.amounts[LIMIT_BASE_DAILY], "unlimited"), quota_unit_name(base.unit),
	    cycle_text(c, &org), weekdays[org.week_start - 1]);
	printf("currency       %s\n", org.currency);
	printf("cycle caps     messages %s, cost %s, SMS %s, calls %s%s\n",
	    limit_text(c, base.amounts[LIMIT_BASE_MESSAGES], "none"),
	    base.amounts[LIMIT_BASE_COST] == UNLIMITED ? "none" : money_format(base.amounts[LIMIT_BASE_COST], cost),
	    limit_text(c, base.amounts[LIMIT_BASE_SMS], "none"), limit_text(c, base.amounts[LIMIT_BASE_CALLS], "none"),
	    base.allow_overage ? "; overage is allowed" : "");
	printf("created        %s\nupdated        ", instant_format(org.created_at, at));
	printf("%s\n", instant_format(org.updated_at, at));
	db_read_end(c->db);
	return DONE;
}

int
cmd_org(struct cli *c, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "add") == 0)
		return add(c, argc - 1, argv + 1);
	if (strcmp(verb, "set") == 0)
		return set(c, argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0 && argc == 2)
		return list(c);
	if (strcmp(verb, "show") == 0)
		return show(c, argc - 1, argv + 1);
	if (strcmp(verb, "sending-window") == 0)
		return cmd_org_sending_window(c, argc - 1, argv + 1);
	return cli_no_form("org", argc, argv, (const char *const[]) { "add", "set", "list", "show", "sending-window", NULL });
}
