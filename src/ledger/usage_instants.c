/*
 * Usage between two instants (see usage.h): what was used until the second, less what was used until the first, both counted from
 * some quarter-hour near them.  Whole days come from usage_day, quarter-hours at their ends from usage_quarter, and only parts of
 * a quarter-hour from the ledger itself.  Each is counted from the nearer side: the rest of a day that is almost whole is taken
 * off that day.
 */
#include "ledger/usage.h"
#include "time/instant.h"

enum { RAGGED_MAX = 100000 };	/* rows of the ledger that one part of a quarter-hour may take */

/* The rows to add up: the figures of each, and where they are. */
#define SOURCE(figures, counted) { \
	"SELECT channel, " figures " FROM usage_day WHERE org = :org AND day >= :from AND day < :until", \
	"SELECT channel, " figures " FROM usage_quarter WHERE org = :org AND quarter >= :from AND quarter < :until", \
	/* Failed events count nothing; voids and adjustments carry their sign. */ \
	"SELECT channel, " counted " FROM (SELECT channel, status <> 'failed' AS counts, messages, parts, cost_micros " \
	"FROM event WHERE org = :org AND occurred_at >= :from AND occurred_at < :until LIMIT :max)" }

/* What is asked: each column takes time, so those who want messages only do not read the others. */
struct question {
	struct db *db;
	const struct organization *org;
	struct source {
		const char *days, *quarters, *events;
	} source;
	size_t figures;		/* columns after the channel */
};

/* An instant as a quarter-hour, by its number, and what was used from there until it: less than nothing if it is before. */
struct end {
	int64_t quarter;
	struct usage_sums since;
};

/* Adds the rows of [from, until) with the sign; returns how many. */
static enum status
add_rows(const struct question *ask, struct query *q, int64_t from, int64_t until, int sign, struct usage_sums *sums,
    int64_t *rows)
{
	enum status st = OK, done;

	query_bind_int(q, ":org", ask->org->key);
	query_bind_int(q, ":from", from);
	query_bind_int(q, ":until", until);
	for (*rows = 0; st == OK && query_step(q); ++*rows)
		st = usage_add(q, 0, ask->figures, sign, sums);
	done = query_done(q);
	return st != OK ? st : done;
}

/* Adds whole quarter-hours, [from, until) by number, with the sign. */
static enum status
add_quarters(const struct question *ask, int64_t from, int64_t until, int sign, struct usage_sums *sums)
{
	int64_t rows;

	return from >= until ? OK : add_rows(ask, db_query(ask->db, ask->source.quarters), from, until, sign, sums, &rows);
}

/* Adds rows of the ledger with the sign.  *is_whole says whether there are no more than RAGGED_MAX. */
static enum status
add_events(const struct question *ask, int64_t from_at, int64_t to_at, int sign, struct usage_sums *sums, bool *is_whole)
{
	struct query *q;
	enum status st;
	int64_t rows;

	*is_whole = true;
	if (from_at >= to_at)
		return OK;
	q = db_query(ask->db, ask->source.events);
	query_bind_int(q, ":max", RAGGED_MAX + 1);
	st = add_rows(ask, q, from_at, to_at, sign, sums, &rows);
	*is_whole = rows <= RAGGED_MAX;
	return st;
}

/* Counts from one side of the quarter-hour that an instant is in. */
static enum status
count_from(const struct question *ask, int64_t quarter, int64_t at, struct end *end, bool *is_whole)
{
	int64_t from_at = quarter * QUARTER_MS;

	*end = (struct end) { .quarter = quarter };
	return from_at < at ? add_events(ask, from_at, at, 1, &end->since, is_whole) :
	    add_events(ask, at, from_at, -1, &end->since, is_whole);
}

/* Counts from the nearer side or, if that has too many events, from the other one, which has few if the instant is now. */
static enum status
read_end(const struct question *ask, int64_t at, struct end *end, struct error *err)
{
	int64_t quarter = floor_div(at, QUARTER_MS);
	bool is_late = at - quarter * QUARTER_MS > QUARTER_MS / 2, is_whole;
	enum status st;

	if ((st = count_from(ask, quarter + is_late, at, end, &is_whole)) != OK || is_whole ||
	    (st = count_from(ask, quarter + !is_late, at, end, &is_whole)) != OK || is_whole)
		return st;
	return error_set(err, BAD_REQUEST, "the range begins or ends inside a quarter-hour with more than %d events on either "
	    "side; use a multiple of %d milliseconds there", RAGGED_MAX, (int)QUARTER_MS);
}

/* The start of a day, as a quarter-hour: of the day that contains the quarter-hour, or the next one if that is nearer. */
static int64_t
nearest_day(const struct organization *org, int64_t quarter, struct day *d)
{
	int64_t from, until;

	*d = day_at(org->days, quarter * QUARTER_MS);
	from = day_start(org->days, *d) / QUARTER_MS;
	until = day_start(org->days, day_add(*d, 1)) / QUARTER_MS;
	if (quarter - from <= until - quarter)
		return from;
	*d = day_add(*d, 1);
	return until;
}

/* Adds what was used between two quarter-hours, with the sign; less than nothing if the second is before the first. */
static enum status
add_between(const struct question *ask, int64_t from, int64_t until, int sign, struct usage_sums *sums)
{
	return from < until ? add_quarters(ask, from, until, sign, sums) : add_quarters(ask, until, from, -sign, sums);
}

/* Adds whole quarter-hours: as many as possible as days, the rest one by one. */
static enum status
add_whole(const struct question *ask, int64_t first, int64_t last, struct usage_sums *sums)
{
	struct day from, until;
	int64_t start, end, rows;
	enum status st;

	if (first >= last)
		return add_between(ask, first, last, 1, sums);
	start = nearest_day(ask->org, first, &from);
	end = nearest_day(ask->org, last, &until);
	if (from.n >= until.n)
		return add_quarters(ask, first, last, 1, sums);
	if ((st = add_between(ask, first, start, 1, sums)) != OK || (st = add_between(ask, end, last, 1, sums)) != OK)
		return st;
	return add_rows(ask, db_query(ask->db, ask->source.days), from.n, until.n, 1, sums, &rows);
}

/* There is nothing outside of the time that days are computed for. */
static enum status
sum(const struct question *ask, int64_t from_at, int64_t to_at, struct usage_sums *sums, struct error *err)
{
	struct end from, to;
	enum status st;
	bool is_whole;

	*sums = (struct usage_sums) { 0 };
	from_at = from_at < INSTANT_MIN ? INSTANT_MIN : from_at;
	to_at = to_at > INSTANT_MAX ? INSTANT_MAX : to_at;
	if (from_at >= to_at)
		return OK;
	/* A short range has about as few events as there are between its ends and the quarter-hours near them. */
	if (to_at - from_at < QUARTER_MS) {
		if ((st = add_events(ask, from_at, to_at, 1, sums, &is_whole)) != OK || is_whole)
			return st;
		*sums = (struct usage_sums) { 0 };
	}
	if ((st = read_end(ask, from_at, &from, err)) != OK || (st = read_end(ask, to_at, &to, err)) != OK ||
	    (st = add_whole(ask, from.quarter, to.quarter, sums)) != OK)
		return st;
	usage_add_sums(sums, 1, &to.since);
	usage_add_sums(sums, -1, &from.since);
	return OK;
}

enum status
usage_sum_instants(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at, struct usage_sums *sums,
    struct error *err)
{
	return sum(&(const struct question) { db, org, SOURCE("messages, parts, cost_micros",
	    "counts * messages, counts * parts, counts * cost_micros"), USAGE_FIGURES }, from_at, to_at, sums, err);
}

enum status
usage_sum_messages(struct db *db, const struct organization *org, int64_t from_at, int64_t to_at, struct usage_sums *sums,
    struct error *err)
{
	return sum(&(const struct question) { db, org, SOURCE("messages", "counts * messages"), 1 }, from_at, to_at, sums, err);
}
