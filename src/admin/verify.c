/*
 * The run of verify: which invariants are checked when, and how a row of a SELECT becomes a sentence (see verify.h).
 *
 * An organization's invariants are checked in one snapshot, its ledger in stretches with a snapshot each.  No snapshot lasts
 * longer than it must, because the WAL cannot be reset while one is open.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "time/day.h"
#include "time/instant.h"
#include "base/money.h"
#include "admin/verify_invariants.h"

/* The longest stretch, and the bytes of a sentence. */
enum { STRETCH_DAYS_MAX = 366, TEXT_MAX = 1024 };

void
verify_differs(struct verify *v, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->report->differences++;
	v->report->differs(v->report->arg, v->id, text);
}

void
verify_list(void (*each)(const char *name, const char *sentence))
{
	each("integrity", "SQLite's own integrity and foreign keys");
	for (const struct invariant *i = verify_invariants; i->name != NULL; i++)
		each(i->name, i->sentence);
}

/* ---- A row of a SELECT as a sentence */

/* A number that is no day or quarter-hour of 1970 to 2100 comes from a damaged file and cannot be formatted. */
static const char *
day_text(int64_t day, char out[DAY_TEXT_MAX])
{
	return day < 0 || day > INSTANT_MAX / DAY_MS ? "outside of 1970 to 2100" : day_format((struct day) { (int32_t)day }, out);
}

static const char *
quarter_text(int64_t quarter, char out[INSTANT_TEXT_MAX])
{
	return quarter < 0 || quarter > INSTANT_MAX / QUARTER_MS ? "outside of 1970 to 2100" :
	    instant_format(quarter * QUARTER_MS, out);
}

/* Appends one column to text, formatted as its letter says (struct invariant). */
static void
put_column(char text[TEXT_MAX], char letter, struct query *q, int column)
{
	char *out = text + strlen(text), number[MONEY_TEXT_MAX > INSTANT_TEXT_MAX ? MONEY_TEXT_MAX : INSTANT_TEXT_MAX];
	size_t n = TEXT_MAX - (size_t)(out - text);

	switch (letter) {
	case 'i':
		snprintf(out, n, "%" PRId64, query_int(q, column));
		break;
	case 'm':
		snprintf(out, n, "%s", money_format(query_int(q, column), number));
		break;
	case 'd':
		snprintf(out, n, "%s", day_text(query_int(q, column), number));
		break;
	case 'q':
		snprintf(out, n, "%s", quarter_text(query_int(q, column), number));
		break;
	default:
		snprintf(out, n, "%s", query_text(q, column));
	}
}

/* Fills in the template of an invariant: each %letter takes the next column of the row.  Cuts the sentence off at TEXT_MAX. */
static void
report_row(struct verify *v, const char *row, struct query *q)
{
	char text[TEXT_MAX] = "";
	int column = 0;
	size_t n;

	for (; *row != '\0'; row++) {
		if (*row == '%' && row[1] != '\0')
			put_column(text, *++row, q, column++);
		else if ((n = strlen(text)) + 1 < sizeof(text)) {
			text[n] = *row;
			text[n + 1] = '\0';
		}
	}
	verify_differs(v, "%s", text);
}

/* ---- The invariants of one scope */

/*
 * Checks one invariant.  Parameters are bound only if the SQL has them, because an unknown name is a programming error (db.h).
 */
static enum status
look_at(struct verify *v, const struct invariant *i, const struct stretch *s)
{
	struct query *q;

	if (i->check != NULL)
		return i->check(v);
	/* One with neither was checked when verify_ledger read the rows. */
	if (i->sql == NULL)
		return OK;
	q = db_query(v->db, i->sql);
	if (strstr(i->sql, ":org") != NULL)
		query_bind_int(q, ":org", v->org);
	if (strstr(i->sql, ":from_at") != NULL) {
		query_bind_int(q, ":from_at", verify_from_at(s));
		query_bind_int(q, ":until_at", verify_until_at(s));
	}
	while (query_step(q))
		report_row(v, i->row, q);
	return query_done(q);
}

/* Checks all invariants of a scope.  A difference does not end it, only a database that cannot be read. */
static enum status
look_at_all(struct verify *v, enum verify_scope scope, const struct stretch *s)
{
	enum status st = OK;

	for (const struct invariant *i = verify_invariants; st == OK && i->name != NULL; i++)
		if (i->scope == scope)
			st = look_at(v, i, s);
	return st;
}

/* ---- Stretches */

/*
 * Reads the ledger of one stretch into sums and checks what depends on them, in one snapshot: between the two nobody can add
 * an event.
 */
static enum status
verify_stretch(struct verify *v, const struct stretch *s)
{
	enum status st;

	if ((st = db_read_begin(v->db)) != OK)
		return st;
	if ((st = verify_ledger_read(v, s)) == OK)
		st = look_at_all(v, OF_STRETCH, s);
	db_read_end(v->db);
	if (v->report->progress != NULL)
		v->report->progress("verifying", v->report->events, v->total);
	return st;
}

/*
 * Goes through the ledger in stretches that adjoin.  Doubles their length while they take less than VERIFY_STRETCH_MS and
 * halves it otherwise, so that a stretch of busy days is short.  An organization without events has one stretch, open at both
 * ends, which finds sums that have no event.
 */
static enum status
verify_stretches(struct verify *v, int64_t first_at, int64_t last_at)
{
	struct stretch s = { .until = floor_div(first_at, DAY_MS), .is_first = true };
	int64_t days = 1, last = floor_div(last_at, DAY_MS), began_ms;
	enum status st = OK;

	for (; st == OK && !s.is_last; s.is_first = false) {
		began_ms = instant_monotonic();
		s.from = s.until;
		s.until = s.from + days;
		s.is_last = s.until > last;
		st = verify_stretch(v, &s);
		if (instant_monotonic() - began_ms > VERIFY_STRETCH_MS)
			days = days > 1 ? days / 2 : 1;
		else if (days < STRETCH_DAYS_MAX)
			days *= 2;
	}
	return st;
}

/* ---- The file and its organizations */

/*
 * The first and the last instant of the ledger, and the lowest and the highest offset of the days: from these follows which
 * instants can belong to a stretch.
 */
static enum status
read_ends(struct verify *v, int64_t *first_at, int64_t *last_at)
{
	struct query *q = db_query(v->db, "SELECT (SELECT min(occurred_at) FROM event WHERE org = :org), "
	    "(SELECT max(occurred_at) FROM event WHERE org = :org), "
	    "(SELECT min(utc_offset_s) FROM zone_span WHERE org = :org), (SELECT max(utc_offset_s) FROM zone_span WHERE org = :org)");

	query_bind_int(q, ":org", v->org);
	if (query_step(q)) {
		*first_at = query_int(q, 0);
		*last_at = query_int(q, 1);
		v->offset_min = query_int(q, 2);
		v->offset_max = query_int(q, 3);
	}
	return query_done(q);
}

/* Checks what concerns an organization in one snapshot, then its ledger in stretches. */
static enum status
verify_organization(struct verify *v)
{
	int64_t first_at = 0, last_at = 0;
	enum status st;

	if ((st = db_read_begin(v->db)) != OK)
		return st;
	if ((st = read_ends(v, &first_at, &last_at)) == OK)
		st = look_at_all(v, OF_ORGANIZATION, NULL);
	db_read_end(v->db);
	return st == OK ? verify_stretches(v, first_at, last_at) : st;
}

/*
 * Checks what concerns the file as a whole and lists the organizations, all in one snapshot.  An organization that is added
 * later is not checked.
 */
static enum status
verify_file(struct verify *v, int64_t **keys, const char ***ids, size_t *count)
{
	struct query *q;
	enum status st;
	size_t max;

	if ((st = look_at_all(v, OF_FILE, NULL)) != OK)
		return st;
	q = db_query(v->db, "SELECT (SELECT count(*) FROM organization), (SELECT count(*) FROM event)");
	max = query_step(q) ? (size_t)query_int(q, 0) : 0;
	v->total = max > 0 ? query_int(q, 1) : 0;
	if ((st = query_done(q)) != OK)
		return st;
	*keys = arena_alloc(v->arena, (max + 1) * sizeof(**keys));
	*ids = arena_alloc(v->arena, (max + 1) * sizeof(**ids));
	q = db_query(v->db, "SELECT key, id FROM organization ORDER BY id");
	for (*count = 0; *count < max && query_step(q); ++*count) {
		(*keys)[*count] = query_int(q, 0);
		(*ids)[*count] = arena_strdup(v->arena, query_text(q, 1));
	}
	return query_done(q);
}

enum status
verify(struct db *db, struct arena *a, struct verify_report *report)
{
	struct verify v = { .db = db, .arena = a, .report = report, .id = "" };
	struct error err = { 0 };
	const char **ids = NULL;
	int64_t *keys = NULL;
	size_t count = 0;
	enum status st;

	/* Damage is a difference like any other: go on, and report what else can still be read. */
	if ((st = db_check(db, &err)) == CONFLICT)
		verify_differs(&v, "%s", err.text);
	else if (st != OK)
		return st;
	if ((st = verify_ledger_begin(&v)) != OK || (st = db_read_begin(db)) != OK)
		return st;
	st = verify_file(&v, &keys, &ids, &count);
	db_read_end(db);
	for (size_t i = 0; st == OK && i < count; i++) {
		v.org = keys[i];
		v.id = ids[i];
		st = verify_organization(&v);
	}
	report->organizations = count;
	return st;
}
