/*
 * Changes of organizations in the audit (see organization_audit.h), and what they caused as a reply has it.
 */
#include <string.h>

#include "ledger/organization_audit.h"
#include "store/audit.h"

/* A value that the audit has: a text, or a number if the text is NULL. */
struct field {
	const char *name, *text;
	int64_t number;
};
enum { FIELDS = 16 };

/* The changes of the cycle day as one text: "15 from 2026-12-10, 1 from 2027-04-01"; "" if there are none. */
static const char *
changes_text(const struct cycle_rule *cycles, struct buf *text)
{
	char day[DAY_TEXT_MAX];

	for (size_t i = 0; i < cycles->count; i++)
		buf_printf(text, "%s%d from %s", i > 0 ? ", " : "", cycles->changes[i].cycle_day,
		    day_format(cycles->changes[i].from, day));
	return buf_text(text);
}

/* What a person chooses of an organization; -1 = no limit.  `text` keeps a text that is put together. */
static void
list_fields(const struct organization *org, const struct limit_base *base, struct buf *text, struct field fields[FIELDS])
{
	const struct field all[FIELDS] = { { "name", org->name, 0 }, { "timezone", org->timezone, 0 },
		{ "tzdata", zone_tzdata_version(), 0 }, { "plan", org->plan, 0 },
		{ "dailyLimit", NULL, base->amounts[LIMIT_BASE_DAILY] }, { "quotaUnit", quota_unit_name(base->unit), 0 },
		{ "cycleDay", NULL, org->cycles.first_day },
		{ "cycleDayChanges", changes_text(&org->cycles, text), 0 }, { "currency", org->currency, 0 },
		{ "weekStart", NULL, org->week_start },
		{ "messagesCap", NULL, base->amounts[LIMIT_BASE_MESSAGES] },
		{ "costCapMicros", NULL, base->amounts[LIMIT_BASE_COST] }, { "smsCap", NULL, base->amounts[LIMIT_BASE_SMS] },
		{ "callCap", NULL, base->amounts[LIMIT_BASE_CALLS] },
		{ "allowOverage", base->allow_overage ? "true" : "false", 0 } };

	memcpy(fields, all, sizeof(all));
}

/* What few organizations have is left out of the state, and not of a change. */
static bool
is_left_out(const struct field *f)
{
	return (strcmp(f->name, "cycleDayChanges") == 0 && f->text[0] == '\0') ||
	    (strcmp(f->name, "currency") == 0 && currency_is_default(f->text));
}

static void
put_field(struct json *j, const char *name, const struct field *f)
{
	if (f->text == NULL)
		json_put_int(j, name, f->number);
	else if (strcmp(f->name, "allowOverage") == 0)
		json_put_bool(j, name, f->text[0] == 't');
	else
		json_put_text(j, name, f->text);
}

/* Writes what differs as {"NAME":{"from":…,"to":…}}. */
static void
put_changes(struct json *j, const struct field was[FIELDS], const struct field is[FIELDS])
{
	json_open_object(j, "changed");
	for (const struct field *w = was, *i = is; w->name != NULL; w++, i++) {
		if (w->text != NULL ? strcmp(w->text, i->text) == 0 : w->number == i->number)
			continue;
		json_open_object(j, w->name);
		put_field(j, "from", w);
		put_field(j, "to", i);
		json_close_object(j);
	}
	json_close_object(j);
}

enum status
organization_audit(struct db *db, const struct organization *org, const struct limit_base *base,
    const struct organization_before *was, const struct org_effects *effects, int64_t now, const struct actor *by,
    const char *action)
{
	struct field fields[FIELDS], old[FIELDS];
	struct buf detail = { 0 }, text = { 0 }, old_text = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	list_fields(org, base, &text, fields);
	json_open_object(j, NULL);
	for (const struct field *f = fields; f->name != NULL; f++)
		if (!is_left_out(f))
			put_field(j, f->name, f);
	if (was != NULL) {
		list_fields(&was->org, &was->base, &old_text, old);
		put_changes(j, old, fields);
	}
	if (effects != NULL)
		org_effects_put(j, effects, ORG_MOVES_LISTED_MAX);
	json_close_object(j);
	st = audit(db, now, org->key, by, action, buf_text(&detail));
	buf_free(&detail);
	buf_free(&text);
	buf_free(&old_text);
	return st;
}

void
org_effects_put(struct json *j, const struct org_effects *effects, size_t max)
{
	char text[DAY_TEXT_MAX];

	json_open_array(j, "segmentsMoved");
	for (size_t i = 0; i < effects->move_count && i < max; i++) {
		json_open_object(j, NULL);
		json_put_text(j, "campaignId", effects->moves[i].campaign);
		json_put_int(j, "segmentNumber", effects->moves[i].segment);
		json_put_text(j, "from", day_format(effects->moves[i].from, text));
		json_put_text(j, "to", day_format(effects->moves[i].to, text));
		json_close_object(j);
	}
	json_close_array(j);
	json_open_array(j, "daysOverLimit");
	for (size_t i = 0; i < effects->over_count && i < max; i++)
		json_put_text(j, NULL, day_format(effects->over[i], text));
	json_close_array(j);
}
