/*
 * daybook rebuild [--days]
 *
 * Recomputes the roll-ups and the counters of segments from the ledger, in one write transaction for each organization: other
 * writers wait until it ends, readers do not. --days also recomputes the boundaries of all days, past ones too, by the
 * organization's zone as the zone file has it now, and re-dates its segments; it prints what moved.
 */
#include <inttypes.h>
#include <stdio.h>

#include "store/audit.h"
#include "cli.h"
#include "org/day_spans.h"
#include "db/db_schema.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/usage.h"

enum { LISTED_MAX = 20 };	/* lines of each kind that are printed */

/* Prints what the new day boundaries changed. */
static void
print_effects(const struct organization *org, const struct org_effects *effects)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];

	printf("%s: days cut anew by %s, tzdata %s\n", org->id, org->timezone, zone_tzdata_version());
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

/*
 * Recomputes the day boundaries.  Re-dates the segments even if the boundaries turn out to be right, because then
 * organization_update moves nothing: a segment may still be on a wrong day.
 */
static enum status
recut(struct cli *c, struct organization *org, struct org_effects *effects)
{
	struct organization wanted = *org;
	enum status st;

	if ((st = organization_update(c->db, c->arena, org, &wanted, true, c->now, CLI_CREDENTIAL, effects, &c->err)) != OK ||
	    effects->move_count > 0)
		return st;
	if ((st = day_spans_redate(c->db, c->arena, org, true, effects)) != OK || effects->move_count == 0)
		return st;
	effects->over_count = 0;
	return usage_days_over(c->db, c->arena, org, c->now, effects);
}

/* An audit row with what was rebuilt and, for --days, what it changed. */
static enum status
write_audit(struct cli *c, const struct organization *org, bool with_days, const struct org_effects *effects)
{
	enum status st;
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);

	json_open_object(j, NULL);
	json_put_bool(j, "days", with_days);
	if (with_days)
		org_effects_put(j, effects, ORG_MOVES_LISTED_MAX);
	json_close_object(j);
	st = audit(c->db, c->now, org->key, CLI_CREDENTIAL, "org.rebuild", buf_text(&detail));
	buf_free(&detail);
	return st;
}

/* Rebuilds one organization, inside the write transaction. */
static enum status
rebuild(struct cli *c, const char *id, bool with_days, struct organization *org, struct org_effects *effects)
{
	enum status st;

	if ((st = organization_load_for_write(c->db, c->arena, id, c->now, org, &c->err)) != OK ||
	    (st = ledger_rebuild(c->db, org, progress)) != OK ||
	    (st = with_days ? recut(c, org, effects) : rollup_rebuild_days(c->db, org)) != OK)
		return st;
	return write_audit(c, org, with_days, effects);
}

int
cmd_rebuild(struct cli *c, int argc, char **argv)
{
	struct organization org;
	struct org_effects effects;
	bool with_days = false;
	const char **ids;
	size_t count;
	enum status st;

	if (!cli_options("rebuild", argc, argv, (const struct option_spec[]) { { "--days", NULL, &with_days }, { 0 } },
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
	if (count > 0)
		fprintf(stderr, "daybook: writers wait while an organization is rebuilt; readers do not\n");
	for (size_t i = 0; i < count; i++) {
		effects = (struct org_effects) { 0 };
		if ((st = db_write_begin(c->db)) == OK) {
			if ((st = rebuild(c, ids[i], with_days, &org, &effects)) == OK)
				st = db_write_commit(c->db);
			else
				db_write_abort(c->db);
		}
		progress_end();
		if (st != OK)
			return cli_fail(c);
		if (with_days)
			print_effects(&org, &effects);
		printf("%s: rebuilt\n", org.id);
	}
	printf("rebuilt: %zu organization%s\n", count, count == 1 ? "" : "s");
	return DONE;
}
