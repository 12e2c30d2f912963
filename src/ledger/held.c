/*
 * Sums of what segments hold (see held.h).
 */
#include "ledger/held.h"
#include "store/channel_column.h"
#include "time/instant.h"

/* The place of a segment: the key of its row of held. */
#define KEY "(org, quarter, channel, parts_per_contact, sender)"
#define PLACE "s.org, s.scheduled_at / 900000, s.channel, s.parts_per_contact, coalesce(s.sender, '')"
#define OF_SEGMENT "FROM segment s WHERE s.campaign = :campaign AND s.number = :number"

static enum status
run_for(struct query *q, int64_t campaign, int64_t number, int64_t contacts)
{
	query_bind_int(q, ":campaign", campaign);
	query_bind_int(q, ":number", number);
	query_bind_int(q, ":contacts", contacts);
	return query_run(q);
}

/* Lowers a sum or, if nothing is left of it, deletes its row. */
static enum status
subtract(struct db *db, int64_t campaign, int64_t number, int64_t contacts)
{
	enum status st = run_for(db_query(db, "UPDATE held SET contacts = contacts - :contacts WHERE contacts > :contacts "
	    "AND " KEY " = (SELECT " PLACE " " OF_SEGMENT ")"), campaign, number, contacts);

	if (st != OK || db_changes(db) > 0)
		return st;
	/* Less than this is there only in a damaged file; verify says so. */
	return run_for(db_query(db, "DELETE FROM held WHERE contacts <= :contacts "
	    "AND " KEY " = (SELECT " PLACE " " OF_SEGMENT ")"), campaign, number, contacts);
}

enum status
held_add(struct db *db, int64_t campaign, int64_t number, int64_t contacts)
{
	if (contacts <= 0)
		return contacts < 0 ? subtract(db, campaign, number, -contacts) : OK;
	return run_for(db_query(db, "INSERT INTO held (org, quarter, channel, parts_per_contact, sender, contacts) "
	    "SELECT " PLACE ", :contacts " OF_SEGMENT " "
	    "ON CONFLICT " KEY " DO UPDATE SET contacts = held.contacts + excluded.contacts"), campaign, number, contacts);
}

enum status
held_each_quarter(struct db *db, const struct organization *org, int64_t from, int64_t until,
    void (*each)(const struct hold *hold, void *arg), void *arg)
{
	struct query *q = db_query(db, "SELECT quarter, channel, parts_per_contact, contacts, sender FROM held "
	    "WHERE org = :org AND quarter >= :from AND quarter < :until ORDER BY quarter");
	enum status st = OK, done;
	struct hold hold;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from", from);
	query_bind_int(q, ":until", until);
	while (st == OK && query_step(q))
		if ((st = channel_column(q, 1, &hold.channel)) == OK) {
			hold.quarter = query_int(q, 0);
			hold.day = day_at(org->days, hold.quarter * QUARTER_MS);
			hold.parts_per_contact = query_int(q, 2);
			hold.contacts = query_int(q, 3);
			hold.sender = query_text(q, 4)[0] != '\0' ? query_text(q, 4) : NULL;
			each(&hold, arg);
		}
	done = query_done(q);
	return st != OK ? st : done;
}

/* A day starts at a whole quarter-hour, so the divisions are exact. */
enum status
held_each(struct db *db, const struct organization *org, struct day from, struct day until,
    void (*each)(const struct hold *hold, void *arg), void *arg)
{
	return held_each_quarter(db, org, day_start(org->days, from) / QUARTER_MS, day_start(org->days, until) / QUARTER_MS, each,
	    arg);
}

enum status
held_last(struct db *db, const struct organization *org, struct day *day)
{
	struct query *q = db_query(db, "SELECT max(quarter) FROM held WHERE org = :org");

	query_bind_int(q, ":org", org->key);
	if (query_step(q) && !query_is_null(q, 0))
		*day = day_at(org->days, query_int(q, 0) * QUARTER_MS);
	return query_done(q);
}

enum status
held_rebuild(struct db *db, const struct organization *org)
{
	struct query *q = db_query(db, "DELETE FROM held WHERE org = :org");
	enum status st;

	query_bind_int(q, ":org", org->key);
	if ((st = query_run(q)) != OK)
		return st;
	/* By the status, which the index segment_day has, so that segments that have ended are not read. */
	q = db_query(db, "INSERT INTO held (org, quarter, channel, parts_per_contact, sender, contacts) "
	    "SELECT " PLACE ", sum(s.contacts - s.spent) FROM segment s "
	    "WHERE s.org = :org AND s.status IN ('scheduled', 'sending', 'paused') AND s.contacts > s.spent GROUP BY 1, 2, 3, 4, 5");
	query_bind_int(q, ":org", org->key);
	return query_run(q);
}
