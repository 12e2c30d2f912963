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

/* ---- Totals */

/* Adds the days [from, until). */
static enum status
add_total(struct db *db, const struct organization *org, struct day from, struct day until, struct usage_total *total)
{
	struct query *q = db_query(db, "SELECT channel, messages, parts, cost_micros FROM usage_day "
	    "WHERE org = :org AND day >= :from AND day < :until");
	enum status st = OK, done;
	enum channel c;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from.n);
	query_bind_int(q, ":until", until.n);
	while (st == OK && query_step(q))
		if ((st = channel_column(q, 0, &c)) == OK && (st = usage_add(q, 0, USAGE_FIGURES, 1, &total->sums)) == OK)
			total->channels |= 1U << c;
	done = query_done(q);
	return st != OK ? st : done;
}

/* The total until a day that was old at an instant. */
struct old_total {
	int64_t now;
	struct day until;
	struct usage_total total;
};

/* Reads the total until a day that is old: what is kept, and the days since then. */
static enum status
old_total(struct db *db, const struct organization *org, struct day until, int64_t now, struct usage_total *total)
{
	struct organization_kept_key key = organization_kept_key(db, org, "total");
	size_t n;
	const struct old_total *kept = db_always_kept(db, &key, sizeof(key), &n);
	struct day from = { INT32_MIN };
	struct old_total *keep;
	enum status st;

	if (kept != NULL && kept->now <= now && kept->until.n <= until.n) {
		*total = kept->total;
		from = kept->until;
	}
	if (from.n == until.n)
		return OK;
	if ((st = add_total(db, org, from, until, total)) == OK &&
	    (keep = db_keep_always(db, &key, sizeof(key), sizeof(*keep))) != NULL)
		*keep = (struct old_total) { now, until, *total };
	return st;
}

/* A day of margin, because another process may have another time. */
enum status
usage_total(struct db *db, const struct organization *org, int64_t now, struct usage_total *total)
{
	struct day old = day_add(organization_today(org, now), -(USAGE_OLD_DAYS + 2));
	enum status st;

	*total = (struct usage_total) { 0 };
	if ((st = old_total(db, org, old, now, total)) != OK)
		return st;
	return add_total(db, org, old, (struct day) { INT32_MAX }, total);
}
