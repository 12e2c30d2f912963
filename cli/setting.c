/*
 * Settings of the installation: setting list, set.
 */
#include <stdio.h>
#include <string.h>

#include "store/audit.h"
#include "cli.h"
#include "base/json.h"
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

/*
 * Sets one setting, with an audit row in the same transaction.  Two of them are records of Daybook, not choices of the
 * operator.
 */
static int
set(struct cli *c, const char *name, const char *value)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	int rc = DONE;

	if (strcmp(name, "epoch") == 0 || strcmp(name, "backup_at") == 0)
		return cli_usage("setting", "%s is kept by Daybook itself", name);
	if (!cli_open(c))
		return FAILED;
	json_open_object(j, NULL);
	json_put_text(j, name, value);
	json_close_object(j);
	if (db_write_begin(c->db) != OK || setting_set(c->db, name, value, &c->err) != OK ||
	    audit(c->db, c->now, 0, CLI_CREDENTIAL, "setting.set", buf_text(&detail)) != OK || db_write_commit(c->db) != OK)
		rc = FAILED;
	db_write_abort(c->db);
	buf_free(&detail);
	return rc == DONE ? DONE : cli_fail(c);
}

int
cmd_setting(struct cli *c, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list(c);
	if (argc == 4 && strcmp(argv[1], "set") == 0)
		return set(c, argv[2], argv[3]);
	return cli_usage("setting", "list, or set NAME VALUE");
}
