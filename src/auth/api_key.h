/*
 * API keys: "dbk_" and 32 random bytes in base64url.  The key itself is shown once and never kept; the
 * row has its SHA-256, which is what it is found by.
 */
#ifndef API_KEY_H
#define API_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "auth/scopes.h"

#define API_KEY_PREFIX "dbk_"
#define API_KEY_NAME_MAX 201	/* bytes of a key's name for people, its NUL with it */

struct api_key {
	int64_t key;
	const char *hint, *name, *org;
	unsigned scopes;		/* never SCOPE_ADMIN */
	int64_t created_at, revoked_at;	/* revoked_at 0 = in force */
};

/* Whether the text could be one: the prefix and 43 characters of base64url. */
bool		api_key_shape_ok(const char *text);

/*
 * Inside a write transaction.  *secret (in the arena) is the key itself, seen only here.  NOT_FOUND where
 * there is no such org, BAD_REQUEST for the scope admin and for a name too long.
 */
enum status	api_key_add(struct db *db, struct arena *a, const char *org, const char *name, unsigned scopes,
		    int64_t now, const char **secret, int64_t *key, struct error *err);

/* Inside a write transaction.  One that is revoked stays so, since when it was.  NOT_FOUND. */
enum status	api_key_revoke(struct db *db, int64_t key, int64_t now, struct error *err);

/* The audit's row of what was done: "apikey.add" or "apikey.revoke", with the key's name and scopes.  After it was done. */
enum status	api_key_audit(struct db *db, int64_t key, const char *action, int64_t now,
		    const char *credential) MUST_CHECK;

/* The key of that number and organisation, in force or not; NOT_FOUND.  Inside a transaction. */
enum status	api_key_load(struct db *db, struct arena *a, const char *org, int64_t key, struct api_key *k,
		    struct error *err);

/* Calls each for every key, of org (NULL = of all), oldest first.  Inside a read transaction. */
enum status	api_key_each(struct db *db, struct arena *a, const char *org,
		    void (*each)(const struct api_key *k, void *arg), void *arg);

/* The key in force whose text this is; NOT_FOUND.  Inside a transaction. */
enum status	api_key_find(struct db *db, struct arena *a, const char *text, struct api_key *k,
		    struct error *err);

#endif
