/*
 * Moves segments to the days on which their instants lie by new spans (see day_spans.h).
 */
#include "org/day_spans.h"

/*
 * Finds the segments whose instant now lies on another day than their row says.  Segments that have ended keep the day
 * that was reported, unless is_whole recomputes the past too.  Only collects them: updating rows while this query reads
 * them could visit a row twice.
 */
static enum status
find_moves(struct db *db, struct arena *a, const struct organization *org, bool is_whole, struct org_effects *effects)
{
	struct query *q = db_query(db, "SELECT s.campaign, s.number, s.scheduled_at, s.day, c.id FROM segment s "
	    "LEFT JOIN campaign c ON c.key = s.campaign WHERE s.org = :org "
	    "AND (:is_whole = 1 OR s.status = 'draft' OR s.is_open = 1) ORDER BY s.day, c.id, s.number");
	struct day was, is;
	size_t max = 0;

	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":is_whole", is_whole);
	while (query_step(q)) {
		was = (struct day) { (int32_t)query_int(q, 3) };
		is = day_at(org->days, query_int(q, 2));
		if (was.n == is.n)
			continue;
		effects->moves = arena_grow(a, effects->moves, effects->move_count, &max, sizeof(*effects->moves));
		effects->moves[effects->move_count++] = (struct segment_move) { .campaign = arena_strdup(a, query_text(q, 4)),
			.campaign_key = query_int(q, 0), .segment = query_int(q, 1), .from = was, .to = is };
	}
	return query_done(q);
}

enum status
day_spans_redate(struct db *db, struct arena *a, const struct organization *org, bool is_whole,
    struct org_effects *effects)
{
	struct query *q;
	enum status st = find_moves(db, a, org, is_whole, effects);

	if (st != OK || effects->move_count == 0)
		return st;
	/* One statement, because there may be many thousands: it says once more what day_at does. */
	q = db_query(db, "UPDATE segment SET day = m.day FROM (SELECT s.campaign, s.number, (s.scheduled_at + 1000 * "
	    "(SELECT z.utc_offset_s FROM zone_span z WHERE z.org = :org AND z.from_at <= s.scheduled_at "
	    "ORDER BY z.from_at DESC LIMIT 1)) / 86400000 AS day FROM segment s WHERE s.org = :org "
	    "AND (:is_whole = 1 OR s.status = 'draft' OR s.is_open = 1)) AS m "
	    "WHERE segment.campaign = m.campaign AND segment.number = m.number AND segment.day <> m.day");
	query_bind_int(q, ":org", org->key);
	query_bind_int(q, ":is_whole", is_whole);
	if ((st = query_run(q)) != OK)
		return st;
	return db_changes(db) == (int64_t)effects->move_count ? OK : INTERNAL;	/* the two ways to compute a day must agree */
}
