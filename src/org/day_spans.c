/*
 * Day spans (see day_spans.h): an organization's days are defined by its zone_span rows, never by a zone file directly.
 *
 * A process caches the rows of the organizations that it has used, because every request needs them.  A cached copy is
 * valid for one opening of the database, one organization and one zone_revision, so a write by another process makes it
 * stale.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "org/day_spans.h"
#include "base/crypto.h"
#include "time/instant.h"

enum { KEPT = 256 };	/* organizations whose spans a process caches */

/* The spans of all organizations that have the same: those of one zone, most often. */
struct list {
	struct list *next;
	size_t users, count;
	struct span at[];
};

static struct list *lists;

static struct kept {
	int64_t db, org, zone_revision;
	struct list *list;		/* NULL = none was read yet */
	char attributed_to[ZONE_NAME_MAX];	/* the zone that attribute() found in the coming rows; "" = not checked */
	/* The rows from same_from on are those of this file of this zone; "" = not known. */
	char same_zone[ZONE_NAME_MAX];
	uint8_t same_file[SHA256_SIZE];
	int64_t same_from;
} kept[KEPT];

/*
 * The cache entry of an organization.  Two organizations may share one: the later takes it over, which is why org->days
 * is valid only until another organization is loaded.
 */
static struct kept *
slot_of(const struct organization *org)
{
	return &kept[org->key % KEPT];
}

/* The list with these spans, which has one user more then. */
static struct list *
list_of(const struct span *spans, size_t count)
{
	struct list *l = lists;

	while (l != NULL && !day_spans_is_same((struct spans) { l->at, l->count }, spans, count))
		l = l->next;
	if (l == NULL) {
		l = xmalloc(sizeof(*l) + count * sizeof(*spans));
		*l = (struct list) { .next = lists, .count = count };
		memcpy(l->at, spans, count * sizeof(*spans));
		lists = l;
	}
	l->users++;
	return l;
}

static void
list_leave(struct list *l)
{
	struct list **link = &lists;

	if (l == NULL || --l->users > 0)
		return;
	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	free(l);
}

/* Reads the rows into the entry. */
static enum status
read_spans(struct db *db, const struct organization *org, struct kept *k)
{
	static struct span spans[SPANS_MAX];
	struct query *q = db_query(db, "SELECT from_at, utc_offset_s FROM zone_span WHERE org = :org ORDER BY from_at");
	struct list *old = k->list;
	enum status st;
	size_t count = 0;

	query_bind_int(q, ":org", org->key);
	while (count < SPANS_MAX && query_step(q)) {
		spans[count].from_at = query_int(q, 0);
		spans[count++].utc_offset_s = (int32_t)query_int(q, 1);
	}
	st = query_done(q);
	*k = (struct kept) { .db = db_number(db), .org = org->key, .zone_revision = org->zone_revision,
		.list = list_of(spans, count) };
	list_leave(old);
	/* Forget the entry after a failure, so that a partial list is never used.  Organization keys start at 1. */
	if (st != OK || count == 0 || !db_may_cache(db))
		k->org = 0;
	return st;
}

enum status
day_spans_load(struct db *db, struct organization *org, struct error *err)
{
	struct kept *k = slot_of(org);
	enum status st;

	/* Read the rows again if the entry belongs to another opening, organization or revision, or if they may yet be undone. */
	if (k->db != db_number(db) || k->org != org->key || k->zone_revision != org->zone_revision || !db_may_cache(db)) {
		if ((st = read_spans(db, org, k)) != OK)
			return st;
		if (k->list->count == 0)
			return error_set(err, INTERNAL, "%s: has no zone_span rows; set its zone again", org->id);
	}
	org->days = (struct spans) { .at = k->list->at, .count = k->list->count };
	return OK;
}

static enum status
delete_from(struct db *db, const struct organization *org, int64_t from_at)
{
	struct query *q = db_query(db, "DELETE FROM zone_span WHERE org = :org AND from_at >= :from_at");

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", from_at);
	return query_run(q);
}

static const char insert_sql[] = "INSERT INTO zone_span (org, from_at, utc_offset_s, zone, tzdata_version) "
    "VALUES (:owner, :from_at, :utc_offset_s, :zone, :tzdata_version)";

enum status
day_spans_insert(struct db *db, const char *sql, int64_t owner, const char *zone, const struct span *spans, size_t count,
    int64_t from_at)
{
	struct query *q = db_query(db, sql);
	char tzdata[32];
	enum status st = OK;

	/* One copy for all rows: zone_tzdata_version opens a file each time. */
	snprintf(tzdata, sizeof(tzdata), "%s", zone_tzdata_version());
	for (size_t i = 0; st == OK && i < count; i++) {
		if (spans[i].from_at < from_at)
			continue;
		query_bind_int(q, ":owner", owner);
		query_bind_int(q, ":from_at", spans[i].from_at);
		query_bind_int(q, ":utc_offset_s", spans[i].utc_offset_s);
		query_bind_text(q, ":zone", zone);
		query_bind_text(q, ":tzdata_version", tzdata);
		st = query_run(q);
	}
	return st;
}

bool
day_spans_is_same(struct spans old, const struct span *new, size_t count)
{
	if (old.count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (old.at[i].from_at != new[i].from_at || old.at[i].utc_offset_s != new[i].utc_offset_s)
			return false;
	return true;
}

static enum status
off_quarter_hour(const struct organization *org, struct error *err)
{
	return error_set(err, BAD_REQUEST, "timezone: %s has an offset or a day start that is not a whole number of "
	    "quarter-hours; choose another zone", org->timezone);
}

enum status
day_spans_note_file(struct db *db, const char *name, const struct zone *zone)
{
	struct query *q = db_query(db, "INSERT INTO zone_file (zone, tzdata_version, sha256) "
	    "VALUES (:zone, :tzdata_version, :sha256) ON CONFLICT DO NOTHING");

	query_bind_text(q, ":zone", name);
	query_bind_text(q, ":tzdata_version", zone_tzdata_version());
	query_bind_blob(q, ":sha256", zone_sha256(zone), SHA256_SIZE);
	return query_run(q);
}

/*
 * The rows from from_at on already have the offsets of this zone file, but may name another zone with the same offsets,
 * or come from a version that recorded no files.  Then attributes them to this zone and file.  Checked once per
 * process.
 */
static enum status
attribute(struct db *db, const struct organization *org, const struct zone *zone, int64_t from_at)
{
	struct kept *k = slot_of(org);
	struct query *q;
	enum status st;
	bool found;

	if (k->org != org->key || strcmp(k->attributed_to, org->timezone) == 0)
		return OK;
	/* Look before writing: almost always every row is attributed already. */
	q = db_query(db, "SELECT 1 FROM zone_span s WHERE org = :org AND from_at >= :from_at AND (zone <> :zone "
	    "OR NOT EXISTS (SELECT 1 FROM zone_file f WHERE f.zone = s.zone AND f.tzdata_version = s.tzdata_version)) LIMIT 1");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", from_at);
	query_bind_text(q, ":zone", org->timezone);
	found = query_step(q);
	if ((st = query_done(q)) != OK)
		return st;
	/* Not after an UPDATE: this transaction may be undone. */
	if (!found) {
		if (db_may_cache(db))
			snprintf(k->attributed_to, sizeof(k->attributed_to), "%s", org->timezone);
		return OK;
	}
	db_changes_cached(db);
	q = db_query(db, "UPDATE zone_span SET zone = :zone, tzdata_version = :tzdata_version "
	    "WHERE org = :org AND from_at >= :from_at");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", from_at);
	query_bind_text(q, ":zone", org->timezone);
	query_bind_text(q, ":tzdata_version", zone_tzdata_version());
	return (st = query_run(q)) == OK ? day_spans_note_file(db, org->timezone, zone) : st;
}

/*
 * Every write compares the rows with the zone file.  That they are the same is kept for the file (zone_get sees a new one),
 * the rows (zone_revision), the zone's name and the day, so that most writes need not join them.
 */
static bool
is_known_same(const struct db *db, const struct organization *org, const struct zone *zone, int64_t from_at)
{
	const struct kept *k = slot_of(org);

	return k->db == db_number(db) && k->org == org->key && k->zone_revision == org->zone_revision && k->same_from == from_at &&
	    strcmp(k->same_zone, org->timezone) == 0 && memcmp(k->same_file, zone_sha256(zone), SHA256_SIZE) == 0;
}

static void
note_same(const struct db *db, const struct organization *org, const struct zone *zone, int64_t from_at)
{
	struct kept *k = slot_of(org);

	/* Not if this transaction has written rows, or who they are of: it may be undone. */
	if (k->org != org->key || k->zone_revision != org->zone_revision || strcmp(k->attributed_to, org->timezone) != 0 ||
	    !db_may_cache(db))
		return;
	snprintf(k->same_zone, sizeof(k->same_zone), "%s", org->timezone);
	memcpy(k->same_file, zone_sha256(zone), SHA256_SIZE);
	k->same_from = from_at;
}

enum day_spans_state
day_spans_worse(enum day_spans_state x, enum day_spans_state y)
{
	if (x == DAY_SPANS_DIFFER || y == DAY_SPANS_DIFFER)
		return DAY_SPANS_DIFFER;
	return x > y ? x : y;
}

enum day_spans_state
day_spans_compare(const struct organization *org, int64_t from_at, struct error *err)
{
	const struct zone *zone = zone_get(org->timezone, err);
	enum day_spans_state state = DAY_SPANS_DIFFER;
	struct span *spans;
	size_t count;

	if (zone == NULL)
		return err->status == BAD_REQUEST ? DAY_SPANS_NO_ZONE : DAY_SPANS_UNUSABLE;
	spans = xmalloc(SPANS_MAX * sizeof(*spans));
	if ((count = spans_join(org->days, zone, from_at, spans, SPANS_MAX)) == 0) {
		off_quarter_hour(org, err);
		state = DAY_SPANS_UNUSABLE;
	} else if (day_spans_is_same(org->days, spans, count))
		state = DAY_SPANS_SAME;
	free(spans);
	return state;
}

/*
 * Computes the spans that the organization should have and writes them only if they differ from the present ones.
 * zone_revision goes up with the rows, so that other processes read them again.
 */
enum status
day_spans_replace(struct db *db, struct organization *org, int64_t from_at, bool is_whole, bool *changed, struct error *err)
{
	struct spans past = is_whole ? (struct spans) { 0 } : org->days;
	const struct zone *zone = zone_get(org->timezone, err);
	struct span *spans;
	enum status st = OK;
	size_t count;

	*changed = false;
	if (zone == NULL)
		return err->status == UNAVAILABLE ? UNAVAILABLE : BAD_REQUEST;
	if (!is_whole && is_known_same(db, org, zone, from_at))
		return OK;
	spans = xmalloc(SPANS_MAX * sizeof(*spans));
	/* Past spans remain up to from_at, then the zone's own take over; is_whole forgets the past. */
	if ((count = spans_join(past, zone, from_at, spans, SPANS_MAX)) == 0)
		st = off_quarter_hour(org, err);
	else if (day_spans_is_same(org->days, spans, count)) {
		if ((st = attribute(db, org, zone, from_at)) == OK)
			note_same(db, org, zone, from_at);
	} else {
		*changed = true;
		/* All rows are replaced, also those before from_at. */
		if (is_whole)
			from_at = INT64_MIN;
		if ((st = delete_from(db, org, from_at)) == OK &&
		    (st = day_spans_insert(db, insert_sql, org->key, org->timezone, spans, count, from_at)) == OK &&
		    (st = day_spans_note_file(db, org->timezone, zone)) == OK) {
			st = organization_forget_kept(db, org->key);
			org->zone_revision++;
		}
		if (st == OK)
			st = day_spans_load(db, org, err);
	}
	free(spans);
	return st;
}
