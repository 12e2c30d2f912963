/*
 * Copies the events, which are most rows of a file: their actors, what corrections refer to, and the digests of their days.
 *
 * The speed of an upgrade is decided here, so a row takes one statement.  The last actor is remembered, and the sums of days are
 * collected in memory until the transaction ends.
 *
 * The forms of the digests are those of the versions, written out here, because what they are elsewhere may change later.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/row_hash.h"
#include "db/db_upgrade_parts.h"

enum { ORG = 0, SOURCE, ID, OCCURRED_AT, STATUS = 7, VOIDS_ID = 14, CREDENTIAL, RECEIVED_AT, DETAIL };	/* the old columns */
enum { SETTLES_MAX = 1024, DAY_MILLISECONDS = 86400000 };

#define ADJUST_SOURCE "daybook:adjust:"
#define UNIT_SEPARATOR '\x1f'

/* ---- Sums of days */

/* In one of two tables of the same form: the digests of the new rows, and those of the old ones, to be compared at the end. */
static enum status
add_to_day(struct query *q, const struct db_copy_day *d, int64_t digest)
{
	query_bind_int(q, ":org", d->org);
	query_bind_int(q, ":day", d->day);
	query_bind_int(q, ":events", d->events);
	query_bind_int(q, ":digest", digest);
	return query_run(q);
}

#define ADD_TO_DAY(table) "INSERT INTO " table " (org, day, events, digest) VALUES (:org, :day, :events, :digest) " \
	"ON CONFLICT (org, day) DO UPDATE SET events = events + excluded.events, " \
	"digest = (digest + excluded.digest) & 4611686018427387903"

static enum status
write_day(struct db_copy *c, struct db_copy_day *d)
{
	enum status st = OK;

	if (d->events > 0)
		st = add_to_day(db_query(c->new, ADD_TO_DAY("ledger_day")), d, d->digest);
	if (st == OK && d->events > 0 && c->version >= 3)
		st = add_to_day(db_query(c->new, ADD_TO_DAY("upgrade_day")), d, d->old_digest);
	d->events = 0;
	return st;
}

enum status
db_upgrade_write_days(struct db_copy *c)
{
	enum status st = OK;

	for (size_t i = 0; st == OK && i < DB_COPY_DAYS; i++)
		st = write_day(c, &c->days[i]);
	return st;
}

/* Adds the hashes of a row to its day.  Two days that have the same place in the table take turns in it. */
static enum status
add_digests(struct db_copy *c, struct query *event, const struct row_hash *new, const struct row_hash *old)
{
	int64_t org = query_int(event, ORG), day = query_int(event, OCCURRED_AT) / DAY_MILLISECONDS;
	struct db_copy_day *d = &c->days[((uint64_t)org * 400 + (uint64_t)day) % DB_COPY_DAYS];
	enum status st;

	if (d->org != org || d->day != day || d->events == 0) {
		if ((st = write_day(c, d)) != OK)
			return st;
		*d = (struct db_copy_day) { org, day, 0, 0, 0 };
	}
	d->events++;
	d->digest = row_hash_sum(d->digest, row_hash_end(new));
	d->old_digest = row_hash_sum(d->old_digest, row_hash_end(old));
	return OK;
}

/* ---- What the new row has in addition */

/* The actor of the row, which is a credential without a name.  Adds it if it is new. */
static enum status
find_actor(struct db_copy *c, struct query *event)
{
	const char *credential = query_text(event, CREDENTIAL);
	struct query *q;
	enum status st;

	if (c->actor != 0 && strcmp(c->credential, credential) == 0)
		return OK;
	q = db_query(c->new, "INSERT INTO actor (credential, name) VALUES (:credential, '') ON CONFLICT DO NOTHING");
	query_bind_text(q, ":credential", credential);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(c->new, "SELECT key FROM actor WHERE credential = :credential AND name = ''");
	query_bind_text(q, ":credential", credential);
	c->actor = query_step(q) ? query_int(q, 0) : 0;
	/* One that does not fit is looked up again for each row. */
	snprintf(c->credential, sizeof(c->credential), "%s", credential);
	return query_done(q);
}

/* Which event an adjustment settles is in its id: TARGET, a unit separator, and a number.  False if it settles none. */
static bool
find_settled(struct query *event, char settled[SETTLES_MAX])
{
	const char *id = query_text(event, ID), *end = strrchr(id, UNIT_SEPARATOR);

	if (strcmp(query_text(event, STATUS), "adjust") != 0 ||
	    strncmp(query_text(event, SOURCE), ADJUST_SOURCE, strlen(ADJUST_SOURCE)) != 0 || end == NULL || end == id ||
	    end - id >= SETTLES_MAX || strspn(end + 1, "0123456789") != strlen(end + 1))
		return false;
	snprintf(settled, SETTLES_MAX, "%.*s", (int)(end - id), id);
	return true;
}

/* A query that has the reason of a void as its row, if there is one; NULL for other events. */
static struct query *
find_reason(struct db_copy *c, struct query *event)
{
	struct query *q;

	if (strcmp(query_text(event, STATUS), "void") != 0)
		return NULL;
	q = db_query(c->new, "SELECT reason FROM upgrade_reason WHERE org = :org AND source = :source AND id = :id "
	    "AND voids = :voids AND at = :at");
	query_bind_int(q, ":org", query_int(event, ORG));
	query_bind_text(q, ":source", query_text(event, SOURCE));
	query_bind_text(q, ":id", query_text(event, ID));
	query_bind_text(q, ":voids", query_text(event, VOIDS_ID));
	query_bind_int(q, ":at", query_int(event, RECEIVED_AT));
	query_step(q);
	return q;
}

/* ---- The row */

/*
 * Hashes the row in the forms of versions 4 and 3, which begin alike.  The columns that nothing in an older file corresponds to
 * are NULL.
 */
static void
hash_event(struct row_hash *new, struct row_hash *old, struct query *event, const char *settled, const char *reason)
{
	row_hash_start(new);
	query_hash(event, ORG, VOIDS_ID - ORG + 1, new);
	*old = *new;
	query_hash(event, CREDENTIAL, 2, old);	/* and received_at */
	row_hash_text(new, settled);
	row_hash_text(new, reason);
	for (int i = 0; i < 3; i++)	/* sender, network, tag */
		row_hash_null(new);
	row_hash_text(new, query_text(event, CREDENTIAL));
	row_hash_text(new, "");		/* the name of the actor */
	row_hash_int(new, 0);		/* the organization's revision, which nobody knows */
	row_hash_int(new, query_int(event, RECEIVED_AT));
}

static enum status
insert_event(struct db_copy *c, struct query *event, const char *settled, const char *reason)
{
	struct query *q = db_query(c->new, "INSERT INTO event (org, source, id, occurred_at, channel, messages, parts, status, "
	    "cost_micros, cost_given, campaign_given, segment_given, campaign, segment, voids_id, actor, received_at, detail_sha256, "
	    "settles_id, reason, org_revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, :actor, "
	    "?17, ?18, :settles, :reason, 0)");

	db_upgrade_bind(q, event, DETAIL + 1);
	query_bind_int(q, ":actor", c->actor);	/* in the place of the credential */
	query_bind_text(q, ":settles", settled);
	query_bind_text(q, ":reason", reason);
	return query_run(q);
}

enum status
db_upgrade_add_event(struct db_copy *c, struct query *event, struct error *err)
{
	char text[SETTLES_MAX];
	const char *settled = find_settled(event, text) ? text : NULL, *reason;
	struct query *of_void = find_reason(c, event);
	struct row_hash new, old;
	enum status st, st_reason = OK;

	reason = of_void != NULL && of_void->rc == SQLITE_ROW ? query_text(of_void, 0) : NULL;
	if ((st = find_actor(c, event)) == OK && (st = insert_event(c, event, settled, reason)) == OK) {
		hash_event(&new, &old, event, settled, reason);
		st = add_digests(c, event, &new, &old);
	}
	if (of_void != NULL)
		st_reason = query_done(of_void);
	if (st == INTERNAL)
		return error_set(err, CONFLICT, "an event cannot be copied: %s", sqlite3_errmsg(c->new->handle));
	return st == OK && st_reason == OK ? OK : db_why(c->new, err);
}

/* ---- Comparing */

/* The number of days in a table of digests; -1 if it cannot be read. */
static int64_t
days(struct db *db, const char *sql)
{
	struct query *q = db_query(db, sql);
	int64_t n = query_step(q) ? query_int(q, 0) : -1;

	return query_done(q) == OK ? n : -1;
}

enum status
db_upgrade_compare_days(struct db_copy *c, struct error *err)
{
	struct query *q, *copied;
	enum status st = OK;

	if (c->version != 3)	/* those of version 4 are copied, and stay as they are */
		return OK;
	if (days(c->old, "SELECT count(*) FROM ledger_day") != days(c->new, "SELECT count(*) FROM upgrade_day"))
		return error_set(err, CONFLICT, "ledger_day: has other days than the events of the ledger");
	q = db_query(c->old, "SELECT l.org, l.day, l.events, l.digest, o.id FROM ledger_day l "
	    "LEFT JOIN organization o ON o.key = l.org");
	while (st == OK && query_step(q)) {
		copied = db_query(c->new, "SELECT events, digest FROM upgrade_day WHERE org = :org AND day = :day");
		query_bind_int(copied, ":org", query_int(q, 0));
		query_bind_int(copied, ":day", query_int(q, 1));
		if (!query_step(copied) || query_int(copied, 0) != query_int(q, 2) || query_int(copied, 1) != query_int(q, 3))
			st = error_set(err, CONFLICT, "%s: ledger_day %" PRId64 ": the events of the ledger are not those that were written",
			    query_text(q, 4), query_int(q, 1));
		if (query_done(copied) != OK)
			st = db_why(c->new, err);
	}
	return query_done(q) == OK ? st : db_why(c->old, err);
}
