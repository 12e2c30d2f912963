/*
 * daybook usage [--org ID] [--month YYYY-MM | --from DAY --to DAY | --cycle previous|DAY]
 *	[--by WORDS [--csv]]
 *
 * The calendar of SMS on a terminal.  Without a range, a month (the organization's present one) as a sheet of weeks with their
 * sums; with one, or a billing cycle, a line for each day with what was sent, what is reserved and what is free.  Each day has
 * a bar of sent and reserved against the limit (if there is none, against the busiest day).  At the end is what all channels cost
 * in these days.
 *
 * With --by it is a table of who used it (usage_by.c).
 */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/money.h"
#include "cli.h"
#include "ledger/limit_row.h"
#include "ledger/usage.h"

enum { DAYS_MAX = 3660, BAR_WIDTH = 30, SHEET_BAR_WIDTH = 6, WEEK = 7 };

static const char *const weekdays[WEEK] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

struct calendar {
	struct organization org;
	const char *name;	/* the organization's name, safe for a terminal */
	struct day from, to, today;
	struct day_usage *days;
	struct usage_sums sums;	/* of all channels in these days */
	int64_t full;		/* what a full bar stands for */
	bool is_utf8;
};

static void
print_cells(const char *cell, int64_t n)
{
	for (; n > 0; n--)
		fputs(cell, stdout);
}

/* The cells of a bar for some units.  Anything above 0 is at least one cell, so that it can be seen. */
static int64_t
cells_of(const struct calendar *k, int64_t units, int64_t width)
{
	int64_t n;

	if (units <= 0 || k->full <= 0)
		return units > 0 ? width : 0;
	n = units >= k->full ? width : (int64_t)((__int128)units * width / k->full);
	return n > 0 ? n : 1;
}

/*
 * A bar of what was sent, what is reserved and what is free.  If both are in one bar, each keeps at least a cell if there are
 * two or more.
 */
static void
print_bar(const struct calendar *k, struct day_usage u, int64_t width)
{
	int64_t all = cells_of(k, quota_total(u), width), sent = cells_of(k, u.sent, width);

	if (sent > all || (sent == all && u.reserved > 0 && sent > 1))
		sent = u.reserved > 0 ? all - 1 : all;
	print_cells(k->is_utf8 ? "█" : "#", sent);
	print_cells(k->is_utf8 ? "▒" : "+", all - sent);
	print_cells(k->is_utf8 ? "·" : ".", width - all);
}

/* The day of the week, 0 = Monday; 1970-01-01 was a Thursday. */
static int
weekday(struct day d)
{
	return ((d.n + 3) % WEEK + WEEK) % WEEK;
}

static void
print_day(const struct calendar *k, struct day d, struct day_usage u)
{
	char date[DAY_TEXT_MAX];
	int64_t limit = limit_rules_daily(&k->org.limits, d);
	bool is_limited = limit != UNLIMITED;

	printf("%s %s %12" PRId64 " %12" PRId64 " ", day_format(d, date), weekdays[weekday(d)], u.sent, u.reserved);
	if (is_limited)
		printf("%12" PRId64 "  ", quota_available(limit, u));
	else
		printf("%12s  ", "unlimited");
	print_bar(k, u, BAR_WIDTH);
	printf("%s%s\n", is_limited && quota_total(u) > limit ? "  over the limit" : "",
	    d.n == k->today.n ? "  today" : "");
}

static void
print_head(const struct calendar *k)
{
	int64_t limit = limit_rules_daily(&k->org.limits, k->today);
	const char *unit = limit_rules_unit(&k->org.limits) == UNIT_PART ? "SMS parts" : "SMS";

	printf("%s (%s), %s, ", k->org.id, k->name, k->org.timezone);
	if (limit == UNLIMITED)
		printf("unlimited %s a day\n", unit);
	else
		printf("%" PRId64 " %s a day\n", limit, unit);
}

/* What was sent in these days has cost, in all and by channel. */
static void
print_cost(const struct calendar *k)
{
	char amount[MONEY_TEXT_MAX];
	const char *before = ": ";
	int64_t all = 0;

	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		all += k->sums.of[c].cost_micros;
	printf("cost %s %s", money_format(all, amount), k->org.currency);
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		if (k->sums.of[c].cost_micros == 0)
			continue;
		printf("%s%s %s", before, channel_facts(c)->name, money_format(k->sums.of[c].cost_micros, amount));
		before = ", ";
	}
	printf("\n");
}

/* Prints a line for each day, and the sums. */
static void
print_list(const struct calendar *k)
{
	struct day_usage sum = { 0 };

	print_head(k);
	printf("\n%-14s %12s %12s %12s\n", "day", "sent", "reserved", "available");
	for (int32_t i = 0; i <= k->to.n - k->from.n; i++) {
		print_day(k, day_add(k->from, i), k->days[i]);
		sum.sent += k->days[i].sent;
		sum.reserved += k->days[i].reserved;
	}
	printf("%-14s %12" PRId64 " %12" PRId64 "\n", "total", sum.sent, sum.reserved);
	print_cost(k);
}

/* One week of the sheet in two lines: the days with their bars, and below them what they hold, and all together. */
static void
print_week(const struct calendar *k, struct day first)
{
	int64_t sum = 0;

	for (int line = 0; line < 2; line++) {
		for (struct day d = first; d.n < first.n + WEEK; d = day_add(d, 1)) {
			int year, month, dayofmonth;

			day_civil(d, &year, &month, &dayofmonth);
			if (d.n < k->from.n || d.n > k->to.n)
				printf("%10s", "");
			else if (line == 0) {
				printf("%2d%c", dayofmonth, d.n == k->today.n ? '*' : ' ');
				print_bar(k, k->days[d.n - k->from.n], SHEET_BAR_WIDTH);
				printf(" ");
			} else {
				printf("   %-7" PRId64, quota_total(k->days[d.n - k->from.n]));
				sum += quota_total(k->days[d.n - k->from.n]);
			}
		}
		if (line == 1)
			printf("%9" PRId64, sum);
		printf("\n");
	}
}

/* Prints the month as a sheet of weeks, each from the day on with which the organization's weeks begin. */
static void
print_sheet(const struct calendar *k)
{
	int year, month, dayofmonth, week_start = k->org.week_start - 1;
	struct day_usage sum = { 0 };

	print_head(k);
	day_civil(k->from, &year, &month, &dayofmonth);
	printf("\n%04d-%02d\n", year, month);
	for (int i = 0; i < WEEK; i++)
		printf("   %-7s", weekdays[(week_start + i) % WEEK]);
	printf("%9s\n", "week");
	for (struct day d = day_add(k->from, -((weekday(k->from) - week_start + WEEK) % WEEK)); d.n <= k->to.n; d = day_add(d, WEEK))
		print_week(k, d);
	for (int32_t i = 0; i <= k->to.n - k->from.n; i++) {
		sum.sent += k->days[i].sent;
		sum.reserved += k->days[i].reserved;
	}
	printf("\n%s sent %" PRId64 "   %s reserved %" PRId64 "   * today\n", k->is_utf8 ? "█" : "#", sum.sent,
	    k->is_utf8 ? "▒" : "+", sum.reserved);
	print_cost(k);
}

void
cmd_usage_month(struct day today, bool has_from, bool has_to, struct day *from, struct day *to)
{
	struct day base = has_from ? *from : has_to ? *to : today;
	int year, month, dayofmonth;

	day_civil(base, &year, &month, &dayofmonth);
	if (!has_from)
		*from = day_of(year, month, 1);
	if (!has_to)
		*to = day_of(year, month, days_in_month(year, month));
}

/* Loads the days, inside a read transaction, and finds what a full bar stands for. */
static enum status
load(struct cli *c, const char *id, bool has_from, bool has_to, const char *cycle_asked, struct calendar *k)
{
	struct cycle cycle;
	enum status st;
	int64_t limit;
	int32_t count;

	if ((st = cli_organization(c, id, &k->org)) != OK || (st = limit_row_load(c->db, c->arena, &k->org)) != OK)
		return st;
	k->name = cli_shown(c, k->org.name);
	k->today = organization_today(&k->org, c->now);
	if (cycle_asked != NULL) {
		if ((st = organization_cycle(&k->org, "--cycle", cycle_asked, k->today, &cycle, &c->err)) != OK)
			return st;
		k->from = cycle.from;
		k->to = day_add(cycle.until, -1);
	} else
		cmd_usage_month(k->today, has_from, has_to, &k->from, &k->to);
	if (k->to.n < k->from.n || k->to.n - k->from.n >= DAYS_MAX)
		return error_set(&c->err, BAD_REQUEST, "--to: must not be earlier than --from, nor more than %d days in all", DAYS_MAX);
	count = k->to.n - k->from.n + 1;
	k->days = arena_alloc(c->arena, (size_t)count * sizeof(*k->days));
	if ((st = usage_days(c->db, &k->org, k->from, k->to, k->today, k->days)) != OK ||
	    (st = usage_sum_days(c->db, &k->org, k->from, day_add(k->to, 1), &k->sums)) != OK)
		return st;
	limit = limit_rules_daily(&k->org.limits, k->today);
	k->full = limit;
	for (int32_t i = 0; limit == UNLIMITED && i < count; i++)
		if (quota_total(k->days[i]) > k->full)
			k->full = quota_total(k->days[i]);
	return OK;
}

int
cmd_usage(struct cli *c, int argc, char **argv)
{
	const char *org = NULL, *from = NULL, *to = NULL, *month = NULL, *cycle = NULL, *by = NULL;
	struct calendar k = { .full = 0 };
	bool is_csv = false;
	enum status st;

	if (!cli_options("usage", argc, argv, (const struct option_spec[]) {
	    { "--org", &org, NULL }, { "--month", &month, NULL }, { "--from", &from, NULL }, { "--to", &to, NULL },
	    { "--cycle", &cycle, NULL }, { "--by", &by, NULL }, { "--csv", NULL, &is_csv }, { 0 } }, NULL, 0, 0) ||
	    (from != NULL && !cli_day("usage", "--from", from, &k.from)) ||
	    (to != NULL && !cli_day("usage", "--to", to, &k.to)))
		return USAGE;
	if (month != NULL && (from != NULL || to != NULL))
		return cli_usage("usage", "--month: is a range by itself; leave --from and --to out");
	if (cycle != NULL && (month != NULL || from != NULL || to != NULL))
		return cli_usage("usage", "--cycle: is a range by itself; leave --month, --from and --to out");
	if (month != NULL && !day_parse(arena_printf(c->arena, "%s-01", month), &k.from))
		return cli_usage("usage", "--month: \"%s\" is not a month (YYYY-MM)", month);
	if (is_csv && by == NULL)
		return cli_usage("usage", "--csv: is for --by; `daybook export --format csv` writes the events");
	if (by != NULL)
		return cmd_usage_by(c, &(const struct usage_by_options) { .org = org, .by = by, .has_from = from != NULL || month != NULL,
		    .has_to = to != NULL, .is_csv = is_csv, .from = k.from, .to = k.to, .cycle = cycle });
	if (!cli_open(c))
		return FAILED;
	if ((st = db_read_begin(c->db)) == OK) {
		st = load(c, org, from != NULL || month != NULL, to != NULL, cycle, &k);
		db_read_end(c->db);
	}
	if (st != OK)
		return cli_fail(c);
	setlocale(LC_CTYPE, "");
	k.is_utf8 = isatty(STDOUT_FILENO) && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (from == NULL && to == NULL && cycle == NULL)
		print_sheet(&k);
	else
		print_list(&k);
	return DONE;
}
