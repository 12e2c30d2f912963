/*
 * Which columns of which versions are copied into which columns of this one.
 */
#include "db/db_upgrade_parts.h"

/*
 * Columns of the old table are bound to the parameters of INSERT in their order; those after the last parameter are for
 * `after`.  The key's columns have the same names in both files.
 */
#define ROWS(table, columns, key, marks, order) \
	"SELECT count(*) FROM " table, \
	"SELECT " columns " FROM " table " ORDER BY " key, \
	"SELECT " columns " FROM " table " WHERE (" key ") > (" marks ") ORDER BY " key, \
	"SELECT " key " FROM " table " ORDER BY " order " LIMIT 1"
#define SAME(table, columns, values, key, marks, order) \
	ROWS(table, columns, key, marks, order), "INSERT INTO " table " (" columns ") VALUES (" values ")"

#define ORGANIZATION "key, id, name, timezone, zone_revision, revision, plan, cycle_day, created_at, updated_at"
#define CAPS "daily_limit, quota_unit, cap_messages, cap_cost_micros, cap_sms, cap_calls, allow_overage"
#define TO_ORGANIZATION "INSERT INTO organization (" ORGANIZATION ", week_start) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define CAMPAIGN "key, org, id, name, is_segmented, revision, created_at, updated_at"
#define TO_CAMPAIGN "INSERT INTO campaign (" CAMPAIGN ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
#define SEGMENT "campaign, number, org, scheduled_at, day, contacts, parts_per_contact, sent, failed, spent, status"
#define EVENT_3 "org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given, campaign_given, " \
	"segment_given, campaign, segment, voids_id, credential, received_at, detail_sha256"
#define EVENT_4 "org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given, campaign_given, " \
	"segment_given, campaign, segment, voids_id, settles_id, reason, sender, network, tag, detail_sha256, actor, " \
	"org_revision, received_at"
#define JOB "org, number, kind, channel, first_quarter, next_quarter, end_quarter, next_campaign, changed, actor, is_remote, " \
	"started_at, updated_at, ended_at"
#define BY_TIME "org, occurred_at, source, id"
#define RULE "key, org, name, channels, sender, network, unit, period, zone, quarters, action, is_building"
#define PRICE "key, org, channel, valid_from, nanos_per_part"
/* Rows that had no number of their own keep their key as one. */
#define API_KEY "key, sha256, hint, name, org, scopes, created_at, revoked_at"
#define TO_API_KEY "INSERT INTO api_key (" API_KEY ", number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?1)"
#define AUDIT "key, at, org, credential, action, detail"
#define TO_AUDIT "INSERT INTO audit (" AUDIT ", number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?1)"

/*
 * A campaign comes after its segments and its request, of which its digest is made; the audit, which has the reasons of voids,
 * before the events.  Otherwise a table comes after those that it refers to.
 */
const struct db_copy_table db_upgrade_tables[] = {
	{ 1, 6, SAME("setting", "name, value", "?, ?", "name", "?", "name DESC") },
	{ 4, 6, ROWS("installation", "key, revision", "key", "?", "key DESC") " OFFSET 1", "UPDATE installation SET revision = ?2" },
	{ 1, 1, ROWS("organization", ORGANIZATION ", 1, " CAPS, "key", "?", "key DESC"), TO_ORGANIZATION,
	    .after = db_upgrade_add_limits },
	{ 2, 3, ROWS("organization", ORGANIZATION ", week_start, " CAPS, "key", "?", "key DESC"), TO_ORGANIZATION,
	    .after = db_upgrade_add_limits },
	{ 4, 5, ROWS("organization", ORGANIZATION ", week_start", "key", "?", "key DESC"), TO_ORGANIZATION },
	{ 6, 6, SAME("organization", ORGANIZATION ", week_start, currency, sending_window", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
	    "key", "?", "key DESC") },
	{ 6, 6, SAME("cycle_change", "org, valid_from, cycle_day", "?, ?, ?", "org, valid_from", "?, ?",
	    "org DESC, valid_from DESC") },
	{ 6, 6, SAME("closed_day", "org, day, name", "?, ?, ?", "org, day", "?, ?", "org DESC, day DESC") },
	{ 1, 6, SAME("zone_span", "org, from_at, utc_offset_s, zone, tzdata_version", "?, ?, ?, ?, ?", "org, from_at", "?, ?",
	    "org DESC, from_at DESC") },
	{ 3, 6, SAME("zone_file", "zone, tzdata_version, sha256", "?, ?, ?", "zone, tzdata_version, sha256", "?, ?, ?",
	    "zone DESC, tzdata_version DESC, sha256 DESC") },
	{ 4, 6, SAME("limit_rule", RULE, "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "key", "?", "key DESC") },
	{ 4, 6, SAME("limit_amount", "rule, valid_from, amount", "?, ?, ?", "rule, valid_from", "?, ?",
	    "rule DESC, valid_from DESC") },
	{ 4, 6, SAME("limit_span", "rule, from_at, utc_offset_s, zone, tzdata_version", "?, ?, ?, ?, ?", "rule, from_at", "?, ?",
	    "rule DESC, from_at DESC") },
	{ 6, 6, SAME("limit_usage", "rule, quarter, messages, parts, cost_micros", "?, ?, ?, ?, ?", "rule, quarter", "?, ?",
	    "rule DESC, quarter DESC") },
	{ 1, 5, SAME("price", PRICE, "?, ?, ?, ?, ?", "key", "?", "key DESC") },
	{ 6, 6, SAME("price", PRICE ", currency", "?, ?, ?, ?, ?, ?", "key", "?", "key DESC") },
	{ 1, 4, SAME("signing_key", "kid, alg, verify_key, sign_key, org, max_scopes, created_at, retired_at",
	    "?, ?, ?, ?, ?, ?, ?, ?", "kid", "?", "kid DESC") },
	{ 5, 6, SAME("signing_key", "kid, alg, verify_key, sign_key, org, max_scopes, created_at, retired_at, iss, aud, "
	    "is_any_audience, may_access_role", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "kid", "?", "kid DESC") },
	{ 5, 6, SAME("revoked_token", "kid, jti, revoked_at, expires_at", "?, ?, ?, ?", "kid, jti", "?, ?", "kid DESC, jti DESC") },
	{ 1, 4, ROWS("api_key", API_KEY, "key", "?", "key DESC"), TO_API_KEY },
	{ 5, 6, SAME("api_key", API_KEY ", number, expires_at, used_at", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "key", "?", "key DESC") },
	{ 1, 6, SAME("request", "org, kind, id, body_sha256, received_at", "?, ?, ?, ?, ?", "org, kind, id", "?, ?, ?",
	    "org DESC, kind DESC, id DESC") },
	{ 1, 3, SAME("segment", SEGMENT, "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "campaign, number", "?, ?",
	    "campaign DESC, number DESC"), .precedes_its_parent = true },
	{ 4, 6, SAME("segment", SEGMENT ", channel, sender", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "campaign, number", "?, ?",
	    "campaign DESC, number DESC"), .precedes_its_parent = true },
	{ 1, 2, ROWS("campaign", CAMPAIGN, "key", "?", "key DESC"), TO_CAMPAIGN, .after = db_upgrade_seal_campaign },
	{ 3, 3, ROWS("campaign", CAMPAIGN ", digest", "key", "?", "key DESC"), TO_CAMPAIGN, .after = db_upgrade_seal_campaign },
	{ 4, 5, SAME("campaign", CAMPAIGN ", tag, digest", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "key", "?", "key DESC") },
	{ 6, 6, SAME("campaign", CAMPAIGN ", tag, digest, sending_window", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "key", "?",
	    "key DESC") },
	{ 1, 3, ROWS("audit", AUDIT, "key", "?", "key DESC"), TO_AUDIT, .after = db_upgrade_add_reason },
	{ 4, 4, ROWS("audit", AUDIT ", actor", "key", "?", "key DESC"),
	    "INSERT INTO audit (" AUDIT ", actor, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?1)" },
	{ 5, 6, SAME("audit", AUDIT ", actor, number", "?, ?, ?, ?, ?, ?, ?, ?", "key", "?", "key DESC") },
	{ 4, 6, SAME("actor", "key, credential, name", "?, ?, ?", "key", "?", "key DESC") },
	{ 1, 3, ROWS("event", EVENT_3, "org, source, id", "?, ?, ?", "org DESC, source DESC, id DESC"), .add = db_upgrade_add_event },
	{ 5, 5, SAME("job", JOB, "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "org, number", "?, ?", "org DESC, number DESC") },
	{ 6, 6, SAME("job", JOB ", rule", "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "org, number", "?, ?",
	    "org DESC, number DESC") },
	{ 4, 6, SAME("event", EVENT_4, "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "org, source, id",
	    "?, ?, ?", "org DESC, source DESC, id DESC") },
	/* Into what becomes the index event_occurred (db_upgrade_copy.c), in the order of the old one. */
	{ 1, 6, "SELECT count(*) FROM event", "SELECT " BY_TIME " FROM event ORDER BY " BY_TIME,
	    "SELECT " BY_TIME " FROM event WHERE (" BY_TIME ") > (?, ?, ?, ?) ORDER BY " BY_TIME,
	    "SELECT " BY_TIME " FROM upgrade_by_time ORDER BY org DESC, occurred_at DESC, source DESC, id DESC LIMIT 1",
	    "INSERT INTO upgrade_by_time (" BY_TIME ") VALUES (?, ?, ?, ?)" },
	{ 4, 6, SAME("ledger_day", "org, day, events, digest", "?, ?, ?, ?", "org, day", "?, ?", "org DESC, day DESC") },
	{ 6, 6, SAME("statement", "org, month, from_at, until_at, timezone, currency, org_revision, actor, created_at, digest",
	    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?", "org, month", "?, ?", "org DESC, month DESC") },
	{ 6, 6, SAME("statement_line", "org, month, day, channel, messages, parts, cost_micros", "?, ?, ?, ?, ?, ?, ?",
	    "org, month, day, channel", "?, ?, ?, ?", "org DESC, month DESC, day DESC, channel DESC") },
	{ 6, 6, SAME("statement_day", "org, month, day, events, digest", "?, ?, ?, ?, ?", "org, month, day", "?, ?, ?",
	    "org DESC, month DESC, day DESC") },
	{ 1, 6, SAME("failure", "org, source, id, campaign, segment, failed_at, phone, reason", "?, ?, ?, ?, ?, ?, ?, ?",
	    "org, source, id", "?, ?, ?", "org DESC, source DESC, id DESC") },
	{ 1, 6, SAME("usage_quarter", "org, quarter, channel, messages, parts, cost_micros", "?, ?, ?, ?, ?, ?",
	    "org, quarter, channel", "?, ?, ?", "org DESC, quarter DESC, channel DESC") },
	{ 1, 6, SAME("usage_day", "org, day, channel, messages, parts, cost_micros", "?, ?, ?, ?, ?, ?", "org, day, channel",
	    "?, ?, ?", "org DESC, day DESC, channel DESC") },
};

const int db_upgrade_table_count = sizeof(db_upgrade_tables) / sizeof(db_upgrade_tables[0]);
