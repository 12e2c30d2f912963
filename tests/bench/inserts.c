/*
 * The floor of writing: the inserts and roll-ups that a batch of events comes to, in a bare loop, without JSON, checks, digests,
 * lock or reply.  It inserts a row a statement, as one would write it by hand.
 * usage: inserts DATABASE BATCHES PER_BATCH FIRST -- prints events/s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sqlite3.h>

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "inserts: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		fprintf(stderr, "inserts: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
	return stmt;
}

/* Steps a statement without rows.  One that fails would be a very fast one. */
static void
step(sqlite3 *db, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE || sqlite3_changes(db) != 1) {
		fprintf(stderr, "inserts: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
	sqlite3_reset(stmt);
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *insert, *quarter, *day, *rows;
	struct timespec began, ended;
	sqlite3_int64 at = 1795000000000;
	long batches, per_batch, first;
	char id[64];
	sqlite3 *db;

	if (argc != 5 || sqlite3_open(argv[1], &db) != SQLITE_OK)
		return 2;
	batches = atol(argv[2]);
	per_batch = atol(argv[3]);
	first = atol(argv[4]);
	run(db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA foreign_keys = ON; "
	    "PRAGMA cache_size = -8000; INSERT INTO actor VALUES (1, 'bare', '') ON CONFLICT DO NOTHING");
	insert = prepare(db, "INSERT INTO event (org, source, id, occurred_at, channel, messages, parts, status, cost_micros, "
	    "cost_given, actor, org_revision, received_at) VALUES (1, 'bare', ?1, ?2, 'SMS', 1, 1, 'sent', 7900, 0, 1, 0, ?2) "
	    "ON CONFLICT (org, source, id) DO NOTHING");
	quarter = prepare(db, "INSERT INTO usage_quarter VALUES (1, ?1, 'SMS', ?2, ?2, ?3) ON CONFLICT DO UPDATE SET "
	    "messages = messages + excluded.messages, parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros");
	day = prepare(db, "INSERT INTO usage_day VALUES (1, ?1, 'SMS', ?2, ?2, ?3) ON CONFLICT DO UPDATE SET "
	    "messages = messages + excluded.messages, parts = parts + excluded.parts, cost_micros = cost_micros + excluded.cost_micros");
	rows = prepare(db, "INSERT INTO ledger_day (org, day, events, digest) VALUES (1, ?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
	    "events = events + excluded.events, digest = (digest + excluded.digest) & 4611686018427387903");
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (long b = 0; b < batches; b++) {
		run(db, "BEGIN IMMEDIATE; UPDATE organization SET revision = revision + 1 WHERE key = 1");
		for (long i = 0; i < per_batch; i++) {
			snprintf(id, sizeof(id), "01a1fe10-%012ld", first + b * per_batch + i);
			sqlite3_bind_text(insert, 1, id, -1, SQLITE_STATIC);
			sqlite3_bind_int64(insert, 2, at + i);
			step(db, insert);
		}
		sqlite3_bind_int64(quarter, 1, at / 900000);
		sqlite3_bind_int64(day, 1, at / 86400000);
		sqlite3_bind_int64(rows, 1, at / 86400000);
		for (int k = 0; k < 3; k++) {
			sqlite3_stmt *s = k == 0 ? quarter : k == 1 ? day : rows;

			sqlite3_bind_int64(s, 2, per_batch);
			sqlite3_bind_int64(s, 3, 7900 * per_batch);
			step(db, s);
		}
		run(db, "COMMIT");
		at += 60000;
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("%.0f\n", (double)(batches * per_batch) /
	    ((double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9));
	return 0;
}
