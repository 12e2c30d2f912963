/*
 * API keys: "dbk_" and 32 random bytes in base64url.  The key itself is shown once and never stored; the row holds its
 * SHA-256, by which it is found.
 */
#ifndef API_KEY_H
#define API_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "store/actor.h"
#include "auth/scopes.h"

#define API_KEY_PREFIX "dbk_"
#define API_KEY_NAME_MAX 201	/* bytes of a key's name for people, with its NUL */

struct api_key {
	int64_t key;
	const char *hint, *name, *org;
	unsigned scopes;		/* never one of SCOPE_INSTALLATION */
	int64_t created_at, revoked_at;	/* revoked_at 0 = in force */
};

/* Whether the text has the form of a key: the prefix and 43 characters of base64url. */
bool		api_key_shape_ok(const char *text);

/*
 * Adds a key and an audit row, inside a write transaction.  *secret (in the arena) is the key itself, available only here.
 * NOT_FOUND if there is no such org, BAD_REQUEST for the scope admin and for a name that is too long.
 */
enum status	api_key_add(struct db *db, struct arena *a, const char *org, const char *name, unsigned scopes,
		    int64_t now, const struct actor *by, const char **secret, int64_t *key, struct error *err);

/*
 * Revokes a key, inside a write transaction.  A key that is revoked already keeps the time of its revocation.  Writes an audit
 * row.  NOT_FOUND.
 */
enum status	api_key_revoke(struct db *db, int64_t key, int64_t now, const struct actor *by, struct error *err);

/* The key with that number in that organization, in force or revoked; NOT_FOUND.  Inside a transaction. */
enum status	api_key_load(struct db *db, struct arena *a, const char *org, int64_t key, struct api_key *k,
		    struct error *err);

/* Calls each for every key of org (NULL = of every organization), oldest first.  Inside a read transaction. */
enum status	api_key_each(struct db *db, struct arena *a, const char *org,
		    void (*each)(const struct api_key *k, void *arg), void *arg);

/* Finds the key in force by its full text; NOT_FOUND.  Inside a transaction. */
enum status	api_key_find(struct db *db, struct arena *a, const char *text, struct api_key *k,
		    struct error *err);

#endif
