/*
 * Statements: statement keep, list and show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "base/money.h"
#include "ledger/statement.h"
#include "time/instant.h"

enum { LISTED_MAX = 12 * 88 };	/* every month that there can be */

/* The month that the command names; false, with the error printed. */
static bool
read_month(const char *text, struct day *month)
{
	char shown[ERROR_SHOWN_MAX];

	if (statement_month_parse(text, month))
		return true;
	cli_usage("statement", "\"%s\" is not a month (YYYY-MM), from 2012-01 to 2099-12", error_shown(text, shown));
	return false;
}

static void
print_sum(const char *title, const struct usage_sum *sum)
{
	char cost[MONEY_TEXT_MAX];

	printf("%-12s %12" PRId64 " %12" PRId64 " %16s\n", title, sum->messages, sum->parts, money_format(sum->cost_micros, cost));
}

/* The figures of a month by channel, and of all. */
static void
print_figures(const char *title, const struct statement *s, const struct statement_figures *figures)
{
	struct usage_sums channels;
	struct usage_sum all;
	char cost[32];

	statement_totals(figures, &channels, &all);
	snprintf(cost, sizeof(cost), "COST (%s)", s->currency);
	printf("\n%-12s %12s %12s %16s\n", title, "MESSAGES", "PARTS", cost);
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (channels.of[c].messages != 0 || channels.of[c].parts != 0 || channels.of[c].cost_micros != 0)
			print_sum(channel_facts(c)->name, &channels.of[c]);
	print_sum("total", &all);
}

/* ---- show */

static void
print_rows(struct cli *c, const struct statement_later *later)
{
	char at[INSTANT_TEXT_MAX], cost[MONEY_TEXT_MAX];

	if (later->listed_count == 0)
		return;
	printf("\n%-24s  %-10s  %-9s %10s %10s %14s  %s\n", "OCCURRED", "KIND", "CHANNEL", "MESSAGES", "PARTS", "COST", "ID");
	for (const struct statement_row *l = later->listed; l < later->listed + later->listed_count; l++)
		printf("%-24s  %-10s  %-9s %10" PRId64 " %10" PRId64 " %14s  %s\n", instant_format(l->row.occurred_at, at),
		    statement_kind_name(l->kind), channel_facts(l->row.channel)->name, l->row.messages, l->row.parts,
		    money_format(l->row.cost_micros, cost), cli_shown(c, l->row.id));
	if ((size_t)later->rows > later->listed_count)
		printf("… and %" PRId64 " more\n", later->rows - (int64_t)later->listed_count);
}

static void
print_moved(const struct statement *s, const struct statement_later *later)
{
	char day[DAY_TEXT_MAX], title[32];
	bool is_first = true;
	struct usage_sum sum;

	for (int i = 0; i < s->days; i++)
		for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
			if (!statement_moved(s, later, i, c, &sum))
				continue;
			if (is_first)
				printf("\nmoved by a recomputation, not by later rows:\n");
			is_first = false;
			snprintf(title, sizeof(title), "%s %s", day_format(day_add(s->month, i), day), channel_facts(c)->name);
			print_sum(title, &sum);
		}
}

static void
print_statement(struct cli *c, const struct organization *org, const struct statement *s, const struct statement_later *later)
{
	char month[MONTH_TEXT_MAX], at[INSTANT_TEXT_MAX];

	printf("%s (%s), %s, in days of %s\n", org->id, cli_shown(c, org->name), statement_month_format(s->month, month),
	    s->timezone);
	printf("kept at %s by %s%s%s, revision %" PRId64 "\n", instant_format(s->created_at, at), s->credential,
	    s->actor[0] != '\0' ? " " : "", cli_shown(c, s->actor), s->revision);
	print_figures("REPORTED", s, s->figures);
	if (later->rows == 0)
		printf("\nNo row of the ledger came later.\n");
	else {
		printf("\n%" PRId64 " row%s of the ledger came later.\n", later->rows, later->rows == 1 ? "" : "s");
		print_figures("NOW", s, later->now);
	}
	if (later->outside > 0)
		printf("\n%" PRId64 " later row%s of the instants that were reported %s now in another month.\n", later->outside,
		    later->outside == 1 ? "" : "s", later->outside == 1 ? "is" : "are");
	print_rows(c, later);
	print_moved(s, later);
}

static void
print_csv(const struct statement *s, const struct statement_later *later)
{
	struct buf out = { 0 };

	statement_put_csv(&(struct csv) { .to = &out }, s, later);
	fputs(buf_text(&out), stdout);
	buf_free(&out);
}

static int
show(struct cli *c, int argc, char **argv)
{
	const char *id = NULL, *text;
	struct organization org;
	struct statement s;
	struct statement_later *later = arena_alloc(c->arena, sizeof(*later));
	struct day month;
	bool is_csv = false;

	if (!cli_options("statement", argc, argv, (const struct option_spec[]) {
	    { "--org", &id, NULL }, { "--csv", NULL, &is_csv }, { 0 } }, &text, 1, 1) || !read_month(text, &month))
		return USAGE;
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, id, &org) != OK || statement_load(c->db, c->arena, &org, month, &s, &c->err) != OK ||
	    statement_later_whole(c->db, c->arena, &org, &s, later) != OK) {
		cli_hint_list(c, "daybook statement list");
		return cli_fail(c);
	}
	db_read_end(c->db);
	if (is_csv)
		print_csv(&s, later);
	else
		print_statement(c, &org, &s, later);
	return DONE;
}

/* ---- list */

static int
list(struct cli *c, int argc, char **argv)
{
	char month[MONTH_TEXT_MAX], at[INSTANT_TEXT_MAX], cost[MONEY_TEXT_MAX];
	struct organization org;
	struct statement_list l;
	const char *id = NULL;

	if (!cli_options("statement", argc, argv, (const struct option_spec[]) { { "--org", &id, NULL }, { 0 } }, NULL, 0, 0))
		return USAGE;
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, id, &org) != OK ||
	    statement_list(c->db, c->arena, &org, (struct day) { INT32_MAX }, LISTED_MAX, &l) != OK)
		return cli_fail(c);
	printf("%-8s %-25s %12s %12s %16s %-9s %s\n", "MONTH", "KEPT", "MESSAGES", "PARTS", "COST", "CURRENCY", "NOW");
	for (const struct statement_summary *s = l.of; s < l.of + l.count; s++)
		printf("%-8s %-25s %12" PRId64 " %12" PRId64 " %16s %-9s %s\n", statement_month_format(s->month, month),
		    instant_format(s->created_at, at), s->sum.messages, s->sum.parts, money_format(s->sum.cost_micros, cost),
		    s->currency, s->is_changed ? "changed" : "the same");
	db_read_end(c->db);
	return DONE;
}

/* ---- keep */

struct keeping {
	struct cli *c;
	struct day month;
	bool is_kept;
};

static enum status
write_statement(struct organization *org, void *arg)
{
	struct keeping *k = arg;

	return statement_keep(k->c->db, k->c->arena, org, k->month, k->c->now, &cli_actor, &k->is_kept, &k->c->err);
}

/* A month that was kept already is no failure: the command may be in a crontab. */
static int
keep(struct cli *c, int argc, char **argv)
{
	struct keeping k = { .c = c };
	struct organization org;
	const char *id = NULL, *text;
	enum status st;

	if (!cli_options("statement", argc, argv, (const struct option_spec[]) { { "--org", &id, NULL }, { 0 } }, &text, 1, 1) ||
	    !read_month(text, &k.month))
		return USAGE;
	if (!cli_read(c))
		return FAILED;
	if (cli_organization(c, id, &org) != OK)
		return cli_fail(c);
	db_read_end(c->db);
	st = organization_write(c->db, c->arena, org.id, c->now, write_statement, &k, &c->err);
	if (k.is_kept) {
		printf("%s: %s was kept already; see `daybook statement show %s`\n", org.id, text, text);
		return DONE;
	}
	if (st != OK)
		return cli_fail(c);
	printf("%s: %s is kept\n", org.id, text);
	return DONE;
}

int
cmd_statement(struct cli *c, int argc, char **argv)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *c, int argc, char **argv);
	} verbs[] = { { "keep", keep }, { "list", list }, { "show", show } };

	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].verb) == 0)
			return verbs[i].run(c, argc - 1, argv + 1);
	return cli_no_form("statement", argc, argv, (const char *const[]) { "keep", "list", "show", NULL });
}
