/*
 * Stretches of the ledger (see job_stretch.h).
 */
#include "ledger/job_stretch.h"
#include "time/instant.h"

enum {
	QUARTERS_A_DAY = 96,
	EVENTS_MAX = 50000	/* in a stretch, as far as quarter-hours can be divided: less than 200 ms of reading */
};

/* The digest of the day in which a quarter-hour lies; 0 events if it has none. */
static enum status
read_day(struct db *db, const struct organization *org, int64_t quarter, int64_t *events, int64_t *digest)
{
	struct query *q = db_query(db, "SELECT events, digest FROM ledger_day WHERE org = :org AND day = :day");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":day", floor_div(quarter, QUARTERS_A_DAY));
	*events = *digest = 0;
	if (query_step(q)) {
		*events = query_int(q, 0);
		*digest = query_int(q, 1);
	}
	return query_done(q);
}

/* Ends a stretch before the quarter-hour in which the number of its events exceeds EVENTS_MAX, but not before its first one. */
static enum status
shorten(struct db *db, const struct organization *org, struct job_stretch *s)
{
	struct query *q = db_query(db, "SELECT occurred_at / 900000 FROM event WHERE org = :org AND occurred_at >= :first * 900000 "
	    "AND occurred_at < :end * 900000 ORDER BY occurred_at LIMIT 1 OFFSET :max");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":first", s->first);
	query_bind_int(q, ":end", s->end);
	query_bind_int(q, ":max", EVENTS_MAX);
	if (query_step(q))
		s->end = query_int(q, 0) > s->first ? query_int(q, 0) : s->first + 1;
	return query_done(q);
}

enum status
job_stretch_from(struct db *db, const struct organization *org, int64_t first, int64_t end, struct job_stretch *s)
{
	enum status st = read_day(db, org, first, &s->events, &s->digest);

	s->first = first;
	s->end = (floor_div(first, QUARTERS_A_DAY) + 1) * QUARTERS_A_DAY;
	if (s->end > end)
		s->end = end;
	return st == OK && s->events > EVENTS_MAX ? shorten(db, org, s) : st;
}

enum status
job_stretch_is_same(struct db *db, const struct organization *org, const struct job_stretch *s, bool *is)
{
	int64_t events, digest;
	enum status st = read_day(db, org, s->first, &events, &digest);

	*is = events == s->events && digest == s->digest;
	return st;
}
