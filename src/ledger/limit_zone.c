/*
 * The days of limits with a time zone of their own (see limit_zone.h).
 *
 * Every write compares them with the zone file, as it does the organization's own days.  To keep that cheap, a process remembers
 * which rows it has found to be the same as which file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "ledger/limit_zone.h"
#include "store/audit.h"
#include "time/instant.h"

enum { KEPT = 64 };

static struct same {
	int64_t db, rule, zone_revision;
	uint8_t sha256[SHA256_SIZE];
} kept[KEPT];

static bool
is_known_same(struct db *db, const struct organization *org, const struct limit_rule *rule, const struct zone *zone)
{
	const struct same *s = &kept[rule->key % KEPT];

	return s->db == db_number(db) && s->rule == rule->key && s->zone_revision == org->zone_revision &&
	    memcmp(s->sha256, zone_sha256(zone), SHA256_SIZE) == 0;
}

static void
note_same(struct db *db, const struct organization *org, const struct limit_rule *rule, const struct zone *zone)
{
	struct same *s = &kept[rule->key % KEPT];

	if (!db_may_cache(db))
		return;
	*s = (struct same) { .db = db_number(db), .rule = rule->key, .zone_revision = org->zone_revision };
	memcpy(s->sha256, zone_sha256(zone), SHA256_SIZE);
}

/* ---- Writing */

static const char insert_sql[] = "INSERT INTO limit_span (rule, from_at, utc_offset_s, zone, tzdata_version) "
    "VALUES (:owner, :from_at, :utc_offset_s, :zone, :tzdata_version)";

/* Replaces the rows from an instant on.  zone_revision goes up with them, so that other processes read them again. */
static enum status
replace_from(struct db *db, struct organization *org, int64_t rule, const char *name, const struct zone *zone,
    const struct span *spans, size_t count, int64_t from_at)
{
	struct query *q = db_query(db, "DELETE FROM limit_span WHERE rule = :rule AND from_at >= :from_at");
	enum status st;

	query_bind_int(q, ":rule", rule);
	query_bind_int(q, ":from_at", from_at);
	if ((st = query_run(q)) == OK && count > 0 &&
	    (st = day_spans_insert(db, insert_sql, rule, name, spans, count, from_at)) == OK)
		st = day_spans_note_file(db, name, zone);
	if (st != OK)
		return st;
	org->zone_revision++;
	return organization_forget_kept(db, org->key);
}

enum status
limit_zone_write(struct db *db, struct organization *org, int64_t rule, const char *name, struct error *err)
{
	const struct zone *zone;
	struct span *spans;
	enum status st;
	size_t count;

	if (name == NULL)
		return replace_from(db, org, rule, NULL, NULL, NULL, 0, INT64_MIN);
	if ((zone = zone_get(name, err)) == NULL) {
		char text[ERROR_TEXT_MAX];
		const char *colon = strchr(err->text, ':');

		/* The sentences of zone.h are about the member `timezone`. */
		snprintf(text, sizeof(text), "%s", colon != NULL ? colon : err->text);
		return error_set(err, err->status == UNAVAILABLE ? UNAVAILABLE : BAD_REQUEST, "zone%s", text);
	}
	spans = xmalloc(SPANS_MAX * sizeof(*spans));
	if ((count = spans_join((struct spans) { 0 }, zone, INSTANT_MIN, spans, SPANS_MAX)) == 0)
		st = error_set(err, BAD_REQUEST, "zone: %s has an offset or a day start that is not a whole number of quarter-hours; "
		    "choose another zone", name);
	else
		st = replace_from(db, org, rule, name, zone, spans, count, INT64_MIN);
	free(spans);
	return st;
}

/* ---- New rules of a zone */

/*
 * The days that a limit should have by the file of its zone, from its next day start on.  SPANS_MAX spans at most; 0 if no
 * days can be made of the file.
 */
static size_t
join(const struct limit_rule *rule, const struct zone *zone, int64_t now, struct span *spans, int64_t *from_at)
{
	*from_at = day_next_start(rule->days, now);
	return spans_join(rule->days, zone, *from_at, spans, SPANS_MAX);
}

static enum status
write_audit(struct db *db, const struct organization *org, const struct limit_rule *rule, int64_t now)
{
	static const struct actor by = { "system", "" };
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st;

	json_open_object(j, NULL);
	json_put_text(j, "name", rule->name);
	json_put_text(j, "zone", rule->zone);
	json_put_text(j, "tzdata", zone_tzdata_version());
	json_close_object(j);
	st = audit(db, now, org->key, &by, "limit.tzdata", buf_text(&detail));
	buf_free(&detail);
	return st;
}

/* Compares one limit with the file of its zone, and replaces what differs. */
static enum status
follow(struct db *db, struct organization *org, const struct limit_rule *rule, int64_t now, bool *changed)
{
	char text[2 * ERROR_TEXT_MAX];
	struct error err = { 0 };
	const struct zone *zone = zone_get(rule->zone, &err);
	struct span *spans;
	enum status st = OK;
	int64_t from_at;
	size_t count;

	if (zone == NULL || is_known_same(db, org, rule, zone))
		return OK;	/* without a file the days stay as they are */
	spans = xmalloc(SPANS_MAX * sizeof(*spans));
	if ((count = join(rule, zone, now, spans, &from_at)) == 0)
		log_error("event=zone org=%s limit=%s error=%s", org->id, rule->name,
		    log_value("no days can be made of the file of its zone", text, sizeof(text)));
	else if (day_spans_is_same(rule->days, spans, count))
		note_same(db, org, rule, zone);
	else {
		*changed = true;
		if ((st = replace_from(db, org, rule->key, rule->zone, zone, spans, count, from_at)) == OK)
			st = write_audit(db, org, rule, now);
	}
	free(spans);
	return st;
}

enum status
limit_zone_follow(struct db *db, struct arena *a, struct organization *org, int64_t now)
{
	bool changed = false;
	enum status st = OK;

	for (size_t i = 0; st == OK && i < org->limits.count; i++)
		if (org->limits.of[i].zone != NULL)
			st = follow(db, org, &org->limits.of[i], now, &changed);
	return st == OK && changed ? limit_row_load(db, a, org) : st;
}

enum day_spans_state
limit_zone_compare(const struct organization *org, int64_t now, struct error *err)
{
	enum day_spans_state worst = DAY_SPANS_SAME, state;
	struct span *spans = xmalloc(SPANS_MAX * sizeof(*spans));
	int64_t from_at;

	for (size_t i = 0; i < org->limits.count; i++) {
		const struct limit_rule *rule = &org->limits.of[i];
		const struct zone *zone;
		size_t count;

		if (rule->zone == NULL)
			continue;
		state = DAY_SPANS_SAME;
		if ((zone = zone_get(rule->zone, err)) == NULL)
			state = err->status == BAD_REQUEST ? DAY_SPANS_NO_ZONE : DAY_SPANS_UNUSABLE;
		else if ((count = join(rule, zone, now, spans, &from_at)) == 0) {
			error_set(err, BAD_REQUEST, "zone: no days can be made of the file of %s", rule->zone);
			state = DAY_SPANS_UNUSABLE;
		} else if (!day_spans_is_same(rule->days, spans, count))
			state = DAY_SPANS_DIFFER;
		worst = day_spans_worse(worst, state);
	}
	free(spans);
	return worst;
}
