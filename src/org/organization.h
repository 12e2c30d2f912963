/*
 * An organisation: whose day book it is, how its days are cut, what it may send.
 */
#ifndef ORGANIZATION_H
#define ORGANIZATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "auth/auth.h"
#include "time/day.h"
#include "db/db.h"
#include "base/json.h"
#include "quota/quota.h"

#define ORG_NAME_MAX 201	/* bytes, the NUL with it */
#define ORG_PLAN_MAX 65
#define LIMIT_MAX INT64_C(1000000000000)
#define NO_CAP (-1)

struct organization {
	int64_t key;
	char id[ORG_ID_MAX];
	char name[ORG_NAME_MAX];
	char timezone[ZONE_NAME_MAX];
	char plan[ORG_PLAN_MAX];
	int64_t revision, zone_revision;
	int64_t daily_limit;		/* quota units; UNLIMITED */
	enum quota_unit unit;
	int cycle_day;
	int week_start;			/* for people: 1 Monday … 7 Sunday */
	int64_t cap_messages, cap_cost_micros, cap_sms, cap_calls;	/* of a cycle; NO_CAP */
	bool allow_overage;
	int64_t created_at, updated_at;
	struct spans days;		/* how its days are cut; stands until another organisation is loaded */
};

/* A new one as it is where nothing is said: no limit, no caps, the month's first day, Monday. */
extern const struct organization organization_defaults;

/* What a change of zone, zone file, limit or unit did besides. */
struct org_effects {
	struct segment_move {
		const char *campaign;
		int64_t campaign_key, segment;
		struct day from, to;
	} *moves;			/* open segments that lie on another day now */
	size_t move_count;
	struct day *over;		/* days from today on that are now over their limit */
	size_t over_count;
};

/* [A-Za-z0-9._-]{1,64}, and not `.`, `..` or a word of a route. */
bool		organization_id_ok(const char *id);

/* NOT_FOUND where there is none.  Inside a transaction. */
enum status	organization_load(struct db *db, const char *id, struct organization *org, struct error *err) MUST_CHECK;

/*
 * The same inside a write transaction that will touch it: first replaces the days from the next day start on where the
 * zone file has other content than they were cut by (with an audit row), and counts the revision up.
 */
enum status	organization_load_for_write(struct db *db, struct arena *a, const char *id, int64_t now,
		    struct organization *org, struct error *err) MUST_CHECK;

/* How many there are.  Inside a transaction. */
enum status	organization_count(struct db *db, int64_t *count) MUST_CHECK;

/* The id of every organisation, in order, in the arena.  Inside a transaction. */
enum status	organization_ids(struct db *db, struct arena *a, const char ***ids, size_t *count) MUST_CHECK;

/*
 * Checks the fields of *org that a person chooses; BAD_REQUEST and the field's name.  The zone is checked where its days
 * are cut: an organisation that keeps its zone does not need the file.
 */
enum status	organization_check(const struct organization *org, struct error *err) MUST_CHECK;

/* Inside a write transaction; sets key and days.  CONFLICT where the id is taken. */
enum status	organization_add(struct db *db, struct arena *a, struct organization *org, int64_t now,
		    const char *credential, struct error *err) MUST_CHECK;

/*
 * Makes *org (from organization_load_for_write) what *wanted says, inside that write transaction.
 * A new zone cuts the days from the next day start on, or all of them where there are no events
 * yet or where recut_history is set; then open segments are re-dated.  Writes one audit row.  *effects,
 * in the arena, names what moved and which days are over their limit.
 */
enum status	organization_update(struct db *db, struct arena *a, struct organization *org,
		    const struct organization *wanted, bool recut_history, int64_t now, const char *credential,
		    struct org_effects *effects, struct error *err) MUST_CHECK;

/* messagesCap, costCap (dollars), smsCap and callCap as members of an open JSON object; null = none. */
void		organization_put_caps(struct json *j, const struct organization *org);

#define ORG_MOVES_LISTED_MAX 1000	/* in an audit row */

/* The effects as two members of an open JSON object, at most max entries each. */
void		org_effects_put(struct json *j, const struct org_effects *effects, size_t max);

/* The organisation's today. */
struct day	organization_today(const struct organization *org, int64_t now);

#endif
