/*
 * The database as a file: init, backup, restore, upgrade.
 */
#include <stdio.h>

#include "audit.h"
#include "backup.h"
#include "cli.h"
#include "conf.h"

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
	st = backup_note(c->db, c->arena, c->now, &c->why);
	if (action != NULL)
		audit(c->db, c->now, 0, CLI_CREDENTIAL, action, "{}");
	return st == OK ? db_write_commit(c->db) : (db_write_abort(c->db), st);
}

/* One more in the folder, and the oldest gone. */
static int
rotate(struct cli *c, const char *folder, int keep)
{
	enum status st, noted;
	const char *made;
	int removed;

	st = backup_rotate(c->db, c->arena, folder, keep, c->now, show_pages, &made, &removed, &c->why);
	progress_end();
	if (made == NULL)
		return cli_fail(c);
	noted = note_backup(c, NULL);
	printf("%s: a copy of %s; older ones removed: %d\n", made, c->path, removed);
	return st == OK && noted == OK ? DONE : cli_fail(c);
}

int
cmd_backup(struct cli *c, int argc, char **argv)
{
	const char *to, *keep_text = NULL;
	const struct option_spec specs[] = { { "--keep", &keep_text, NULL }, { NULL, NULL, NULL } };
	int64_t keep = 0;

	if (!cli_options("backup", argc, argv, specs, &to, 1, 1))
		return USAGE;
	if (keep_text != NULL && !cli_int("backup", "--keep", keep_text, 1, BACKUP_KEEP_MAX, &keep))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (keep > 0)
		return rotate(c, to, (int)keep);
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
