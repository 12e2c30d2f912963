/*
 * daybook erase: blanks a phone number in every failed contact that has it.  Exit 1 if none has: whoever must erase a number has
 * probably mistyped it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"
#include "ledger/failed_contact.h"

struct erasure {
	struct cli *cli;
	const char *phone;
	int64_t count;		/* of failed contacts that had the number */
};

static enum status
erase(void *arg)
{
	struct erasure *e = arg;

	return failed_contact_erase(e->cli->db, e->cli->arena, e->phone, e->cli->now, &cli_actor, &e->count);
}

int
cmd_erase(struct cli *c, int argc, char **argv)
{
	struct erasure erasure = { .cli = c };
	const struct option_spec specs[] = { { "--phone", &erasure.phone, NULL }, { NULL, NULL, NULL } };

	if (!cli_options("erase", argc, argv, specs, NULL, 0, 0))
		return USAGE;
	if (erasure.phone == NULL || erasure.phone[0] == '\0')
		return cli_usage("erase", "--phone is required, exactly as the number was posted");
	if (!cli_open(c))
		return FAILED;
	if (db_write(c->db, erase, &erasure) != OK)
		return cli_fail(c);
	if (erasure.count == 0) {
		fprintf(stderr, "daybook: %s: no failed contact has this number, so nothing was blanked; give it exactly as it was "
		    "posted\n", cli_shown(c, erasure.phone));
		return FAILED;
	}
	/* The old pages, with the number, remain in the write-ahead log until it has been moved into the file. */
	if (db_checkpoint(c->db) != OK)
		fprintf(stderr, "daybook: a reader is active, so the write-ahead log still contains the number for a while\n");
	printf("blanked %" PRId64 " time%s; earlier backups still contain the number\n", erasure.count,
	    erasure.count == 1 ? "" : "s");
	return DONE;
}
