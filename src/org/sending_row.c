/*
 * The rows of sending windows (see sending_row.h).  The column has the hours, and closed_day the dates.
 */
#include <string.h>

#include "base/log.h"
#include "org/sending_row.h"
#include "store/audit.h"
#include "time/ical.h"
#include "time/instant.h"

enum { IMPORT_DAYS_MAX = 20000 };	/* days of the events of a file, before those of one date are one */

/* Reads JSON that we have written: anything wrong in it was changed by somebody else. */
static enum status
read_stored(struct arena *a, const char *text, struct sending_window *w)
{
	struct error err = { .text = "" };
	char value[ERROR_TEXT_MAX];

	if (json_check("sending_window", text, strlen(text), &err) == OK &&
	    sending_window_read(a, "", text, strlen(text), SENDING_CLOSED_MAX, w, &err) == OK)
		return OK;
	log_error("event=sending_window error=%s", log_value(err.text, value, sizeof(value)));
	return INTERNAL;
}

enum status
sending_row_load(struct db *db, struct arena *a, const struct organization *org, struct sending_window *w)
{
	struct query *q = db_query(db, "SELECT sending_window FROM organization WHERE key = :org AND sending_window IS NOT NULL");
	const char *text = NULL;
	enum status st;

	*w = (struct sending_window) { 0 };
	query_bind_int(q, ":org", org->key);
	if (query_step(q))
		text = arena_strdup(a, query_text(q, 0));
	if ((st = query_done(q)) != OK || (text != NULL && (st = read_stored(a, text, w)) != OK))
		return st;
	q = db_query(db, "SELECT day, name FROM closed_day WHERE org = :org ORDER BY day LIMIT :max");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":max", SENDING_CLOSED_MAX);
	while (query_step(q))
		sending_window_close(a, w, (struct closed_day) { { (int32_t)query_int(q, 0) }, arena_strdup(a, query_text(q, 1)) },
		    SENDING_CLOSED_MAX);
	return query_done(q);
}

enum status
sending_row_all(struct db *db, struct arena *a, const struct organization *org, const char *own, struct spans wall,
    struct sending *s)
{
	struct sending_window *windows = arena_alloc(a, 2 * sizeof(*windows));
	enum status st;

	*s = (struct sending) { .wall = wall };
	if ((st = sending_row_load(db, a, org, &windows[0])) != OK ||
	    (own != NULL && (st = read_stored(a, own, &windows[1])) != OK))
		return st;
	sending_add(s, &windows[0]);
	sending_add(s, &windows[1]);
	return OK;
}

enum status
sending_row_wall(struct arena *a, const struct organization *org, const char *timezone, struct spans *wall, struct error *err)
{
	const struct zone *z;
	struct span *spans;

	*wall = org->days;
	if (timezone == NULL)
		return OK;
	if ((z = zone_get(timezone, err)) == NULL)
		return err->status == UNAVAILABLE ? UNAVAILABLE : BAD_REQUEST;
	spans = arena_alloc(a, SPANS_MAX * sizeof(*spans));
	*wall = (struct spans) { spans, zone_spans(z, INSTANT_MIN, INSTANT_MAX, spans, SPANS_MAX) };
	return wall->count <= SPANS_MAX ? OK : error_set(err, BAD_REQUEST, "timezone: \"%s\" changes its clock too often", timezone);
}

/* ---- Writing */

/* The hours as the column has them, in the arena; NULL if all are allowed. */
static const char *
hours_text(struct arena *a, const struct sending_window *w)
{
	struct buf text = { 0 };
	struct json *j = json_on(&text);
	const char *copy;

	if (w->hours_count == 0)
		return NULL;
	json_open_object(j, NULL);
	sending_window_put_hours(j, w);
	json_close_object(j);
	copy = arena_strdup(a, buf_text(&text));
	buf_free(&text);
	return copy;
}

/* Whether a window closes a date of another one by the same name.  *k is where to look from: dates are in their order. */
static bool
is_kept(const struct closed_day *day, const struct sending_window *w, size_t *k)
{
	while (*k < w->closed_count && w->closed[*k].day.n < day->day.n)
		++*k;
	return *k < w->closed_count && w->closed[*k].day.n == day->day.n && strcmp(w->closed[*k].name, day->name) == 0;
}

/* Writes the dates that `a` closes and `b` does not, or not by that name, as a member if there are any. */
static bool
put_dates(struct json *j, const char *name, const struct sending_window *a, const struct sending_window *b)
{
	char text[DAY_TEXT_MAX];
	bool is_open = false;
	size_t k = 0;

	for (size_t i = 0; i < a->closed_count; i++) {
		if (is_kept(&a->closed[i], b, &k))
			continue;
		if (!is_open)
			json_open_array(j, name);
		is_open = true;
		json_put_text(j, NULL, day_format(a->closed[i].day, text));
	}
	if (is_open)
		json_close_array(j);
	return is_open;
}

/* The audit row: the hours before and after, and the dates that were closed and opened.  None if nothing has changed. */
static enum status
write_audit(struct db *db, struct arena *a, const struct organization *org, const struct sending_window *was,
    const struct sending_window *is, int64_t now, const struct actor *by)
{
	const char *before = hours_text(a, was), *after = hours_text(a, is);
	bool is_changed = (before == NULL) != (after == NULL) || (before != NULL && strcmp(before, after) != 0);
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	enum status st = OK;

	json_open_object(j, NULL);
	json_open_object(j, "changed");
	if (is_changed)
		audit_put_raw_change(j, "hours", before != NULL ? before : "null", after != NULL ? after : "null");
	json_close_object(j);
	is_changed |= put_dates(j, "closed", is, was);
	is_changed |= put_dates(j, "opened", was, is);
	json_close_object(j);
	if (is_changed)
		st = audit(db, now, org->key, by, "window.set", buf_text(&detail));
	buf_free(&detail);
	return st;
}

enum status
sending_row_replace(struct db *db, struct arena *a, const struct organization *org, const struct sending_window *w, int64_t now,
    const struct actor *by)
{
	struct sending_window was;
	struct query *q;
	enum status st;

	if ((st = sending_row_load(db, a, org, &was)) != OK)
		return st;
	q = db_query(db, "UPDATE organization SET sending_window = :window, updated_at = :now WHERE key = :org");
	query_bind_text(q, ":window", hours_text(a, w));
	query_bind_int(q, ":now", now);
	query_bind_int(q, ":org", org->key);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(db, "DELETE FROM closed_day WHERE org = :org");
	query_bind_int(q, ":org", org->key);
	st = query_run(q);
	for (size_t i = 0; st == OK && i < w->closed_count; i++) {
		q = db_query(db, "INSERT INTO closed_day (org, day, name) VALUES (:org, :day, :name)");
		query_bind_int(q, ":org", org->key);
		query_bind_int(q, ":day", w->closed[i].day.n);
		query_bind_text(q, ":name", w->closed[i].name);
		st = query_run(q);
	}
	return st != OK ? st : write_audit(db, a, org, &was, w, now, by);
}

enum status
sending_row_read_file(struct arena *a, const struct organization *org, const char *label, const char *text, size_t n, int64_t now,
    struct ical_days *found, struct error *err)
{
	struct day today = organization_today(org, now), until;
	int year, month, day;

	day_civil(today, &year, &month, &day);
	until = day_of(year + SENDING_IMPORT_YEARS, month, day > 28 ? 28 : day);
	return ical_read(a, label, text, n, today, until, IMPORT_DAYS_MAX, found, err);
}

enum status
sending_row_import(struct db *db, struct arena *a, const struct organization *org, const char *label,
    const struct ical_days *found, struct sending_window *w, struct sending_import *counts, struct error *err)
{
	struct sending_window was;
	size_t k = 0;
	enum status st;

	if ((st = sending_row_load(db, a, org, &was)) != OK || (st = sending_row_load(db, a, org, w)) != OK)
		return st;
	for (size_t i = 0; i < found->count; i++)
		if (!sending_window_close(a, w, (struct closed_day) { found->days[i].day, found->days[i].name }, SENDING_CLOSED_MAX))
			return error_set(err, BAD_REQUEST, "%s: with its dates more than %d would be closed; remove some", label,
			    SENDING_CLOSED_MAX);
	*counts = (struct sending_import) { 0, found->skipped };
	for (size_t i = 0; i < w->closed_count; i++)
		counts->imported += !is_kept(&w->closed[i], &was, &k);
	return OK;
}

void
sending_row_text(const struct sending_window *w, struct buf *text)
{
	struct json *j = json_on(text);

	json_open_object(j, NULL);
	sending_window_put_hours(j, w);
	sending_window_put_closed(j, w);
	json_close_object(j);
}

enum status
sending_row_outside(struct db *db, struct arena *a, const struct organization *org, const struct sending_window *w, int64_t now,
    struct segment_outside **list, size_t *count)
{
	struct query *q = db_query(db, "SELECT c.id, s.number, s.scheduled_at FROM segment s JOIN campaign c ON c.key = s.campaign "
	    "WHERE s.org = :org AND s.day >= :today AND s.scheduled_at >= :now AND s.is_open = 1 ORDER BY s.day, s.scheduled_at "
	    "LIMIT :max");
	struct sending sending = { .wall = org->days };
	size_t max = 0;

	*list = NULL;
	*count = 0;
	sending_add(&sending, w);
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":today", organization_today(org, now).n);
	query_bind_int(q, ":now", now);
	query_bind_int(q, ":max", SEGMENTS_LOOKED_AT_MAX);
	while (*count < SEGMENTS_OUTSIDE_MAX && query_step(q)) {
		if (sending_allows(&sending, query_int(q, 2)))
			continue;
		*list = arena_grow(a, *list, *count, &max, sizeof(**list));
		(*list)[(*count)++] = (struct segment_outside) { arena_strdup(a, query_text(q, 0)), query_int(q, 1), query_int(q, 2) };
	}
	return query_done(q);
}
