/*
 * GET /api/organizations/{organizationId} -- an organization's settings.
 * PUT /api/organizations/{organizationId}/profile  any of {"name":"…","weekStart":1 (Monday) to 7 (Sunday)}
 * PUT /api/organizations/{organizationId}/timezone {"timezone":"Area/City","recutHistory"?:true}
 * PUT /api/organizations/{organizationId}/plan     {"plan":"…"}
 * PUT /api/organizations/{organizationId}/limits   any of {"dailyLimit":n|null,"quotaUnit":"message"|"part",
 *	"cycleDay":1-31,"messagesCap","smsCap","callCap":n|null,"costCap":USD|null,"allowOverage":bool}
 *	null removes a limit or a cap.
 *
 *	200	{"success":true,"data":{the settings}}; after a PUT also "segmentsMoved", the open segments that are now on
 *		another day, and "daysOverLimit", the days from today on that are over their limit.
 *		A new time zone applies from the start of the next day, or to all days if there are no events yet;
 *		recutHistory recomputes all past days.
 *	400	a field is missing, unknown, of another type or out of range
 *	401 403	no valid credential; the scope org:admin is missing, or it is another organization's
 *	404	no such organization (to the scope admin)
 */
#include <stdio.h>
#include <string.h>

#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "time/instant.h"

/* The reply of all methods. effects is NULL for a GET. */
static void
put_settings(struct json *out, const struct organization *org, int64_t now, const struct org_effects *effects)
{
	char text[DAY_TEXT_MAX];

	dialect_tether_open(out);
	json_put_text(out, "organizationId", org->id);
	json_put_text(out, "name", org->name);
	json_put_text(out, "timezone", org->timezone);
	json_put_text(out, "today", day_format(organization_today(org, now), text));
	json_put_text(out, "plan", org->plan);
	json_put_int_or_null(out, "dailyLimit", org->daily_limit, UNLIMITED);
	json_put_text(out, "quotaUnit", quota_unit_name(org->unit));
	json_put_int(out, "cycleDay", org->cycle_day);
	json_put_int(out, "weekStart", org->week_start);
	organization_put_caps(out, org);
	json_put_bool(out, "allowOverage", org->allow_overage);
	instant_put(out, "createdAt", org->created_at);
	instant_put(out, "updatedAt", org->updated_at);
	if (effects != NULL)
		org_effects_put(out, effects, SIZE_MAX);
	dialect_tether_close(out);
}

static enum status
settings_get(struct req *r, struct buf *body)
{
	struct organization org;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	if (!reply_cached(r, body, org.revision, organization_today(&org, r->now)))
		put_settings(json_on(body), &org, r->now, NULL);
	return OK;
}

/* Reads the wanted settings from the body into a copy of the present ones, which it leaves alone if they are absent. */
typedef enum status read_wanted(struct req *r, struct json_object *o, struct organization *wanted, bool *recut);

/* A PUT of some settings. */
struct settings_put {
	struct req *r;
	struct json_object *members;
	read_wanted *read;
	struct buf *body;
};

/*
 * Changes the settings, inside the write transaction that has loaded the organization: a member that is absent keeps the value
 * that it has at that moment.
 */
static enum status
change_settings(struct organization *org, void *arg)
{
	const struct settings_put *put = arg;
	struct organization wanted = *org;
	struct req *r = put->r;
	struct org_effects effects;
	bool recut = false;
	enum status st;

	if ((st = put->read(r, put->members, &wanted, &recut)) != OK ||
	    (st = organization_update(r->db, r->arena, org, &wanted, recut, r->now, r->caller.credential, &effects,
	    &r->err)) != OK)
		return st;
	put_settings(json_on(put->body), org, r->now, &effects);
	return OK;
}

/* All PUTs: `fields` are the members that the body may have, `read` applies them. */
static enum status
settings_put(struct req *r, struct buf *body, const char *const *fields, read_wanted *read)
{
	struct settings_put put = { .r = r, .read = read, .body = body };
	enum status st;

	/* Parse the body before taking the writers' lock, so that a bad one makes nobody wait. */
	if ((st = req_object(r, fields, &put.members)) != OK)
		return st;
	st = organization_write(r->db, r->arena, r->org, r->now, change_settings, &put, &r->err);
	json_object_free(put.members);
	return st;
}

static enum status
read_profile(struct req *r, struct json_object *o, struct organization *wanted, bool *recut)
{
	int64_t week_start = wanted->week_start;
	const char *name;
	enum status st;
	bool found;

	(void)recut;
	if ((st = json_string(o, "name", 1, ORG_NAME_MAX - 1, &name, &r->err)) != OK ||
	    (st = json_int(o, "weekStart", 1, 7, &found, &week_start, &r->err)) != OK)
		return st;
	if (name != NULL)
		snprintf(wanted->name, sizeof(wanted->name), "%s", name);
	wanted->week_start = (int)week_start;
	return OK;
}

static enum status
settings_put_profile(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "name", "weekStart", NULL };

	return settings_put(r, body, fields, read_profile);
}

static enum status
read_timezone(struct req *r, struct json_object *o, struct organization *wanted, bool *recut)
{
	const char *zone;
	bool found;
	enum status st;

	if ((st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &zone, &r->err)) != OK ||
	    (st = json_bool(o, "recutHistory", &found, recut, &r->err)) != OK)
		return st;
	if (zone == NULL)
		return error_set(&r->err, BAD_REQUEST, "timezone: required");
	snprintf(wanted->timezone, sizeof(wanted->timezone), "%s", zone);
	return OK;
}

static enum status
settings_put_timezone(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "timezone", "recutHistory", NULL };

	return settings_put(r, body, fields, read_timezone);
}

static enum status
read_plan(struct req *r, struct json_object *o, struct organization *wanted, bool *recut)
{
	const char *plan;
	enum status st;

	(void)recut;
	if ((st = json_string(o, "plan", 0, ORG_PLAN_MAX - 1, &plan, &r->err)) != OK)
		return st;
	if (plan == NULL)
		return error_set(&r->err, BAD_REQUEST, "plan: required");
	snprintf(wanted->plan, sizeof(wanted->plan), "%s", plan);
	return OK;
}

static enum status
settings_put_plan(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "plan", NULL };

	return settings_put(r, body, fields, read_plan);
}

/* A limit or a cap: an integer, or null for `none`.  An absent member leaves *value alone. */
static enum status
read_limit(struct req *r, struct json_object *o, const char *name, int64_t none, int64_t *value)
{
	bool found;

	if (json_is_null(o, name)) {
		*value = none;
		return OK;
	}
	return json_int(o, name, 0, LIMIT_MAX, &found, value, &r->err);
}

static enum status
read_limits(struct req *r, struct json_object *o, struct organization *wanted, bool *recut)
{
	int64_t cycle_day = wanted->cycle_day;
	const char *unit;
	enum status st;
	bool found;

	(void)recut;
	if ((st = read_limit(r, o, "dailyLimit", UNLIMITED, &wanted->daily_limit)) != OK ||
	    (st = read_limit(r, o, "messagesCap", NO_CAP, &wanted->cap_messages)) != OK ||
	    (st = read_limit(r, o, "smsCap", NO_CAP, &wanted->cap_sms)) != OK ||
	    (st = read_limit(r, o, "callCap", NO_CAP, &wanted->cap_calls)) != OK ||
	    (st = json_int(o, "cycleDay", 1, 31, &found, &cycle_day, &r->err)) != OK ||
	    (st = json_bool(o, "allowOverage", &found, &wanted->allow_overage, &r->err)) != OK ||
	    (st = json_money(o, "costCap", &found, &wanted->cap_cost_micros, &r->err)) != OK ||
	    (st = json_string(o, "quotaUnit", 1, 16, &unit, &r->err)) != OK)
		return st;
	if (json_is_null(o, "costCap"))
		wanted->cap_cost_micros = NO_CAP;
	if (unit != NULL && !quota_unit_parse(unit, &wanted->unit))
		return error_set(&r->err, BAD_REQUEST, "quotaUnit: unknown \"%s\"; message or part", unit);
	wanted->cycle_day = (int)cycle_day;
	return OK;
}

static enum status
settings_put_limits(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "dailyLimit", "quotaUnit", "cycleDay", "messagesCap", "costCap", "smsCap",
		"callCap", "allowOverage", NULL };

	return settings_put(r, body, fields, read_limits);
}

int
main(void)
{
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}", SCOPE_ORG_ADMIN, settings_get },
		{ PUT, "/api/organizations/{organizationId}/profile", SCOPE_ORG_ADMIN, settings_put_profile },
		{ PUT, "/api/organizations/{organizationId}/timezone", SCOPE_ORG_ADMIN, settings_put_timezone },
		{ PUT, "/api/organizations/{organizationId}/plan", SCOPE_ORG_ADMIN, settings_put_plan },
		{ PUT, "/api/organizations/{organizationId}/limits", SCOPE_ORG_ADMIN, settings_put_limits },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "settings", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
