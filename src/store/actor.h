/*
 * Who does something: a credential and, of a token, the person or program that it names.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdint.h>

#include "db/db.h"

#define ACTOR_NAME_MAX 129	/* bytes, with the NUL; a longer `sub` is cut */

struct actor {
	const char *credential;	/* `jwt:KID`, `apikey:N`, `cli` … */
	const char *name;	/* the token's `sub`, else its `jti`; "" if it had neither */
};

/* The key of the actor's row, which is added if it is missing.  Inside a write transaction. */
enum status	actor_key(struct db *db, const struct actor *actor, int64_t *key) MUST_CHECK;

#endif
