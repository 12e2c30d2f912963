/*
 * GET /api/campaigns/usage-calendar?from=YYYY-MM-DD&to=YYYY-MM-DD -- SMS usage and campaigns by the organization's
 * local days, `from` and `to` inclusive, at most 366.
 *
 *	200	{"success":true,"data":{"timezone","dailyLimit","isUnlimited","plan","dates":{"YYYY-MM-DD":
 *		{"sent","reserved","total","availableQuota","bookable","limitedBy"?,"campaignCount","campaigns":[…]},…}}}
 *		All figures are in the organization's quota unit.  Unlimited: dailyLimit and availableQuota are -1.
 *		bookable: one-part SMS contacts that a campaign could still reserve by all limits; -1 = any number.
 *		limitedBy: the limit that says so, if it is not the daily one.  availableQuota is by each day's own amount.
 *		Days before today reserve nothing, and their open campaigns are shown as ended.  At most 1,000 campaigns
 *		of each day, campaignCount says how many it has, and at most 100 failedDetails for each segment.
 *	format=csv, or Accept: text/csv: a line for each day; "campaigns" is their number, "campaignIds" the ids of at most
 *		1,000.
 *	400	from or to is missing or not a date, or they are out of order or too far apart
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "calendar.h"
#include "http/dialect.h"
#include "http/reply.h"
#include "ledger/usage.h"

enum { RANGE_DAYS_MAX = 366, CAMPAIGNS_LISTED_MAX = 1000 };

/* The vendor's contract fixes the message if a parameter is missing. */
static enum status
read_range(struct req *r, struct day_range *range)
{
	if (req_query(r, "from") == NULL || req_query(r, "to") == NULL) {
		r->message = "from and to query params are required";
		return error_set(&r->err, BAD_REQUEST, "%s: required", req_query(r, "from") == NULL ? "from" : "to");
	}
	return req_day_range(r, "from", "to", false, RANGE_DAYS_MAX, range);
}

/*
 * A piece of the reply: what is written of a day or, the 0th in JSON, before the days.  A process that stays keeps them.  What
 * proves that one is still true is what proves a whole reply (reply_cached): after a write of the organization its revision is
 * another one, after a restore the epoch, and nothing else changes before unchanged_until.
 */
struct piece {
	size_t at, n;		/* in the body; n is 0 if it was not made for this reply */
	bool is_secret;
};

struct proof {
	char name[8], epoch[40];
	int64_t db, org, revision, unchanged_until, is_csv;
};

/* Of one proof all pieces have a number, which no other one has in this process: they are found by less than the whole. */
struct piece_key {
	char name[8];
	int64_t number, day;
};

/* A reply that is being made. */
struct making {
	struct calendar c;
	struct day_range range;
	size_t count;			/* of days */
	struct proof proof;
	struct piece_key key;		/* its number is 0 if no piece is kept */
	struct piece *pieces;
};

/* ---- The memory of days */

static void
find_number(struct making *m)
{
	size_t n;
	const int64_t *number = kept_find(m->c.r->kept, &m->proof, sizeof(m->proof), &n);

	m->key = (struct piece_key) { .name = "day", .number = number != NULL ? *number : 0 };
}

static void
keep_number(struct making *m)
{
	static int64_t last;
	int64_t *number = kept_put(m->c.r->kept, &m->proof, sizeof(m->proof), sizeof(*number));

	if (number != NULL)
		*number = m->key.number = ++last;
}

/* The key of a piece.  Only the day differs within a reply. */
static const struct piece_key *
key_of(struct making *m, size_t piece)
{
	m->key.day = piece > 0 ? m->range.from.n + (int32_t)piece - 1 : INT32_MIN;
	return &m->key;
}

static const char *
find_piece(struct making *m, size_t piece, size_t *n)
{
	return m->key.number != 0 ? kept_find(m->c.r->kept, key_of(m, piece), sizeof(m->key), n) : NULL;
}

/* Appends a piece that this process has made before; false if it has it no longer. */
static bool
put_kept(struct making *m, size_t piece)
{
	const char *value;
	size_t n;

	if ((value = find_piece(m, piece, &n)) == NULL)
		return false;
	m->c.r->is_secret |= value[0] != 0;
	if (m->c.r->is_csv)
		buf_put(m->c.body, value + 1, n - 1);
	else
		json_put_raw(&m->c.json, NULL, value + 1, n - 1);
	return true;
}

/* A piece that is written next; a comma before it is not part of it. */
static struct piece *
begin_piece(struct making *m, size_t piece)
{
	struct piece *p = &m->pieces[piece];

	p->at = m->c.body->size + (m->c.json.needs_comma ? 1 : 0);
	return p;
}

static void
end_piece(struct making *m, struct piece *p)
{
	p->n = m->c.body->size - p->at;
	m->c.r->is_secret |= p->is_secret;
}

/*
 * Whether the calendar of this organization was asked for among the last few requests.  If many organizations are asked about in
 * turn, none finds its days again, and they would drive out the credentials and rows that each of them does find.
 */
static bool
is_asked_again(const struct making *m)
{
	const struct piece_key of_all = { "asked", m->proof.db, m->proof.org };

	return kept_is_again(m->c.r->kept, &of_all, sizeof(of_all));
}

/* Keeps what was made, when nothing can fail any more: while the reply is made, what was found must not be driven out. */
static void
keep_pieces(struct making *m)
{
	char *value;

	if (!is_asked_again(m))
		return;
	if (m->key.number == 0)
		keep_number(m);
	if (m->key.number == 0)
		return;
	for (size_t i = 0; i <= m->count; i++) {
		const struct piece *p = &m->pieces[i];

		if (p->n == 0 || (value = kept_put(m->c.r->kept, key_of(m, i), sizeof(m->key), p->n + 1)) == NULL)
			continue;
		value[0] = p->is_secret;
		memcpy(value + 1, m->c.body->text + p->at, p->n);
	}
}

/* ---- Making what is not kept */

static enum status
load_limits(struct making *m)
{
	return m->c.org.limits.count == 0 ? limit_row_load(m->c.r->db, m->c.r->arena, &m->c.org) : OK;
}

/* Reads what limits leave of the days from open_from on, and what is sent and reserved, as far as the book does not know. */
static enum status
read_usage(struct making *m, struct day from, struct day open_from, struct day to, struct day_usage *usage)
{
	struct req *r = m->c.r;
	struct day last = to;
	bool is_known = open_from.n <= to.n;
	enum status st;

	if (m->c.book == NULL &&
	    (st = limit_book_new(r->db, r->arena, &m->c.org, NULL, LIMIT_FOLLOW_LIMITED, r->now, &m->c.book)) != OK)
		return st;
	if (open_from.n <= to.n && (st = limit_book_read(m->c.book, open_from, to)) != OK)
		return st;
	for (struct day d = open_from; is_known && d.n <= to.n; d = day_add(d, 1))
		is_known = limit_book_daily(m->c.book, d, &usage[d.n - from.n]);
	if (is_known)
		last = day_add(open_from, -1);
	return from.n <= last.n ? usage_days(r->db, &m->c.org, from, last, m->c.today, usage) : OK;
}

/* Reads the days from..to and their campaigns, and writes them. */
static enum status
make_days(struct making *m, struct day from, struct day to)
{
	struct req *r = m->c.r;
	struct day open_from = from.n < m->c.today.n ? m->c.today : from;
	size_t count = (size_t)(to.n - from.n + 1);
	struct day_usage *usage = arena_alloc(r->arena, count * sizeof(*usage));
	int64_t *campaigns = arena_alloc(r->arena, count * sizeof(*campaigns));
	struct segment_entry *entries;
	enum status st;

	if ((st = load_limits(m)) != OK || (st = read_usage(m, from, open_from, to, usage)) != OK ||
	    (st = segment_list(r->db, r->arena, &m->c.org, from, to, m->c.today, CAMPAIGNS_LISTED_MAX, &entries, campaigns)) != OK)
		return st;
	for (size_t i = 0; st == OK && i < count; i++) {
		struct calendar_day day = { .day = day_add(from, (int32_t)i), .usage = usage[i], .campaigns = campaigns[i],
			.entries = entries, .count = campaigns[i] < CAMPAIGNS_LISTED_MAX ? (size_t)campaigns[i] : CAMPAIGNS_LISTED_MAX };
		struct piece *p = begin_piece(m, (size_t)(day.day.n - m->range.from.n) + 1);

		if (r->is_csv)
			day_put_csv(&m->c, &day);
		else
			st = day_put_json(&m->c, &day, &p->is_secret);
		end_piece(m, p);
		entries += day.count;
	}
	return st;
}

/* Appends the days; those that are not kept are made, each run of them at once. */
static enum status
put_days(struct making *m)
{
	enum status st = OK;
	size_t last, n;

	for (size_t i = 1; st == OK && i <= m->count; i++) {
		if (put_kept(m, i))
			continue;
		for (last = i; last < m->count && find_piece(m, last + 1, &n) == NULL; last++)
			;
		st = make_days(m, day_add(m->range.from, (int32_t)i - 1), day_add(m->range.from, (int32_t)last - 1));
		i = last;
	}
	return st;
}

static enum status
put_csv(struct making *m)
{
	static const char *const names[] = { "date", "sent", "reserved", "total", "availableQuota", "campaigns", "campaignIds",
		NULL };

	csv_put_names(&(struct csv) { .to = m->c.body }, names);
	return put_days(m);
}

static enum status
put_head(struct making *m)
{
	struct piece *p = begin_piece(m, 0);
	enum status st;
	int64_t limit;

	if ((st = load_limits(m)) != OK)
		return st;
	limit = limit_rules_daily(&m->c.org.limits, m->c.today);
	json_put_text(&m->c.json, "timezone", m->c.org.timezone);
	json_put_int(&m->c.json, "dailyLimit", limit);
	json_put_bool(&m->c.json, "isUnlimited", limit == UNLIMITED);
	json_put_text(&m->c.json, "plan", m->c.org.plan);
	end_piece(m, p);
	return OK;
}

static enum status
put_json(struct making *m)
{
	enum status st = OK;

	dialect_tether_open(&m->c.json);
	if (!put_kept(m, 0) && (st = put_head(m)) != OK)
		return st;
	json_open_object(&m->c.json, "dates");
	st = put_days(m);
	json_close_object(&m->c.json);
	dialect_tether_close(&m->c.json);
	return st;
}

static enum status
usage_calendar(struct req *r, struct buf *body)
{
	struct making m = { .c = { .r = r, .body = body, .json = { .to = body } }, .proof = { .name = "calendar" } };
	struct organization *org = &m.c.org;
	enum status st;

	if ((st = organization_load(r->db, r->org, org, &r->err)) != OK ||
	    (st = read_range(r, &m.range)) != OK ||
	    (st = limit_unchanged_until(r->db, r->arena, org, r->now, &m.proof.unchanged_until)) != OK)
		return st;
	if (reply_cached(r, body, org->revision, m.proof.unchanged_until))
		return OK;
	m.c.today = organization_today(org, r->now);
	m.count = (size_t)(m.range.to.n - m.range.from.n + 1);
	m.pieces = arena_alloc(r->arena, (m.count + 1) * sizeof(*m.pieces));
	m.proof.db = db_number(r->db);
	m.proof.org = org->key;
	m.proof.revision = org->revision;
	m.proof.is_csv = r->is_csv;
	snprintf(m.proof.epoch, sizeof(m.proof.epoch), "%s", r->epoch);
	find_number(&m);
	if ((st = r->is_csv ? put_csv(&m) : put_json(&m)) == OK)
		keep_pieces(&m);
	return st;
}

int
main(void)
{
	static const char *const query[] = { "from", "to", "format", NULL };
	static const struct route routes[] = {
		{ GET, "/api/campaigns/usage-calendar", SCOPE_USAGE_READ, usage_calendar, .query = query,
		    .has_csv = true },
		{ 0 } };

	return serve(&(const struct endpoint) { .name = "usage-calendar", .dialect = TETHER, .routes = routes });
}
