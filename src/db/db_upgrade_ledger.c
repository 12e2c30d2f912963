/*
 * What the copy does with rows that take more than a list of columns: limits, reasons of voids, and campaigns with their digests.
 *
 * The forms of the digests are those of the versions, written out here, because what they are elsewhere may change later.
 */
#include <string.h>

#include "base/row_hash.h"
#include "db/db_upgrade_parts.h"

/* ---- Limits, in the place of columns of the organization */

enum { DAILY_LIMIT = 11, QUOTA_UNIT, CAP_MESSAGES, CAP_COST, CAP_SMS, CAP_CALLS, ALLOW_OVERAGE };

static const struct {
	const char *name, *channels, *unit, *period;
	int column;
} limits[] = {
	{ "daily", "SMS", NULL /* quota_unit */, "day", DAILY_LIMIT },
	{ "cycle-messages", "EMAIL INAPP_WEB WEB_PUSH PUSH SLACK", "message", "cycle", CAP_MESSAGES },
	{ "cycle-cost", "SMS CALL", "cost", "cycle", CAP_COST },
	{ "cycle-sms", "SMS", "message", "cycle", CAP_SMS },
	{ "cycle-calls", "CALL", "message", "cycle", CAP_CALLS },
};

/* The amount applies from 2012-01-01 on, the first day that there is.  A larger one than a limit can have limits nothing. */
static enum status
add_amount(struct db_copy *c, int64_t rule, struct query *org, int column)
{
	struct query *q = db_query(c->new, "INSERT INTO limit_amount (rule, valid_from, amount) "
	    "VALUES (:rule, 15340, min(:amount, 1000000000000000))");

	query_bind_int(q, ":rule", rule);
	if (!query_is_null(org, column))
		query_bind_int(q, ":amount", query_int(org, column));
	return query_run(q);
}

enum status
db_upgrade_add_limits(struct db_copy *c, struct query *org, struct error *err)
{
	enum status st = OK;
	struct query *q;
	int64_t rule;

	for (size_t i = 0; st == OK && i < sizeof(limits) / sizeof(limits[0]); i++) {
		bool is_report = limits[i].column != DAILY_LIMIT && query_int(org, ALLOW_OVERAGE) != 0;

		q = db_query(c->new, "INSERT INTO limit_rule (org, name, channels, unit, period, action) "
		    "VALUES (:org, :name, :channels, :unit, :period, :action) RETURNING key");
		query_bind_int(q, ":org", query_int(org, 0));
		query_bind_text(q, ":name", limits[i].name);
		query_bind_text(q, ":channels", limits[i].channels);
		query_bind_text(q, ":unit", limits[i].unit != NULL ? limits[i].unit : query_text(org, QUOTA_UNIT));
		query_bind_text(q, ":period", limits[i].period);
		query_bind_text(q, ":action", is_report ? "report" : "refuse");
		rule = query_step(q) ? query_int(q, 0) : 0;
		if ((st = query_done(q)) == OK)
			st = add_amount(c, rule, org, limits[i].column);
	}
	return st == OK ? OK : db_why(c->new, err);
}

/* ---- Reasons of voids, which only the audit had */

enum { AUDIT_AT = 1, AUDIT_ORG = 2, AUDIT_ACTION = 4, AUDIT_DETAIL = 5 };

enum status
db_upgrade_add_reason(struct db_copy *c, struct query *audit, struct error *err)
{
	struct query *q;

	if (strcmp(query_text(audit, AUDIT_ACTION), "event.void") != 0 || query_is_null(audit, AUDIT_ORG))
		return OK;
	/* A detail that is no JSON, or not of this form, gives no row. */
	q = db_query(c->new, "INSERT INTO upgrade_reason (org, source, id, voids, at, reason) "
	    "SELECT :org, detail ->> 'source', detail ->> 'id', detail ->> 'voids', :at, detail ->> 'reason' "
	    "FROM (SELECT CASE WHEN json_valid(:detail) THEN :detail ELSE '{}' END AS detail) "
	    "WHERE json_type(detail, '$.reason') = 'text' AND json_type(detail, '$.source') = 'text' "
	    "AND json_type(detail, '$.id') = 'text' ON CONFLICT DO NOTHING");
	query_bind_int(q, ":org", query_int(audit, AUDIT_ORG));
	query_bind_int(q, ":at", query_int(audit, AUDIT_AT));
	query_bind_text(q, ":detail", query_text(audit, AUDIT_DETAIL));
	return query_run(q) == OK ? OK : db_why(c->new, err);
}

/* ---- Campaigns */

enum { CAMPAIGN_KEY = 0, CAMPAIGN_ID = 2, CAMPAIGN_DIGEST = 8 };

/* Hashes the rows of a query, which has a parameter :key. */
static enum status
hash_plan(struct query *q, int columns, int64_t key, int64_t *digest)
{
	struct row_hash h;

	row_hash_start(&h);
	query_bind_int(q, ":key", key);
	while (query_step(q))
		query_hash(q, 0, columns, &h);
	*digest = row_hash_end(&h);
	return query_done(q);
}

/* Compares the digest of a file of version 3 with its plan.  One that is NULL has nothing to compare with. */
static enum status
check_plan(struct db_copy *c, struct query *campaign, struct error *err)
{
	struct query *q = db_query(c->old, "SELECT c.org, c.id, c.name, c.is_segmented, r.body_sha256, s.number, s.org, "
	    "s.scheduled_at, s.contacts, s.parts_per_contact, CASE s.status WHEN 'draft' THEN 0 WHEN 'paused' THEN 1 "
	    "WHEN 'cancelled' THEN 2 ELSE 3 END FROM campaign c LEFT JOIN segment s ON s.campaign = c.key "
	    "LEFT JOIN request r ON r.org = c.org AND r.kind = 'campaign' AND r.id = c.id WHERE c.key = :key ORDER BY s.number");
	int64_t digest;

	if (hash_plan(q, 11, query_int(campaign, CAMPAIGN_KEY), &digest) != OK)
		return db_why(c->old, err);
	if (digest == query_int(campaign, CAMPAIGN_DIGEST))
		return OK;
	return error_set(err, CONFLICT, "campaign %s: its segments, or the request that made it, do not match its digest",
	    query_text(campaign, CAMPAIGN_ID));
}

/* Its segments and its request are in the new file already. */
enum status
db_upgrade_seal_campaign(struct db_copy *c, struct query *campaign, struct error *err)
{
	struct query *q;
	enum status st;
	int64_t key = query_int(campaign, CAMPAIGN_KEY), digest;

	if (c->version >= 3) {
		if (query_is_null(campaign, CAMPAIGN_DIGEST))
			return OK;
		if (!c->is_forced && (st = check_plan(c, campaign, err)) != OK)
			return st;
	}
	q = db_query(c->new, "SELECT c.org, c.id, c.name, c.is_segmented, c.tag, r.body_sha256, s.number, s.org, s.channel, "
	    "s.sender, s.scheduled_at, s.contacts, s.parts_per_contact, CASE s.status WHEN 'draft' THEN 0 WHEN 'paused' THEN 1 "
	    "WHEN 'cancelled' THEN 2 ELSE 3 END FROM campaign c LEFT JOIN segment s ON s.campaign = c.key "
	    "LEFT JOIN request r ON r.org = c.org AND r.kind = 'campaign' AND r.id = c.id WHERE c.key = :key ORDER BY s.number");
	st = hash_plan(q, 14, key, &digest);
	if (st == OK) {
		q = db_query(c->new, "UPDATE campaign SET digest = :digest WHERE key = :key");
		query_bind_int(q, ":digest", digest);
		query_bind_int(q, ":key", key);
		st = query_run(q);
	}
	return st == OK ? OK : db_why(c->new, err);
}
