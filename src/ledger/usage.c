/*
 * Usage by days, read from the roll-ups (see usage.h).
 */
#include <string.h>

#include "time/instant.h"
#include "ledger/held.h"
#include "ledger/usage.h"
#include "store/channel_column.h"

int64_t
usage_messages(const struct usage_sums *s)
{
	int64_t sum = 0;

	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (channel_facts(c)->in_message_usage)
			sum += s->of[c].messages;
	return sum;
}

int64_t
usage_budget_micros(const struct usage_sums *s)
{
	int64_t sum = 0;

	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		if (channel_facts(c)->in_budget_usage)
			sum += s->of[c].cost_micros;
	return sum;
}

int64_t
usage_cost_micros(const struct usage_sums *s)
{
	int64_t sum = 0;

	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		sum += s->of[c].cost_micros;
	return sum;
}

/* Adds what was sent.  Days without SMS have no row and remain 0. */
static enum status
add_sent(struct db *db, const struct organization *org, struct day from, struct day to, struct day_usage *out)
{
	struct query *q = db_query(db, "SELECT day, messages, parts FROM usage_day "
	    "WHERE org = :org AND day BETWEEN :from AND :to AND channel = :channel");
	enum quota_unit unit = limit_rules_unit(&org->limits);

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":to", to.n);
	query_bind_text(q, ":channel", channel_facts(SMS)->name);
	while (query_step(q))
		out[query_int(q, 0) - from.n].sent = quota_units(unit, query_int(q, 1), query_int(q, 2));
	return query_done(q);
}

/* Days of an organization, for add_held. */
struct days {
	struct day from;
	enum quota_unit unit;
	struct day_usage *usage;
};

/* Adds what open segments hold; the daily limit counts SMS. */
static void
add_held(const struct hold *h, void *arg)
{
	const struct days *days = arg;

	if (h->channel == SMS)
		days->usage[h->day.n - days->from.n].reserved += quota_held(h->contacts, 0, h->parts_per_contact, days->unit);
}

enum status
usage_days(struct db *db, const struct organization *org, struct day from, struct day to, struct day today,
    struct day_usage *out)
{
	/* An open segment of a day that is over holds nothing any more, so reservations count from today. */
	struct day open_from = from.n < today.n ? today : from;
	struct days days = { from, limit_rules_unit(&org->limits), out };
	enum status st;

	memset(out, 0, (size_t)(to.n - from.n + 1) * sizeof(*out));
	if ((st = add_sent(db, org, from, to, out)) != OK || open_from.n > to.n)
		return st;
	return held_each(db, org, open_from, day_add(to, 1), add_held, &days);
}

enum status
usage_forget_old(struct db *db, const struct organization *org)
{
	return organization_forget_kept(db, org->key);
}

void
usage_add_sums(struct usage_sums *to, int sign, const struct usage_sums *sums)
{
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		to->of[c].messages = quota_sum(to->of[c].messages, sign * sums->of[c].messages);
		to->of[c].parts = quota_sum(to->of[c].parts, sign * sums->of[c].parts);
		to->of[c].cost_micros = quota_sum(to->of[c].cost_micros, sign * sums->of[c].cost_micros);
	}
}

enum status
usage_add(struct query *q, int column, size_t figures, int sign, struct usage_sums *sums)
{
	enum channel c;
	enum status st = channel_column(q, column, &c);

	if (st != OK)
		return st;
	sums->of[c].messages = quota_sum(sums->of[c].messages, sign * query_int(q, column + 1));
	if (figures < USAGE_FIGURES)
		return OK;
	sums->of[c].parts = quota_sum(sums->of[c].parts, sign * query_int(q, column + 2));
	sums->of[c].cost_micros = quota_sum(sums->of[c].cost_micros, sign * query_int(q, column + 3));
	return OK;
}

/* Rows are added up here and not by SQL, which would sort them by channel first. */
enum status
usage_sum_stretches(struct db *db, const struct organization *org, const struct day *starts, size_t count,
    struct usage_sums *sums)
{
	struct query *q = db_query(db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until ORDER BY day");
	enum status st = OK, done;
	size_t i = 0;

	memset(sums, 0, count * sizeof(*sums));
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", starts[0].n);
	query_bind_int(q, ":until", starts[count].n);
	while (st == OK && query_step(q)) {
		for (int64_t day = query_int(q, 0); day >= starts[i + 1].n; )
			i++;
		st = usage_add(q, 1, USAGE_FIGURES, 1, &sums[i]);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

enum status
usage_sum_days(struct db *db, const struct organization *org, struct day from, struct day until,
    struct usage_sums *sums)
{
	return usage_sum_stretches(db, org, (const struct day[]) { from, until }, 1, sums);
}

/* Looks at the days from today to the last one of which something is held. */
enum status
usage_days_over(struct db *db, struct arena *a, const struct organization *org, int64_t now,
    struct org_effects *effects)
{
	struct day today = organization_today(org, now), last = today;
	struct day_usage *days;
	enum status st;
	size_t count;

	if ((st = held_last(db, org, &last)) != OK)
		return st;
	if (last.n < today.n)
		last = today;
	count = (size_t)(last.n - today.n + 1);
	days = arena_alloc(a, count * sizeof(*days));
	if ((st = usage_days(db, org, today, last, today, days)) != OK)
		return st;
	effects->over = arena_alloc(a, count * sizeof(*effects->over));
	for (size_t i = 0; i < count; i++) {
		struct day d = day_add(today, (int32_t)i);
		int64_t limit = limit_rules_daily(&org->limits, d);

		if (limit != UNLIMITED && quota_total(days[i]) > limit)
			effects->over[effects->over_count++] = d;
	}
	return OK;
}

enum status
usage_each_total(struct db *db, void (*each)(void *arg, const char *organization, const char *currency,
    const char *channel, const struct usage_sum *sum), void *arg)
{
	struct query *q = db_query(db, "SELECT o.id, u.channel, sum(u.messages), sum(u.parts), sum(u.cost_micros), o.currency "
	    "FROM usage_day u JOIN organization o ON o.key = u.org GROUP BY o.id, o.currency, u.channel ORDER BY o.id, u.channel");

	while (query_step(q))
		each(arg, query_text(q, 0), query_text(q, 5), query_text(q, 1),
		    &(const struct usage_sum) { query_int(q, 2), query_int(q, 3), query_int(q, 4) });
	return query_done(q);
}
