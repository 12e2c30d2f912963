/*
 * GET /account/organization -- the organization and the caps of its billing cycle.
 *
 *	200	{"organizationId","name","messagesCap","costCap","smsCap","callCap","anniversaryDate",
 *		"allowOverage","createdAt","updatedAt"}
 *		A cap of null is no cap; costCap is in US dollars, or in "currency", which is added if the organization has
 *		another.  anniversaryDate is the start of the next cycle.
 *	401 403	no valid credential; the scope usage:read is missing
 */
#include "org/organization.h"
#include "http/reply.h"
#include "http/serve.h"
#include "ledger/limit_row.h"
#include "time/instant.h"

static enum status
account(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	struct limit_base base;
	struct day today;
	enum status st;

	if ((st = organization_load(r->db, r->org, &org, &r->err)) != OK)
		return st;
	today = organization_today(&org, r->now);
	if (reply_cached(r, body, org.revision, organization_unchanged_until(&org, r->now)))
		return OK;
	if ((st = limit_row_load(r->db, r->arena, &org)) != OK)
		return st;
	limit_base_read(&org.limits, today, &base);
	json_open_object(out, NULL);
	json_put_text(out, "organizationId", org.id);
	json_put_text(out, "name", org.name);
	limit_row_put_caps(out, &base);
	currency_put(out, org.currency);
	instant_put(out, "anniversaryDate", cycle_of(org.days, &org.cycles, today).ends_at);
	json_put_bool(out, "allowOverage", base.allow_overage);
	instant_put(out, "createdAt", org.created_at);
	instant_put(out, "updatedAt", org.updated_at);
	json_close_object(out);
	return OK;
}

int
main(void)
{
	static const struct route routes[] = {
		{ GET, "/account/organization", SCOPE_USAGE_READ, account }, { 0 } };

	return serve(&(const struct endpoint) { .name = "account", .dialect = PINGRAM, .routes = routes });
}
