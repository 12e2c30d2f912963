/*
 * daybook rebuild [--days]
 *
 * Recomputes the roll-ups and the counters of segments from the ledger, by a job for each organization: others read and write
 * meanwhile, and what is interrupted goes on later. --days also recomputes the boundaries of all days, past ones too, by the
 * organization's zone as the zone file has it now, and re-dates its segments; it prints what moved.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"
#include "db/db_schema.h"
#include "ledger/job_turn.h"
#include "ledger/rebuild.h"

enum { LISTED_MAX = 20 };	/* lines of each kind that are printed */

/* Prints what the new day boundaries changed. */
static void
print_effects(const struct organization *org, const struct org_effects *effects)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];

	printf("%s: recomputed day boundaries of %s, tzdata %s\n", org->id, org->timezone, zone_tzdata_version());
	for (size_t i = 0; i < effects->move_count && i < LISTED_MAX; i++)
		printf("%s: segment %s/%" PRId64 " moved from %s to %s\n", org->id, effects->moves[i].campaign,
		    effects->moves[i].segment, day_format(effects->moves[i].from, from),
		    day_format(effects->moves[i].to, to));
	if (effects->move_count > LISTED_MAX)
		printf("%s: … and %zu more segments\n", org->id, effects->move_count - LISTED_MAX);
	for (size_t i = 0; i < effects->over_count && i < LISTED_MAX; i++)
		printf("%s: %s is over the daily limit\n", org->id, day_format(effects->over[i], from));
	if (effects->over_count > LISTED_MAX)
		printf("%s: … and %zu more days\n", org->id, effects->over_count - LISTED_MAX);
}

struct rebuilding {
	struct cli *cli;
	bool with_days;
	struct organization org;	/* as it is afterwards */
	struct org_effects effects;
	struct job job;
};

static enum status
start(struct organization *org, void *arg)
{
	struct cli *c = arg;
	struct job open;
	int64_t job;
	enum status st;
	bool has_one;

	if ((st = job_find_open(c->db, c->arena, org->key, &has_one, &open)) != OK)
		return st;
	/* One that was interrupted goes on. */
	return has_one && open.kind == JOB_REBUILD ? OK : rebuild_start(c->db, org, c->now, &cli_actor, &job, &c->err);
}

static enum status
finish(struct organization *org, void *arg)
{
	struct rebuilding *r = arg;
	struct cli *c = r->cli;
	enum status st = organization_rebuild(c->db, c->arena, org, r->with_days, c->now, &cli_actor, &r->effects, &c->err);

	r->org = *org;
	return st;
}

int
cmd_rebuild(struct cli *c, int argc, char **argv)
{
	struct rebuilding r = { .cli = c };
	const char **ids;
	size_t count;
	enum status st;

	if (!cli_options("rebuild", argc, argv, (const struct option_spec[]) { { "--days", NULL, &r.with_days }, { 0 } },
	    NULL, 0, 0))
		return USAGE;
	if (!cli_open_unchecked(c))
		return FAILED;
	/* A database that does not pass its inspection may be just the one to rebuild, so only its schema must be ours. */
	if ((!db_is_accepted(c->db) && db_schema_check(c->db, &c->err) != OK) || db_read_begin(c->db) != OK)
		return cli_fail(c);
	st = organization_ids(c->db, c->arena, &ids, &count);
	db_read_end(c->db);
	if (st != OK)
		return cli_fail(c);
	for (size_t i = 0; i < count; i++) {
		if ((st = organization_write(c->db, c->arena, ids[i], c->now, start, c, &c->err)) == OK)
			st = job_finish(c->db, c->arena, ids[i], progress, &r.job, &c->err);
		progress_end();
		if (st == OK)
			st = organization_write(c->db, c->arena, ids[i], c->now, finish, &r, &c->err);
		if (st != OK)
			return cli_fail(c);
		if (r.with_days)
			print_effects(&r.org, &r.effects);
		printf("%s: rebuilt\n", r.org.id);
	}
	printf("rebuilt: %zu organization%s\n", count, count == 1 ? "" : "s");
	return DONE;
}
