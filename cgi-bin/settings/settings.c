/*
 * GET /api/organizations/{organizationId} -- an organization's settings.
 * PUT /api/organizations/{organizationId}/profile  any of {"name":"…","weekStart":1 (Monday) to 7 (Sunday),
 *	"currency":"USD"}
 *	currency is a code of ISO 4217.  It changes only while nothing of the organization has a cost; replies have it only if
 *	it is not USD.
 * PUT /api/organizations/{organizationId}/timezone {"timezone":"Area/City","recutHistory"?:true}
 * PUT /api/organizations/{organizationId}/plan     {"plan":"…"}
 * PUT /api/organizations/{organizationId}/limits   any of {"dailyLimit":n|null,"quotaUnit":"message"|"part",
 *	"cycleDay":1-31,"cycleDayFrom"?:"YYYY-MM-DD","messagesCap","smsCap","callCap":n|null,"costCap":USD|null,
 *	"allowOverage":bool,"preview"?:true}
 *	null removes a limit or a cap.  What changes holds from today on.  cycleDay holds for all time, or from the day
 *	cycleDayFrom on: that day, today or later, begins a cycle, and so does the next day of the month cycleDay.  With
 *	preview nothing is written: the reply is the one that the change would get.
 * GET /api/organizations/{organizationId}/limits[?presets=true]  every limit, with what its present window has used and held; and
 *	the presets that there are
 * GET /api/organizations/{organizationId}/limits/{limit}  one of them, with "rule", which is what a PUT takes
 * PUT /api/organizations/{organizationId}/limits/{limit} {"channels":["SMS",…],"from"?,"network"?,
 *	"unit":"message"|"part"|"cost",
 *	"window":"day"|"rolling"|"cycle"|"month"|"year","zone"?,"hours":n (rolling),"amount":n|null,"validFrom"?,
 *	"action":"refuse"|"report","preset"?,"preview"?:true}  adds the limit or replaces what it counts.
 *	In place of amount, "amounts":[{"validFrom","amount"},…] replaces all from its first day on.  A body without the members
 *	that say what is counted (channels to hours) leaves that as it is.  Without validFrom an amount holds from today on, and later
 *	ones stay.  Of daily and the cycle- limits only amounts and, for the four caps together, action can be set.
 *	Nothing is taken back.  A limit with from or network that is new, or counts something else, must be filled from the ledger:
 *	until that is done its "state" is "building", "job" is the number of the job (jobs.c), and it refuses nothing.
 * DELETE /api/organizations/{organizationId}/limits/{limit}  removes it; of daily and the cycle- limits, its amounts from today
 *	on.
 *	If-Match with PUT and DELETE, and If-None-Match: * with PUT, are kept.
 *
 * GET /api/organizations/{organizationId}/timezone -- its time zone, and the ones that this server offers
 *
 *	200	GET timezone: {"success":true,"data":{"timezone":"Area/City","tzdataVersion":"2026f","timezones":["Area/City",…]}}
 *	200	GET limits: {"success":true,"data":{"limits":[{"name","limit","channels","unit","window","from","until","amount",
 *		"used","held","available","resetsAt","action"},…]}}.  window is day, cycle, month or year, from and until its
 *		first and last day, resetsAt when the next one begins.  cost is in US dollars, or in
 *		"currency", which is added if it is another.  No limit: amount and available are null.  "repricing":true is added
 *		while a job reprices events (jobs.c).  Where a limit has them also "sender", "network", "zone", "hours",
 *		"state":"building" and, of others than those five, "rule".
 *	200	limits/{limit}: {"success":true,"data":{the limit, and "rule"}}, to PUT also "daysOverLimit":[{"date","used","held",
 *		"amount"},…], the coming days that are over it (null: not known before it is filled), and "job":n|null; to DELETE
 *		{"success":true,"data":{"name"}}
 *	200	others: {"success":true,"data":{the settings}}; after a PUT also "segmentsMoved", the open segments that are now on
 *		another day, and "daysOverLimit", the days from today on that are over their limit.
 *		A new time zone applies from the start of the next day, or to all days if there are no events yet;
 *		recutHistory recomputes all past days.
 *	400	a field is missing, unknown, of another type or out of range
 *	401 403	no valid credential; the scope org:admin is missing, or it is another organization's
 *	404	no such organization (to the scope admin); no such limit
 *	409	currency: something has a cost, a price or an amount already, which the error names; or a job has not ended
 *	409	there are LIMITS_MAX limits already, or LIMIT_AMOUNTS_MAX amounts of coming days
 *	412	If-Match: the limit was changed since; If-None-Match: there is one
 */
#include <stdio.h>
#include <string.h>

#include "ledger/limit_row.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "http/serve.h"
#include "time/instant.h"
#include "time/zone.h"
#include "settings.h"

/* The reply of all methods but that of the limits.  effects is NULL for a GET. */
static void
put_settings(struct json *out, const struct organization *org, int64_t now, const struct org_effects *effects)
{
	struct limit_base base;
	char text[DAY_TEXT_MAX];

	limit_base_read(&org->limits, organization_today(org, now), &base);
	dialect_tether_open(out);
	json_put_text(out, "organizationId", org->id);
	json_put_text(out, "name", org->name);
	json_put_text(out, "timezone", org->timezone);
	json_put_text(out, "today", day_format(organization_today(org, now), text));
	json_put_text(out, "plan", org->plan);
	json_put_int_or_null(out, "dailyLimit", base.amounts[LIMIT_BASE_DAILY], UNLIMITED);
	json_put_text(out, "quotaUnit", quota_unit_name(base.unit));
	settings_put_cycle_day(out, &org->cycles, organization_today(org, now));
	json_put_int(out, "weekStart", org->week_start);
	currency_put(out, org->currency);
	limit_row_put_caps(out, &base);
	json_put_bool(out, "allowOverage", base.allow_overage);
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
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = limit_row_load(r->db, r->arena, &org)) == OK)
		put_settings(json_on(body), &org, r->now, NULL);
	return st;
}

/* The list depends on the machine and not on the organization, so the reply is not cached. */
static enum status
settings_get_timezone(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	const char **names;
	size_t count;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	count = zone_names(r->arena, &names);
	dialect_tether_open(out);
	json_put_text(out, "timezone", org.timezone);
	json_put_text(out, "tzdataVersion", zone_tzdata_version());
	json_open_array(out, "timezones");
	for (size_t i = 0; i < count; i++)
		json_put_text(out, NULL, names[i]);
	json_close_array(out);
	dialect_tether_close(out);
	return OK;
}

/* ---- Changes */

/* The settings as they are to be. */
struct settings {
	struct organization org;
	struct limit_base base;
	bool recut, is_preview;
};

/* Reads wanted settings from the body into a copy of the present ones, which it leaves alone if they are absent. */
typedef enum status read_wanted(struct req *r, struct json_object *o, struct settings *wanted);

/* A PUT of some settings. */
struct settings_put {
	struct req *r;
	struct json_object *members;
	read_wanted *read;
	struct buf *body;
	bool is_previewed;	/* the reply is written, and the change is to be rolled back */
};

/*
 * Changes the settings, inside the write transaction that has loaded the organization: a member that is absent keeps the value
 * that it has at that moment.
 */
static enum status
change_settings(struct organization *org, void *arg)
{
	struct settings_put *put = arg;
	struct settings wanted = { .org = *org };
	struct req *r = put->r;
	struct org_effects effects;
	enum status st;

	limit_base_read(&org->limits, organization_today(org, r->now), &wanted.base);
	if ((st = put->read(r, put->members, &wanted)) != OK ||
	    (st = organization_update(r->db, r->arena, org, &wanted.org, &wanted.base, wanted.recut, r->now, &r->by, &effects,
	    &r->err)) != OK)
		return st;
	put_settings(json_on(put->body), org, r->now, &effects);
	/* A preview is the change itself, rolled back: an outcome that is no success writes nothing. */
	put->is_previewed = wanted.is_preview;
	return wanted.is_preview ? CONFLICT : OK;
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
	return put.is_previewed ? OK : st;
}

static enum status
read_profile(struct req *r, struct json_object *o, struct settings *wanted)
{
	int64_t week_start = wanted->org.week_start;
	const char *name, *currency;
	enum status st;
	bool found;

	if ((st = json_string(o, "name", 1, ORG_NAME_MAX - 1, &name, &r->err)) != OK ||
	    (st = json_string(o, "currency", 1, 32, &currency, &r->err)) != OK ||
	    (st = json_int(o, "weekStart", 1, 7, &found, &week_start, &r->err)) != OK)
		return st;
	if (name != NULL)
		snprintf(wanted->org.name, sizeof(wanted->org.name), "%s", name);
	wanted->org.week_start = (int)week_start;
	/* Checked before it is copied: a longer text must not be cut to a code. */
	if (currency == NULL || strcmp(currency, wanted->org.currency) == 0)
		return OK;
	if ((st = currency_check("currency", currency, &r->err)) != OK)
		return st;
	snprintf(wanted->org.currency, sizeof(wanted->org.currency), "%s", currency);
	return OK;
}

static enum status
settings_put_profile(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "name", "weekStart", "currency", NULL };

	return settings_put(r, body, fields, read_profile);
}

static enum status
read_timezone(struct req *r, struct json_object *o, struct settings *wanted)
{
	const char *zone;
	bool found;
	enum status st;

	if ((st = json_string(o, "timezone", 1, ZONE_NAME_MAX - 1, &zone, &r->err)) != OK ||
	    (st = json_bool(o, "recutHistory", &found, &wanted->recut, &r->err)) != OK)
		return st;
	if (zone == NULL)
		return error_set(&r->err, BAD_REQUEST, "timezone: required");
	snprintf(wanted->org.timezone, sizeof(wanted->org.timezone), "%s", zone);
	return OK;
}

static enum status
settings_put_timezone(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "timezone", "recutHistory", NULL };

	return settings_put(r, body, fields, read_timezone);
}

static enum status
read_plan(struct req *r, struct json_object *o, struct settings *wanted)
{
	const char *plan;
	enum status st;

	if ((st = json_string(o, "plan", 0, ORG_PLAN_MAX - 1, &plan, &r->err)) != OK)
		return st;
	if (plan == NULL)
		return error_set(&r->err, BAD_REQUEST, "plan: required");
	snprintf(wanted->org.plan, sizeof(wanted->org.plan), "%s", plan);
	return OK;
}

static enum status
settings_put_plan(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "plan", NULL };

	return settings_put(r, body, fields, read_plan);
}

/* A limit or a cap: an integer, or null for none.  An absent member leaves *value alone. */
static enum status
read_limit(struct req *r, struct json_object *o, const char *name, int64_t *value)
{
	bool found;

	if (json_is_null(o, name)) {
		*value = UNLIMITED;
		return OK;
	}
	return json_int(o, name, 0, LIMIT_MAX, &found, value, &r->err);
}

static enum status
read_limits(struct req *r, struct json_object *o, struct settings *wanted)
{
	int64_t *amounts = wanted->base.amounts;
	const char *unit;
	enum status st;
	bool found;

	if ((st = read_limit(r, o, "dailyLimit", &amounts[LIMIT_BASE_DAILY])) != OK ||
	    (st = read_limit(r, o, "messagesCap", &amounts[LIMIT_BASE_MESSAGES])) != OK ||
	    (st = read_limit(r, o, "smsCap", &amounts[LIMIT_BASE_SMS])) != OK ||
	    (st = read_limit(r, o, "callCap", &amounts[LIMIT_BASE_CALLS])) != OK ||
	    (st = settings_read_cycle_day(r, o, &wanted->org)) != OK ||
	    (st = json_bool(o, "allowOverage", &found, &wanted->base.allow_overage, &r->err)) != OK ||
	    (st = json_bool(o, "preview", &found, &wanted->is_preview, &r->err)) != OK ||
	    (st = json_money(o, "costCap", &found, &amounts[LIMIT_BASE_COST], &r->err)) != OK ||
	    (st = json_string(o, "quotaUnit", 1, 16, &unit, &r->err)) != OK)
		return st;
	if (json_is_null(o, "costCap"))
		amounts[LIMIT_BASE_COST] = UNLIMITED;
	if (unit != NULL && !quota_unit_parse(unit, &wanted->base.unit))
		return error_set(&r->err, BAD_REQUEST, "quotaUnit: unknown \"%s\"; message or part", unit);
	return OK;
}

static enum status
settings_put_limits(struct req *r, struct buf *body)
{
	static const char *const fields[] = { "dailyLimit", "quotaUnit", "cycleDay", "cycleDayFrom", "messagesCap", "costCap",
		"smsCap", "callCap", "allowOverage", "preview", NULL };

	return settings_put(r, body, fields, read_limits);
}

int
main(void)
{
	static const char *const list_query[] = { "presets", NULL };
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}", SCOPE_ORG_ADMIN, settings_get },
		{ GET, "/api/organizations/{organizationId}/limits", SCOPE_USAGE_READ, settings_get_limits,
		    .query = list_query },
		{ PUT, "/api/organizations/{organizationId}/profile", SCOPE_ORG_ADMIN, settings_put_profile },
		{ GET, "/api/organizations/{organizationId}/timezone", SCOPE_ORG_ADMIN, settings_get_timezone },
		{ PUT, "/api/organizations/{organizationId}/timezone", SCOPE_ORG_ADMIN, settings_put_timezone },
		{ PUT, "/api/organizations/{organizationId}/plan", SCOPE_ORG_ADMIN, settings_put_plan },
		{ PUT, "/api/organizations/{organizationId}/limits", SCOPE_ORG_ADMIN, settings_put_limits },
		{ GET, "/api/organizations/{organizationId}/limits/{limit}", SCOPE_USAGE_READ, settings_get_limit },
		{ PUT, "/api/organizations/{organizationId}/limits/{limit}", SCOPE_ORG_ADMIN, settings_put_limit },
		{ DELETE, "/api/organizations/{organizationId}/limits/{limit}", SCOPE_ORG_ADMIN, settings_delete_limit },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "settings", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
