/*
 * Settings of the installation: setting list, set.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "store/setting.h"

static int
list(struct cli *c)
{
	const char *value;

	if (!cli_read(c))
		return FAILED;
	for (const struct setting_facts *f = settings; f->name != NULL; f++) {
		if (setting_get(c->db, c->arena, f->name, &value) != OK)
			return cli_fail(c);
		printf("%-24s %-32s %s\n", f->name, value, f->meaning);
	}
	db_read_end(c->db);
	return DONE;
}

struct setting_choice {
	struct cli *cli;
	const char *name, *value;
};

static enum status
change(void *arg)
{
	struct setting_choice *s = arg;

	return setting_change(s->cli->db, s->name, s->value, s->cli->now, &cli_actor, &s->cli->err);
}

/* Sets one setting.  Some of them are records of Daybook, not choices of the operator. */
static int
set(struct cli *c, const char *name, const char *value)
{
	struct setting_choice choice = { c, name, value };

	if (strcmp(name, KEY_SOURCES) == 0)
		return cli_usage("setting", "%s cannot be set: use `daybook key add --url` and `daybook key forget`", name);
	if (setting_is_record(name))
		return cli_usage("setting", "%s cannot be set: Daybook itself maintains it", name);
	if (!cli_open(c))
		return FAILED;
	return db_write(c->db, change, &choice) == OK ? DONE : cli_fail(c);
}

int
cmd_setting(struct cli *c, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list(c);
	if (argc == 4 && strcmp(argv[1], "set") == 0)
		return set(c, argv[2], argv[3]);
	if (argc > 1 && strcmp(argv[1], "set") == 0)
		return cli_usage("setting", "set needs NAME and VALUE");
	return cli_no_form("setting", argc, argv, (const char *const[]) { "list", "set", NULL });
}
