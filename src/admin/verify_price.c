/*
 * What a part may have cost, by the price list (see verify_invariants.h).
 */
#include "admin/verify_invariants.h"

/*
 * An event may have been priced on a local day that differs from its present one: recomputed day boundaries leave recorded
 * costs as they are.  So prices of these days around it are accepted.
 */
enum { DAYS_AROUND = 2 };

/*
 * What a part costs on a day: the organization's own price if it has one by then, otherwise the common one, otherwise
 * nothing.  Written again rather than shared with price.c, which it checks.
 */
static enum status
price_on(struct verify *v, enum channel c, int64_t day, int64_t *nanos)
{
	struct query *q = db_query(v->db, "SELECT nanos_per_part FROM price WHERE (org = :org OR (org IS NULL AND currency = "
	    "(SELECT o.currency FROM organization o WHERE o.key = :org))) AND channel = :channel "
	    "AND valid_from <= :day ORDER BY org IS NULL, valid_from DESC LIMIT 1");

	query_bind_int(q, ":org", v->org);
	query_bind_text(q, ":channel", channel_facts(c)->name);
	query_bind_int(q, ":day", day);
	*nanos = query_step(q) ? query_int(q, 0) : 0;
	return query_done(q);
}

enum status
verify_price_around(struct verify *v, enum channel c, int64_t day, struct price_range *range)
{
	enum status st = OK;
	int64_t nanos;

	*range = (struct price_range) { .is_known = true, .least = INT64_MAX };
	for (int64_t d = day - DAYS_AROUND; st == OK && d <= day + DAYS_AROUND; d++) {
		if ((st = price_on(v, c, d, &nanos)) != OK)
			break;
		range->least = nanos < range->least ? nanos : range->least;
		range->most = nanos > range->most ? nanos : range->most;
	}
	return st;
}
