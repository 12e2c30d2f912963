/*
 * Groups of usage, read from the roll-ups or from the ledger (see usage_group.h).
 *
 * In a quarter-hour that was repriced the rows of the ledger have old costs, and the difference of all its events together in a
 * row of its own.  There that price replaces what the rows say, event by event, as event_standing does.  What cannot be
 * attributed so, of a repricing that does not say its price, is of no source, campaign, sender, network and tag.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "ledger/event_row.h"
#include "ledger/usage_group.h"
#include "store/channel_column.h"
#include "time/instant.h"

/* The source of an event that a row is, or that it corrects. */
#define OWN_SOURCE "CASE WHEN substr(e.source, 1, 15) = '" EVENT_SETTLE_PREFIX "' THEN substr(e.source, 16) " \
	"ELSE e.source END"

/* The campaign that a row's event named: a correction has none itself. */
#define CAMPAIGN "coalesce(e.campaign_given, CASE WHEN e.rank > 0 THEN (SELECT t.campaign_given FROM event t " \
	"WHERE t.org = e.org AND t.source = " OWN_SOURCE " AND t.id = coalesce(e.voids_id, e.settles_id)) END)"

/* What is read: a table of groups, and the quarter-hours and channels of the stretch that were repriced, in their order. */
struct reader {
	struct db *db;
	struct usage_groups *g;
	const struct usage_question *asked;
	struct spans days;
	struct repriced {
		int64_t quarter;
		enum channel channel;
		struct event_repricing by;
		int64_t left_micros;	/* what all its rows cost, and is not attributed yet */
	} *repriced;
	size_t repriced_count;
	bool is_full;		/* there are too many groups */
};

static const char *
text_or_null(struct query *q, int column)
{
	return query_is_null(q, column) ? NULL : query_text(q, column);
}

static void
add(struct reader *r, const struct usage_row *row)
{
	r->is_full = !usage_groups_add(r->g, row);
}

static void
bind_stretch(const struct reader *r, struct query *q)
{
	query_bind_int(q, ":org", r->asked->org->key);
	query_bind_int(q, ":from_at", r->asked->from_at);
	query_bind_int(q, ":until_at", r->asked->until_at);
}

/* ---- The roll-ups */

/* Adds rows of (slot, channel, messages, parts, cost): of quarter-hours, or of days if slot_ms is 0. */
static enum status
read_slots(struct reader *r, struct query *q, int64_t slot_ms)
{
	while (!r->is_full && query_step(q)) {
		struct usage_row row = { .of = { [USAGE_CHANNEL] = query_text(q, 1) },
			.sum = { query_int(q, 2), query_int(q, 3), query_int(q, 4) } };

		row.at = slot_ms > 0 ? query_int(q, 0) * slot_ms :
		    day_start(r->days, (struct day) { (int32_t)query_int(q, 0) });
		add(r, &row);
	}
	return query_done(q);
}

/* Whole days are read as days, unless somebody wants to know their hours. */
static enum status
read_rollups(struct reader *r)
{
	struct day from = day_at(r->days, r->asked->from_at), until = day_at(r->days, r->asked->until_at);
	struct query *q;

	if (!usage_by_has(&r->asked->by, USAGE_HOUR) && day_start(r->days, from) == r->asked->from_at &&
	    day_start(r->days, until) == r->asked->until_at) {
		q = db_query(r->db, "SELECT day, channel, messages, parts, cost_micros FROM usage_day "
		    "WHERE org = :org AND day >= :from AND day < :until ORDER BY day");
		query_bind_int(q, ":org", r->asked->org->key);
		query_bind_int(q, ":from", from.n);
		query_bind_int(q, ":until", until.n);
		return read_slots(r, q, 0);
	}
	q = db_query(r->db, "SELECT quarter, channel, messages, parts, cost_micros FROM usage_quarter "
	    "WHERE org = :org AND quarter >= :from AND quarter < :until ORDER BY quarter");
	query_bind_int(q, ":org", r->asked->org->key);
	query_bind_int(q, ":from", r->asked->from_at / QUARTER_MS);
	query_bind_int(q, ":until", r->asked->until_at / QUARTER_MS);
	return read_slots(r, q, QUARTER_MS);
}

/* ---- The ledger */

/* About how many rows the stretch has: those of the days of UTC that it touches. */
static enum status
count_rows(const struct reader *r, int64_t *rows)
{
	struct query *q = db_query(r->db, "SELECT coalesce(sum(events), 0) FROM ledger_day WHERE org = :org AND day >= :from "
	    "AND day <= :to");

	query_bind_int(q, ":org", r->asked->org->key);
	query_bind_int(q, ":from", floor_div(r->asked->from_at, DAY_MS));
	query_bind_int(q, ":to", floor_div(r->asked->until_at - 1, DAY_MS));
	*rows = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

/* `from=…&to=…` of a stretch: as days if it is whole ones. */
static const char *
range_text(struct spans days, int64_t from_at, int64_t until_at, char *text, size_t size)
{
	struct day from = day_at(days, from_at), last = day_at(days, until_at - 1);
	char a[INSTANT_TEXT_MAX], b[INSTANT_TEXT_MAX];

	if (day_start(days, from) == from_at && day_start(days, day_add(last, 1)) == until_at)
		snprintf(text, size, "from=%s&to=%s", day_format(from, a), day_format(last, b));
	else
		snprintf(text, size, "from=%s&to=%s", instant_format(from_at, a), instant_format(until_at, b));
	return text;
}

/* The refusal of a stretch whose row after the last allowed one is at `at`: says what range would do. */
static enum status
refuse_rows(const struct reader *r, int64_t at, struct error *err)
{
	const struct usage_question *s = r->asked;
	int64_t rows, max = s->rows_max, until_at = day_start(r->days, day_at(r->days, at));
	char text[2 * INSTANT_TEXT_MAX + 16];
	enum status st;

	if ((st = count_rows(r, &rows)) != OK)
		return st;
	if (until_at <= s->from_at)
		until_at = floor_div(at, QUARTER_MS) * QUARTER_MS;
	if (until_at <= s->from_at)
		return error_set(err, BAD_REQUEST, "from: the quarter-hour from %s alone has more than %" PRId64 " events, which one "
		    "request adds up at most; by channel, day or hour there may be any number", instant_format(s->from_at, text), max);
	return error_set(err, BAD_REQUEST, "to: there are about %" PRId64 " events in these days, and one request adds up at most "
	    "%" PRId64 "; %s would do", rows, max, range_text(r->days, s->from_at, until_at, text, sizeof(text)));
}

/* Whether there are few enough rows; looks only at the index. */
static enum status
check_rows(const struct reader *r, struct error *err)
{
	struct query *q;
	int64_t at = 0;
	enum status st;
	bool is_over;

	if (r->asked->rows_max == 0)
		return OK;
	q = db_query(r->db, "SELECT occurred_at FROM event WHERE org = :org AND occurred_at >= :from_at AND occurred_at < :until_at "
	    "ORDER BY occurred_at LIMIT 1 OFFSET :max");
	bind_stretch(r, q);
	query_bind_int(q, ":max", r->asked->rows_max);
	if ((is_over = query_step(q)))
		at = query_int(q, 0);
	st = query_done(q);
	return st != OK || !is_over ? st : refuse_rows(r, at, err);
}

static int
compare_repriced(const void *a, const void *b)
{
	const struct repriced *x = a, *y = b;

	if (x->quarter != y->quarter)
		return x->quarter < y->quarter ? -1 : 1;
	return ((int)x->channel > (int)y->channel) - ((int)x->channel < (int)y->channel);
}

static enum status
read_repriced(struct reader *r, struct arena *a)
{
	struct query *q = db_query(r->db, "SELECT occurred_at / 900000 AS quarter, channel, org_revision, reason, cost_micros "
	    "FROM event WHERE org = :org AND rank > 0 AND occurred_at >= :from_at AND occurred_at < :until_at "
	    "AND source = '" EVENT_REPRICE_SOURCE "' ORDER BY quarter, channel, reason IS NULL, org_revision DESC");
	enum status st = OK, done;
	struct repriced *p = NULL;
	enum channel c;
	size_t room = 0;

	bind_stretch(r, q);
	while (st == OK && query_step(q) && (st = channel_column(q, 1, &c)) == OK) {
		/* The first row of a quarter-hour and channel has the last price. */
		if (p == NULL || p->quarter != query_int(q, 0) || p->channel != c) {
			r->repriced = arena_grow(a, r->repriced, r->repriced_count, &room, sizeof(*r->repriced));
			p = &r->repriced[r->repriced_count++];
			*p = (struct repriced) { .quarter = query_int(q, 0), .channel = c };
			st = event_repricing_read(q, 2, 3, &p->by);
		}
		p->left_micros += query_int(q, 4);
	}
	done = query_done(q);
	if (r->repriced_count > 1)
		qsort(r->repriced, r->repriced_count, sizeof(*r->repriced), compare_repriced);
	return st != OK ? st : done;
}

/* The repricing of a quarter-hour and channel; NULL if there was none. */
static struct repriced *
find_repriced(const struct reader *r, int64_t quarter, enum channel c)
{
	struct repriced wanted = { .quarter = quarter, .channel = c };

	return r->repriced_count == 0 ? NULL :
	    bsearch(&wanted, r->repriced, r->repriced_count, sizeof(wanted), compare_repriced);
}

/* Adds each row as it is, but for those of quarter-hours that were repriced.  A failed event counts nothing. */
static enum status
read_rows(struct reader *r)
{
	struct query *q = db_query(r->db, "SELECT e.occurred_at, e.channel, e.messages, e.parts, e.cost_micros, " OWN_SOURCE ", "
	    CAMPAIGN ", e.sender, e.network, e.tag FROM event e WHERE e.org = :org AND e.occurred_at >= :from_at "
	    "AND e.occurred_at < :until_at AND e.status <> 'failed' ORDER BY e.occurred_at");
	enum status st = OK, done;
	enum channel c;

	bind_stretch(r, q);
	while (st == OK && !r->is_full && query_step(q)) {
		if ((st = channel_column(q, 1, &c)) != OK || find_repriced(r, floor_div(query_int(q, 0), QUARTER_MS), c) != NULL)
			continue;
		add(r, &(const struct usage_row) { .at = query_int(q, 0), .of = { [USAGE_CHANNEL] = query_text(q, 1),
		    [USAGE_SOURCE] = query_text(q, 5), [USAGE_CAMPAIGN] = text_or_null(q, 6), [USAGE_SENDER] = text_or_null(q, 7),
		    [USAGE_NETWORK] = text_or_null(q, 8), [USAGE_TAG] = text_or_null(q, 9) },
		    .sum = { query_int(q, 2), query_int(q, 3), query_int(q, 4) } });
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* The rows of the stretch whose quarter-hours and channels were repriced; revision: of the last price that is known, else 0. */
#define REPRICED_ROWS "FROM (SELECT occurred_at AS at, channel, " \
	"max(CASE WHEN reason IS NULL THEN 0 ELSE org_revision END) AS revision FROM event WHERE org = :org AND rank > 0 " \
	"AND occurred_at >= :from_at AND occurred_at < :until_at AND source = '" EVENT_REPRICE_SOURCE "' " \
	"GROUP BY occurred_at, channel) AS r CROSS JOIN event e WHERE e.org = :org AND e.occurred_at >= r.at " \
	"AND e.occurred_at < r.at + 900000 AND e.channel = r.channel AND e.source <> '" EVENT_REPRICE_SOURCE "'"
enum { QUARTER, OF_CHANNEL, OWN, MESSAGES, PARTS, COST, OLD_PARTS, LATER_COST, IS_GIVEN, CAMPAIGN_GIVEN, SENDER, NETWORK, TAG };

/* What an event of a quarter-hour costs that was repriced; of one that is voided no parts are left, and no cost. */
static int64_t
repriced_cost(const struct reader *r, const struct repriced *p, struct query *q)
{
	if (query_int(q, IS_GIVEN) != 0)
		return query_int(q, COST);
	if (p->by.revision > 0)
		return money_cost(query_int(q, OLD_PARTS), p->by.nanos_per_part) + query_int(q, LATER_COST);
	return money_cost(query_int(q, PARTS), price_nanos(r->asked->prices, p->channel, day_at(r->days, p->quarter * QUARTER_MS)));
}

/* Adds the events of all quarter-hours and channels that were repriced, each with its settlements and its void. */
static enum status
read_repriced_events(struct reader *r)
{
	struct query *q = db_query(r->db, "SELECT quarter, channel, own, sum(messages), sum(parts), sum(cost_micros), "
	    "sum(CASE WHEN is_old = 1 THEN parts ELSE 0 END), sum(CASE WHEN is_old = 1 THEN 0 ELSE cost_micros END), max(is_given), "
	    "max(campaign_given), max(sender), max(network), max(tag) FROM (SELECT r.at / 900000 AS quarter, e.channel, "
	    OWN_SOURCE " AS own, coalesce(e.settles_id, e.voids_id, e.id) AS target, "
	    "CASE e.status WHEN 'failed' THEN 0 ELSE e.messages END AS messages, "
	    "CASE e.status WHEN 'failed' THEN 0 ELSE e.parts END AS parts, e.cost_micros, "
	    "CASE WHEN e.org_revision < r.revision THEN 1 ELSE 0 END AS is_old, "
	    "CASE e.status WHEN 'sent' THEN e.cost_given WHEN 'adjust' THEN e.cost_given ELSE 0 END AS is_given, "
	    "e.campaign_given, e.sender, e.network, e.tag " REPRICED_ROWS ") AS of_events GROUP BY quarter, channel, own, target");
	enum status st = OK, done;
	struct repriced *p;
	enum channel c;

	bind_stretch(r, q);
	while (st == OK && !r->is_full && query_step(q)) {
		struct usage_row row = { .at = query_int(q, QUARTER) * QUARTER_MS, .of = { [USAGE_CHANNEL] = query_text(q, OF_CHANNEL),
			[USAGE_SOURCE] = query_text(q, OWN), [USAGE_CAMPAIGN] = text_or_null(q, CAMPAIGN_GIVEN),
			[USAGE_SENDER] = text_or_null(q, SENDER), [USAGE_NETWORK] = text_or_null(q, NETWORK),
			[USAGE_TAG] = text_or_null(q, TAG) }, .sum = { query_int(q, MESSAGES), query_int(q, PARTS), 0 } };

		if ((st = channel_column(q, OF_CHANNEL, &c)) != OK || (p = find_repriced(r, query_int(q, QUARTER), c)) == NULL)
			continue;
		row.sum.cost_micros = repriced_cost(r, p, q);
		p->left_micros += query_int(q, COST) - row.sum.cost_micros;
		add(r, &row);
	}
	done = query_done(q);
	return st != OK ? st : done;
}

/* Adds what is left of each quarter-hour, so that all groups together are the total. */
static void
add_left(struct reader *r)
{
	for (const struct repriced *p = r->repriced; p < r->repriced + r->repriced_count && !r->is_full; p++)
		if (p->left_micros != 0)
			add(r, &(const struct usage_row) { .at = p->quarter * QUARTER_MS,
			    .of = { [USAGE_CHANNEL] = channel_facts(p->channel)->name }, .sum.cost_micros = p->left_micros });
}

static enum status
read_ledger(struct reader *r, struct arena *a, struct error *err)
{
	enum status st;

	if ((st = check_rows(r, err)) != OK || (st = read_repriced(r, a)) != OK || (st = read_rows(r)) != OK)
		return st;
	if (r->repriced_count > 0 && !r->is_full && (st = read_repriced_events(r)) == OK)
		add_left(r);
	return st;
}

enum status
usage_groups_read(struct db *db, struct arena *a, struct usage_groups *g, struct error *err)
{
	const struct usage_question *asked = usage_groups_question(g);
	struct reader r = { .db = db, .g = g, .asked = asked, .days = asked->org->days };
	enum status st = usage_by_ledger(&asked->by) ? read_ledger(&r, a, err) : read_rollups(&r);

	if (st == OK && r.is_full)
		return error_set(err, BAD_REQUEST, "by: there are more than %zu groups; ask for a shorter range, or by less",
		    asked->groups_max);
	return st;
}
