/*
 * Usage between two instants (see usage.h).  Whole days come from usage_day, quarter-hours at their ends from usage_quarter, and
 * only the incomplete quarter-hours at both ends from the ledger itself, of which so many rows are looked at and no more.
 */
#include "ledger/usage.h"
#include "store/channel_column.h"
#include "time/instant.h"

enum { RAGGED_MAX = 100000 };	/* rows of the ledger that one part of a quarter-hour may take */

/* Reads rows of (channel, messages, parts, cost, number of rows), and adds them with the sign. */
static enum status
add_rows(struct query *q, int sign, struct usage_sums *sums, int64_t *rows)
{
	enum status st = OK, done;
	enum channel c;

	while (st == OK && query_step(q)) {
		if ((st = channel_column(q, 0, &c)) != OK)
			break;
		sums->of[c].messages += sign * query_int(q, 1);
		sums->of[c].parts += sign * query_int(q, 2);
		sums->of[c].cost_micros += sign * query_int(q, 3);
		*rows += query_int(q, 4);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Adds whole quarter-hours, [from, until) by number. */
static enum status
add_quarters(struct db *db, const struct organization *org, int64_t from, int64_t until, struct usage_sums *sums)
{
	struct query *q = db_query(db, "SELECT channel, sum(messages), sum(parts), sum(cost_micros), count(*) FROM usage_quarter "
	    "WHERE org = :org AND quarter >= :from AND quarter < :until GROUP BY channel");
	int64_t rows = 0;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from);
	query_bind_int(q, ":until", until);
	return add_rows(q, 1, sums, &rows);
}

/*
 * Adds rows of the ledger with the sign.  Failed events count nothing; voids and adjustments carry their sign.  *is_whole becomes
 * false if there are more than RAGGED_MAX.
 */
static enum status
add_events(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at, int sign, struct usage_sums *sums,
    bool *is_whole)
{
	struct query *q = db_query(db, "SELECT channel, sum(counts * messages), sum(counts * parts), sum(counts * cost_micros), "
	    "count(*) FROM (SELECT channel, status <> 'failed' AS counts, messages, parts, cost_micros FROM event "
	    "WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :to_at LIMIT :max) GROUP BY channel");
	int64_t rows = 0;
	enum status st;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", from_at);
	query_bind_int(q, ":to_at", to_at);
	query_bind_int(q, ":max", RAGGED_MAX + 1);
	st = add_rows(q, sign, sums, &rows);
	if (rows > RAGGED_MAX)
		*is_whole = false;
	return st;
}

static void
add_sums(struct usage_sums *to, const struct usage_sums *sums)
{
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		to->of[c].messages += sums->of[c].messages;
		to->of[c].parts += sums->of[c].parts;
		to->of[c].cost_micros += sums->of[c].cost_micros;
	}
}

/*
 * Adds a part of one quarter-hour: its events; if they are too many, the quarter-hour less those before and after it, which are
 * few if the part ends now.
 */
static enum status
add_part(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at, struct usage_sums *sums,
    struct error *err)
{
	int64_t quarter = floor_div(from_at, QUARTER_MS);
	struct usage_sums part = { 0 };
	bool is_whole = true;
	enum status st;

	if (from_at >= to_at)
		return OK;
	if ((st = add_events(db, org, from_at, to_at, 1, &part, &is_whole)) != OK)
		return st;
	if (!is_whole) {
		part = (struct usage_sums) { 0 };
		is_whole = true;
		if ((st = add_quarters(db, org, quarter, quarter + 1, &part)) != OK ||
		    (st = add_events(db, org, quarter * QUARTER_MS, from_at, -1, &part, &is_whole)) != OK ||
		    (st = add_events(db, org, to_at, (quarter + 1) * QUARTER_MS, -1, &part, &is_whole)) != OK)
			return st;
	}
	if (!is_whole)
		return error_set(err, BAD_REQUEST, "the range begins or ends inside a quarter-hour with more than %d events on either "
		    "side; use a multiple of %d milliseconds there", RAGGED_MAX, (int)QUARTER_MS);
	add_sums(sums, &part);
	return OK;
}

/* Adds whole quarter-hours: as many as possible as days, the rest one by one. */
static enum status
add_whole(struct db *db, const struct organization *org, int64_t first, int64_t last, struct usage_sums *sums)
{
	struct day from = day_at(org->days, first * QUARTER_MS), until = day_at(org->days, last * QUARTER_MS);
	struct usage_sums days;
	enum status st;

	if (day_start(org->days, from) < first * QUARTER_MS)
		from = day_add(from, 1);
	if (from.n >= until.n)
		return add_quarters(db, org, first, last, sums);
	if ((st = add_quarters(db, org, first, day_start(org->days, from) / QUARTER_MS, sums)) != OK ||
	    (st = add_quarters(db, org, day_start(org->days, until) / QUARTER_MS, last, sums)) != OK ||
	    (st = usage_sum_days(db, org, from, until, &days)) != OK)
		return st;
	add_sums(sums, &days);
	return OK;
}

/* There is nothing outside of the time that days are computed for. */
enum status
usage_sum_instants(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at, struct usage_sums *sums,
    struct error *err)
{
	int64_t first, last;
	enum status st;

	*sums = (struct usage_sums) { 0 };
	from_at = from_at < INSTANT_MIN ? INSTANT_MIN : from_at;
	to_at = to_at > INSTANT_MAX ? INSTANT_MAX : to_at;
	/* The first whole quarter-hour, rounded up, and the end of the last, rounded down. */
	first = -floor_div(-from_at, QUARTER_MS);
	last = floor_div(to_at, QUARTER_MS);
	if (first > last)	/* a part of one quarter-hour */
		return add_part(db, org, from_at, to_at, sums, err);
	if ((st = add_part(db, org, from_at, first * QUARTER_MS, sums, err)) != OK ||
	    (first < last && (st = add_whole(db, org, first, last, sums)) != OK))
		return st;
	return add_part(db, org, last * QUARTER_MS, to_at, sums, err);
}
