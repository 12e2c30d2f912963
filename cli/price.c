/*
 * Prices: price set, list.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "base/money.h"
#include "time/instant.h"
#include "ledger/price.h"

struct wanted {
	struct cli *cli;
	enum channel channel;
	int64_t nanos;
	const char *org;	/* NULL = for all */
	bool has_from;
	struct day from;
	bool reprice;
	int64_t adjusted;	/* the quarter-hours that were repriced */
};

/*
 * Sets the price inside the write transaction.  Without a day it applies from today: that of the organization or, for a price
 * for all, that of UTC.
 */
static enum status
write_price(void *arg)
{
	struct wanted *w = arg;
	struct cli *c = w->cli;
	struct organization org;
	enum status st;

	if (!w->has_from && w->org != NULL) {
		if ((st = organization_load(c->db, w->org, &org, &c->err)) != OK)
			return st;
		w->from = organization_today(&org, c->now);
	}
	return price_set(c->db, c->arena, w->org, w->channel, w->from, w->nanos, w->reprice, c->now, &cli_actor,
	    &w->adjusted, &c->err);
}

static int
set(struct cli *c, int argc, char **argv)
{
	struct wanted w = { .cli = c, .from = { (int32_t)(c->now / DAY_MS) } };
	const char *operands[2], *from = NULL;
	const struct option_spec specs[] = { { "--org", &w.org, NULL }, { "--from", &from, NULL },
		{ "--reprice", NULL, &w.reprice }, { NULL, NULL, NULL } };
	char amount[MONEY_TEXT_MAX], day[DAY_TEXT_MAX];

	if (!cli_options("price", argc, argv, specs, operands, 2, 2))
		return USAGE;
	if (!channel_parse(operands[0], &w.channel))
		return cli_usage("price", "unknown channel \"%s\"; one of %s", operands[0], channel_names());
	if (!money_parse_nanos(operands[1], &w.nanos))
		return cli_usage("price", "\"%s\" is not an amount of dollars with at most nine decimals", operands[1]);
	w.has_from = from != NULL;
	if (w.has_from && !cli_day("price", "--from", from, &w.from))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, write_price, &w) != OK)
		return cli_fail(c);
	printf("%s costs %s USD a part from %s on%s%s", channel_facts(w.channel)->name,
	    money_format_nanos(w.nanos, amount), day_format(w.from, day), w.org != NULL ? " for " : "",
	    w.org != NULL ? w.org : "");
	if (w.adjusted > 0)
		printf("; %" PRId64 " quarter-hours were repriced", w.adjusted);
	printf("\n");
	return DONE;
}

static void
print_price(const struct price *p, void *arg)
{
	char day[DAY_TEXT_MAX], amount[MONEY_TEXT_MAX];

	(void)arg;
	printf("%-10s %-24s %-10s %s\n", channel_facts(p->channel)->name, p->org != NULL ? p->org : "(all)",
	    day_format(p->valid_from, day), money_format_nanos(p->nanos_per_part, amount));
}

static int
list(struct cli *c)
{
	if (!cli_read(c))
		return FAILED;
	printf("%-10s %-24s %-10s %s\n", "CHANNEL", "ORGANIZATION", "FROM", "USD A PART");
	if (price_each(c->db, c->arena, print_price, NULL) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	return DONE;
}

int
cmd_price(struct cli *c, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "set") == 0)
		return set(c, argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0 && argc == 2)
		return list(c);
	return cli_usage("price", "expected set or list");
}
