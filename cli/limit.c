/*
 * Limits: limit list.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "base/money.h"
#include "ledger/limit.h"

/* An amount in the rule's unit: a count, or dollars. */
static const char *
amount_text(struct cli *c, const struct limit_rule *rule, int64_t amount)
{
	char dollars[MONEY_TEXT_MAX];

	if (rule->unit == LIMIT_COST)
		return arena_printf(c->arena, "%s", money_format(amount, dollars));
	return arena_printf(c->arena, "%" PRId64, amount);
}

static void
print_limit(struct cli *c, const struct limit_rule *rule, const struct limit_state *s)
{
	char channels[LIMIT_CHANNELS_MAX], resets[DAY_TEXT_MAX];
	bool is_unlimited = s->amount == UNLIMITED;

	printf("%-16s %-8s %-8s %12s %12s %12s %12s  %-10s  %s%s\n", rule->name, limit_unit_name(rule->unit),
	    limit_period_name(rule->period), is_unlimited ? "unlimited" : amount_text(c, rule, s->amount),
	    amount_text(c, rule, s->used), amount_text(c, rule, s->held),
	    is_unlimited ? "unlimited" : amount_text(c, rule, s->available), day_format(s->window.until, resets),
	    limit_channels_format(rule->channels, channels), rule->refuses ? "" : "  (only reported)");
}

/* What each limit allows, has used and holds in its present window. */
static int
list(struct cli *c, int argc, char **argv)
{
	struct organization org;
	struct limit_book *book;
	const char *id = NULL;

	if (!cli_options("limit", argc, argv, (const struct option_spec[]) { { "--org", &id, NULL }, { 0 } }, NULL, 0, 0))
		return USAGE;
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, id, &org) != OK || limit_book_today(c->db, c->arena, &org, c->now, &book) != OK)
		return cli_fail(c);
	printf("%-16s %-8s %-8s %12s %12s %12s %12s  %-10s  %s\n", "NAME", "UNIT", "WINDOW", "AMOUNT", "USED", "HELD", "AVAILABLE",
	    "RESETS", "CHANNELS");
	for (size_t i = 0; i < org.limits.count; i++) {
		struct limit_state s = limit_book_state(book, &org.limits.of[i], c->now);

		print_limit(c, &org.limits.of[i], &s);
	}
	db_read_end(c->db);
	return DONE;
}

int
cmd_limit(struct cli *c, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return list(c, argc - 1, argv + 1);
	return cli_no_form("limit", argc, argv, (const char *const[]) { "list", NULL });
}
