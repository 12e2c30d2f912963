/*
 * Writing limit_usage (see rollup_limits.h).  A limit whose rows are being filled gets them too: the job replaces what it finds.
 */
#include <stdlib.h>

#include "ledger/rollup_limits.h"

/* What a limit counts more in one quarter-hour, or less. */
struct limit_delta {
	int64_t rule, quarter;
	struct usage_sum sum;
};

static int
by_rule(const void *a, const void *b)
{
	const struct limit_delta *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->quarter < y->quarter ? -1 : x->quarter > y->quarter;
}

static void
sum_add(struct usage_sum *s, const struct usage_sum *more)
{
	s->messages += more->messages;
	s->parts += more->parts;
	s->cost_micros += more->cost_micros;
}

void
rollup_limits_add(struct limit_deltas *d, const struct limit_rules *rules, int64_t quarter, const struct rollup_entry *e)
{
	for (const struct limit_rule *rule = rules->of; rule < rules->of + rules->count; rule++) {
		struct limit_delta *last = d->count > 0 ? &d->of[d->count - 1] : NULL;

		if (!limit_rule_has_usage(rule) || !limit_rule_counts_event(rule, e->channel, e->sender, e->network))
			continue;
		/* Others may repeat in the list until the flush. */
		if (last != NULL && last->rule == rule->key && last->quarter == quarter) {
			sum_add(&last->sum, &e->sum);
			continue;
		}
		if (d->count == d->max) {
			d->max = d->max > 0 ? 2 * d->max : 16;
			d->of = xrealloc(d->of, d->max * sizeof(*d->of));
		}
		d->of[d->count++] = (struct limit_delta) { rule->key, quarter, e->sum };
	}
}

static enum status
write_row(struct query *q, const struct limit_delta *d, const struct usage_sum *sum)
{
	query_bind_int(q, ":rule", d->rule);
	query_bind_int(q, ":quarter", d->quarter);
	query_bind_int(q, ":messages", sum->messages);
	query_bind_int(q, ":parts", sum->parts);
	query_bind_int(q, ":cost_micros", sum->cost_micros);
	return query_run(q);
}

enum status
rollup_limits_flush(struct limit_deltas *d, struct db *db)
{
	struct query *q;
	enum status st = OK;

	if (d->count == 0)
		return OK;
	q = db_query(db, "INSERT INTO limit_usage (rule, quarter, messages, parts, cost_micros) "
	    "VALUES (:rule, :quarter, :messages, :parts, :cost_micros) "
	    "ON CONFLICT (rule, quarter) DO UPDATE SET messages = messages + excluded.messages, "
	    "parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros");
	qsort(d->of, d->count, sizeof(*d->of), by_rule);
	for (size_t i = 0, next; st == OK && i < d->count; i = next) {
		struct usage_sum sum = d->of[i].sum;

		for (next = i + 1; next < d->count && by_rule(&d->of[i], &d->of[next]) == 0; next++)
			sum_add(&sum, &d->of[next].sum);
		st = write_row(q, &d->of[i], &sum);
	}
	d->count = 0;
	return st;
}

void
rollup_limits_free(struct limit_deltas *d)
{
	free(d->of);
}
