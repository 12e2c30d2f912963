/*
 * Organizations, read (see organization.h).  Writing is in ledger/organization_change.c, because a change affects
 * usage, which is a layer above this one.
 */
#include <stdio.h>
#include <string.h>

#include "org/day_spans.h"
#include "base/name.h"
#include "base/json.h"
#include "org/organization.h"

/* What read_row reads, in its order. */
#define COLUMNS \
	"key, id, name, timezone, plan, revision, zone_revision, cycle_day, created_at, updated_at, week_start"

const struct organization organization_defaults = { .cycle_day = 1, .week_start = 1 };

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
	org->cycle_day = (int)query_int(q, 7);
	org->created_at = query_int(q, 8);
	org->updated_at = query_int(q, 9);
	org->week_start = (int)query_int(q, 10);
}

enum status
organization_load(struct db *db, const char *id, struct organization *org, struct error *err)
{
	struct query *q = db_query(db, "SELECT " COLUMNS " FROM organization WHERE id = :id");
	char wanted[ID_MAX + 1];	/* a copy: id may be org->id, which memset clears */
	enum status st;
	bool found;

	snprintf(wanted, sizeof(wanted), "%s", id);
	memset(org, 0, sizeof(*org));
	query_bind_text(q, ":id", wanted);
	if ((found = query_step(q)))
		read_row(q, org);
	if ((st = query_done(q)) != OK)
		return st;
	if (!found)
		return error_set(err, NOT_FOUND, "organization: there is no organization \"%s\"", wanted);
	/* An organization without its days is of no use to any caller. */
	return day_spans_load(db, org, err);
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
	if (org->cycle_day < 1 || org->cycle_day > 31)
		return error_set(err, BAD_REQUEST, "cycleDay: must be from 1 to 31");
	if (org->week_start < 1 || org->week_start > 7)
		return error_set(err, BAD_REQUEST, "weekStart: must be from 1 (Monday) to 7 (Sunday)");
	if ((was == NULL || strcmp(was->name, org->name) != 0) && (st = name_check("name", org->name, err)) != OK)
		return st;
	return was == NULL || strcmp(was->plan, org->plan) != 0 ? name_check("plan", org->plan, err) : OK;
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
	struct day d = organization_today(org, now);
	int64_t at;

	do {	/* a day that the zone skips starts when the next one does */
		d = day_add(d, 1);
		at = day_start(org->days, d);
	} while (at <= now);
	return at;
}
