/*
 * daybook doctor: makes every check of the installation and prints its result with the remedy.  Works without a database too:
 * that is one of the results.
 *
 * daybook doctor --nagios prints one line, and exits as a plugin of Nagios and Icinga does.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "base/conf.h"
#include "admin/doctor.h"

/* The exit codes of a plugin, by the worst level that was found; and one for what it could not find out. */
static const struct {
	int code;
	const char *word;
} plugin[] = { [DOCTOR_FINE] = { 0, "OK" }, [DOCTOR_WARNING] = { 1, "WARNING" }, [DOCTOR_ERROR] = { 2, "CRITICAL" } };

enum { PLUGIN_UNKNOWN = 3 };

/* Prints a text of a plugin's line: there `|` begins the figures. */
static void
put_plugin_text(const char *text)
{
	for (; *text != '\0'; text++)
		putchar(*text == '|' || (unsigned char)*text < ' ' ? ' ' : *text);
}

/*
 * What is wrong, errors first, and figures: `DAYBOOK WARNING - backup: no backup yet | errors=0;;0 warnings=1;0`.  Whoever may
 * not read the database, such as the user of the monitoring itself, has found out nothing.
 */
static int
report_to_plugin(const struct cli *c, const struct check_result *found, size_t n)
{
	enum doctor_level worst = DOCTOR_FINE;
	int counts[DOCTOR_ERROR + 1] = { 0 };
	const char *between = " - ";

	if (c->db == NULL && (c->path[0] == '\0' || (access(c->path, R_OK) == -1 && errno == EACCES))) {
		printf("DAYBOOK UNKNOWN - %s: run it as the user of the programs, with -d FILE\n",
		    c->path[0] == '\0' ? "nothing names the database" : "this user may not read the database");
		return PLUGIN_UNKNOWN;
	}
	for (size_t i = 0; i < n; i++) {
		counts[found[i].level]++;
		worst = found[i].level > worst ? found[i].level : worst;
	}
	printf("DAYBOOK %s", plugin[worst].word);
	for (enum doctor_level level = DOCTOR_ERROR; level > DOCTOR_FINE; level--)
		for (size_t i = 0; i < n; i++)
			if (found[i].level == level) {
				printf("%s%s: ", between, found[i].check);
				put_plugin_text(found[i].text);
				between = "; ";
			}
	printf("%s | errors=%d;;0 warnings=%d;0", worst == DOCTOR_FINE ? " - nothing is wrong" : "", counts[DOCTOR_ERROR],
	    counts[DOCTOR_WARNING]);
	if (c->db != NULL)
		printf(" database=%lldB", (long long)db_file_bytes(c->db));
	putchar('\n');
	return plugin[worst].code;
}

static void
report(const struct check_result *found, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("%-8s %-14s %s\n", doctor_word(found[i].level), found[i].check, found[i].text);
		if (found[i].fix[0] != '\0')
			printf("%-8s %-14s %s\n", "", "", found[i].fix);
	}
}

int
cmd_doctor(struct cli *c, int argc, char **argv)
{
	bool is_plugin = false, has_error = false;
	const struct option_spec specs[] = { { "--nagios", NULL, &is_plugin }, { NULL, NULL, NULL } };
	struct check_result found[DOCTOR_CHECKS_MAX];
	struct doctor_context p = { .path = c->path, .err = &c->err, .arena = c->arena, .now = c->now, .is_thorough = true };
	size_t n;

	if (!cli_options("doctor", argc, argv, specs, NULL, 0, 0))
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
	if (is_plugin)
		return report_to_plugin(c, found, n);
	report(found, n);
	for (size_t i = 0; i < n; i++)
		has_error = has_error || found[i].level == DOCTOR_ERROR;
	return has_error ? FAILED : DONE;
}
