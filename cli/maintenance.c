/*
 * daybook maintenance
 *
 * Does immediately what the programs otherwise do after some of their replies (maintenance.h): finishes open jobs, brings the
 * coming days of organizations up to date with the zone files, blanks expired failed contacts, and makes the daily backup if it
 * is due.  It also reads the URLs of identity providers' keys (key_url.c), which the programs never do.
 */
#include <inttypes.h>
#include <stdio.h>

#include "admin/maintenance.h"
#include "admin/zone_rules.h"
#include "key.h"
#include "ledger/job_turn.h"
#include "time/instant.h"

/* Finishes the open jobs, one organization after the other.  One that fails is reported, and does not keep the others waiting. */
static enum status
finish_jobs(struct cli *c)
{
	enum status st, result = OK;
	const char **ids;
	size_t count;

	if ((st = db_read_begin(c->db)) != OK)
		return st;
	st = organization_ids(c->db, c->arena, &ids, &count);
	db_read_end(c->db);
	for (size_t i = 0; st == OK && i < count; i++) {
		struct job job;

		st = job_finish(c->db, c->arena, ids[i], progress, &job, &c->err);
		progress_end();
		if (st != OK) {
			fprintf(stderr, "daybook: %s: its job cannot go on\n", ids[i]);
			cli_fail(c);
			result = st;
			st = OK;
			continue;
		}
		if (job.number == 0)
			continue;
		printf("%s: job %" PRId64 " (%s) has ended; changed %" PRId64 "\n", ids[i], job.number, job_kind_name(job.kind),
		    job.changed);
	}
	if (st != OK)
		cli_fail(c);
	return st == OK ? result : st;
}

/* Says what new rules of a zone did to an organization. */
static void
print_new_rules(const struct organization *org, enum day_spans_state state, const struct error *err, void *arg)
{
	(void)arg;
	if (state == DAY_SPANS_DIFFER)
		printf("%s: its coming days follow the new rules of %s\n", org->id, org->timezone);
	else
		fprintf(stderr, "daybook: %s: its days stay as they are: %s\n", org->id, err->text);
}

int
cmd_maintenance(struct cli *c, int argc, char **argv)
{
	bool has_more, has_failed;
	enum status st;

	if (!cli_options("maintenance", argc, argv, (const struct option_spec[]) { { 0 } }, NULL, 0, 0))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	has_failed = finish_jobs(c) != OK;
	has_failed = key_url_fetch(c) != DONE || has_failed;
	do
		st = zone_rules_apply(c->db, c->arena, instant_now(), true, print_new_rules, NULL, &has_more);
	while (st == OK && has_more);
	if (st != OK)
		return cli_fail(c);
	while (maintenance(c->db, c->arena, instant_now()))
		;
	return has_failed ? FAILED : DONE;
}
