/*
 * Writing the roll-ups (see usage.h).  Collects what a transaction adds in memory and writes each row once: one upsert
 * per quarter and channel, per day and channel, per day of UTC, per segment, and per quarter and limit with a sender or a
 * network, instead of several per event.
 */
#include <stdlib.h>

#include "time/instant.h"
#include "base/row_hash.h"
#include "ledger/held.h"
#include "ledger/rollup_limits.h"
#include "store/actor.h"

/* Both add to the row of a slot, or make it. */
static const char quarter_upsert[] =
    "INSERT INTO usage_quarter (org, quarter, channel, messages, parts, cost_micros) "
    "VALUES (:org, :slot, :channel, :messages, :parts, :cost_micros) "
    "ON CONFLICT (org, quarter, channel) DO UPDATE SET messages = messages + excluded.messages, "
    "parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros";
static const char day_upsert[] =
    "INSERT INTO usage_day (org, day, channel, messages, parts, cost_micros) "
    "VALUES (:org, :slot, :channel, :messages, :parts, :cost_micros) "
    "ON CONFLICT (org, day, channel) DO UPDATE SET messages = messages + excluded.messages, "
    "parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros";

struct delta {
	int64_t slot;		/* a quarter, later a day */
	enum channel channel;
	struct usage_sum sum;
};

/* What was added to the ledger on one day of UTC: the number of rows, and the sum of their hashes. */
struct rows {
	int64_t day, events, digest;
};

/* What a segment holds more than before, or less. */
struct held {
	int64_t campaign, number, contacts;
};

struct rollup {
	const struct organization *org;
	struct delta *deltas;
	size_t count, max;
	struct rows *rows;
	size_t rows_count, rows_max;
	struct held *held;
	size_t held_count, held_max;
	struct limit_deltas limits;
	bool has_old;
	int64_t actor;		/* 0 = not looked up yet */
	void (*added)(void *arg, const struct rollup_entry *e);	/* NULL = nobody follows */
	void *follower;
};

struct rollup *
rollup_new(const struct organization *org)
{
	struct rollup *r = xmalloc(sizeof(*r));

	*r = (struct rollup) { .org = org };
	return r;
}

void
rollup_free(struct rollup *r)
{
	free(r->deltas);
	free(r->rows);
	free(r->held);
	rollup_limits_free(&r->limits);
	free(r);
}

/* Orders by slot, then channel: the key of a roll-up's row. */
static int
by_slot(const void *a, const void *b)
{
	const struct delta *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (int)x->channel - (int)y->channel;
}

static void
sum_add(struct usage_sum *s, const struct usage_sum *more)
{
	s->messages += more->messages;
	s->parts += more->parts;
	s->cost_micros += more->cost_micros;
}

void
rollup_add(struct rollup *r, const struct rollup_entry *e)
{
	struct delta d = { floor_div(e->occurred_at, QUARTER_MS), e->channel, e->sum };

	rollup_limits_add(&r->limits, &r->org->limits, d.slot, e);
	if (r->added != NULL)
		r->added(r->follower, e);
	/*
	 * Add to the last delta if it has the same key, as is usual: traffic arrives in the order of time.  Others may
	 * repeat in the list until merge.
	 */
	if (r->count > 0 && by_slot(&r->deltas[r->count - 1], &d) == 0) {
		sum_add(&r->deltas[r->count - 1].sum, &d.sum);
		return;
	}
	if (r->count == r->max) {
		r->max = r->max > 0 ? 2 * r->max : 16;
		r->deltas = xrealloc(r->deltas, r->max * sizeof(*r->deltas));
	}
	r->deltas[r->count++] = d;
}

void
rollup_follow(struct rollup *r, void (*added)(void *arg, const struct rollup_entry *e), void *arg)
{
	r->added = added;
	r->follower = arg;
}

/* A transaction has one actor, so the first answer is good for all its rows. */
enum status
rollup_actor(struct rollup *r, struct db *db, const struct actor *by, int64_t *key)
{
	enum status st = r->actor == 0 ? actor_key(db, by, &r->actor) : OK;

	*key = r->actor;
	return st;
}

void
rollup_note(struct rollup *r, int64_t occurred_at, int64_t hash)
{
	int64_t day = floor_div(occurred_at, DAY_MS);
	size_t i = r->rows_count;

	/* Search from the end: a batch has few days, and the last one is the likeliest. */
	while (i > 0 && r->rows[i - 1].day != day)
		i--;
	if (i == 0) {
		if (r->rows_count == r->rows_max) {
			r->rows_max = r->rows_max > 0 ? 2 * r->rows_max : 4;
			r->rows = xrealloc(r->rows, r->rows_max * sizeof(*r->rows));
		}
		r->rows[r->rows_count++] = (struct rows) { .day = day };
		i = r->rows_count;
	}
	r->rows[i - 1].events++;
	r->rows[i - 1].digest = row_hash_sum(r->rows[i - 1].digest, hash);
}

/* Adds to the last segment if it is the same, as is usual; others may repeat in the list until flush_held. */
void
rollup_hold(struct rollup *r, int64_t campaign, int64_t number, int64_t contacts)
{
	struct held *last = r->held_count > 0 ? &r->held[r->held_count - 1] : NULL;

	if (contacts == 0)
		return;
	if (last != NULL && last->campaign == campaign && last->number == number) {
		last->contacts += contacts;
		return;
	}
	if (r->held_count == r->held_max) {
		r->held_max = r->held_max > 0 ? 2 * r->held_max : 4;
		r->held = xrealloc(r->held, r->held_max * sizeof(*r->held));
	}
	r->held[r->held_count++] = (struct held) { campaign, number, contacts };
}

/* Sorts the deltas and combines those with the same slot and channel. */
static void
merge(struct rollup *r)
{
	size_t n = 0;

	qsort(r->deltas, r->count, sizeof(*r->deltas), by_slot);
	for (size_t i = 0; i < r->count; i++)
		if (n > 0 && by_slot(&r->deltas[n - 1], &r->deltas[i]) == 0)
			sum_add(&r->deltas[n - 1].sum, &r->deltas[i].sum);
		else
			r->deltas[n++] = r->deltas[i];
	r->count = n;
}

/* Runs one of the two upserts. */
static enum status
upsert(struct query *q, const struct organization *org, int64_t slot, const char *channel, const struct usage_sum *sum)
{
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":slot", slot);
	query_bind_text(q, ":channel", channel);
	query_bind_int(q, ":messages", sum->messages);
	query_bind_int(q, ":parts", sum->parts);
	query_bind_int(q, ":cost_micros", sum->cost_micros);
	return query_run(q);
}

static enum status
upsert_all(struct rollup *r, struct query *q)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < r->count; i++)
		st = upsert(q, r->org, r->deltas[i].slot, channel_facts(r->deltas[i].channel)->name, &r->deltas[i].sum);
	return st;
}

/*
 * Adds the digests to ledger_day.  Digests are sums modulo 2^62 (row_hash.h), so their sum does not overflow, and the
 * order of the rows does not matter.
 */
static enum status
flush_rows(struct rollup *r, struct db *db)
{
	struct query *q = db_query(db, "INSERT INTO ledger_day (org, day, events, digest) VALUES (:org, :day, :events, :digest) "
	    "ON CONFLICT (org, day) DO UPDATE SET events = events + excluded.events, "
	    "digest = (digest + excluded.digest) & 4611686018427387903");
	enum status st = OK;

	for (size_t i = 0; st == OK && i < r->rows_count; i++) {
		query_bind_int(q, ":org", r->org->key);
		query_bind_int(q, ":day", r->rows[i].day);
		query_bind_int(q, ":events", r->rows[i].events);
		query_bind_int(q, ":digest", r->rows[i].digest);
		st = query_run(q);
	}
	r->rows_count = 0;
	return st;
}

static int
by_segment(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	if (x->campaign != y->campaign)
		return x->campaign < y->campaign ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Sorts what segments hold, and writes one sum for each. */
static enum status
flush_held(struct rollup *r, struct db *db)
{
	enum status st = OK;
	int64_t contacts;

	qsort(r->held, r->held_count, sizeof(*r->held), by_segment);
	for (size_t i = 0, next; st == OK && i < r->held_count; i = next) {
		contacts = 0;
		for (next = i; next < r->held_count && by_segment(&r->held[i], &r->held[next]) == 0; next++)
			contacts += r->held[next].contacts;
		st = held_add(db, r->held[i].campaign, r->held[i].number, contacts);
	}
	r->held_count = 0;
	return st;
}

enum status
rollup_flush(struct rollup *r, struct db *db)
{
	enum status st;

	if ((st = flush_rows(r, db)) != OK || (r->held_count > 0 && (st = flush_held(r, db)) != OK) ||
	    (st = rollup_limits_flush(&r->limits, db)) != OK || r->count == 0)
		return st;
	/* First by quarter-hour, as collected. */
	merge(r);
	if ((st = upsert_all(r, db_query(db, quarter_upsert))) != OK)
		return st;
	/* Then by day: each quarter-hour lies in exactly one day, so the same deltas serve, with days as slots. */
	for (size_t i = 0; i < r->count; i++)
		r->deltas[i].slot = day_at(r->org->days, r->deltas[i].slot * QUARTER_MS).n;
	merge(r);
	if (r->deltas[0].slot < day_at(r->org->days, instant_now()).n - USAGE_OLD_DAYS && !r->has_old) {
		r->has_old = true;
		if ((st = usage_forget_old(db, r->org)) != OK)
			return st;
	}
	st = upsert_all(r, db_query(db, day_upsert));
	r->count = 0;
	return st;
}

/* Recomputes the daily roll-up from the quarter-hour roll-up, from one day (and its first quarter) on. */
static enum status
rebuild_days(struct db *db, const struct organization *org, int64_t from_day, int64_t from_quarter)
{
	struct query *q = db_query(db, "DELETE FROM usage_day WHERE org = :org AND day >= :from"), *add;
	enum status st;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from_day);
	if ((st = query_run(q)) != OK)
		return st;
	/*
	 * Add each quarter-hour to its day.  The day comes from day_at and not from SQL, so that only one place
	 * interprets the spans.
	 */
	q = db_query(db, "SELECT quarter, channel, messages, parts, cost_micros FROM usage_quarter "
	    "WHERE org = :org AND quarter >= :from ORDER BY quarter");
	add = db_query(db, day_upsert);
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from_quarter);
	while (st == OK && query_step(q))
		st = upsert(add, org, day_at(org->days, query_int(q, 0) * QUARTER_MS).n, query_text(q, 1),
		    &(const struct usage_sum) { query_int(q, 2), query_int(q, 3), query_int(q, 4) });
	return query_done(q) == OK ? st : UNAVAILABLE;
}

enum status
rollup_rebuild_days(struct db *db, const struct organization *org)
{
	enum status st = usage_forget_old(db, org);

	return st == OK ? rebuild_days(db, org, INT64_MIN, INT64_MIN) : st;
}

/* day_start is a whole number of quarter-hours, so the division is exact. */
enum status
rollup_rebuild_days_from(struct db *db, const struct organization *org, struct day from)
{
	return rebuild_days(db, org, from.n, day_start(org->days, from) / QUARTER_MS);
}
