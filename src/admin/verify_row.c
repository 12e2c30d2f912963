/* The checks of a single row of the ledger that corrects another one, is corrected, failed, or is one of our own. */
#include "admin/verify_invariants.h"

/* The columns of the SELECT that checks one row. */
enum { VOID_FAULT, LACKS_CONTACT, LACKS_REQUEST, HAS_GIVEN_COST, PRICED_PARTS };

/* The settlements of an event, each `a`: of the same source, or of 'daybook:adjust:' before it. */
#define SETTLES(source, id) "a.org = e.org AND a.source IN (" source ", 'daybook:adjust:' || " source ") AND a.settles_id = " id
/* What they have added to the event that this row is, or that it voids. */
#define SETTLED(column, id) "coalesce((SELECT sum(a." column ") FROM event a WHERE " SETTLES("e.source", id) "), 0)"
/* The source of an event that this row, perhaps a settlement by a statement, is about. */
#define EVENT_SOURCE "CASE WHEN substr(e.source, 1, 15) = 'daybook:adjust:' THEN substr(e.source, 16) ELSE e.source END"

/* Reports what the SELECT found wrong with a row. */
static void
report(struct verify *v, struct query *q, const char *source, const char *id)
{
	if (query_int(q, VOID_FAULT) != 0)
		verify_differs(v, "void \"%s\" of source \"%s\": %s", id, source,
		    query_int(q, VOID_FAULT) == 2 ? "names no event that can be voided" : "does not subtract exactly its event");
	if (query_int(q, LACKS_CONTACT) != 0)
		verify_differs(v, "failed event \"%s\" of source \"%s\": its failed contact is missing", id, source);
	if (query_int(q, LACKS_REQUEST) != 0)
		verify_differs(v, "event \"%s\" of source \"%s\": the request that reported it is missing", id, source);
}

/* In the SELECT, t is the event that a void names, v a void of this event, a a settlement. */
enum status
verify_row_check(struct verify *v, const char *source, const char *id, struct verify_priced *priced)
{
	struct query *q = db_query(v->db, "SELECT "
	    "CASE WHEN e.voids_id IS NULL THEN 0 WHEN t.id IS NULL THEN 2 "
	    "WHEN t.status <> 'sent' AND t.status <> 'failed' THEN 2 "
	    "WHEN e.occurred_at <> t.occurred_at OR e.channel <> t.channel "
	    "OR e.messages + CASE t.status WHEN 'sent' THEN t.messages ELSE 0 END + " SETTLED("messages", "e.voids_id") " <> 0 "
	    "OR e.parts + CASE t.status WHEN 'sent' THEN t.parts ELSE 0 END + " SETTLED("parts", "e.voids_id") " <> 0 "
	    "OR e.campaign IS DISTINCT FROM t.campaign OR e.segment IS DISTINCT FROM t.segment "
	    "OR e.sender IS DISTINCT FROM t.sender OR e.network IS DISTINCT FROM t.network OR e.tag IS DISTINCT FROM t.tag "
	    "THEN 1 ELSE 0 END, "
	    "CASE WHEN e.status <> 'failed' THEN 0 "
	    "WHEN EXISTS (SELECT 1 FROM failure f WHERE f.org = e.org AND f.source = e.source AND f.id = e.id) THEN 0 "
	    "WHEN EXISTS (SELECT 1 FROM event v WHERE v.org = e.org AND v.source = e.source AND v.voids_id = e.id) THEN 0 "
	    "WHEN " SETTLED("messages", "e.id") " = 1 THEN 0 ELSE 1 END, "
	    /* The id of such an event is CAMPAIGN/RESULTS/NAME; the id of its request is CAMPAIGN/RESULTS. */
	    "CASE WHEN e.source <> 'daybook:results' THEN 0 WHEN EXISTS (SELECT 1 FROM request r WHERE r.org = e.org "
	    "AND r.kind = 'results' AND r.id || '/' = rtrim(e.id, replace(e.id, '/', ''))) THEN 0 ELSE 1 END, "
	    "EXISTS (SELECT 1 FROM event a WHERE " SETTLES(EVENT_SOURCE, "coalesce(e.voids_id, e.settles_id, e.id)")
	    " AND a.cost_given = 1), "
	    /* All parts of an event are priced in one sum, as its cost is rounded once. */
	    "CASE e.status WHEN 'adjust' THEN 0 WHEN 'void' THEN e.parts "
	    "ELSE CASE e.status WHEN 'sent' THEN e.parts ELSE 0 END + " SETTLED("parts", "e.id") " END "
	    "FROM event e LEFT JOIN event t ON t.org = e.org AND t.source = e.source AND t.id = e.voids_id "
	    "WHERE e.org = :org AND e.source = :source AND e.id = :id");

	query_bind_int(q, ":org", v->org);
	query_bind_text(q, ":source", source);
	query_bind_text(q, ":id", id);
	if (query_step(q)) {
		report(v, q, source, id);
		*priced = (struct verify_priced) { query_int(q, HAS_GIVEN_COST) != 0, query_int(q, PRICED_PARTS) };
	}
	return query_done(q);
}
