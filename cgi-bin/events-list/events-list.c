/*
 * GET /api/events?from=YYYY-MM-DD&to=YYYY-MM-DD[&limit=][&after=CURSOR][&channel=][&status=][&campaignId=] -- the rows of
 * the ledger on the organization's local days, both inclusive, at most 400, by time, source and id, a void after its event.
 *
 *	200	{"success":true,"data":{"events":[{"id","source","channel","occurredAt","messages","parts","status","cost",
 *		"campaignId","segmentNumber","to","reason","voids"},…],"next":CURSOR|null}}
 *		Figures and status of an event are those after its settlements and after new prices; settlements are no rows of
 *		their own.  The figures of a void are what it takes back.  `to` is as in campaigns.
 *		A page may be shorter than limit, even empty (EVENTS_REPLY_MAX, EVENTS_LOOKED_AT_MAX); only next tells whether
 *		there is more.
 *	format=csv, or Accept: text/csv: the columns of `daybook export` but for settles; next is the header X-Next-Cursor.
 *	400	from or to is missing or not a date, or they are out of order or too far apart; another parameter is wrong
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include "list.h"
#include "http/serve.h"

int
main(void)
{
	static const struct route routes[] = {
		{ GET, "/api/events", SCOPE_USAGE_READ, events_list, .query = events_list_query, .has_csv = true,
		    .is_private = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "events-list", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
