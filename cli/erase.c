/* daybook erase: blanks a phone number in every failed contact that has it. */
#include <inttypes.h>
#include <stdio.h>

#include "store/audit.h"
#include "cli.h"
#include "ledger/failed_contact.h"

int
cmd_erase(struct cli *c, int argc, char **argv)
{
	const char *phone = NULL;
	const struct option_spec specs[] = { { "--phone", &phone, NULL }, { NULL, NULL, NULL } };
	int64_t count = 0;

	if (!cli_options("erase", argc, argv, specs, NULL, 0, 0))
		return USAGE;
	if (phone == NULL || phone[0] == '\0')
		return cli_usage("erase", "--phone is needed, as it was posted");
	if (!cli_open(c))
		return FAILED;
	/* The audit says how many were blanked, and never which number. */
	if (db_write_begin(c->db) != OK || failed_contact_erase(c->db, phone, &count) != OK ||
	    audit(c->db, c->now, 0, CLI_CREDENTIAL, "failure.erase",
	    arena_printf(c->arena, "{\"rows\":%" PRId64 "}", count)) != OK || db_write_commit(c->db) != OK) {
		db_write_abort(c->db);
		return cli_fail(c);
	}
	if (count == 0) {
		printf("nothing blanked: no failed contact has this number; give it exactly as it was posted\n");
		return DONE;
	}
	/* The old pages, with the number, remain in the write-ahead log until it has been moved into the file. */
	if (db_checkpoint(c->db) != OK)
		fprintf(stderr, "daybook: the write-ahead log still holds it for a while: somebody is reading\n");
	printf("blanked %" PRId64 " time%s; backups made before still hold it\n", count, count == 1 ? "" : "s");
	return DONE;
}
