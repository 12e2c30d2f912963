/*
 * The end of rebuilding an organization (see organization.h): the boundaries of all days, on request, and the audit.
 */
#include "store/audit.h"
#include "org/day_spans.h"
#include "base/json.h"
#include "org/organization.h"
#include "ledger/usage.h"

/*
 * Recomputes the day boundaries.  Re-dates the segments even if the boundaries turn out to be right, because then
 * organization_update moves nothing: a segment may still be on a wrong day.
 */
static enum status
rebuild_days(struct db *db, struct arena *a, struct organization *org, int64_t now, const struct actor *by,
    struct org_effects *effects, struct error *err)
{
	struct organization wanted = *org;
	struct limit_base base;
	enum status st;

	limit_base_read(&org->limits, organization_today(org, now), &base);
	if ((st = organization_update(db, a, org, &wanted, &base, true, now, by, effects, err)) != OK || effects->move_count > 0)
		return st;
	if ((st = day_spans_redate(db, a, org, true, effects)) != OK || effects->move_count == 0)
		return st;
	effects->over_count = 0;
	return usage_days_over(db, a, org, now, effects);
}

/* An audit row with what was rebuilt and, for the days, what that changed. */
static enum status
write_audit(struct db *db, const struct organization *org, bool with_days, int64_t now, const struct actor *by,
    const struct org_effects *effects)
{
	enum status st;
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);

	json_open_object(j, NULL);
	json_put_bool(j, "days", with_days);
	if (with_days)
		org_effects_put(j, effects, ORG_MOVES_LISTED_MAX);
	json_close_object(j);
	st = audit(db, now, org->key, by, "org.rebuild", buf_text(&detail));
	buf_free(&detail);
	return st;
}

enum status
organization_rebuild(struct db *db, struct arena *a, struct organization *org, bool with_days, int64_t now,
    const struct actor *by, struct org_effects *effects, struct error *err)
{
	enum status st = OK;

	*effects = (struct org_effects) { 0 };
	if (with_days)
		st = rebuild_days(db, a, org, now, by, effects, err);
	return st == OK ? write_audit(db, org, with_days, now, by, effects) : st;
}
