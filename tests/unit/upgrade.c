/*
 * How files of versions 1 to 6 become files of this version: row by row, in turns, and never half.  Each test has a folder of
 * its own, with a file old.db made by tests/e2e/schema-N.sql.
 */
#include <stdbool.h>

#include "make_old.h"

#include "db/db_schema.h"
#include "db/db_upgrade.h"

/* One turn of at most a batch of rows, by a process of its own as far as the upgrade can tell. */
static enum status
turn(const char *kept, bool is_forced, struct db_upgrade_state *state, struct error *err)
{
	struct db_upgrade *u;
	enum status st;
	bool is_busy, is_stale = false, is_in_place;

	*err = (struct error) { .text = "" };
	if ((st = db_upgrade_begin(path, kept, &u, &is_busy, state, err)) != OK || u == NULL)
		return st;
	assert_false(is_busy);
	if (!state->is_copied)
		st = db_upgrade_copy(u, 0, is_forced, NULL, state, err);
	else if (!state->is_checked && (st = db_schema_check(db_upgrade_file(u), err)) == OK &&
	    (st = db_check(db_upgrade_file(u), err)) == OK)
		state->is_checked = (st = db_upgrade_set_checked(u, err)) == OK;
	else if (st == OK)
		st = db_upgrade_finish(u, false, &is_stale, err);
	is_in_place = db_upgrade_is_in_place(u);
	db_upgrade_end(u, st != OK);
	return is_stale || is_in_place ? OK : st;
}

/* Turns until it is done; returns their number. */
static int
upgrade(bool is_forced)
{
	struct db_upgrade_state state = { 0 };
	struct error err;
	int turns = 0;

	while (state.from != DB_SCHEMA_VERSION) {
		if (turn(NULL, is_forced, &state, &err) != OK)
			fail_msg("%s", err.text);
		assert_true(++turns < 100);
	}
	return turns;
}

/* The rows of a SELECT, as text: columns separated by "|", rows by newlines. */
static const char *
text_of(struct db *db, const char *sql)
{
	static char text[4096];
	size_t n = 0;
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL), SQLITE_OK);
	text[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", sqlite3_column_type(stmt, i) == SQLITE_NULL ? "-" :
			    (const char *)sqlite3_column_text(stmt, i), i + 1 < sqlite3_column_count(stmt) ? "|" : "\n");
	sqlite3_finalize(stmt);
	return text;
}

/* ---- Rows */

static const struct rows {
	const char *name, *sql, *is;
} rows[] = {
	{ "an organization keeps its columns", "SELECT key, id, name, timezone, revision, plan, cycle_day, week_start FROM organization",
	    "1|acme|Acme|America/Toronto|7|growth|5|1\n2|globex|Globex|UTC|3||1|1\n" },
	{ "its limits become five rows", "SELECT r.org, r.name, r.channels, r.unit, r.period, r.action, a.valid_from, a.amount "
	    "FROM limit_rule r JOIN limit_amount a ON a.rule = r.key ORDER BY r.key",
	    "1|daily|SMS|part|day|refuse|15340|500\n"
	    "1|cycle-messages|EMAIL INAPP_WEB WEB_PUSH PUSH SLACK|message|cycle|report|15340|100\n"
	    "1|cycle-cost|SMS CALL|cost|cycle|report|15340|2500000\n"
	    "1|cycle-sms|SMS|message|cycle|report|15340|40\n"
	    "1|cycle-calls|CALL|message|cycle|report|15340|-\n"
	    "2|daily|SMS|message|day|refuse|15340|-\n"
	    "2|cycle-messages|EMAIL INAPP_WEB WEB_PUSH PUSH SLACK|message|cycle|refuse|15340|-\n"
	    "2|cycle-cost|SMS CALL|cost|cycle|refuse|15340|-\n"
	    "2|cycle-sms|SMS|message|cycle|refuse|15340|-\n"
	    "2|cycle-calls|CALL|message|cycle|refuse|15340|-\n" },
	{ "a void gets its reason from the audit, or none", "SELECT id, reason FROM event WHERE status = 'void'",
	    "v|a \"test\" \u00e9\nw|-\n" },
	{ "an adjustment says what it settles, except one of a price", "SELECT source, settles_id FROM event WHERE status = 'adjust'",
	    "daybook:adjust:|a\ndaybook:reprice|-\n" },
	{ "credentials become actors", "SELECT e.org, e.id, a.credential, a.name, e.org_revision FROM event e "
	    "JOIN actor a ON a.key = e.actor WHERE e.id IN ('a', 'b')",
	    "1|a|cli||0\n1|b|jwt:main||0\n2|a|apikey:1||0\n" },
	{ "rows of the audit keep their keys as numbers", "SELECT org, number, credential FROM audit ORDER BY key", "1|1|cli\n1|2|cli\n-|3|cli\n" },
	{ "an API key keeps its key as its number, and does not expire", "SELECT org, number, name, expires_at, used_at FROM api_key",
	    "2|1|one|-|-\n" },
	{ "a signing key may do what it could", "SELECT kid, iss, aud, is_any_audience, may_access_role FROM signing_key",
	    "main|-|-|0|1\n" },
	{ "a segment is of the channel SMS", "SELECT channel, sender, status, is_open FROM segment", "SMS|-|paused|1\n" },
	{ "what it holds is summed", "SELECT org, quarter, channel, parts_per_contact, sender, contacts FROM held",
	    "1|1976988|SMS|1||99\n" },
	{ "the audit has no actor yet", "SELECT key, org, actor, detail FROM audit WHERE key > 1", "2|1||no JSON\n3|-||{}\n" },
	{ "keys, prices, requests and settings are the same",
	    "SELECT kid FROM signing_key UNION ALL SELECT name FROM api_key UNION ALL SELECT nanos_per_part FROM price "
	    "UNION ALL SELECT id FROM request UNION ALL SELECT value FROM setting WHERE name = 'iss' "
	    "UNION ALL SELECT phone FROM failure UNION ALL SELECT day FROM usage_day UNION ALL SELECT quarter FROM usage_quarter",
	    "main\none\n7900000\nspring\nhttps://example.com\n+14165550100\n20593\n1976988\n" },
	{ "the epoch is a new one", "SELECT count(*) FROM setting WHERE name = 'epoch' AND value <> '0123456789abcdef0123456789abcdef'",
	    "1\n" },
	{ "the installation begins with revision 1", "SELECT revision FROM installation", "1\n" },
	{ "days have digests of the new rows", "SELECT org, day, events, digest <> 0 FROM ledger_day", "1|20593|7|1\n2|20593|1|1\n" },
	{ "a campaign has a digest", "SELECT id, digest IS NOT NULL FROM campaign", "spring|1\n" },
};

static void
check_rows(void **state)
{
	const struct rows *row = *state;
	struct error err;
	struct db *db;

	for (int version = 1; version < DB_SCHEMA_VERSION; version++) {
		make_old(version);
		upgrade(false);
		assert_non_null(db = db_open(path, &err));
		assert_int_equal(db_schema_check(db, &err), OK);
		assert_string_equal(text_of(db, row->sql), row->is);
		assert_true(db_is_accepted(db));
		assert_string_equal(db_journal_mode(db), "wal");
		db_close(db);
		remove_old();
	}
}

/* What only newer ones of the older versions can have. */
static const struct newer_rows {
	const char *name, *change, *sql, *is;
	int until;	/* since version 5, until this one; 0 = the last */
} newer_rows[] = {
	{ "a signing key keeps what its tokens must have", "INSERT INTO signing_key VALUES ('partner', 'ES256', x'02', NULL, 1, "
	    "'usage:read', 3, NULL, 'https://id.example', NULL, 1, 0)",
	    "SELECT * FROM signing_key ORDER BY kid",
	    "main|HS256|\x01|\x01|-|usage:read|1|-|-|-|0|1\npartner|ES256|\x02|-|1|usage:read|3|-|https://id.example|-|1|0\n" },
	{ "a revoked token stays revoked", "INSERT INTO revoked_token VALUES ('main', 'a', 5, NULL), ('main', 'b', 6, 7)",
	    "SELECT * FROM revoked_token ORDER BY jti", "main|a|5|-\nmain|b|6|7\n" },
	{ "an API key keeps its number, its end and its last use", "INSERT INTO api_key VALUES (5, randomblob(32), 'dbk_', 'two', 2, 2, "
	    "'usage:read', 1, 9, 8, 7)", "SELECT key, org, number, scopes, revoked_at, expires_at, used_at FROM api_key ORDER BY key",
	    "1|2|1|usage:write|-|-|-\n5|2|2|usage:read|9|8|7\n" },
	{ "a row of the audit keeps its number", "INSERT INTO audit VALUES (9, 30, 2, 1, 'jwt:main', 'me', 'org.set', '{\"a\":1}')",
	    "SELECT key, at, org, number, credential, actor, action, detail FROM audit WHERE key > 2 ORDER BY key",
	    "3|20|-|3|cli||key.add|{}\n9|30|2|1|jwt:main|me|org.set|{\"a\":1}\n" },
	{ "a job goes on where it was", "INSERT INTO job VALUES (1, 1, 'reprice', 'SMS', 10, 20, 30, NULL, 3, 1, 1, 4, 5, 6), "
	    "(1, 2, 'rebuild', NULL, 10, 30, 30, 4, 0, 2, 0, 7, 8, NULL)",
	    "SELECT org, number, kind, channel, first_quarter, next_quarter, end_quarter, next_campaign, changed, rule, actor, is_remote, "
	    "started_at, updated_at, ended_at FROM job ORDER BY number",
	    "1|1|reprice|SMS|10|20|30|-|3|-|1|1|4|5|6\n1|2|rebuild|-|10|30|30|4|0|-|2|0|7|8|-\n", 5 },
	{ "usage by sender and network, which nobody wrote, has no table any more", "INSERT INTO usage_origin VALUES (1, 5, 'SMS', '', '', "
	    "1, 1, 0)", "SELECT count(*) FROM sqlite_schema WHERE name = 'usage_origin'", "0\n", 5 },
	{ "money is US dollars", "UPDATE price SET org = 1, nanos_per_part = 5",
	    "SELECT currency, (SELECT currency FROM price WHERE org = 1 AND nanos_per_part = 5) FROM organization WHERE key = 1",
	    "USD|USD\n" },
	{ "anything may go out at any time, and a cycle begins on its day", "UPDATE organization SET cycle_day = 31 WHERE key = 1",
	    "SELECT cycle_day, sending_window, (SELECT sending_window FROM campaign), (SELECT count(*) FROM closed_day), "
	    "(SELECT count(*) FROM cycle_change), (SELECT count(*) FROM statement) FROM organization WHERE key = 1", "31|-|-|0|0|0\n" },
};

static void
check_newer_rows(void **state)
{
	const struct newer_rows *row = *state;
	struct error err;
	struct db *db;

	for (int version = 5; version <= (row->until > 0 ? row->until : DB_SCHEMA_VERSION - 1); version++) {
		make_old(version);
		change(row->change);
		upgrade(false);
		assert_non_null(db = db_open(path, &err));
		assert_string_equal(text_of(db, row->sql), row->is);
		db_close(db);
		remove_old();
	}
}

/* What version 6 brought comes along as it is. */
static void
what_version_6_has_is_kept(void **state)
{
	struct error err;
	struct db *db;

	(void)state;
	make_old(6);
	change("UPDATE organization SET currency = 'EUR', sending_window = '{}' WHERE key = 2;"
	    "UPDATE campaign SET sending_window = '{\"a\":1}';"
	    "INSERT INTO cycle_change VALUES (1, 20000, 7), (2, 20001, 31); INSERT INTO closed_day VALUES (1, 20600, 'New Year''s Day');"
	    "INSERT INTO limit_usage VALUES (2, 5, 1, 2, 3), (2, 6, 4, 5, 6);"
	    "INSERT INTO price VALUES (10, 2, 'SMS', 15340, 5, 'EUR');"
	    "INSERT INTO job VALUES (2, 1, 'fill', NULL, 1, 2, 3, NULL, 0, 6, 1, 0, 4, 5, NULL);"
	    "INSERT INTO statement VALUES (1, 20574, 1, 2, 'UTC', 'USD', 7, 2, 3, 4);"
	    "INSERT INTO statement_line VALUES (1, 20574, 20593, 'SMS', 1, 2, 3), (1, 20574, 20594, 'CALL', 4, 5, 6);"
	    "INSERT INTO statement_day VALUES (1, 20574, 20593, 7, 8)");
	upgrade(false);
	assert_non_null(db = db_open(path, &err));
	assert_string_equal(text_of(db, "SELECT currency, sending_window FROM organization ORDER BY key"), "USD|-\nEUR|{}\n");
	assert_string_equal(text_of(db, "SELECT sending_window FROM campaign"), "{\"a\":1}\n");
	assert_string_equal(text_of(db, "SELECT * FROM cycle_change"), "1|20000|7\n2|20001|31\n");
	assert_string_equal(text_of(db, "SELECT * FROM closed_day"), "1|20600|New Year's Day\n");
	assert_string_equal(text_of(db, "SELECT * FROM limit_usage"), "2|5|1|2|3\n2|6|4|5|6\n");
	assert_string_equal(text_of(db, "SELECT * FROM price WHERE key = 10"), "10|2|SMS|15340|5|EUR\n");
	assert_string_equal(text_of(db, "SELECT * FROM job"), "2|1|fill|-|1|2|3|-|0|6|1|0|4|5|-\n");
	assert_string_equal(text_of(db, "SELECT * FROM statement"), "1|20574|1|2|UTC|USD|7|2|3|4\n");
	assert_string_equal(text_of(db, "SELECT * FROM statement_line"), "1|20574|20593|SMS|1|2|3\n1|20574|20594|CALL|4|5|6\n");
	assert_string_equal(text_of(db, "SELECT * FROM statement_day"), "1|20574|20593|7|8\n");
	db_close(db);
	remove_old();
}

/* Digests by the description in schema.sql, from what was stored. */
static void
digests_are_of_the_new_rows(void **state)
{
	struct error err;
	struct db *db;

	(void)state;
	for (int version = 3; version < DB_SCHEMA_VERSION; version++) {
		make_old(version);
		upgrade(false);
		assert_non_null(db = db_open(path, &err));
		assert_true(old_digest(db->handle, EVENTS_4 "WHERE e.org = 2") ==
		    db_file_pragma(db->handle, "SELECT digest FROM ledger_day WHERE org = 2"));
		assert_true(old_digest(db->handle, PLAN_4) == db_file_pragma(db->handle, "SELECT digest FROM campaign"));
		db_close(db);
		remove_old();
	}
}

/* ---- Turns */

static void
turns_continue_each_other(void **state)
{
	struct stat st;

	(void)state;
	make_old(3);
	assert_true(upgrade(false) > 15);	/* one for each table, the check, and the new name */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(access(unfinished, F_OK), -1);
	remove_old();
}

static void
a_write_between_turns_starts_over(void **state)
{
	struct db_upgrade_state s = { 0 };
	struct error err;
	struct db *db;

	(void)state;
	make_old(1);
	while (!s.is_checked) {
		assert_int_equal(turn(NULL, false, &s, &err), OK);
		assert_int_equal(s.from, 1);
	}
	change("UPDATE organization SET name = 'New', revision = revision + 1 WHERE key = 1");
	assert_int_equal(turn(NULL, false, &s, &err), OK);
	assert_false(s.is_copied);
	upgrade(false);
	assert_non_null(db = db_open(path, &err));
	assert_string_equal(text_of(db, "SELECT name FROM organization WHERE key = 1"), "New\n");
	db_close(db);
	remove_old();
}

static void
a_write_before_the_last_step_is_noticed(void **state)
{
	struct db_upgrade_state s = { 0 };
	struct db_upgrade *u;
	struct error err;
	bool is_busy, is_stale;

	(void)state;
	make_old(2);
	while (!s.is_checked)
		assert_int_equal(turn(NULL, false, &s, &err), OK);
	assert_int_equal(db_upgrade_begin(path, NULL, &u, &is_busy, &s, &err), OK);
	change("INSERT INTO audit (at, credential, action, detail) VALUES (21, 'cli', 'key.retire', '{}')");
	assert_int_equal(db_upgrade_finish(u, false, &is_stale, &err), UNAVAILABLE);
	assert_true(is_stale && !db_upgrade_is_in_place(u));
	db_upgrade_end(u, true);
	upgrade(false);
	remove_old();
}

static void
two_do_not_work_at_once(void **state)
{
	struct db_upgrade_state s;
	struct db_upgrade *u, *second;
	struct error err;
	bool is_busy;

	(void)state;
	make_old(3);
	assert_int_equal(db_upgrade_begin(path, NULL, &u, &is_busy, &s, &err), OK);
	assert_int_equal(db_upgrade_begin(path, NULL, &second, &is_busy, &s, &err), OK);
	assert_true(second == NULL && is_busy);
	db_upgrade_end(u, false);
	assert_int_equal(db_upgrade_begin(path, NULL, &second, &is_busy, &s, &err), OK);
	assert_true(second != NULL);
	db_upgrade_end(second, true);
	assert_int_equal(access(unfinished, F_OK), -1);
	remove_old();
}

static void
a_file_that_others_have_open_keeps_its_place(void **state)
{
	struct db_upgrade_state s = { 0 };
	struct db_upgrade *u;
	struct error err;
	bool is_busy, is_stale;
	sqlite3 *c;

	(void)state;
	make_old(3);
	while (!s.is_checked)
		assert_int_equal(turn(NULL, false, &s, &err), OK);
	c = open_old();
	run_sql(c, "SELECT count(*) FROM event");
	assert_int_equal(db_upgrade_begin(path, NULL, &u, &is_busy, &s, &err), OK);
	assert_int_equal(db_upgrade_finish(u, false, &is_stale, &err), UNAVAILABLE);
	assert_non_null(strstr(err.text, "other programs have it open"));
	db_upgrade_end(u, false);
	sqlite3_close(c);
	assert_int_equal(upgrade(false), 2);	/* it was checked: only the new name is left */
	remove_old();
}

static void
the_old_file_is_kept_under_its_first_name(void **state)
{
	struct db_upgrade_state s = { 0 };
	char first[160], second[160];
	struct error err;

	(void)state;
	make_old(3);
	snprintf(first, sizeof(first), "%s-before-upgrade-1", path);
	snprintf(second, sizeof(second), "%s-before-upgrade-2", path);
	assert_false(db_upgrade_is_begun(path));
	assert_int_equal(turn(first, false, &s, &err), OK);
	assert_true(db_upgrade_is_begun(path));
	while (s.from != DB_SCHEMA_VERSION)
		assert_int_equal(turn(second, false, &s, &err), OK);
	assert_int_equal(access(second, F_OK), -1);
	strcpy(path, first);
	change("UPDATE organization SET name = 'still version 3'");
	remove_old();
}

/* ---- Refusals */

static const struct refusal {
	const char *name;
	int version;
	const char *change, *words;
	bool may_be_forced;
} refusals[] = {
	{ "an event that was changed by hand", 3, "DROP TRIGGER event_is_not_updated; UPDATE event SET parts = 3 WHERE id = 'a' "
	    "AND org = 1", "acme: ledger_day 20593: the events of the ledger are not those that were written", true },
	{ "an event that was removed by hand", 3, "DROP TRIGGER event_is_not_deleted; DELETE FROM event WHERE org = 2",
	    "ledger_day: has other days", true },
	{ "a plan that was changed by hand", 3, "UPDATE segment SET contacts = 99", "campaign spring: its segments", true },
	{ "an event of no segment", 1, "PRAGMA foreign_keys = OFF; DROP TRIGGER event_is_not_updated; "
	    "UPDATE event SET segment = 9 WHERE id = 'a' AND org = 1", "an event cannot be copied: FOREIGN KEY", false },
	{ "a segment of no campaign", 2, "PRAGMA foreign_keys = OFF; INSERT INTO segment (campaign, number, org, scheduled_at, day, "
	    "contacts, status) VALUES (77, 1, 1, 1779289200000, 20593, 1, 'draft')",
	    "a row of segment refers to a missing row of campaign", false },
	{ "a table that is damaged", 3, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM "
	    "sqlite_schema WHERE name = 'audit') WHERE name = 'price'", "integrity_check: ", false },
	{ "a foreign trigger", 1, "CREATE TRIGGER t AFTER UPDATE ON campaign BEGIN DELETE FROM audit; END",
	    "schema: the trigger t is not in schema.sql", false },
	{ "a foreign column", 2, "ALTER TABLE price ADD COLUMN note TEXT", "schema: the table price has 6 columns instead of 5", false },
	{ "a version that never was", 1, "PRAGMA user_version = 0", "not a Daybook database: schema version 0", false },
	{ "a newer version", 3, "PRAGMA user_version = 99", "schema version 99 is newer than this program's", false },
};

static void
check_refusal(void **state)
{
	const struct refusal *row = *state;
	struct db_upgrade_state s = { 0 };
	struct error err;
	enum status st;
	int turns = 0;

	make_old(row->version);
	change(row->change);
	while ((st = turn(NULL, false, &s, &err)) == OK && turns++ < 100)
		;
	assert_int_equal(st, CONFLICT);
	if (strstr(err.text, row->words) == NULL)
		fail_msg("%s", err.text);
	assert_int_equal(access(unfinished, F_OK), -1);
	if (row->may_be_forced)
		upgrade(true);
	remove_old();
}

int
main(void)
{
	TABLE(rows, check_rows);
	TABLE(newer_rows, check_newer_rows);
	CASE("what version 6 has is kept", what_version_6_has_is_kept);
	CASE("digests are of the new rows", digests_are_of_the_new_rows);
	CASE("turns continue each other", turns_continue_each_other);
	CASE("a write between turns starts over", a_write_between_turns_starts_over);
	CASE("a write before the last step is noticed", a_write_before_the_last_step_is_noticed);
	CASE("two do not work at once", two_do_not_work_at_once);
	CASE("a file that others have open keeps its place", a_file_that_others_have_open_keeps_its_place);
	CASE("the old file is kept under its first name", the_old_file_is_kept_under_its_first_name);
	TABLE(refusals, check_refusal);
	return TABLE_RUN("upgrade");
}
