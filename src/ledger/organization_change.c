/*
 * Organizations, written (see organization.h): adding and changing them, and keeping their days up to date with the
 * zone file.  Above the layer org/ because a change must find the days that are over their limit.
 */
#include <assert.h>
#include <string.h>

#include "org/day_spans.h"
#include "time/instant.h"
#include "base/json.h"
#include "base/log.h"
#include "org/organization.h"
#include "ledger/limit_amounts.h"
#include "ledger/limit_row.h"
#include "ledger/limit_zone.h"
#include "ledger/organization_audit.h"
#include "ledger/organization_currency.h"
#include "ledger/usage.h"
#include "store/installation.h"

/* Binds the columns that a person chooses, which INSERT and UPDATE share. */
static void
bind_fields(struct query *q, const struct organization *org, int64_t now)
{
	query_bind_text(q, ":name", org->name);
	query_bind_text(q, ":timezone", org->timezone);
	query_bind_text(q, ":plan", org->plan);
	query_bind_int(q, ":cycle_day", org->cycles.first_day);
	query_bind_text(q, ":currency", org->currency);
	query_bind_int(q, ":week_start", org->week_start);
	query_bind_int(q, ":now", now);
}

/* Writes the changes of the cycle day, which may be others than before. */
static enum status
put_cycle_changes(struct db *db, const struct organization *org)
{
	struct query *q = db_query(db, "DELETE FROM cycle_change WHERE org = :org");
	enum status st;

	query_bind_int(q, ":org", org->key);
	st = query_run(q);
	for (size_t i = 0; st == OK && i < org->cycles.count; i++) {
		q = db_query(db, "INSERT INTO cycle_change (org, valid_from, cycle_day) VALUES (:org, :from, :cycle_day)");
		query_bind_int(q, ":org", org->key);
		query_bind_int(q, ":from", org->cycles.changes[i].from.n);
		query_bind_int(q, ":cycle_day", org->cycles.changes[i].cycle_day);
		st = query_run(q);
	}
	return st;
}

/* The ETag of a reply contains the revision, so every transaction that may change a reply counts it up. */
static enum status
bump_revision(struct db *db, struct organization *org)
{
	struct query *q = db_query(db, "UPDATE organization SET revision = revision + 1 WHERE key = :key");

	query_bind_int(q, ":key", org->key);
	org->revision++;
	return query_run(q);
}

/* Brings the organization's own days up to date with the zone file. */
static enum status
follow_zone(struct db *db, struct arena *a, int64_t now, struct organization *org, struct error *err)
{
	static const struct actor by = { "system", "" };
	struct org_effects effects = { 0 };
	char text[2 * ERROR_TEXT_MAX];
	struct limit_base base;
	enum status st;
	bool changed;

	if (zone_get(org->timezone, err) == NULL) {
		err->text[0] = '\0';
		return OK;	/* no zone file at present: keep the days that are in the database */
	}
	st = day_spans_replace(db, org, organization_next_day_start(org, now), false, &changed, err);
	if (st == BAD_REQUEST) {	/* the file is unusable for days: log that, and keep the present ones */
		log_error("event=zone org=%s error=%s", org->id, log_value(err->text, text, sizeof(text)));
		return OK;
	}
	/* The coming days have other boundaries: recompute what depends on them, and let the audit name the effects. */
	if (st != OK || !changed)
		return st;
	if ((st = rollup_rebuild_days_from(db, org, day_at(org->days, now))) != OK ||
	    (st = day_spans_redate(db, a, org, false, &effects)) != OK || (st = limit_row_load(db, a, org)) != OK ||
	    (st = usage_days_over(db, a, org, now, &effects)) != OK)
		return st;
	limit_base_read(&org->limits, day_at(org->days, now), &base);
	return organization_audit(db, org, &base, NULL, &effects, now, &by, "org.tzdata");
}

/*
 * Loads the organization and, before the write that follows, brings its days and those of its limits up to date with the zone
 * files.  Trouble with such a file must not stop a write: the days are in the database and remain as they are.
 */
enum status
organization_load_for_write(struct db *db, struct arena *a, const char *id, int64_t now,
    struct organization *org, struct error *err)
{
	enum status st;

	if ((st = organization_load(db, id, org, err)) != OK || (st = bump_revision(db, org)) != OK ||
	    (st = limit_row_load(db, a, org)) != OK || (st = follow_zone(db, a, now, org, err)) != OK)
		return st;
	return limit_zone_follow(db, a, org, now);
}

/* A write of an organization, for write_loaded. */
struct organization_writing {
	struct db *db;
	struct arena *arena;
	const char *id;
	int64_t now;
	organization_work *work;
	void *arg;
	struct error *err;
};

/* Inside the write transaction: the organization that is changed is the one that was loaded. */
static enum status
write_loaded(void *arg)
{
	struct organization_writing *w = arg;
	struct organization org;
	enum status st;

	if ((st = organization_load_for_write(w->db, w->arena, w->id, w->now, &org, w->err)) != OK)
		return st;
	return w->work(&org, w->arg);
}

enum status
organization_write(struct db *db, struct arena *a, const char *id, int64_t now, organization_work *work, void *arg,
    struct error *err)
{
	struct organization_writing w = { db, a, id, now, work, arg, err };

	return db_write(db, write_loaded, &w);
}

static enum status
change_nothing(struct organization *org, void *arg)
{
	(void)org;
	(void)arg;
	return OK;
}

enum status
organization_follow_zone(struct db *db, struct arena *a, const char *id, int64_t now, bool waits, struct error *err)
{
	struct organization_writing w = { db, a, id, now, change_nothing, NULL, err };

	return waits ? db_write(db, write_loaded, &w) : db_write_try(db, write_loaded, &w);
}

enum status
organization_add(struct db *db, struct arena *a, struct organization *org, const struct limit_base *base, int64_t now,
    const struct actor *by, struct error *err)
{
	struct organization taken;
	struct query *q;
	enum status st;
	bool changed;

	if ((st = organization_check(org, NULL, err)) != OK || (st = limit_row_check_base(base, err)) != OK)
		return st;
	/* Ask before inserting, so that the error names the id; the writers' lock keeps the answer true. */
	if ((st = organization_load(db, org->id, &taken, err)) == OK)
		return error_set(err, CONFLICT, "id: there is already an organization \"%s\"; choose another id", org->id);
	if (st != NOT_FOUND)
		return st;
	q = db_query(db, "INSERT INTO organization (id, name, timezone, plan, cycle_day, currency, week_start, created_at, "
	    "updated_at) VALUES (:id, :name, :timezone, :plan, :cycle_day, :currency, :week_start, :now, :now) RETURNING key");
	query_bind_text(q, ":id", org->id);
	bind_fields(q, org, now);
	if (query_step(q))
		org->key = query_int(q, 0);
	query_step(q);	/* to its end: RETURNING yields one row */
	if ((st = query_done(q)) != OK || (st = installation_touch(db)) != OK)
		return st;
	org->revision = org->zone_revision = 1;
	org->created_at = org->updated_at = now;
	/* A new organization has no past: all its days follow its zone. */
	if ((st = day_spans_replace(db, org, INSTANT_MIN, true, &changed, err)) != OK ||
	    (st = limit_row_add_base(db, org, base)) != OK || (st = limit_row_load(db, a, org)) != OK)
		return st;
	return organization_audit(db, org, base, NULL, NULL, now, by, "org.add");
}

static enum status
has_events(struct db *db, const struct organization *org, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org LIMIT 1");

	query_bind_int(q, ":org", org->key);
	*has = query_step(q);
	return query_done(q);
}

/* Writes the new fields, then what follows from them: day boundaries for a new zone, days over the limit for any change. */
enum status
organization_update(struct db *db, struct arena *a, struct organization *org, const struct organization *wanted,
    const struct limit_base *base, bool recut_history, int64_t now, const struct actor *by, struct org_effects *effects,
    struct error *err)
{
	bool is_new_zone = strcmp(org->timezone, wanted->timezone) != 0, changed = false;
	struct day today = organization_today(org, now);
	struct spans days = org->days;
	struct organization_before was = { .org = *org };
	struct query *q;
	bool is_whole, has;
	enum status st;

	memset(effects, 0, sizeof(*effects));
	assert(org->key == wanted->key);
	if ((st = organization_check(wanted, org, err)) != OK || (st = limit_row_check_base(base, err)) != OK)
		return st;
	limit_base_read(&org->limits, today, &was.base);
	/* The old days remain valid until day_spans_replace has computed the new ones. */
	*org = *wanted;
	org->days = days;
	org->updated_at = now;
	q = db_query(db, "UPDATE organization SET name = :name, timezone = :timezone, plan = :plan, "
	    "cycle_day = :cycle_day, currency = :currency, week_start = :week_start, updated_at = :now WHERE key = :key");
	query_bind_int(q, ":key", org->key);
	bind_fields(q, org, now);
	if ((st = query_run(q)) != OK || (!cycle_same(&was.org.cycles, &org->cycles) && (st = put_cycle_changes(db, org)) != OK) ||
	    (st = has_events(db, org, &has)) != OK)
		return st;
	/*
	 * History changes only on request, or while there is none.  The revision was counted up by
	 * organization_load_for_write.
	 */
	is_whole = recut_history || (is_new_zone && !has);
	if (is_new_zone || recut_history) {
		if ((st = day_spans_replace(db, org, organization_next_day_start(org, now), is_whole, &changed, err)) != OK)
			return st;
		if (changed && (st = day_spans_redate(db, a, org, is_whole, effects)) != OK)
			return st;
		/* Even if the spans did not change: a request to recompute history also recomputes its roll-up. */
		if (is_whole)
			st = rollup_rebuild_days(db, org);
		else if (changed)
			st = rollup_rebuild_days_from(db, org, day_at(org->days, now));
		if (st != OK)
			return st;
	}
	/* From today on, by the days as they are now; what the limits allowed today stays so. */
	if ((st = organization_forget_kept(db, org->key)) != OK ||
	    (st = limit_amounts_move_all(db, org, today, organization_today(org, now))) != OK ||
	    (st = limit_row_set_base(db, org, &was.base, base, organization_today(org, now))) != OK ||
	    (st = limit_row_load(db, a, org)) != OK || (st = usage_days_over(db, a, org, now, effects)) != OK)
		return st;
	if (strcmp(was.org.currency, org->currency) != 0 &&
	    (st = organization_check_currency(db, a, org, &was.org.limits, now, err)) != OK)
		return st;
	return organization_audit(db, org, base, &was, effects, now, by, recut_history ? "org.recut" : "org.set");
}
