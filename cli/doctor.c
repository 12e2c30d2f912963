/*
 * daybook doctor: makes every check of the installation and prints its result with the remedy.  Works without a database too:
 * that is one of the results.
 */
#include <stdio.h>

#include "cli.h"
#include "base/conf.h"
#include "admin/doctor.h"

int
cmd_doctor(struct cli *c, int argc, char **argv)
{
	static const struct option_spec no_options[] = { { NULL, NULL, NULL } };
	struct check_result found[DOCTOR_CHECKS_MAX];
	struct doctor_context p = { .path = c->path, .err = &c->err, .arena = c->arena, .now = c->now, .is_thorough = true };
	bool has_error = false;
	size_t n;

	if (!cli_options("doctor", argc, argv, no_options, NULL, 0, 0))
		return USAGE;
	if (c->path[0] != '\0' || conf_database(c->path, &c->err) == OK)
		c->db = db_open(c->path, &c->err);
	else
		c->path[0] = '\0';
	if (c->db != NULL && db_read_begin(c->db) == OK)
		p.db = c->db;
	n = doctor_examine(&p, found);
	if (p.db != NULL)
		db_read_end(c->db);
	for (size_t i = 0; i < n; i++) {
		printf("%-8s %-14s %s\n", doctor_word(found[i].level), found[i].check, found[i].text);
		if (found[i].fix[0] != '\0')
			printf("%-8s %-14s %s\n", "", "", found[i].fix);
		has_error = has_error || found[i].level == DOCTOR_ERROR;
	}
	return has_error ? FAILED : DONE;
}
