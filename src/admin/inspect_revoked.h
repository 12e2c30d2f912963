/*
 * What was revoked stays revoked when an earlier database is put in its place.
 */
#ifndef INSPECT_REVOKED_H
#define INSPECT_REVOKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

struct inspect_revoked {
	int tokens, signing_keys, api_keys;	/* that would have been valid again */
	bool is_unknown;	/* the present database is damaged, so some may be */
};

/*
 * Takes over from the live database, into a staged one inside a write transaction, the revoked tokens that have not expired, and
 * that a signing key is retired or an API key revoked.  Also takes over the keys that only verify, with the URLs that they are
 * read from: their issuers say which are in force, and else the next `key fetch` would bring back what was retired or forgotten.
 * A live database that is damaged is no failure: the restore is meant to replace it.
 */
enum status	inspect_revoked_carry(struct db *live, struct db *staged, struct arena *a, int64_t now, struct inspect_revoked *out);

#endif
