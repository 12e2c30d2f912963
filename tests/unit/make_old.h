/*
 * Makes a file of schema version 1 to 6 with rows in it, as tests/e2e/schema-N.sql and the programs of that version would.
 */
#ifndef MAKE_OLD_H
#define MAKE_OLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"

#include "base/row_hash.h"
#include "db/db_file.h"

static char folder[64], path[128], unfinished[160];

/* What every version has: two organizations, a void with its reason, adjustments, a campaign, a failed contact, keys, settings. */
static const char rows_sql[] =
    "INSERT INTO organization (key, id, name, timezone, revision, plan, daily_limit, quota_unit, cycle_day, cap_messages, "
    "cap_cost_micros, cap_sms, allow_overage, created_at, updated_at) VALUES "
    "(1, 'acme', 'Acme', 'America/Toronto', 7, 'growth', 500, 'part', 5, 100, 2500000, 40, 1, 1, 2), "
    "(2, 'globex', 'Globex', 'UTC', 3, '', NULL, 'message', 1, NULL, NULL, NULL, 0, 1, 2);"
    "INSERT INTO zone_span VALUES (1, 1325376000000, -18000, 'America/Toronto', '2024a'), (2, 1325376000000, 0, 'UTC', '');"
    "INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) VALUES (4, 1, 'spring', 'Spring', 0, 1, 1);"
    "INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, sent, spent, status) "
    "VALUES (4, 1, 1, 1779289200000, 20593, 100, 1, 1, 'paused');"
    "INSERT INTO request VALUES (1, 'campaign', 'spring', zeroblob(32), 5);"
    "INSERT INTO event VALUES "
    "(1, '', 'a', 1779289200000, 'SMS', 1, 2, 'sent', 15800, 0, 'spring', 1, 4, 1, NULL, NULL, 'cli', 10), "
    "(1, '', 'b', 1779289200001, 'CALL', 1, 1, 'sent', 13000, 0, NULL, NULL, NULL, NULL, NULL, NULL, 'jwt:main', 11), "
    "(1, '', 'f', 1779289200002, 'SMS', 1, 1, 'failed', 0, 0, NULL, NULL, NULL, NULL, NULL, zeroblob(32), 'cli', 12), "
    "(1, '', 'v', 1779289200001, 'CALL', -1, -1, 'void', -13000, 0, NULL, NULL, NULL, NULL, 'b', NULL, 'cli', 13), "
    "(1, '', 'w', 1779289200000, 'SMS', -1, -2, 'void', -15800, 0, 'spring', 1, 4, 1, 'a', NULL, 'cli', 13), "
    "(1, 'daybook:adjust:', 'a' || char(31) || '12', 1779289200000, 'SMS', 0, 0, 'adjust', 77, 1, NULL, NULL, NULL, NULL, NULL, "
    "NULL, 'cli', 14), "
    "(1, 'daybook:reprice', 'SMS/1/1', 1779289200000, 'SMS', 0, 0, 'adjust', 5, 0, NULL, NULL, NULL, NULL, NULL, NULL, 'cli', 15), "
    "(2, 'app', 'a', 1779289200000, 'EMAIL', 1, 1, 'sent', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, 'apikey:1', 16);"
    "INSERT INTO failure VALUES (1, '', 'f', NULL, NULL, 1779289200002, '+14165550100', 'opted out');"
    "INSERT INTO usage_quarter VALUES (2, 1976988, 'EMAIL', 1, 1, 0); INSERT INTO usage_day VALUES (2, 20593, 'EMAIL', 1, 1, 0);"
    "INSERT INTO price VALUES (9, NULL, 'SMS', 15340, 7900000);"
    "INSERT INTO signing_key VALUES ('main', 'HS256', x'01', x'01', NULL, 'usage:read', 1, NULL);"
    "INSERT INTO api_key VALUES (1, zeroblob(32), 'dbk_', 'one', 2, 'usage:write', 1, NULL);"
    "INSERT INTO setting VALUES ('epoch', '0123456789abcdef0123456789abcdef'), ('iss', 'https://example.com');"
    "INSERT INTO audit VALUES "
    "(1, 13, 1, 'cli', 'event.void', '{\"source\":\"\",\"id\":\"v\",\"voids\":\"b\",\"reason\":\"a \\\"test\\\" \\u00e9\"}'), "
    "(2, 13, 1, 'cli', 'event.void', 'no JSON'), (3, 20, NULL, 'cli', 'key.add', '{}');";

/* The same as versions 4 to 6 have it: limits are rows, a credential is an actor, an event has its reason and what it settles. */
static const char rows_4_sql[] =
    "INSERT INTO organization (key, id, name, timezone, revision, plan, cycle_day, created_at, updated_at) VALUES "
    "(1, 'acme', 'Acme', 'America/Toronto', 7, 'growth', 5, 1, 2), (2, 'globex', 'Globex', 'UTC', 3, '', 1, 1, 2);"
    "INSERT INTO zone_span VALUES (1, 1325376000000, -18000, 'America/Toronto', '2024a'), (2, 1325376000000, 0, 'UTC', '');"
    "INSERT INTO limit_rule (key, org, name, channels, unit, period, action) VALUES "
    "(1, 1, 'daily', 'SMS', 'part', 'day', 'refuse'), "
    "(2, 1, 'cycle-messages', 'EMAIL INAPP_WEB WEB_PUSH PUSH SLACK', 'message', 'cycle', 'report'), "
    "(3, 1, 'cycle-cost', 'SMS CALL', 'cost', 'cycle', 'report'), (4, 1, 'cycle-sms', 'SMS', 'message', 'cycle', 'report'), "
    "(5, 1, 'cycle-calls', 'CALL', 'message', 'cycle', 'report'), (6, 2, 'daily', 'SMS', 'message', 'day', 'refuse'), "
    "(7, 2, 'cycle-messages', 'EMAIL INAPP_WEB WEB_PUSH PUSH SLACK', 'message', 'cycle', 'refuse'), "
    "(8, 2, 'cycle-cost', 'SMS CALL', 'cost', 'cycle', 'refuse'), (9, 2, 'cycle-sms', 'SMS', 'message', 'cycle', 'refuse'), "
    "(10, 2, 'cycle-calls', 'CALL', 'message', 'cycle', 'refuse');"
    "INSERT INTO limit_amount VALUES (1, 15340, 500), (2, 15340, 100), (3, 15340, 2500000), (4, 15340, 40), (5, 15340, NULL), "
    "(6, 15340, NULL), (7, 15340, NULL), (8, 15340, NULL), (9, 15340, NULL), (10, 15340, NULL);"
    "INSERT INTO campaign (key, org, id, name, is_segmented, created_at, updated_at) VALUES (4, 1, 'spring', 'Spring', 0, 1, 1);"
    "INSERT INTO segment (campaign, number, org, scheduled_at, day, contacts, sent, spent, status) "
    "VALUES (4, 1, 1, 1779289200000, 20593, 100, 1, 1, 'paused');"
    "INSERT INTO request VALUES (1, 'campaign', 'spring', zeroblob(32), 5);"
    "INSERT INTO actor VALUES (1, 'cli', ''), (2, 'jwt:main', ''), (3, 'apikey:1', '');"
    "INSERT INTO event VALUES "
    "(1, '', 'a', 1779289200000, 'SMS', 1, 2, 'sent', 15800, 0, 'spring', 1, 4, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 0, 10), "
    "(1, '', 'b', 1779289200001, 'CALL', 1, 1, 'sent', 13000, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 0, 11), "
    "(1, '', 'f', 1779289200002, 'SMS', 1, 1, 'failed', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, zeroblob(32), 1, 0, 12), "
    "(1, '', 'v', 1779289200001, 'CALL', -1, -1, 'void', -13000, 0, NULL, NULL, NULL, NULL, 'b', NULL, 'a \"test\" \u00e9', NULL, NULL, NULL, "
    "NULL, 1, 0, 13), "
    "(1, '', 'w', 1779289200000, 'SMS', -1, -2, 'void', -15800, 0, 'spring', 1, 4, 1, 'a', NULL, NULL, NULL, NULL, NULL, NULL, 1, 0, 13), "
    "(1, 'daybook:adjust:', 'a' || char(31) || '12', 1779289200000, 'SMS', 0, 0, 'adjust', 77, 1, NULL, NULL, NULL, NULL, NULL, 'a', NULL, "
    "NULL, NULL, NULL, NULL, 1, 0, 14), "
    "(1, 'daybook:reprice', 'SMS/1/1', 1779289200000, 'SMS', 0, 0, 'adjust', 5, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, 1, 0, 15), "
    "(2, 'app', 'a', 1779289200000, 'EMAIL', 1, 1, 'sent', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3, 0, 16);"
    "INSERT INTO failure VALUES (1, '', 'f', NULL, NULL, 1779289200002, '+14165550100', 'opted out');"
    "INSERT INTO usage_quarter VALUES (2, 1976988, 'EMAIL', 1, 1, 0); INSERT INTO usage_day VALUES (2, 20593, 'EMAIL', 1, 1, 0);"
    "INSERT INTO price (key, channel, valid_from, nanos_per_part) VALUES (9, 'SMS', 15340, 7900000);"
    "INSERT INTO signing_key (kid, alg, verify_key, sign_key, max_scopes, created_at) VALUES ('main', 'HS256', x'01', x'01', 'usage:read', 1);"
    "INSERT INTO setting VALUES ('epoch', '0123456789abcdef0123456789abcdef'), ('iss', 'https://example.com');";

static const char keys_4_sql[] =
    "INSERT INTO api_key VALUES (1, zeroblob(32), 'dbk_', 'one', 2, 'usage:write', 1, NULL);"
    "INSERT INTO audit VALUES (1, 13, 1, 'cli', '', 'event.void', '{}'), (2, 13, 1, 'cli', '', 'event.void', 'no JSON'), "
    "(3, 20, NULL, 'cli', '', 'key.add', '{}');";

/* Since version 5 keys and the audit have numbers, and what is held has rows. */
static const char keys_5_sql[] =
    "INSERT INTO api_key VALUES (1, zeroblob(32), 'dbk_', 'one', 2, 1, 'usage:write', 1, NULL, NULL, NULL);"
    "INSERT INTO audit VALUES (1, 13, 1, 1, 'cli', '', 'event.void', '{}'), (2, 13, 1, 2, 'cli', '', 'event.void', 'no JSON'), "
    "(3, 20, NULL, 3, 'cli', '', 'key.add', '{}');"
    "INSERT INTO held VALUES (1, 1976988, 'SMS', 1, '', 99);";

static int64_t
old_digest(sqlite3 *c, const char *sql)
{
	struct row_hash h;
	sqlite3_stmt *stmt;

	row_hash_start(&h);
	assert_int_equal(sqlite3_prepare_v2(c, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			if (sqlite3_column_type(stmt, i) == SQLITE_INTEGER)
				row_hash_int(&h, sqlite3_column_int64(stmt, i));
			else if (sqlite3_column_type(stmt, i) == SQLITE_BLOB)
				row_hash_blob(&h, sqlite3_column_blob(stmt, i), (size_t)sqlite3_column_bytes(stmt, i));
			else
				row_hash_text(&h, (const char *)sqlite3_column_text(stmt, i));
	sqlite3_finalize(stmt);
	return row_hash_end(&h);
}

static void
run_sql(sqlite3 *c, const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(c, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
}

/* The digests of version 3: the events of an organization are on one day, so one sum each. */
static void
write_digests(sqlite3 *c)
{
	char sql[512];
	int64_t sums[3] = { 0, 0, 0 };
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_prepare_v2(c, "SELECT org, source, id FROM event", -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		int org = sqlite3_column_int(stmt, 0);
		char *select = sqlite3_mprintf("SELECT org, source, id, occurred_at, channel, messages, parts, status, cost_micros, "
		    "cost_given, campaign_given, segment_given, campaign, segment, voids_id, credential, received_at FROM event "
		    "WHERE org = %d AND source = %Q AND id = %Q", org, sqlite3_column_text(stmt, 1), sqlite3_column_text(stmt, 2));

		sums[org] = row_hash_sum(sums[org], old_digest(c, select));
		sqlite3_free(select);
	}
	sqlite3_finalize(stmt);
	snprintf(sql, sizeof(sql), "INSERT INTO ledger_day VALUES (1, 20593, 7, %lld), (2, 20593, 1, %lld)", (long long)sums[1],
	    (long long)sums[2]);
	run_sql(c, sql);
	snprintf(sql, sizeof(sql), "UPDATE campaign SET digest = %lld", (long long)old_digest(c, "SELECT c.org, c.id, c.name, "
	    "c.is_segmented, r.body_sha256, s.number, s.org, s.scheduled_at, s.contacts, s.parts_per_contact, 1 FROM campaign c "
	    "JOIN segment s ON s.campaign = c.key JOIN request r ON r.id = c.id"));
	run_sql(c, sql);
}

/* The columns of an event and of a plan that digests cover since version 4 (schema.sql). */
#define EVENTS_4 "SELECT e.org, source, id, occurred_at, channel, messages, parts, status, cost_micros, cost_given, campaign_given, " \
	"segment_given, campaign, segment, voids_id, settles_id, reason, sender, network, tag, credential, name, org_revision, " \
	"received_at FROM event e JOIN actor ON key = actor "
#define PLAN_4 "SELECT c.org, c.id, c.name, c.is_segmented, c.tag, r.body_sha256, s.number, s.org, s.channel, s.sender, " \
	"s.scheduled_at, s.contacts, s.parts_per_contact, 1 FROM campaign c JOIN segment s ON s.campaign = c.key " \
	"JOIN request r ON r.id = c.id"

/* The digests of versions 4 to 6. */
static void
write_digests_4(sqlite3 *c)
{
	char sql[512];
	int64_t sums[3] = { 0, 0, 0 };
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_prepare_v2(c, "SELECT org, source, id FROM event", -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		int org = sqlite3_column_int(stmt, 0);
		char *select = sqlite3_mprintf(EVENTS_4 "WHERE e.org = %d AND source = %Q AND id = %Q", org, sqlite3_column_text(stmt, 1),
		    sqlite3_column_text(stmt, 2));

		sums[org] = row_hash_sum(sums[org], old_digest(c, select));
		sqlite3_free(select);
	}
	sqlite3_finalize(stmt);
	snprintf(sql, sizeof(sql), "INSERT INTO ledger_day VALUES (1, 20593, 7, %lld), (2, 20593, 1, %lld); "
	    "UPDATE campaign SET digest = %lld", (long long)sums[1], (long long)sums[2], (long long)old_digest(c, PLAN_4));
	run_sql(c, sql);
}

static sqlite3 *
open_old(void)
{
	sqlite3 *c;

	assert_int_equal(sqlite3_open(path, &c), SQLITE_OK);
	return c;
}

/* Changes the old file as another program would. */
static void
change(const char *sql)
{
	sqlite3 *c = open_old();

	run_sql(c, sql);
	sqlite3_close(c);
}

static void
make_old(int version)
{
	char name[64], *schema = calloc(1, 1 << 16);
	sqlite3 *c;
	FILE *f;

	strcpy(folder, "/tmp/daybook-upgrade-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/old.db", folder);
	snprintf(unfinished, sizeof(unfinished), "%s-upgrading", path);
	snprintf(name, sizeof(name), "tests/e2e/schema-%d.sql", version);
	assert_non_null(f = fopen(name, "r"));
	assert_true(fread(schema, 1, (1 << 16) - 1, f) > 1000);
	fclose(f);
	c = open_old();
	run_sql(c, "PRAGMA journal_mode = WAL");
	run_sql(c, schema);
	run_sql(c, version >= 4 ? rows_4_sql : rows_sql);
	if (version >= 4)
		run_sql(c, version == 4 ? keys_4_sql : keys_5_sql);
	if (version == 3)
		write_digests(c);
	if (version >= 4)
		write_digests_4(c);
	sqlite3_close(c);
	free(schema);
	chmod(path, 0640);
}

static void
remove_old(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	assert_int_equal(system(command), 0);
}

#endif
