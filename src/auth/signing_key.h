/*
 * Keys that sign tokens.  Several may be in force at once; the token's `kid` selects one, and the key determines the
 * algorithm, the organization and the most scopes of its tokens.
 */
#ifndef SIGNING_KEY_H
#define SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "store/actor.h"
#include "auth/scopes.h"

#define KID_MAX 65		/* bytes of a kid, with its NUL */
#define SECRET_MIN 32		/* bytes of an HS256 secret */
#define SECRET_MAX 1024

struct signing_key {
	const char *kid;
	const char *alg;		/* "HS256", "RS256", "ES256" */
	const char *org;		/* NULL = all organizations */
	unsigned max_scopes;		/* expanded */
	bool can_sign;
	int64_t created_at;
	int64_t retired_at;		/* 0 = in force */
};

/* What a key verifies or signs with: an HS256 secret, or PEM. */
struct key_bytes {
	const void *data;
	size_t n;
};

/* 1 to 64 of A-Z a-z 0-9 and . _ - ~ + / = : @ (which covers the kids of identity providers). */
bool		signing_key_kid_ok(const char *kid);

/*
 * Adds a key and an audit row, inside a write transaction.
 *
 *	HS256		pem NULL generates a secret of 32 bytes; else pem is the secret itself, at least 32 bytes
 *			and not a key in PEM
 *	RS256, ES256	pem is a public or a private key in PEM; a private one can also sign; RSA of at least
 *			2048 bits, EC on P-256
 *
 * credential NULL writes no audit row, for a key that comes with a new database and not by a change.
 * org NULL = all; a key with an org never grants admin, and its max_scopes are stored without it.
 * CONFLICT if the kid is taken, BAD_REQUEST if the key does not suit the algorithm, NOT_FOUND if there is no such org.
 */
enum status	signing_key_add(struct db *db, struct arena *a, const char *kid, const char *alg,
		    const char *pem, const char *org, unsigned max_scopes, int64_t now, const struct actor *by, struct error *err);

/*
 * Retires a key, inside a write transaction.  A key that is retired already keeps the time of its retirement.  Writes an audit
 * row.  NOT_FOUND.
 */
enum status	signing_key_retire(struct db *db, const char *kid, int64_t now, const struct actor *by, struct error *err);

/* Calls each for every key, oldest first.  Inside a read transaction. */
enum status	signing_key_each(struct db *db, struct arena *a,
		    void (*each)(const struct signing_key *k, void *arg), void *arg);

/* Finds the key in force with that kid, and what it verifies with; NOT_FOUND.  Inside a transaction. */
enum status	signing_key_find(struct db *db, struct arena *a, const char *kid, struct signing_key *k,
		    struct key_bytes *verify, struct error *err);

/*
 * Chooses the key that signs a token for org (NULL = none) with these scopes: the one with that kid or, if kid is NULL,
 * the newest in force that may sign it.  Inside a transaction.
 * NOT_FOUND if there is none, CONFLICT if the key with that kid is retired or only verifies, BAD_REQUEST if its org or
 * its max_scopes are too narrow.
 */
enum status	signing_key_choose(struct db *db, struct arena *a, const char *kid, const char *org,
		    unsigned scopes, struct signing_key *k, struct key_bytes *sign, struct error *err);

/* The scopes of a token of this key that claims these: never more than the key's. */
unsigned	signing_key_grant(const struct signing_key *k, unsigned claimed);

#endif
