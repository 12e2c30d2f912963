/*
 * daybook usage --by WORD[,WORD] [--csv] [--org ID] [--month YYYY-MM | --from DAY --to DAY | --cycle previous|DAY]
 *
 * Who used it: messages, parts and cost of all channels by channel, day, hour, source, campaign, sender, network or tag, or by
 * two of them (ledger/usage_group.h).  A table with its sum, or CSV.  Each day is read in a transaction of its own, however many
 * events there are, so that writers do not wait; what is written meanwhile may or may not be included.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "base/money.h"
#include "base/utf8.h"
#include "cli.h"
#include "ledger/usage_group.h"
#include "time/instant.h"

enum { BY_DAYS_MAX = 3660, BY_GROUPS_MAX = 1000000, COLUMN_MIN = 10, COLUMN_MAX = 40 };

struct table {
	struct cli *cli;
	struct arena *arena;		/* keeps the groups: the command's own is reset with each day */
	struct organization org;
	struct price_list prices;
	struct usage_question question;
	struct day from, to;
	const struct usage_group *groups;
	size_t count;
};

/* ---- Reading */

/* Loads the organization, and what a day's reading needs. */
static enum status
load(struct table *t, const struct usage_by_options *o)
{
	struct cli *c = t->cli;
	struct cycle cycle;
	struct day today;
	enum status st;

	if ((st = cli_organization(c, o->org, &t->org)) != OK)
		return st;
	today = organization_today(&t->org, c->now);
	t->from = o->from;
	t->to = o->to;
	if (o->cycle != NULL) {
		if ((st = organization_cycle(&t->org, "--cycle", o->cycle, today, &cycle, &c->err)) != OK)
			return st;
		t->from = cycle.from;
		t->to = day_add(cycle.until, -1);
	} else
		cmd_usage_month(today, o->has_from, o->has_to, &t->from, &t->to);
	if (t->to.n < t->from.n || t->to.n - t->from.n >= BY_DAYS_MAX)
		return error_set(&c->err, BAD_REQUEST, "--to: must not be earlier than --from, nor more than %d days in all",
		    BY_DAYS_MAX);
	return OK;
}

static enum status
read_day(struct table *t, struct usage_groups *groups, struct day d)
{
	struct cli *c = t->cli;
	enum status st;

	t->question.from_at = day_start(t->org.days, d);
	t->question.until_at = day_start(t->org.days, day_add(d, 1));
	if (t->question.from_at == t->question.until_at)	/* a day that the zone skipped */
		return OK;
	if ((st = db_read_begin(c->db)) != OK)
		return st;
	if ((st = price_load(c->db, c->arena, &t->org, &t->prices)) == OK)
		st = usage_groups_read(c->db, c->arena, groups, &c->err);
	db_read_end(c->db);
	arena_reset(c->arena);
	return st;
}

static enum status
read_all(struct table *t, const struct usage_by_options *o)
{
	struct usage_groups *groups;
	enum status st = db_read_begin(t->cli->db);

	if (st == OK) {
		st = load(t, o);
		db_read_end(t->cli->db);
	}
	if (st != OK)
		return st;
	groups = usage_groups_new(t->arena, &t->question);
	for (struct day d = t->from; st == OK && d.n <= t->to.n; d = day_add(d, 1))
		st = read_day(t, groups, d);
	if (st == OK)
		t->groups = usage_groups_sorted(groups, &t->count);
	return st;
}

/* ---- Printing */

/* The columns that a text takes, about: a character is one. */
static int
width_of(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += !utf8_continues(*text);
	return n;
}

/* What a table shows of a key: an hour in the organization's time, and a sign for none. */
static const char *
shown_key(struct table *t, size_t column, const char *key)
{
	struct buf local = { 0 };
	struct csv csv = { .to = &local };
	const char *text;
	int64_t at;

	if (key == NULL || key[0] == '\0')
		return "-";
	if (t->question.by.of[column] != USAGE_HOUR || !instant_parse(key, &at))
		return cli_shown(t->cli, key);
	day_put_csv_local(&csv, t->org.days, at);
	text = arena_strdup(t->cli->arena, buf_text(&local));
	buf_free(&local);
	return text;
}

static void
print_cell(const char *text, int width)
{
	printf("%s%*s  ", text, width_of(text) < width ? width - width_of(text) : 0, "");
}

static void
print_figures(const struct usage_sum *s)
{
	char amount[MONEY_TEXT_MAX];

	printf("%14" PRId64 " %14" PRId64 " %16s\n", s->messages, s->parts, money_format(s->cost_micros, amount));
}

static void
print_table(struct table *t)
{
	const struct usage_by *by = &t->question.by;
	int width[USAGE_BY_MAX] = { 0 };
	struct usage_sum sum = { 0 };

	for (size_t k = 0; k < by->count; k++) {
		width[k] = COLUMN_MIN;
		for (size_t i = 0; i < t->count; i++) {
			int n = width_of(shown_key(t, k, t->groups[i].key[k]));

			if (n > width[k])
				width[k] = n < COLUMN_MAX ? n : COLUMN_MAX;
		}
		print_cell(usage_dimension_name(by->of[k]), width[k]);
	}
	printf("%14s %14s %12s %s\n", "messages", "parts", "cost", t->org.currency);
	for (size_t i = 0; i < t->count; i++) {
		for (size_t k = 0; k < by->count; k++)
			print_cell(shown_key(t, k, t->groups[i].key[k]), width[k]);
		print_figures(&t->groups[i].sum);
		sum.messages += t->groups[i].sum.messages;
		sum.parts += t->groups[i].sum.parts;
		sum.cost_micros += t->groups[i].sum.cost_micros;
	}
	for (size_t k = 0; k < by->count; k++)
		print_cell(k == 0 ? "total" : "", width[k]);
	print_figures(&sum);
}

static void
print_csv(struct table *t)
{
	static const char *const figures[] = { "messages", "parts", "cost", NULL };
	static const char *const foreign[] = { "messages", "parts", "cost", "currency", NULL };
	bool is_default = currency_is_default(t->org.currency);
	const struct usage_by *by = &t->question.by;
	struct buf out = { 0 };
	struct csv csv = { .to = &out };

	buf_put_text(&out, "\xef\xbb\xbf");	/* without which a spreadsheet does not read UTF-8 */
	for (size_t k = 0; k < by->count; k++) {
		csv_put_text(&csv, usage_dimension_name(by->of[k]));
		if (by->of[k] == USAGE_HOUR)
			csv_put_text(&csv, "localTime");
	}
	csv_put_names(&csv, is_default ? figures : foreign);
	for (size_t i = 0; i < t->count; i++) {
		for (size_t k = 0; k < by->count; k++) {
			const char *key = t->groups[i].key[k];
			int64_t at;

			csv_put_text(&csv, key != NULL ? key : "");
			if (by->of[k] == USAGE_HOUR && key != NULL && instant_parse(key, &at))
				day_put_csv_local(&csv, t->org.days, at);
		}
		csv_put_int(&csv, t->groups[i].sum.messages);
		csv_put_int(&csv, t->groups[i].sum.parts);
		csv_put_money(&csv, t->groups[i].sum.cost_micros);
		if (!is_default)
			csv_put_text(&csv, t->org.currency);
		csv_put_end(&csv);
	}
	fwrite(out.text, 1, out.size, stdout);
	buf_free(&out);
}

int
cmd_usage_by(struct cli *c, const struct usage_by_options *o)
{
	struct table t = { .cli = c };
	enum status st;

	t.question = (struct usage_question) { .org = &t.org, .prices = &t.prices, .groups_max = BY_GROUPS_MAX };
	if (usage_by_parse(o->by, &t.question.by, &c->err) != OK)
		return cli_usage("usage", "--%s", c->err.text);
	if (!cli_open(c))
		return FAILED;
	t.arena = arena_new();
	if ((st = read_all(&t, o)) == OK)
		(o->is_csv ? print_csv : print_table)(&t);
	arena_free(t.arena);
	return st == OK ? DONE : cli_fail(c);
}
