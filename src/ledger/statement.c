/*
 * Keeping and reading statements (see statement.h).  statement_later.c finds what came later, statement_text.c writes both.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/row_hash.h"
#include "ledger/job.h"
#include "ledger/statement.h"
#include "quota/quota.h"
#include "store/audit.h"
#include "store/channel_column.h"
#include "time/instant.h"

enum { FIRST_YEAR = 2012, LAST_YEAR = 2099 };

/* ---- Months */

bool
statement_month_parse(const char *text, struct day *month)
{
	char date[DAY_TEXT_MAX];
	int year, unused;
	struct day d;

	if (strlen(text) != strlen("2026-10"))
		return false;
	snprintf(date, sizeof(date), "%s-01", text);
	if (!day_parse(date, &d))
		return false;
	day_civil(d, &year, &unused, &unused);
	*month = d;
	return year >= FIRST_YEAR && year <= LAST_YEAR;
}

const char *
statement_month_format(struct day month, char *out)
{
	int year, of_year, unused;

	day_civil(month, &year, &of_year, &unused);
	snprintf(out, MONTH_TEXT_MAX, "%04d-%02d", year, of_year);
	return out;
}

static int
days_of(struct day month)
{
	int year, of_year, unused;

	day_civil(month, &year, &of_year, &unused);
	return days_in_month(year, of_year);
}

/* ---- Keeping */

static enum status
check_over(const struct organization *org, struct day month, int64_t until_at, int64_t now, struct error *err)
{
	char text[MONTH_TEXT_MAX], until[INSTANT_TEXT_MAX];

	if (now >= until_at)
		return OK;
	error_set(err, CONFLICT, "month: %s is not over; it ends at %s", statement_month_format(month, text),
	    instant_format(until_at, until));
	error_hint(err, "Days are those of %s.", org->timezone);
	return CONFLICT;
}

/* Figures that a job is about to change must not be kept. */
static enum status
check_jobs(struct db *db, struct arena *a, const struct organization *org, struct error *err)
{
	struct job job;
	bool found;
	enum status st = job_find_open(db, a, org->key, &found, &job);

	if (st != OK || !found || (job.kind != JOB_REPRICE && job.kind != JOB_REBUILD))
		return st;
	error_set(err, CONFLICT, "job %" PRId64 ", a %s, is changing figures", job.number, job_kind_name(job.kind));
	error_hint(err, "Try again when it has ended.");
	return CONFLICT;
}

static enum status
insert(struct db *db, const struct organization *org, const struct statement *s, int64_t actor)
{
	struct query *q = db_query(db, "INSERT INTO statement (org, month, from_at, until_at, timezone, currency, org_revision, "
	    "actor, created_at, digest) SELECT key, :month, :from, :until, timezone, currency, revision, :actor, :now, 0 "
	    "FROM organization WHERE key = :org");
	enum status st;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", s->month.n);
	query_bind_int(q, ":from", s->from_at);
	query_bind_int(q, ":until", s->until_at);
	query_bind_int(q, ":actor", actor);
	query_bind_int(q, ":now", s->created_at);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(db, "INSERT INTO statement_line (org, month, day, channel, messages, parts, cost_micros) "
	    "SELECT org, :month, day, channel, messages, parts, cost_micros FROM usage_day WHERE org = :org AND day >= :month "
	    "AND day < :until AND (messages <> 0 OR parts <> 0 OR cost_micros <> 0)");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", s->month.n);
	query_bind_int(q, ":until", s->month.n + s->days);
	if ((st = query_run(q)) != OK)
		return st;
	q = db_query(db, "INSERT INTO statement_day (org, month, day, events, digest) "
	    "SELECT org, :month, day, events, digest FROM ledger_day WHERE org = :org AND day >= :first AND day <= :last");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", s->month.n);
	query_bind_int(q, ":first", floor_div(s->from_at, DAY_MS));
	query_bind_int(q, ":last", floor_div(s->until_at - 1, DAY_MS));
	return query_run(q);
}

/* Adds the rows of a query, which has the parameters :org and :month, to a hash. */
static enum status
hash_rows(struct query *q, int columns, int64_t org, struct day month, struct row_hash *h)
{
	query_bind_int(q, ":org", org);
	query_bind_int(q, ":month", month.n);
	while (query_step(q))
		query_hash(q, 0, columns, h);
	return query_done(q);
}

/* Writes the digest of what was inserted: of the row, its lines and its days, in their order.  `daybook verify` compares it. */
static enum status
write_digest(struct db *db, int64_t org, struct day month)
{
	struct row_hash h;
	struct query *q;
	enum status st;

	row_hash_start(&h);
	if ((st = hash_rows(db_query(db, "SELECT s.org, s.month, s.from_at, s.until_at, s.timezone, s.currency, s.org_revision, "
	    "w.credential, w.name, s.created_at FROM statement s JOIN actor w ON w.key = s.actor "
	    "WHERE s.org = :org AND s.month = :month"), 10, org, month, &h)) != OK ||
	    (st = hash_rows(db_query(db, "SELECT day, channel, messages, parts, cost_micros FROM statement_line "
	    "WHERE org = :org AND month = :month ORDER BY day, channel"), 5, org, month, &h)) != OK ||
	    (st = hash_rows(db_query(db, "SELECT day, events, digest FROM statement_day WHERE org = :org AND month = :month "
	    "ORDER BY day"), 3, org, month, &h)) != OK)
		return st;
	q = db_query(db, "UPDATE statement SET digest = :digest WHERE org = :org AND month = :month");
	query_bind_int(q, ":org", org);
	query_bind_int(q, ":month", month.n);
	query_bind_int(q, ":digest", row_hash_end(&h));
	return query_run(q);
}

static enum status
write_audit(struct db *db, const struct organization *org, const struct statement *s, const struct actor *by)
{
	char text[MONTH_TEXT_MAX];

	return audit_pair(db, s->created_at, org->key, by, "statement.keep", "month", statement_month_format(s->month, text));
}

enum status
statement_keep(struct db *db, struct arena *a, const struct organization *org, struct day month, int64_t now,
    const struct actor *by, bool *is_kept, struct error *err)
{
	struct statement s = { .month = month, .days = days_of(month), .from_at = day_start(org->days, month), .created_at = now };
	struct query *q = db_query(db, "SELECT 1 FROM statement WHERE org = :org AND month = :month");
	int64_t actor;
	enum status st;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", month.n);
	*is_kept = query_step(q);
	if ((st = query_done(q)) != OK)
		return st;
	if (*is_kept)
		return error_set(err, CONFLICT, "month: was kept already");
	s.until_at = day_start(org->days, day_add(month, s.days));
	if ((st = check_over(org, month, s.until_at, now, err)) != OK || (st = check_jobs(db, a, org, err)) != OK ||
	    (st = actor_key(db, by, &actor)) != OK || (st = insert(db, org, &s, actor)) != OK ||
	    (st = write_digest(db, org->key, month)) != OK)
		return st;
	return write_audit(db, org, &s, by);
}

/* ---- Reading */

/* A row of figures: day, channel, messages, parts, cost.  One of a day outside of the month is damage, and is left out. */
static enum status
load_figures(struct query *q, const struct statement *s, struct statement_figures *figures)
{
	enum status st = OK, done;
	enum channel c;
	int64_t day;

	while (st == OK && query_step(q)) {
		day = query_int(q, 0) - s->month.n;
		if ((st = channel_column(q, 1, &c)) == OK && day >= 0 && day < s->days)
			figures->of[day][c] = (struct usage_sum) { query_int(q, 2), query_int(q, 3), query_int(q, 4) };
	}
	done = query_done(q);
	return st != OK ? st : done;
}

static enum status
load_utc_days(struct db *db, struct arena *a, const struct organization *org, struct statement *s)
{
	struct query *q = db_query(db, "SELECT day, events, digest FROM statement_day WHERE org = :org AND month = :month "
	    "ORDER BY day LIMIT :max");
	enum { UTC_DAYS_MAX = STATEMENT_DAYS_MAX + 2 };	/* a month touches at most one day more at either end */

	s->utc_days = arena_alloc(a, UTC_DAYS_MAX * sizeof(*s->utc_days));
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", s->month.n);
	query_bind_int(q, ":max", UTC_DAYS_MAX);
	while (query_step(q))
		s->utc_days[s->utc_day_count++] = (struct statement_utc_day) { query_int(q, 0), query_int(q, 1), query_int(q, 2) };
	return query_done(q);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

enum status
statement_load(struct db *db, struct arena *a, const struct organization *org, struct day month, struct statement *s,
    struct error *err)
{
	struct query *q = db_query(db, "SELECT s.from_at, s.until_at, s.timezone, s.currency, s.org_revision, s.created_at, "
	    "s.digest, w.credential, w.name FROM statement s JOIN actor w ON w.key = s.actor "
	    "WHERE s.org = :org AND s.month = :month");
	char text[MONTH_TEXT_MAX];
	enum status st;
	bool found;

	*s = (struct statement) { .month = month, .days = days_of(month), .figures = arena_alloc(a, sizeof(*s->figures)) };
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", month.n);
	if ((found = query_step(q))) {
		s->from_at = query_int(q, 0);
		s->until_at = query_int(q, 1);
		s->timezone = arena_strdup(a, query_text(q, 2));
		s->currency = arena_strdup(a, query_text(q, 3));
		s->revision = query_int(q, 4);
		s->created_at = query_int(q, 5);
		s->digest = query_int(q, 6);
		s->credential = arena_strdup(a, query_text(q, 7));
		s->actor = arena_strdup(a, query_text(q, 8));
	}
	if ((st = query_done(q)) != OK)
		return st;
	if (!found)
		return error_set(err, NOT_FOUND, "month: there is no statement of %s", statement_month_format(month, text));
	s->read_from_at = least(s->from_at, day_start(org->days, month));
	s->read_until_at = -least(-s->until_at, -day_start(org->days, day_add(month, s->days)));
	q = db_query(db, "SELECT day, channel, messages, parts, cost_micros FROM statement_line "
	    "WHERE org = :org AND month = :month");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", month.n);
	return (st = load_figures(q, s, s->figures)) == OK ? load_utc_days(db, a, org, s) : st;
}

/* ---- The list */

/* Whether a figure of the month is now another one, or is there no more, or is new. */
#define IS_CHANGED "EXISTS (SELECT 1 FROM statement_line l LEFT JOIN usage_day u ON u.org = l.org AND u.day = l.day " \
	"AND u.channel = l.channel WHERE l.org = s.org AND l.month = s.month AND (u.day IS NULL OR u.messages <> l.messages " \
	"OR u.parts <> l.parts OR u.cost_micros <> l.cost_micros)) " \
	"OR EXISTS (SELECT 1 FROM usage_day u LEFT JOIN statement_line l ON l.org = u.org AND l.month = s.month AND l.day = u.day " \
	"AND l.channel = u.channel WHERE u.org = s.org AND u.day >= s.month AND u.day < s.month + :days AND l.day IS NULL " \
	"AND (u.messages <> 0 OR u.parts <> 0 OR u.cost_micros <> 0))"

/* The rest of a summary, which depends on the length of its month. */
static enum status
read_summary(struct db *db, const struct organization *org, struct statement_summary *s)
{
	struct query *q = db_query(db, "SELECT coalesce(sum(messages), 0), coalesce(sum(parts), 0), coalesce(sum(cost_micros), 0) "
	    "FROM statement_line WHERE org = :org AND month = :month");
	enum status st;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", s->month.n);
	if (query_step(q))
		s->sum = (struct usage_sum) { query_int(q, 0), query_int(q, 1), query_int(q, 2) };
	if ((st = query_done(q)) != OK)
		return st;
	q = db_query(db, "SELECT CASE WHEN " IS_CHANGED " THEN 1 ELSE 0 END FROM statement s "
	    "WHERE s.org = :org AND s.month = :month");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":month", s->month.n);
	query_bind_int(q, ":days", days_of(s->month));
	s->is_changed = query_step(q) && query_int(q, 0) != 0;
	return query_done(q);
}

enum status
statement_list(struct db *db, struct arena *a, const struct organization *org, struct day before, size_t max,
    struct statement_list *list)
{
	struct query *q = db_query(db, "SELECT month, created_at, org_revision, timezone, currency FROM statement "
	    "WHERE org = :org AND month < :before ORDER BY month DESC LIMIT :max");
	enum status st;

	*list = (struct statement_list) { .of = arena_alloc(a, max * sizeof(*list->of)) };
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":before", before.n);
	query_bind_int(q, ":max", (int64_t)max + 1);
	while (!list->has_more && query_step(q)) {
		if ((list->has_more = list->count == max))
			break;
		list->of[list->count++] = (struct statement_summary) { .month = { (int32_t)query_int(q, 0) },
			.created_at = query_int(q, 1), .revision = query_int(q, 2), .timezone = arena_strdup(a, query_text(q, 3)),
			.currency = arena_strdup(a, query_text(q, 4)) };
	}
	st = query_done(q);
	for (size_t i = 0; st == OK && i < list->count; i++)
		st = read_summary(db, org, &list->of[i]);
	return st;
}
