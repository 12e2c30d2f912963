/*
 * Prices: price set, remove, list.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "base/money.h"
#include "time/instant.h"
#include "ledger/job_turn.h"
#include "ledger/price.h"

enum { NANOS_PER_MICRO = 1000 };

struct wanted {
	struct cli *cli;
	struct price price;
	bool has_from, reprice, is_removal;
	struct price_outcome outcome;
};

/*
 * Sets or removes the price inside the write transaction.  Without a day it applies from today: that of the organization or,
 * for a price for all, that of UTC.
 */
static enum status
write_price(void *arg)
{
	struct wanted *w = arg;
	struct cli *c = w->cli;
	const struct price_options options = { .reprice = w->reprice, .now = c->now, .by = &cli_actor };
	struct organization org;
	enum status st;

	if (w->price.org != NULL) {
		if ((st = organization_load(c->db, w->price.org, &org, &c->err)) != OK)
			return st;
		if (!w->has_from)
			w->price.valid_from = organization_today(&org, c->now);
	}
	/* The same as price_set takes by default, for the sentence that says what was done. */
	if (w->price.currency == NULL)
		w->price.currency = w->price.org != NULL ? arena_strdup(c->arena, org.currency) : CURRENCY_DEFAULT;
	return w->is_removal ? price_remove(c->db, c->arena, &w->price, &options, &w->outcome, &c->err) :
	    price_set(c->db, c->arena, &w->price, &options, &w->outcome, &c->err);
}

/* Finishes the jobs that the price has started, and adds up the quarter-hours that they have repriced. */
static enum status
finish_jobs(struct wanted *w, int64_t *repriced)
{
	struct cli *c = w->cli;
	const char **ids;
	struct job job;
	size_t count;
	enum status st;

	if (w->outcome.jobs == 0)
		return OK;
	if ((st = db_read_begin(c->db)) != OK)
		return st;
	st = organization_ids(c->db, c->arena, &ids, &count);
	db_read_end(c->db);
	for (size_t i = 0; st == OK && i < count; i++) {
		if (w->price.org != NULL && strcmp(ids[i], w->price.org) != 0)
			continue;
		st = job_finish(c->db, c->arena, ids[i], progress, &job, &c->err);
		*repriced += job.changed;
	}
	return st;
}

static void
print_set(const struct wanted *w, int64_t repriced)
{
	char amount[MONEY_TEXT_MAX], day[DAY_TEXT_MAX];

	printf(w->is_removal ? "removed the price of %s, %s %s a part from %s on%s%s" : "%s costs %s %s a part from %s on%s%s",
	    channel_facts(w->price.channel)->name, money_format_nanos(w->price.nanos_per_part, amount), w->price.currency,
	    day_format(w->price.valid_from, day), w->price.org != NULL ? " for " : "", w->price.org != NULL ? w->price.org : "");
	if (repriced > 0)
		printf("; %" PRId64 " quarter-hours were repriced", repriced);
	printf("\n");
	if (!w->is_removal && w->price.nanos_per_part % NANOS_PER_MICRO != 0)
		printf("each event is rounded to a millionth of %s: one of one part costs %s\n",
		    currency_is_default(w->price.currency) ? "a dollar" : w->price.currency,
		    money_format(money_cost(1, w->price.nanos_per_part), amount));
}

/* Writes the price and finishes what that has begun. */
static int
write_and_finish(struct wanted *w)
{
	struct cli *c = w->cli;
	int64_t repriced = 0;
	enum status st;

	c->org = w->price.org;
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, write_price, w) != OK) {
		cli_hint_list(c, "daybook price list");
		return cli_fail(c);
	}
	st = finish_jobs(w, &repriced);
	progress_end();
	print_set(w, repriced);
	if (st == OK)
		return DONE;
	fprintf(stderr, "daybook: the price is %s, but not all events are repriced yet; `daybook maintenance` goes on with it\n",
	    w->is_removal ? "removed" : "set");
	return cli_fail(c);
}

static bool
check_currency(const struct wanted *w)
{
	struct error err;

	if (w->price.currency == NULL || currency_check("--currency", w->price.currency, &err) == OK)
		return true;
	return cli_usage("price", "%s", err.text), false;
}

static int
set(struct cli *c, int argc, char **argv)
{
	struct wanted w = { .cli = c, .price = { .valid_from = { (int32_t)(c->now / DAY_MS) } } };
	const char *operands[2], *from = NULL;
	const struct option_spec specs[] = { { "--org", &w.price.org, NULL }, { "--from", &from, NULL },
		{ "--reprice", NULL, &w.reprice }, { "--currency", &w.price.currency, NULL }, { NULL, NULL, NULL } };

	if (!cli_options("price", argc, argv, specs, operands, 2, 2) || !cli_channel("price", "", operands[0], &w.price.channel))
		return USAGE;
	if (!check_currency(&w))
		return USAGE;
	if (!money_parse_nanos(operands[1], &w.price.nanos_per_part))
		return cli_usage("price", "\"%s\" is not an amount such as 0.0079, with at most nine decimals", operands[1]);
	w.has_from = from != NULL;
	if (w.has_from && !cli_day("price", "--from", from, &w.price.valid_from))
		return USAGE;
	return write_and_finish(&w);
}

/* The day must be named: which price is meant shall not depend on the day on which the command is run. */
static int
remove_price(struct cli *c, int argc, char **argv)
{
	struct wanted w = { .cli = c, .has_from = true, .is_removal = true };
	const char *channel, *from = NULL;
	const struct option_spec specs[] = { { "--org", &w.price.org, NULL }, { "--from", &from, NULL },
		{ "--reprice", NULL, &w.reprice }, { "--currency", &w.price.currency, NULL }, { NULL, NULL, NULL } };

	if (!cli_options("price", argc, argv, specs, &channel, 1, 1) || !cli_channel("price", "", channel, &w.price.channel))
		return USAGE;
	if (!check_currency(&w))
		return USAGE;
	if (from == NULL)
		return cli_usage("price", "--from is required: the day from which the price applies, as `daybook price list` shows it");
	if (!cli_day("price", "--from", from, &w.price.valid_from))
		return USAGE;
	return write_and_finish(&w);
}

static void
print_price(const struct price *p, void *arg)
{
	char day[DAY_TEXT_MAX], amount[MONEY_TEXT_MAX];

	(void)arg;
	printf("%-10s %-24s %-10s %-12s %s\n", channel_facts(p->channel)->name, p->org != NULL ? p->org : "(all)",
	    day_format(p->valid_from, day), money_format_nanos(p->nanos_per_part, amount), p->currency);
}

static int
list(struct cli *c)
{
	if (!cli_read(c))
		return FAILED;
	printf("%-10s %-24s %-10s %-12s %s\n", "CHANNEL", "ORGANIZATION", "FROM", "A PART", "CURRENCY");
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
	if (strcmp(verb, "remove") == 0)
		return remove_price(c, argc - 1, argv + 1);
	return cli_no_form("price", argc, argv, (const char *const[]) { "set", "remove", "list", NULL });
}
