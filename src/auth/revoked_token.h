/*
 * Tokens that are refused before they expire, each by the `jti` that its key's tokens name it with.
 */
#ifndef REVOKED_TOKEN_H
#define REVOKED_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "store/actor.h"

#define JTI_MAX 256		/* bytes, with the NUL; a token with a longer one cannot be revoked by itself */

/* Whether a token is among them; false for the jti "".  Inside a transaction. */
enum status	revoked_token_has(struct db *db, const char *kid, const char *jti, bool *is_there) MUST_CHECK;

/*
 * Adds a token, inside a write transaction.  expires_at: when it would expire by itself, after which its row is removed; 0 = not
 * known.  by NULL writes no audit row.  CONFLICT if it is there already, NOT_FOUND if there is no such key, BAD_REQUEST for a jti
 * that cannot be one.
 */
enum status	revoked_token_add(struct db *db, const char *kid, const char *jti, int64_t expires_at, int64_t now,
		    const struct actor *by, struct error *err);

#endif
