/*
 * GET /organizations/{organizationId}/usage?startDate=MS&endDate=MS -- messages between two instants in
 * milliseconds since 1970, startDate inclusive, endDate exclusive, exact to the millisecond.
 *
 *	200	{"data":{"usageSms","usageWhatsapp","usageEmail","usageSage"}}
 *	401	no valid credential
 *	403	the credential of another organization, or without the scope usage:read
 *	404	no such organization (to the scope admin; others get 403)
 *	422	startDate or endDate is missing, not an integer, out of order, or in seconds; or it lies inside a quarter-hour
 *		of so many events (RAGGED_MAX) that they cannot be counted in one request
 */
#include "org/organization.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/usage.h"

#define SECONDS_BELOW INT64_C(100000000000)	/* 10^11: as milliseconds 1973, as seconds the year 5138 */
#define INSTANT_ASKED_MAX INT64_C(9007199254740991)

/*
 * A client that sends seconds would get sums of 1970, which look like no usage; so small numbers are refused. 0 stays
 * allowed, for "from the beginning".
 */
static enum status
read_instants(struct req *r, int64_t *from_at, int64_t *to_at)
{
	enum status st;

	if (req_query(r, "startDate") == NULL || req_query(r, "endDate") == NULL)
		return error_set(&r->err, BAD_REQUEST, "%s: required",
		    req_query(r, "startDate") == NULL ? "startDate" : "endDate");
	if ((st = req_int(r, "startDate", 0, INSTANT_ASKED_MAX, 0, from_at)) != OK ||
	    (st = req_int(r, "endDate", 0, INSTANT_ASKED_MAX, 0, to_at)) != OK)
		return st;
	if (*to_at != 0 && *to_at < SECONDS_BELOW)
		return error_set(&r->err, BAD_REQUEST, "endDate: looks like seconds; milliseconds are meant");
	if (*to_at < *from_at)
		return error_set(&r->err, BAD_REQUEST, "endDate: must not be earlier than startDate");
	return OK;
}

static enum status
organizations_usage(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	static const enum channel shown[] = { SMS, WHATSAPP, EMAIL, SAGE };	/* in the contract's order */
	struct organization org;
	struct usage_sums sums;
	int64_t from_at, to_at;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = read_instants(r, &from_at, &to_at)) != OK)
		return st;
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = usage_sum_messages(r->db, &org, from_at, to_at, &sums, &r->err)) != OK)
		return st;
	json_open_object(out, NULL);
	json_open_object(out, "data");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		json_put_int(out, channel_facts(shown[i])->infodeck, sums.of[shown[i]].messages);
	json_close_object(out);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const char *const query[] = { "startDate", "endDate", NULL };
	static const struct route routes[] = {
		{ GET, "/organizations/{organizationId}/usage", SCOPE_USAGE_READ, organizations_usage, .query = query },
		{ 0 } };

	return serve(&(const struct endpoint) { .name = "organizations-usage", .dialect = INFODECK, .routes = routes });
}
