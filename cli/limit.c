/*
 * Limits: limit add, set, remove, list, presets.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "base/money.h"
#include "limit.h"
#include "ledger/job_turn.h"
#include "ledger/limit_change.h"
#include "ledger/limit_text.h"
#include "time/instant.h"

/* An amount in the rule's unit: a count, or money. */
static const char *
amount_text(struct cli *c, const struct limit_rule *rule, int64_t amount)
{
	char dollars[MONEY_TEXT_MAX];

	if (rule->unit == LIMIT_COST)
		return arena_printf(c->arena, "%s", money_format(amount, dollars));
	return arena_printf(c->arena, "%" PRId64, amount);
}

/* ---- limit list */

/* What a limit counts: its channels, and what else it asks of an event. */
static void
print_what(struct cli *c, const struct limit_rule *rule)
{
	char channels[LIMIT_CHANNELS_MAX];

	printf("  %s", limit_channels_format(rule->channels, channels));
	if (rule->sender != NULL)
		printf("  from %s", cli_shown(c, rule->sender));
	if (rule->network != NULL)
		printf("  to %s", cli_shown(c, rule->network));
	if (rule->zone != NULL)
		printf("  days of %s", rule->zone);
	if (rule->period == LIMIT_ROLLING)
		printf("  %" PRId32 " h", rule->quarters / 4);
	printf("%s%s\n", rule->would_refuse ? "" : "  (only reported)", rule->is_building ? "  (being filled)" : "");
}

static void
print_limit(struct cli *c, const struct limit_book *book, const struct limit_rule *rule)
{
	struct limit_state s = limit_book_state(book, rule, c->now);
	bool is_unlimited = s.amount == UNLIMITED;
	char resets[DAY_TEXT_MAX];

	printf("%-16s %-8s %-8s %12s %12s %12s %12s  %-10s", rule->name,
	    rule->unit == LIMIT_COST && !currency_is_default(rule->currency) ? rule->currency : limit_unit_name(rule->unit),
	    limit_period_name(rule->period), is_unlimited ? "unlimited" : amount_text(c, rule, s.amount),
	    amount_text(c, rule, s.used), amount_text(c, rule, s.held),
	    is_unlimited ? "unlimited" : amount_text(c, rule, s.available), day_format(s.window.until, resets));
	print_what(c, rule);
}

static void
print_list(struct cli *c, const struct organization *org, const struct limit_book *book)
{
	printf("%-16s %-8s %-8s %12s %12s %12s %12s  %-10s  %s\n", "NAME", "UNIT", "WINDOW", "AMOUNT", "USED", "HELD", "AVAILABLE",
	    "RESETS", "CHANNELS");
	for (size_t i = 0; i < org->limits.count; i++)
		print_limit(c, book, &org->limits.of[i]);
}

static void
print_buf(struct buf *text)
{
	printf("%s\n", buf_text(text));
	buf_free(text);
}

static void
print_json(struct cli *c, const struct organization *org, const struct limit_book *book)
{
	struct buf text = { 0 };
	struct json *j = json_on(&text);

	json_open_object(j, NULL);
	json_open_array(j, "limits");
	for (size_t i = 0; i < org->limits.count; i++) {
		json_open_object(j, NULL);
		limit_put(j, org, book, &org->limits.of[i], true, c->now);
		json_close_object(j);
	}
	json_close_array(j);
	json_close_object(j);
	print_buf(&text);
}

/* What each limit allows, has used and holds in its present window. */
static int
list(struct cli *c, int argc, char **argv)
{
	const char *option = NULL, *operand = NULL;
	struct organization org;
	struct limit_book *book;
	bool is_json = false;

	if (!cli_options("limit", argc, argv, (const struct option_spec[]) { { "--org", &option, NULL }, { "--json", NULL, &is_json },
	    { 0 } }, &operand, 0, 1))
		return USAGE;
	if (option != NULL && operand != NULL)
		return cli_usage("limit", "the organization is given twice, \"%s\" and --org", operand);
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, operand != NULL ? operand : option, &org) != OK ||
	    limit_book_today(c->db, c->arena, &org, c->now, &book) != OK)
		return cli_fail(c);
	if (is_json)
		print_json(c, &org, book);
	else
		print_list(c, &org, book);
	db_read_end(c->db);
	return DONE;
}

/* ---- limit presets */

static int
presets(int argc, char **argv)
{
	const struct limit_preset *p;

	if (!cli_options("limit", argc, argv, (const struct option_spec[]) { { 0 } }, NULL, 0, 0))
		return USAGE;
	printf("%-24s %s\n", "PRESET", "WHAT IT LIMITS");
	for (size_t i = 0; (p = limit_preset_at(i)) != NULL; i++)
		printf("%-24s %s%s\n", p->name, p->what, p->step_count == 0 ? "; give --amount" : "");
	return DONE;
}

/* ---- limit add, limit set */

struct limit_setting {
	struct cli *cli;
	struct limit_options options;
	const char *name;
	bool is_new, is_json, is_usage;	/* is_usage: an option was wrong, and the error has been printed */
	int64_t job;
};

static enum status
set_limit(struct organization *org, void *arg)
{
	struct limit_setting *s = arg;
	struct cli *c = s->cli;
	const struct limit_change_options options = { .now = c->now, .by = &cli_actor, .must_exist = !s->is_new,
		.must_be_new = s->is_new };
	const struct limit_rule *was = limit_find(org, s->name);
	struct limit_input in;

	/* Before the options: what is missing of them depends on it. */
	if (was == NULL && !s->is_new) {
		char shown[ERROR_SHOWN_MAX];

		return error_set(&c->err, NOT_FOUND, "limit: there is no limit \"%s\"", error_shown(s->name, shown));
	}
	if (!limit_options_read(c, &s->options, was, &in)) {
		s->is_usage = true;
		return BAD_REQUEST;
	}
	return limit_set(c->db, c->arena, org, s->name, &in, &options, &s->job, &c->err);
}

/* Says what was set, and which coming days are over it. */
static int
print_set(struct limit_setting *s, const struct organization *org, const struct limit_rule *rule, const struct limit_book *book)
{
	struct cli *c = s->cli;
	struct limit_over *over;
	char text[DAY_TEXT_MAX];
	size_t count;

	if (limit_over_list(c->db, c->arena, org, rule, false, c->now, &over, &count) != OK)
		return cli_fail(c);
	if (s->is_json) {
		struct buf out = { 0 };
		struct json *j = json_on(&out);

		json_open_object(j, NULL);
		limit_put(j, org, book, rule, true, c->now);
		limit_put_over(j, rule, over, count);
		json_close_object(j);
		print_buf(&out);
		return DONE;
	}
	printf("%s the limit %s of %s%s\n", s->is_new ? "added" : "set", s->name, org->id,
	    rule->is_building ? "; it refuses nothing until it is filled: `daybook maintenance` goes on with that" : "");
	for (size_t i = 0; i < count; i++)
		printf("over the limit: %s has used %s and holds %s of %s\n", day_format(over[i].day, text),
		    amount_text(c, rule, over[i].state.used), amount_text(c, rule, over[i].state.held),
		    amount_text(c, rule, over[i].state.amount));
	return DONE;
}

/* Finishes the job that fills the limit, if it has one, and shows the limit. */
static int
finish(struct limit_setting *s, const char *id)
{
	struct cli *c = s->cli;
	const struct limit_rule *rule;
	struct organization org;
	struct limit_book *book;
	struct job job;
	enum status st = s->job != 0 ? job_finish(c->db, c->arena, id, progress, &job, &c->err) : OK;
	int rc;

	progress_end();
	if (st != OK || db_read_begin(c->db) != OK || organization_load(c->db, id, &org, &c->err) != OK ||
	    limit_book_today(c->db, c->arena, &org, c->now, &book) != OK)
		return cli_fail(c);
	if ((rule = limit_find(&org, s->name)) == NULL) {
		error_set(&c->err, NOT_FOUND, "the limit %s was removed meanwhile", s->name);
		return cli_fail(c);
	}
	rc = print_set(s, &org, rule, book);
	db_read_end(c->db);
	return rc;
}

static int
set(struct cli *c, bool is_new, int argc, char **argv)
{
	struct limit_setting s = { .cli = c, .is_new = is_new };
	struct limit_options *o = &s.options;
	const char *operands[2];
	const struct option_spec specs[] = { { "--channels", &o->channels, NULL }, { "--from", &o->sender, NULL },
		{ "--network", &o->network, NULL }, { "--unit", &o->unit, NULL }, { "--window", &o->window, NULL },
		{ "--zone", &o->zone, NULL }, { "--hours", &o->hours, NULL }, { "--amount", &o->amount, NULL },
		{ "--valid-from", &o->valid_from, NULL }, { "--action", &o->action, NULL }, { "--preset", &o->preset, NULL },
		{ "--json", NULL, &s.is_json }, { NULL, NULL, NULL } };

	if (!cli_options("limit", argc, argv, specs, operands, 2, 2))
		return USAGE;
	c->org = operands[0];
	s.name = operands[1];
	if (!cli_open(c))
		return FAILED;
	if (organization_write(c->db, c->arena, operands[0], c->now, set_limit, &s, &c->err) != OK)
		return s.is_usage ? USAGE : (cli_hint_list(c, "daybook limit list"), cli_fail(c));
	return finish(&s, operands[0]);
}

/* ---- limit remove */

struct limit_removal {
	struct cli *cli;
	const char *name;
};

static enum status
remove_limit(struct organization *org, void *arg)
{
	struct limit_removal *r = arg;
	struct cli *c = r->cli;
	const struct limit_change_options options = { .now = c->now, .by = &cli_actor };

	return limit_remove(c->db, c->arena, org, r->name, &options, &c->err);
}

static bool
is_base(const char *name)
{
	for (enum limit_base_rule i = 0; i < LIMIT_BASE_COUNT; i++)
		if (strcmp(limit_base_facts(i).name, name) == 0)
			return true;
	return false;
}

static int
remove_one(struct cli *c, int argc, char **argv)
{
	struct limit_removal r = { .cli = c };
	const char *operands[2];

	if (!cli_options("limit", argc, argv, (const struct option_spec[]) { { 0 } }, operands, 2, 2))
		return USAGE;
	c->org = operands[0];
	r.name = operands[1];
	if (!cli_open(c))
		return FAILED;
	if (organization_write(c->db, c->arena, operands[0], c->now, remove_limit, &r, &c->err) != OK) {
		cli_hint_list(c, "daybook limit list");
		return cli_fail(c);
	}
	if (is_base(r.name))	/* it stays, without an amount */
		printf("%s of %s is unlimited from today on\n", r.name, operands[0]);
	else
		printf("removed the limit %s of %s\n", r.name, operands[0]);
	return DONE;
}

int
cmd_limit(struct cli *c, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "list") == 0)
		return list(c, argc - 1, argv + 1);
	if (strcmp(verb, "presets") == 0)
		return presets(argc - 1, argv + 1);
	if (strcmp(verb, "add") == 0 || strcmp(verb, "set") == 0)
		return set(c, strcmp(verb, "add") == 0, argc - 1, argv + 1);
	if (strcmp(verb, "remove") == 0)
		return remove_one(c, argc - 1, argv + 1);
	return cli_no_form("limit", argc, argv, (const char *const[]) { "add", "set", "remove", "list", "presets", NULL });
}
