/*
 * The database as a file: init, backup, restore, upgrade.
 */
#include <stdio.h>
#include <unistd.h>

#include "admin/backup.h"
#include "cli.h"
#include "admin/inspect.h"
#include "store/setting.h"

enum { AGAIN_US = 100000 };	/* the pause before another turn of an upgrade */

static const struct option_spec no_options[] = { { NULL, NULL, NULL } };

int
cmd_init(struct cli *c, int argc, char **argv)
{
	enum status st;

	if (!cli_options("init", argc, argv, no_options, NULL, 0, 0))
		return USAGE;
	if (!cli_path_to_make(c))
		return FAILED;
	if ((st = db_create(c->path, &c->err)) == CONFLICT)
		error_hint(&c->err, "To see what is in it, run `daybook -d %s org list`", c->path);
	if (st != OK)
		return cli_fail(c);
	printf("created %s\n", c->path);
	return DONE;
}

static void
show_pages(int64_t done, int64_t total)
{
	progress("backup", done, total);
}

/* The backup is good, only its time could not be recorded: says both. */
static int
fail_note(struct cli *c, const char *made)
{
	struct error err = { 0 };

	(void)db_why(c->db, &err);
	error_set(&c->err, UNAVAILABLE, "%s: the backup is good, but its time could not be recorded: %s", made, err.text);
	return cli_fail(c);
}

/*
 * Makes a backup in the folder and removes the oldest beyond `keep`.  Reports the backup even if an old one could not be
 * removed.
 */
static int
rotate(struct cli *c, const char *folder, int keep)
{
	enum status st, noted;
	const char *made;
	int removed;

	st = backup_rotate(c->db, c->arena, folder, keep, c->now, show_pages, &made, &removed, &c->err);
	progress_end();
	if (made == NULL)
		return cli_fail(c);
	noted = backup_record(c->db, c->arena, c->now, &c->err);
	printf("%s: a copy of %s; older ones removed: %d\n", made, c->path, removed);
	if (st != OK)
		return cli_fail(c);
	return noted == OK ? DONE : fail_note(c, made);
}

int
cmd_backup(struct cli *c, int argc, char **argv)
{
	const char *to, *keep_text = NULL;
	const struct option_spec specs[] = { { "--keep", &keep_text, NULL }, { NULL, NULL, NULL } };
	int64_t keep = 0;
	enum status st;

	if (!cli_options("backup", argc, argv, specs, &to, 1, 1))
		return USAGE;
	if (keep_text != NULL && !cli_int("backup", "--keep", keep_text, 1, BACKUP_KEEP_MAX, &keep))
		return USAGE;
	if (!cli_open(c))
		return FAILED;
	if (keep > 0)
		return rotate(c, to, (int)keep);
	st = db_backup(c->db, to, show_pages, &c->err);
	progress_end();
	if (st != OK)
		return cli_fail(c);
	if (backup_record(c->db, c->arena, c->now, &c->err) != OK)
		return fail_note(c, to);
	printf("%s: a copy of %s; it contains the signing keys: keep it as safe as the database\n", to, c->path);
	return DONE;
}

/* What was revoked after the backup, and therefore valid in it. */
static void
print_revoked(const struct inspect_revoked *r)
{
	if (r->is_unknown)
		printf("the previous database could not be read: tokens and keys that were revoked after that backup are in force again; "
		    "check `daybook key list` and `daybook apikey list`\n");
	else
		printf("what was revoked after that backup stays revoked: %d tokens, %d signing keys, %d API keys\n", r->tokens,
		    r->signing_keys, r->api_keys);
}

int
cmd_restore(struct cli *c, int argc, char **argv)
{
	const char *from, *kept;
	struct inspect_revoked revoked = { 0 };
	bool is_forced = false;
	const struct option_spec specs[] = { { "--force", NULL, &is_forced }, { NULL, NULL, NULL } };

	if (!cli_options("restore", argc, argv, specs, &from, 1, 1))
		return USAGE;
	if (!cli_open_unchecked(c))
		return FAILED;
	if (inspect_restore(c->db, c->arena, from, is_forced, c->now, &cli_actor, &kept, &revoked, &c->err) != OK)
		return cli_fail(c);
	printf("%s: restored from %s; the previous database is kept as %s\n", c->path, from, kept);
	print_revoked(&revoked);
	return DONE;
}

int
cmd_upgrade(struct cli *c, int argc, char **argv)
{
	bool is_forced = false;
	const struct option_spec specs[] = { { "--force", NULL, &is_forced }, { NULL, NULL, NULL } };
	struct upgrade_turn turn = { .until_ms = INT64_MAX, .progress = progress };
	enum status st;
	int from = 0;

	if (!cli_options("upgrade", argc, argv, specs, NULL, 0, 0))
		return USAGE;
	if (!cli_path(c))
		return FAILED;
	turn.is_forced = is_forced;
	while ((st = inspect_upgrade(c->path, &turn, &c->err)) == OK && !turn.is_done)
		usleep(AGAIN_US);	/* another process is at it, or the file was changed meanwhile */
	progress_end();
	if (st != OK)
		return cli_fail(c);
	if ((from = turn.state.from) == DB_SCHEMA_VERSION)
		printf("%s: already has schema version %d\n", c->path, from);
	else
		printf("%s: upgraded from schema version %d to %d\n", c->path, from, DB_SCHEMA_VERSION);
	return DONE;
}
