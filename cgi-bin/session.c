/*
 * GET /api/session -- whose credential this is, what it may do, and the organization's today.
 * POST /api/session -- exchanges the token of a link that signs in (`daybook token --link`) for a session, once.
 *
 *	200	{"success":true,"data":{"organizationId","name","timezone","utcOffsetSeconds","today","now","dayStartsAt",
 *		"dayEndsAt","weekStart","quotaUnit","scopes":[…],"credential","actor","isLink","expiresAt","channels":[…]}}
 *		now, dayStartsAt and dayEndsAt are instants; today lasts from dayStartsAt to dayEndsAt, usually 23, 24 or 25
 *		hours.  scopes lists each scope of the credential, channels each channel that an event may have.  expiresAt is
 *		null for an API key that does not expire.  actor is who the token names, else null; isLink says that it is of
 *		a link, which POST exchanges.  For a token with the scope admin that names no organization, every member that
 *		describes the organization is null.  "currency" is added if the organization's is not USD.
 *	201	{"success":true,"data":{"token","expiresAt"}}: a token of the same key, organization and scopes, for twelve hours.
 *		The link is spent.
 *	401	no valid credential; the link was used, or is too old
 *	403 404	the credential's organization does not exist (404 to the scope admin); POST: the credential is not that of a link
 */
#include "auth/link.h"
#include "org/organization.h"
#include "http/dialect.h"
#include "http/serve.h"
#include "ledger/limit_row.h"
#include "time/instant.h"

static void
put_organization(struct json *out, const struct organization *org, int64_t now)
{
	struct day today = organization_today(org, now);
	char text[DAY_TEXT_MAX];

	json_put_text(out, "organizationId", org->id);
	json_put_text(out, "name", org->name);
	json_put_text(out, "timezone", org->timezone);
	json_put_int(out, "utcOffsetSeconds", span_offset_at(org->days, now));
	json_put_text(out, "today", day_format(today, text));
	instant_put(out, "dayStartsAt", day_start(org->days, today));
	instant_put(out, "dayEndsAt", day_start(org->days, day_add(today, 1)));
	json_put_int(out, "weekStart", org->week_start);
	json_put_text(out, "quotaUnit", quota_unit_name(limit_rules_unit(&org->limits)));
	currency_put(out, org->currency);
}

/* The same members as put_organization, all null, so that a client finds every member in every reply. */
static void
put_no_organization(struct json *out)
{
	static const char *const names[] = { "organizationId", "name", "timezone", "utcOffsetSeconds", "today", "dayStartsAt",
		"dayEndsAt", "weekStart", "quotaUnit" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_put_null(out, names[i]);
}

static void
put_caller(struct json *out, const struct caller *caller)
{
	scopes_put(out, "scopes", caller->scopes);
	json_put_text(out, "credential", caller->credential);
	json_put_text_or_null(out, "actor", caller->name[0] != '\0' ? caller->name : NULL);
	json_put_bool(out, "isLink", caller->link[0] != '\0');
	instant_put_or_null(out, "expiresAt", caller->expires_at);
}

static enum status
session(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	struct organization org;
	enum status st;

	if (r->org[0] != '\0' && ((st = organization_load(r->db, r->org, &org, &r->err)) != OK ||
	    (st = limit_row_load(r->db, r->arena, &org)) != OK))
		return st;
	dialect_tether_open(out);
	if (r->org[0] != '\0')
		put_organization(out, &org, r->now);
	else
		put_no_organization(out);
	instant_put(out, "now", r->now);
	put_caller(out, &r->caller);
	json_open_array(out, "channels");
	for (enum channel c = 0; c < CHANNEL_COUNT; c++)
		json_put_text(out, NULL, channel_facts(c)->name);
	json_close_array(out);
	dialect_tether_close(out);
	return OK;
}

struct session_post {
	struct req *r;
	struct buf *body;
};

static enum status
exchange(void *arg)
{
	struct session_post *post = arg;
	struct req *r = post->r;
	struct json *out = json_on(post->body);
	struct signed_token token;
	enum status st;

	if ((st = link_exchange(r->db, r->arena, &r->caller, r->now, &token, &r->err)) != OK) {
		if (st == UNAUTHENTICATED)
			req_add_header(r, "WWW-Authenticate", "Bearer realm=\"daybook\", error=\"invalid_token\"");
		return st;
	}
	dialect_tether_open(out);
	json_put_text(out, "token", token.text);
	instant_put(out, "expiresAt", token.expires_at);
	dialect_tether_close(out);
	return CREATED;
}

/* The credential says all, so there is nothing that a body could ask for. */
static enum status
session_post(struct req *r, struct buf *body)
{
	if (r->body_n > 0)
		return error_set(&r->err, BAD_REQUEST, "body: must be empty");
	return db_write(r->db, exchange, &(struct session_post) { r, body });
}

int
main(void)
{
	static const struct route routes[] = {
		{ GET, "/api/session", SCOPE_ANY, session },
		{ POST, "/api/session", SCOPE_ANY, session_post, .is_private = true },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "session", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
