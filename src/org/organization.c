/*
 * Organizations, read (see organization.h).  Writing is in ledger/organization_change.c, because a change affects
 * usage, which is a layer above this one.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "org/day_spans.h"
#include "base/name.h"
#include "base/json.h"
#include "org/organization.h"
#include "time/instant.h"

/* What read_row reads, in its order. */
#define COLUMNS \
	"o.key, o.id, o.name, o.timezone, o.plan, o.revision, o.zone_revision, o.cycle_day, o.created_at, o.updated_at, " \
	"o.week_start, o.currency, c.valid_from, c.cycle_day"

const struct organization organization_defaults = { .cycles = { .first_day = 1 }, .currency = CURRENCY_DEFAULT,
	.week_start = 1 };

/* The words of httpd-conf/routes that follow an id or stand where one may be; NULL ends them.  The build makes them from it. */
extern const char *const route_words[];

bool
organization_id_ok(const char *id)
{
	/*
	 * Ids become segments of a path.  A word that follows one in some route is no id, or the web server could not
	 * tell the two apart; nor is a path that browsers normalize away.
	 */
	if (!id_ok(id) || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return false;
	for (size_t i = 0; route_words[i] != NULL; i++)
		if (strcmp(id, route_words[i]) == 0)
			return false;
	return true;
}

/* Reads the columns of COLUMNS.  The sizes of the texts were checked when they were written. */
static void
read_row(struct query *q, struct organization *org)
{
	org->key = query_int(q, 0);
	snprintf(org->id, sizeof(org->id), "%s", query_text(q, 1));
	snprintf(org->name, sizeof(org->name), "%s", query_text(q, 2));
	snprintf(org->timezone, sizeof(org->timezone), "%s", query_text(q, 3));
	snprintf(org->plan, sizeof(org->plan), "%s", query_text(q, 4));
	org->revision = query_int(q, 5);
	org->zone_revision = query_int(q, 6);
	org->cycles.first_day = (int)query_int(q, 7);
	org->created_at = query_int(q, 8);
	org->updated_at = query_int(q, 9);
	org->week_start = (int)query_int(q, 10);
	snprintf(org->currency, sizeof(org->currency), "%s", query_text(q, 11));
}

/* Adds the change of the cycle day that is in the row, if it has one; verify reports a list that is too long. */
static void
read_change(struct query *q, struct cycle_rule *cycles)
{
	if (query_is_null(q, 12) || cycles->count == CYCLE_CHANGES_MAX)
		return;
	cycles->changes[cycles->count++] = (struct cycle_change) { { (int32_t)query_int(q, 12) }, (int)query_int(q, 13) };
}

/*
 * Reads the changes of its cycle day with the organization: every request needs both, and there is hardly ever one.  The row is
 * remembered without its days, which day_spans keeps in a place of its own.
 */
enum status
organization_load(struct db *db, const char *id, struct organization *org, struct error *err)
{
	static const char prefix[] = "organization ";
	char key[sizeof(prefix) + ID_MAX], *wanted = key + sizeof(prefix) - 1;	/* a copy: id may be org->id, which memset clears */
	const void *known;
	void *kept;
	struct query *q;
	enum status st;
	bool found = false;
	size_t key_n = sizeof(prefix) - 1 + strnlen(id, ID_MAX), n;

	memcpy(key, prefix, sizeof(prefix));
	snprintf(wanted, ID_MAX + 1, "%s", id);
	if ((known = db_remembered(db, db_version(db), key, key_n, &n)) != NULL) {
		memcpy(org, known, n);
		return day_spans_load(db, org, err);
	}
	memset(org, 0, sizeof(*org));
	q = db_query(db, "SELECT " COLUMNS " FROM organization o LEFT JOIN cycle_change c ON c.org = o.key "
	    "WHERE o.id = :id ORDER BY c.valid_from");
	query_bind_text(q, ":id", wanted);
	for (; query_step(q); found = true) {
		if (!found)
			read_row(q, org);
		read_change(q, &org->cycles);
	}
	if ((st = query_done(q)) != OK)
		return st;
	if (!found)
		return error_set(err, NOT_FOUND, "organization: there is no organization \"%s\"", wanted);
	/* Without the changes of the cycle day that there are not: they would be half of it. */
	n = offsetof(struct organization, cycles.changes) + org->cycles.count * sizeof(org->cycles.changes[0]);
	if ((kept = db_remember(db, db_version(db), key, key_n, n)) != NULL)
		memcpy(kept, org, n);
	/* An organization without its days is of no use to any caller. */
	return day_spans_load(db, org, err);
}

enum status
organization_forget_kept(struct db *db, int64_t org_key)
{
	struct query *q = db_query(db, "UPDATE organization SET zone_revision = zone_revision + 1 WHERE key = :key");

	db_changes_cached(db);
	query_bind_int(q, ":key", org_key);
	return query_run(q);
}

struct organization_kept_key
organization_kept_key(const struct db *db, const struct organization *org, const char *name)
{
	struct organization_kept_key key = { .db = db_number(db), .org = org->key, .zone_revision = org->zone_revision };

	memcpy(key.name, name, strnlen(name, sizeof(key.name)));
	return key;
}

enum status
organization_count(struct db *db, int64_t *count)
{
	struct query *q = db_query(db, "SELECT count(*) FROM organization");

	*count = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

enum status
organization_ids(struct db *db, struct arena *a, const char ***ids, size_t *count)
{
	struct query *q = db_query(db, "SELECT id FROM organization ORDER BY id");
	size_t max = 0;

	*ids = NULL;
	*count = 0;
	while (query_step(q)) {
		*ids = arena_grow(a, *ids, *count, &max, sizeof(**ids));
		(*ids)[(*count)++] = arena_strdup(a, query_text(q, 0));
	}
	return query_done(q);
}

/* Names the field that is out of range; the schema's own checks would refuse the row without saying which. */
enum status
organization_check(const struct organization *org, const struct organization *was, struct error *err)
{
	enum status st;

	if (!organization_id_ok(org->id))
		return id_refuse("id", org->id, err);
	if (org->cycles.first_day < 1 || org->cycles.first_day > 31)
		return error_set(err, BAD_REQUEST, "cycleDay: must be from 1 to 31");
	if (org->week_start < 1 || org->week_start > 7)
		return error_set(err, BAD_REQUEST, "weekStart: must be from 1 (Monday) to 7 (Sunday)");
	if ((was == NULL || strcmp(was->currency, org->currency) != 0) && (st = currency_check("currency", org->currency, err)) != OK)
		return st;
	if ((was == NULL || strcmp(was->name, org->name) != 0) && (st = name_check("name", org->name, err)) != OK)
		return st;
	return was == NULL || strcmp(was->plan, org->plan) != 0 ? name_check("plan", org->plan, err) : OK;
}

/* What is past stays as it was reported: only a day that has not ended can begin a cycle. */
enum status
organization_set_cycle(struct organization *org, int cycle_day, const struct day *from, const char *name, struct day today,
    struct error *err)
{
	char text[DAY_TEXT_MAX], other[DAY_TEXT_MAX];
	struct day last = day_at(org->days, INSTANT_MAX - 1);

	if (from == NULL) {
		org->cycles = (struct cycle_rule) { .first_day = cycle_day };
		return OK;
	}
	if (from->n < today.n) {
		error_set(err, BAD_REQUEST, "%s: %s is past", name, day_format(*from, text));
		error_hint(err, "Give %s or a later day, or leave it out to change the cycles of all time.", day_format(today, other));
		return BAD_REQUEST;
	}
	if (from->n > last.n)
		return error_set(err, BAD_REQUEST, "%s: %s is after %s, the last day there is", name, day_format(*from, text),
		    day_format(last, other));
	if (!cycle_set_from(&org->cycles, *from, cycle_day))
		return error_set(err, BAD_REQUEST, "%s: the cycle day has changed %d times, which are enough", name, CYCLE_CHANGES_MAX);
	return OK;
}

enum status
organization_cycle(const struct organization *org, const char *name, const char *text, struct day today, struct cycle *cycle,
    struct error *err)
{
	char until[DAY_TEXT_MAX];
	struct day d;

	*cycle = cycle_of(org->days, &org->cycles, today);
	if (text == NULL)
		return OK;
	if (strcmp(text, "previous") == 0)
		d = day_add(cycle->from, -1);
	else if (!day_parse(text, &d)) {
		error_set(err, BAD_REQUEST, "%s: must be previous, or a date (YYYY-MM-DD)", name);
		error_hint(err, "A date stands for the cycle that contains it.");
		return BAD_REQUEST;
	} else if (d.n >= cycle->until.n) {
		error_set(err, BAD_REQUEST, "%s: %s is in a cycle that has not begun", name, text);
		error_hint(err, "Give a date before %s, the end of the present cycle.", day_format(cycle->until, until));
		return BAD_REQUEST;
	}
	*cycle = cycle_of(org->days, &org->cycles, d);
	return OK;
}

struct day
organization_today(const struct organization *org, int64_t now)
{
	return day_at(org->days, now);
}

int64_t
organization_unchanged_until(const struct organization *org, int64_t now)
{
	return day_start(org->days, day_add(organization_today(org, now), 1));
}

int64_t
organization_next_day_start(const struct organization *org, int64_t now)
{
	return day_next_start(org->days, now);
}
