/*
 * What quarter-hours cost (see reprice_groups.h).
 */
#include <string.h>

#include "base/money.h"
#include "ledger/event_row.h"
#include "ledger/reprice_groups.h"
#include "time/instant.h"

/* The settlements of the event that e is about, with a source without the prefix of statements. */
#define SETTLES_SAME "a.org = e.org AND a.source IN (" SOURCE ", '" EVENT_SETTLE_PREFIX "' || " SOURCE ") " \
	"AND a.settles_id = coalesce(e.voids_id, e.settles_id, e.id)"
#define SOURCE "CASE WHEN substr(e.source, 1, 15) = '" EVENT_SETTLE_PREFIX "' THEN substr(e.source, 16) ELSE e.source END"
/* The parts of an event after its settlements; rows of differences have none of their own, a void what it takes back. */
#define PRICED_PARTS "CASE e.status WHEN 'adjust' THEN 0 WHEN 'void' THEN e.parts ELSE " \
	"CASE e.status WHEN 'sent' THEN e.parts ELSE 0 END + CASE WHEN :has_settlements = 0 THEN 0 ELSE " \
	"coalesce((SELECT sum(a.parts) FROM event a WHERE " SETTLES_SAME "), 0) END END"

/* Whether the organization has any settlements; if not, there is no need to look for those of each event. */
static enum status
has_settlements(struct db *db, const struct organization *org, bool *has)
{
	struct query *q = db_query(db, "SELECT 1 FROM event WHERE org = :org AND settles_id IS NOT NULL LIMIT 1");

	query_bind_int(q, ":org", org->key);
	*has = query_step(q);
	return query_done(q);
}

static bool
is_same_text(const char *x, const char *y)
{
	return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static bool
is_same_origin(const struct reprice_group *x, const struct reprice_group *y)
{
	return is_same_text(x->sender, y->sender) && is_same_text(x->network, y->network);
}

/* A text of the row, in the arena; that of the row before, if it is the same. */
static const char *
read_text(struct arena *a, struct query *q, int column, const char *before)
{
	const char *text = query_is_null(q, column) ? NULL : query_text(q, column);

	return text == NULL ? NULL : is_same_text(text, before) ? before : arena_strdup(a, text);
}

static void
add_group(struct arena *a, struct query *q, struct reprice_groups *groups)
{
	const struct reprice_group *before = groups->count > 0 ? &groups->of[groups->count - 1] : NULL;
	struct reprice_group g = { query_int(q, 0), read_text(a, q, 1, before != NULL ? before->sender : NULL),
		read_text(a, q, 2, before != NULL ? before->network : NULL), query_int(q, 3), query_int(q, 4), query_int(q, 5) };

	groups->of = arena_grow(a, groups->of, groups->count, &groups->max, sizeof(*groups->of));
	groups->of[groups->count++] = g;
}

/*
 * Adds what the quarter-hours [first, end) of a channel have cost so far, in their order and, in each, by sender and network;
 * looks at `budget` rows at most.
 *
 * Earlier reprice rows are among them, with no parts: they add to the present cost and cost nothing themselves, so repricing
 * again takes them back.  So are settlements of parts alone.  Failed events have no parts and no cost, unless a settlement gave
 * them some.  Leaves out given costs, and events to which a settlement gave one, with all their rows: a price no longer
 * determines those.
 */
enum status
reprice_groups_read(struct db *db, struct arena *a, const struct organization *org, enum channel c, int64_t first, int64_t end,
    int64_t budget, struct reprice_groups *groups)
{
	struct query *q;
	enum status st;
	bool has;

	if ((st = has_settlements(db, org, &has)) != OK)
		return st;
	q = db_query(db, "SELECT e.occurred_at / :quarter_ms AS quarter, e.sender, e.network, " PRICED_PARTS " AS priced_parts, "
	    "count(*), sum(e.cost_micros) FROM (SELECT * FROM event WHERE org = :org AND occurred_at >= :from_at "
	    "AND occurred_at < :until_at ORDER BY occurred_at LIMIT :budget) AS e WHERE e.channel = :channel "
	    "AND (e.cost_given = 0 OR e.status = 'failed') AND (:has_settlements = 0 "
	    "OR NOT EXISTS (SELECT 1 FROM event a WHERE " SETTLES_SAME " AND a.cost_given = 1)) "
	    "GROUP BY quarter, e.sender, e.network, priced_parts ORDER BY quarter, e.sender, e.network");
	query_bind_int(q, ":has_settlements", has);
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":from_at", first * QUARTER_MS);
	query_bind_int(q, ":until_at", end * QUARTER_MS);
	query_bind_int(q, ":budget", budget);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":quarter_ms", QUARTER_MS);
	while (query_step(q))
		add_group(a, q, groups);
	return query_done(q);
}

/*
 * Moves *g past the groups of one quarter-hour, sender and network, and says by how much its cost differs from that of the price
 * list.  A quarter-hour lies in one day, so one price (nanos) applies to all its groups; rounded per event, as when they were
 * posted.
 */
int64_t
reprice_groups_difference(int64_t nanos, const struct reprice_group **g, const struct reprice_group *end)
{
	const struct reprice_group *first = *g;
	int64_t sum = 0;

	for (; *g < end && (*g)->quarter == first->quarter && is_same_origin(*g, first); (*g)++)
		sum += (*g)->events * money_cost((*g)->parts, nanos) - (*g)->cost_micros;
	return sum;
}
