/*
 * An organization: the owner of a day book, with its day boundaries and limits.
 */
#ifndef ORGANIZATION_H
#define ORGANIZATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/currency.h"
#include "base/id.h"
#include "auth/auth.h"
#include "time/cycle.h"
#include "time/day.h"
#include "db/db.h"
#include "base/json.h"
#include "quota/limit_rule.h"
#include "store/actor.h"

#define ORG_NAME_MAX 201	/* bytes, with the NUL */
#define ORG_PLAN_MAX 65

struct organization {
	int64_t key;
	char id[ID_MAX];
	char name[ORG_NAME_MAX];
	char timezone[ZONE_NAME_MAX];
	char plan[ORG_PLAN_MAX];
	int64_t revision, zone_revision;
	char currency[CURRENCY_MAX];	/* of its prices, costs, caps and statements */
	int week_start;			/* for people: 1 Monday … 7 Sunday */
	int64_t created_at, updated_at;
	struct spans days;		/* its day boundaries; valid until another organization is loaded */
	struct limit_rules limits;	/* in an arena, once limit_row_load has read them; else none */
	struct cycle_rule cycles;	/* when its billing cycles begin; last, as it is long and hardly used (organization_load) */
};

/* The defaults of a new organization: cycles from the first of the month, weeks from Monday. */
extern const struct organization organization_defaults;

/* The side effects of a change of zone, zone file, limit or unit. */
struct org_effects {
	struct segment_move {
		const char *campaign;
		int64_t campaign_key, segment;
		struct day from, to;
	} *moves;			/* drafts and open segments that now lie on another day */
	size_t move_count;
	struct day *over;		/* days from today on that are now over their limit */
	size_t over_count;
};

/* An id (base/id.h), but not `.`, `..` or a word of a route. */
bool		organization_id_ok(const char *id);

/* Loads the organization with that id, and its days.  NOT_FOUND.  Inside a transaction. */
enum status	organization_load(struct db *db, const char *id, struct organization *org, struct error *err) MUST_CHECK;

/*
 * The same inside a write transaction that will change something of it (organization_write calls this): loads its limits,
 * counts the revision up and, if the zone file has other rules than the day spans, replaces the spans from the next day
 * start on (with an audit row).
 */
enum status	organization_load_for_write(struct db *db, struct arena *a, const char *id, int64_t now,
		    struct organization *org, struct error *err) MUST_CHECK;

/*
 * What a write does with the organization, in the write transaction (see db_work).  *org is valid until it returns; its days
 * are longer, until another organization is loaded.
 */
typedef enum status organization_work(struct organization *org, void *arg);

/*
 * Writes something of an organization: db_write, with organization_load_for_write before work(org, arg).  NOT_FOUND without
 * calling work if there is no such organization; otherwise returns what db_write does.
 */
enum status	organization_write(struct db *db, struct arena *a, const char *id, int64_t now, organization_work *work,
		    void *arg, struct error *err) MUST_CHECK;

/*
 * Brings the coming days of an organization up to date with its zone file, in a write of its own that changes nothing else.
 * waits: for the writers' lock as long as any write; otherwise as db_write_try.
 */
enum status	organization_follow_zone(struct db *db, struct arena *a, const char *id, int64_t now, bool waits,
		    struct error *err) MUST_CHECK;

/*
 * Increments zone_revision, by which processes keep an organization's limits, its days and theirs, and sums of old days: whoever
 * writes one of them calls this in the same write transaction, before anything reads them again (db_changes_cached).
 */
enum status	organization_forget_kept(struct db *db, int64_t org_key) MUST_CHECK;

/*
 * Under what such a thing is kept (db_keep_always); the name, of at most eight bytes, tells it from the others.  A restored
 * file has other zone_revisions.
 */
struct organization_kept_key {
	char name[8];
	int64_t db, org, zone_revision;
};

struct organization_kept_key	organization_kept_key(const struct db *db, const struct organization *org, const char *name);

/* The number of organizations.  Inside a transaction. */
enum status	organization_count(struct db *db, int64_t *count) MUST_CHECK;

/* The ids of all organizations, sorted, in the arena.  Inside a transaction. */
enum status	organization_ids(struct db *db, struct arena *a, const char ***ids, size_t *count) MUST_CHECK;

/*
 * Checks the fields of *org that a person chooses; BAD_REQUEST with the field's name.  What *was has already (NULL: it is new)
 * stays allowed, so that a name that an older version took does not keep other fields from changing.  Does not check the zone:
 * day_spans_replace does when the day boundaries change, so an organization that keeps its zone does not need the file.
 */
enum status	organization_check(const struct organization *org, const struct organization *was, struct error *err)
		    MUST_CHECK;

/* Adds the organization with its limits, inside a write transaction; sets key, days and limits.  CONFLICT if the id is taken. */
enum status	organization_add(struct db *db, struct arena *a, struct organization *org, const struct limit_base *base,
		    int64_t now, const struct actor *by, struct error *err) MUST_CHECK;

/*
 * Changes *org (from organization_load_for_write, in the same write transaction) to *wanted, and its limits, from
 * today on, to *base.  A new zone applies from
 * the next day start on, or to all days if there are no events yet or recut_history is set; then the days of drafts and
 * open segments are set again.  Writes one audit row.  *effects, in the arena, lists the segments that moved and the
 * days over their limit.
 */
enum status	organization_update(struct db *db, struct arena *a, struct organization *org,
		    const struct organization *wanted, const struct limit_base *base, bool recut_history, int64_t now,
		    const struct actor *by, struct org_effects *effects, struct error *err) MUST_CHECK;

/*
 * The end of rebuilding an organization, in a write transaction on it, after the job that rebuilds roll-ups and counters
 * (ledger/rebuild.h).  with_days: recomputes the boundaries of all days, past ones too, and the days of its segments; *effects,
 * in the arena, lists what that changed.  Writes one audit row.
 */
enum status	organization_rebuild(struct db *db, struct arena *a, struct organization *org, bool with_days, int64_t now,
		    const struct actor *by, struct org_effects *effects, struct error *err) MUST_CHECK;

#define ORG_MOVES_LISTED_MAX 1000	/* in an audit row */

/* Writes the effects as two members of an open JSON object, at most max entries each. */
void		org_effects_put(struct json *j, const struct org_effects *effects, size_t max);

/*
 * Sets the cycle day: from the day *from on or, if that is NULL, at once and for all time, which removes every change.
 * BAD_REQUEST, which calls the day `name`, if it is before today or after the last day there is, or if there are too many
 * changes.
 */
enum status	organization_set_cycle(struct organization *org, int cycle_day, const struct day *from, const char *name,
		    struct day today, struct error *err) MUST_CHECK;

/*
 * The billing cycle that a text asks for: `previous`, or the one that contains a date; NULL = the one that contains today.
 * BAD_REQUEST, which calls the text `name`, if it is neither, or if the cycle has not begun: it would be all zeros.
 */
enum status	organization_cycle(const struct organization *org, const char *name, const char *text, struct day today,
		    struct cycle *cycle, struct error *err) MUST_CHECK;

/* The organization's local day at `now`. */
struct day	organization_today(const struct organization *org, int64_t now);

/*
 * Until when a reading stays true if nothing is written: the start of the organization's next day, when reservations of
 * today lapse and the windows of its limits change.
 */
int64_t		organization_unchanged_until(const struct organization *org, int64_t now);

/* The first day start after now: a new zone, or new rules of the zone, apply from there, so that today keeps its length. */
int64_t		organization_next_day_start(const struct organization *org, int64_t now);

#endif
