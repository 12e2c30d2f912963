/*
 * The database as a file: init, backup, restore, upgrade.
 */
#include <inttypes.h>
#include <stdio.h>

#include "audit.h"
#include "cli.h"
#include "conf.h"
#include "setting.h"

static const struct option_spec no_options[] = { { NULL, NULL, NULL } };

static bool
find_path(struct cli *c)
{
	if (c->path[0] != '\0' || conf_database(c->path, &c->why) == OK)
		return true;
	why_fix(&c->why, "Name it with -d FILE or DAYBOOK_DB.");
	cli_fail(c);
	return false;
}

int
cmd_init(struct cli *c, int argc, char **argv)
{
	if (!cli_options("init", argc, argv, no_options, NULL, 0, 0))
		return USAGE;
	if (!find_path(c) || db_create(c->path, &c->why) != OK)
		return c->why.text[0] != '\0' ? cli_fail(c) : FAILED;
	printf("created %s\n", c->path);
	return DONE;
}

static void
show_pages(int64_t done, int64_t total)
{
	progress("backup", done, total);
}

/* When there was a good copy last, for /health; and what was done, where the audit should say it. */
static enum status
note_backup(struct cli *c, const char *action)
{
	enum status st;

	if ((st = db_write_begin(c->db)) != OK)
		return st;
	st = setting_set(c->db, "backup_at", arena_printf(c->arena, "%" PRId64, c->now), &c->why);
	if (action != NULL)
		audit(c->db, c->now, 0, CLI_CREDENTIAL, action, "{}");
	return st == OK ? db_write_commit(c->db) : (db_write_abort(c->db), st);
}

int
cmd_backup(struct cli *c, int argc, char **argv)
{
	const char *to;

	if (!cli_options("backup", argc, argv, no_options, &to, 1, 1))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_backup(c->db, to, show_pages, &c->why) != OK || note_backup(c, NULL) != OK) {
		progress_end();
		return cli_fail(c);
	}
	progress_end();
	printf("%s: a copy of %s; it holds the signing keys: keep it as safe as the database\n", to, c->path);
	return DONE;
}

int
cmd_restore(struct cli *c, int argc, char **argv)
{
	const char *from;

	if (!cli_options("restore", argc, argv, no_options, &from, 1, 1))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (db_restore(c->db, from, &c->why) != OK || note_backup(c, "file.restore") != OK)
		return cli_fail(c);
	printf("%s: restored from %s; keys revoked since that backup are in force again: look at `key list` and `apikey list`\n",
	    c->path, from);
	return DONE;
}

int
cmd_upgrade(struct cli *c, int argc, char **argv)
{
	int from = 0;

	if (!cli_options("upgrade", argc, argv, no_options, NULL, 0, 0))
		return USAGE;
	if (!find_path(c))
		return FAILED;
	if (db_upgrade(c->path, &from, &c->why) != OK)
		return cli_fail(c);
	if (from == DB_SCHEMA_VERSION)
		printf("%s: already has schema version %d\n", c->path, from);
	else
		printf("%s: upgraded from schema version %d to %d\n", c->path, from, DB_SCHEMA_VERSION);
	return DONE;
}
