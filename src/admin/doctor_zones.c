/*
 * Checks of the machine's time zones, and whether the coming days of organizations are still those of their zones.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/doctor_checks.h"
#include "admin/zone_rules.h"
#include "base/buf.h"
#include "time/day.h"
#include "time/instant.h"
#include "time/zone.h"

enum {
	TZDATA_DAYS_MAX = 366,	/* 12 months */
	NAMES_MAX = 700,	/* bytes of a list of names in a text, which has DOCTOR_TEXT_MAX */
	COUNT_MS = 30,		/* the longest that /health may compare organizations */
};

/* ---- The machine's time zones */

/*
 * Whether the release is more than 12 months old.  Its name, as 2026f, tells its year, so one of the year before last is.
 * Otherwise the date of its file tells, which is that of the release or later; but not one from before the release, which only
 * a machine without dates has.
 */
static bool
is_old(const char *release, int64_t now)
{
	struct day today = { (int32_t)floor_div(now, DAY_MS) };
	int64_t modified_at = zone_tzdata_modified_at();
	int year, year_of_file, month, dayofmonth;

	day_civil((struct day) { (int32_t)floor_div(modified_at, DAY_MS) }, &year_of_file, &month, &dayofmonth);
	day_civil(today, &year, &month, &dayofmonth);
	return atoi(release) < year - 1 || (year_of_file >= atoi(release) && now - modified_at > TZDATA_DAYS_MAX * DAY_MS);
}

/* A list of names that ends with how many more there are. */
struct names {
	struct buf text;
	int64_t count, left_out;
};

static void
add_name(struct names *n, const char *before, const char *name, const char *after)
{
	n->count++;
	if (n->text.size + strlen(name) > NAMES_MAX)
		n->left_out++;
	else
		buf_printf(&n->text, "%s%s%s%s", n->text.size > 0 ? ", " : "", before, name, after);
}

/* The list as a text of the arena. */
static const char *
names_end(struct names *n, struct arena *a)
{
	const char *text;

	if (n->left_out > 0)
		buf_printf(&n->text, " and %" PRId64 " more", n->left_out);
	text = arena_strdup(a, buf_text(&n->text));
	buf_free(&n->text);
	return text;
}

/* Collects the organizations whose zones the machine does not know, as "US/Eastern of acme", by their zones. */
static enum status
find_lost(const struct doctor_context *p, struct names *lost)
{
	struct query *q = db_query(p->db, "SELECT timezone, id FROM organization UNION SELECT r.zone, o.id "
	    "FROM limit_rule r JOIN organization o ON o.key = r.org WHERE r.zone IS NOT NULL ORDER BY 1, 2");
	char zone[ZONE_NAME_MAX] = "";
	bool is_known = true;
	struct error err;

	while (query_step(q)) {
		if (strcmp(query_text(q, 0), zone) != 0) {
			snprintf(zone, sizeof(zone), "%s", query_text(q, 0));
			is_known = zone_get(zone, &err) != NULL || err.status != BAD_REQUEST;
		}
		if (!is_known)
			add_name(lost, arena_printf(p->arena, "%s of ", zone), query_text(q, 1), "");
	}
	return query_done(q);
}

/* Reports the worst finding only: no time zones at all; organizations whose zone is missing; an old or unknown release. */
void
doctor_timezones(const struct doctor_context *p, struct check_result *f)
{
	static const char upgrade[] = "Install or upgrade the package tzdata, or set TZDIR to a folder with newer zones.";
	const char *release = zone_tzdata_version();
	struct names lost = { 0 };
	char text[INSTANT_TEXT_MAX];
	struct error err;

	if (zone_get("UTC", &err) == NULL) {
		doctor_found(f, DOCTOR_ERROR, "the system has no time zones; the package tzdata is missing",
		    "the system has no time zones: %s", err.text);
		doctor_fix(f, "%s", upgrade);
	} else if (p->db != NULL && find_lost(p, &lost) == OK && lost.count > 0) {
		doctor_found(f, DOCTOR_ERROR, arena_printf(p->arena, "the system lacks the time zones of %" PRId64 " organization%s; "
		    "their days stay as they are", lost.count, lost.count == 1 ? "" : "s"),
		    "the system lacks the time zones %s; their days stay as they are", names_end(&lost, p->arena));
		doctor_fix(f, "Upgrade the package tzdata; install tzdata-legacy, which has the old names of zones; or give each of "
		    "these organizations the present name of its zone: `daybook org set ID --timezone ZONE`, or, if it is the zone of a "
		    "limit, `daybook limit set ID NAME --zone ZONE`.");
	} else if (release[0] == '\0') {
		doctor_found(f, DOCTOR_WARNING, "the release of the system's tzdata is unknown",
		    "the release of the system's tzdata is unknown");
		doctor_fix(f, "%s", upgrade);
	} else if (is_old(release, p->now)) {
		doctor_found(f, DOCTOR_WARNING, "tzdata is more than a year old; day boundaries may be wrong",
		    "tzdata %s is more than a year old (its file is of %.10s); day boundaries may be wrong", release,
		    instant_format(zone_tzdata_modified_at(), text));
		doctor_fix(f, "%s", upgrade);
	} else
		doctor_fine(f, "tzdata %s", release);
	buf_free(&lost.text);
}

/* ---- Organizations */

struct differing {
	struct arena *arena;
	struct names differ, unusable;
};

static void
add_differing(const struct organization *org, enum day_spans_state state, const struct error *err, void *arg)
{
	struct differing *d = arg;

	if (state == DAY_SPANS_DIFFER)
		add_name(&d->differ, "", org->id, arena_printf(d->arena, " (%s)", org->timezone));
	else if (state == DAY_SPANS_UNUSABLE)
		add_name(&d->unusable, "", org->id, arena_printf(d->arena, " (%s)", err->text));
}

/* Compares all and names those that differ. */
static void
name_days(const struct doctor_context *p, struct check_result *f)
{
	struct differing d = { .arena = p->arena };

	if (zone_rules_compare(p->db, p->arena, p->now, add_differing, &d) == OK) {
		if (d.unusable.count > 0) {
			doctor_found(f, DOCTOR_ERROR, "organizations have zone files that no days can be made of",
			    "no days can be made of the zone files of %s; their days stay as they are", names_end(&d.unusable, p->arena));
			doctor_fix(f, "Install the package tzdata again, or choose another zone: `daybook org set ID --timezone ZONE`.");
		} else if (d.differ.count > 0) {
			doctor_found(f, DOCTOR_WARNING, "the coming days of organizations differ from the zone files",
			    "the coming days differ from the zone file for %s", names_end(&d.differ, p->arena));
			doctor_fix(f, "Run `daybook maintenance`: the zone's new rules then apply from each organization's next day on. "
			    "The programs do so too, within an hour of the next request with a credential.");
		} else
			doctor_fine(f, "the coming days of all organizations are those of the zone files");
	}
	buf_free(&d.differ.text);
	buf_free(&d.unusable.text);
}

/* Names the organizations whose coming days are not those of their zone; a quick examination counts them. */
void
doctor_days(const struct doctor_context *p, struct check_result *f)
{
	const char *text;
	bool is_whole;
	int64_t n;

	if (p->is_thorough) {
		name_days(p, f);
		return;
	}
	if (zone_rules_count(p->db, p->arena, p->now, COUNT_MS, &n, &is_whole) != OK)
		return;
	if (n == 0) {
		doctor_fine(f, "the coming days of organizations are those of the zone files");
		return;
	}
	text = arena_printf(p->arena, "the coming days of %s%" PRId64 " organization%s differ from the zone files",
	    is_whole ? "" : "at least ", n, n == 1 ? "" : "s");
	doctor_found(f, DOCTOR_WARNING, text, "%s", text);
	doctor_fix(f, "`daybook doctor` names them; run `daybook maintenance`.");
}
