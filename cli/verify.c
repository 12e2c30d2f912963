/*
 * daybook verify [--list]
 *
 * Checks whether everything in the database agrees with the ledger and its other sources (admin/verify.h).  Prints the first
 * DIFFERENCES_SHOWN differences and a summary on stdout; exit 1 if there is a difference. --list prints the invariants.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"
#include "admin/verify.h"

enum { DIFFERENCES_SHOWN = 20 };

static void
print_invariant(const char *name, const char *sentence)
{
	printf("%-22s %s\n", name, sentence);
}

static void
print_difference(void *arg, const char *organization, const char *text)
{
	const struct verify_report *report = arg;

	if (report->differences > DIFFERENCES_SHOWN)
		return;
	progress_end();
	printf("%s%s%s\n", organization, organization[0] != '\0' ? ": " : "", text);
}

int
cmd_verify(struct cli *c, int argc, char **argv)
{
	struct verify_report report = { .differs = print_difference, .progress = progress, .arg = &report };
	bool is_list = false;
	enum status st;

	if (!cli_options("verify", argc, argv, (const struct option_spec[]) { { "--list", NULL, &is_list }, { 0 } }, NULL, 0, 0))
		return USAGE;
	if (is_list) {
		verify_list(print_invariant);
		return DONE;
	}
	if (!cli_path(c))
		return FAILED;
	if ((c->db = db_open_to_read(c->path, &c->err)) == NULL)
		return cli_fail(c);
	st = verify(c->db, c->arena, &report);
	progress_end();
	if (report.differences > DIFFERENCES_SHOWN)
		printf("… and %" PRId64 " more\n", report.differences - DIFFERENCES_SHOWN);
	if (st != OK)
		return cli_fail(c);
	printf("verified: %zu organization%s, %" PRId64 " events, %" PRId64 " difference%s\n", report.organizations,
	    report.organizations == 1 ? "" : "s", report.events, report.differences, report.differences == 1 ? "" : "s");
	return report.differences > 0 ? FAILED : DONE;
}
