/*
 * The run of verify: which invariants are checked when, and how a row of a SELECT becomes a sentence (see verify.h).
 *
 * Each invariant is checked in a snapshot of its own, and so is each stretch of a ledger.  No snapshot lasts longer than it must,
 * because the WAL cannot be reset while one is open; and a run can be interrupted between any two.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "time/day.h"
#include "time/instant.h"
#include "base/money.h"
#include "base/utf8.h"
#include "admin/verify_invariants.h"

/* The longest stretch, unless one day has more events; and the bytes of a sentence. */
enum { STRETCH_DAYS_MAX = 366, STRETCH_EVENTS = 50000, TEXT_MAX = 1024 };

/* Texts of a damaged file may be anything: a byte that no terminal or log should get becomes `?`. */
static void
clean(char *text)
{
	size_t left = strlen(text), n;

	for (; left > 0; text += n, left -= n)
		if ((n = utf8_char(text, left)) == 0 || (n == 1 && iscntrl((unsigned char)*text))) {
			*text = '?';
			n = 1;
		}
}

void
verify_differs(struct verify *v, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	clean(text);
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

const char *
verify_quarter_text(int64_t quarter, char out[INSTANT_TEXT_MAX])
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
		snprintf(out, n, "%s", verify_quarter_text(query_int(q, column), number));
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

/* Checks all invariants of a stretch.  A difference does not end it, only a database that cannot be read. */
static enum status
look_at_stretch(struct verify *v, const struct stretch *s)
{
	enum status st = OK;

	for (const struct invariant *i = verify_invariants; st == OK && i->name != NULL; i++)
		if (i->scope == OF_STRETCH)
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
		st = look_at_stretch(v, s);
	db_read_end(v->db);
	if (v->report->progress != NULL)
		v->report->progress("verifying", v->report->events, v->report->total);
	return st;
}

/* Ends a stretch before the day on which it would get too many events: a busy time may follow a quiet one. */
static enum status
shorten(struct verify *v, struct stretch *s)
{
	struct query *q = db_query(v->db, "SELECT occurred_at FROM event WHERE org = :org AND occurred_at >= :from "
	    "AND occurred_at < :until ORDER BY occurred_at LIMIT 1 OFFSET :count");
	int64_t day;

	query_bind_int(q, ":org", v->org);
	query_bind_int(q, ":from", verify_from_at(s));
	query_bind_int(q, ":until", s->until * DAY_MS);
	query_bind_int(q, ":count", STRETCH_EVENTS);
	if (query_step(q) && (day = floor_div(query_int(q, 0), DAY_MS)) < s->until)
		s->until = day > s->from ? day : s->from + 1;
	return query_done(q);
}

/*
 * Checks the next stretch of an organization.  Stretches adjoin.  Doubles their length while they take less than
 * VERIFY_STRETCH_MS and halves it otherwise, so that a stretch of busy days is short.  An organization without events has one
 * stretch, open at both ends, which finds sums that have no event.
 */
static enum status
next_stretch(struct verify *v, struct verify_cursor *c)
{
	int64_t began_ms = instant_monotonic();
	struct stretch s = { .is_first = !c->is_in_ledger };
	enum status st;

	s.from = s.is_first ? v->first_day : c->day;
	s.until = s.from + v->days;
	if ((st = shorten(v, &s)) != OK)
		return st;
	s.is_last = s.until > v->last_day;
	if ((st = verify_stretch(v, &s)) == OK && s.is_last)
		st = verify_statement_end(v);
	c->is_in_ledger = !s.is_last;
	c->day = s.until;
	c->is_read = s.is_last;
	if (instant_monotonic() - began_ms > VERIFY_STRETCH_MS)
		v->days = v->days > 1 ? v->days / 2 : 1;
	else if (v->days < STRETCH_DAYS_MAX)
		v->days *= 2;
	return st;
}

/* ---- The file and its organizations */

/*
 * Reads the name of the organization, and the first and the last day of UTC of its ledger and its segments.  is_whole: its ledger
 * is read from the start.
 */
static enum status
begin_organization(struct verify *v, int64_t org, bool is_whole)
{
	struct query *q = db_query(v->db, "SELECT id, (SELECT min(occurred_at) FROM event WHERE org = :org), "
	    "(SELECT max(occurred_at) FROM event WHERE org = :org), "
	    "(SELECT max(day) FROM segment WHERE org = :org) FROM organization WHERE key = :org");
	enum status st;

	query_bind_int(q, ":org", org);
	if (query_step(q)) {
		v->org = org;
		v->id = arena_strdup(v->arena, query_text(q, 0));
		v->first_day = floor_div(query_int(q, 1), DAY_MS);
		v->last_day = floor_div(query_int(q, 2), DAY_MS);
		if (!query_is_null(q, 3) && query_int(q, 3) > v->last_day)
			v->last_day = query_int(q, 3);
		if (query_is_null(q, 1))
			v->first_day = v->last_day;
		v->days = 1;
	}
	return (st = query_done(q)) != OK ? st : verify_statement_begin(v, is_whole);
}

/* Goes on to the organization after this one in the order of their ids, or to the end. */
static enum status
next_organization(struct verify *v, struct verify_cursor *c)
{
	struct query *q = db_query(v->db, "SELECT key FROM organization WHERE :org = 0 "
	    "OR id > (SELECT id FROM organization WHERE key = :org) ORDER BY id LIMIT 1");
	enum status st;

	query_bind_int(q, ":org", c->org);
	*c = (struct verify_cursor) { .org = query_step(q) ? query_int(q, 0) : 0 };
	if ((st = query_done(q)) != OK)
		return st;
	c->is_done = c->org == 0;
	v->report->organizations += !c->is_done;
	return c->is_done ? OK : begin_organization(v, c->org, true);
}

/* Checks the next invariant of the file, or of the organization, in a snapshot of its own; *is_last if there was none. */
static enum status
next_invariant(struct verify *v, struct verify_cursor *c, bool *is_last)
{
	enum verify_scope scope = c->org == 0 ? OF_FILE : OF_ORGANIZATION;
	const struct invariant *i = &verify_invariants[c->invariant];
	enum status st = OK;

	while (i->name != NULL && i->scope != scope)
		i++;
	*is_last = i->name == NULL;
	c->invariant = i - verify_invariants + !*is_last;
	if (*is_last || (st = db_read_begin(v->db)) != OK)
		return *is_last ? OK : st;
	st = look_at(v, i, NULL);
	db_read_end(v->db);
	return st;
}

/* Does the next step of a run: an invariant, a stretch of the organization's ledger, or the next organization. */
static enum status
next_step(struct verify *v, struct verify_cursor *c)
{
	bool is_last;
	enum status st = next_invariant(v, c, &is_last);

	if (st != OK || !is_last)
		return st;
	return c->org != 0 && !c->is_read ? next_stretch(v, c) : next_organization(v, c);
}

enum status
verify_some(struct db *db, struct arena *a, struct verify_report *report, struct verify_cursor *c, int64_t until_ms)
{
	struct verify v = { .db = db, .arena = a, .report = report, .id = "" };
	enum status st = verify_ledger_begin(&v);

	if (st == OK && c->org != 0)
		st = begin_organization(&v, c->org, !c->is_in_ledger);
	while (st == OK && !c->is_done) {
		st = next_step(&v, c);
		if (instant_monotonic() >= until_ms)
			break;
	}
	return st;
}

/* The number of events, for the progress. */
static enum status
count_events(struct db *db, struct verify_report *report)
{
	struct query *q = db_query(db, "SELECT count(*) FROM event");

	report->total = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

enum status
verify(struct db *db, struct arena *a, struct verify_report *report)
{
	struct verify_cursor c = { 0 };
	struct error err = { 0 };
	enum status st;

	/* Damage is a difference like any other: go on, and report what else can still be read. */
	if ((st = db_check(db, &err)) == CONFLICT)
		verify_differs(&(struct verify) { .report = report, .id = "" }, "%s", err.text);
	else if (st != OK)
		return st;
	if (report->progress != NULL && (st = count_events(db, report)) != OK)
		return st;
	return verify_some(db, a, report, &c, INT64_MAX);
}
