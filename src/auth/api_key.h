/*
 * API keys: "dbk_" and 32 random bytes in base64url.  The key itself is shown once and never stored; the row holds its
 * SHA-256, by which it is found.  People and the API name a key by its number in its organization.
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
#define API_KEY_LIFE_MAX_MS INT64_C(315576000000)	/* ten years: the latest that a key may be said to expire */

struct api_key {
	int64_t key;			/* of its row */
	int64_t number;			/* identifies it in its organization */
	const char *hint, *name, *org;
	unsigned scopes;		/* never one of SCOPE_INSTALLATION */
	int64_t created_at;
	int64_t revoked_at, expires_at;	/* 0 = not revoked; never */
	int64_t used_at;		/* the start of the day of UTC when it was last used; 0 = never */
};

/* A key that is to be made. */
struct api_key_input {
	const char *org, *name;
	unsigned scopes;
	int64_t expires_at;		/* 0 = never */
};

/* "in force", "expired" or "revoked". */
const char	*api_key_state(const struct api_key *k, int64_t now);

/* Whether the text has the form of a key: the prefix and 43 characters of base64url. */
bool		api_key_shape_ok(const char *text);

/*
 * Adds a key and an audit row, inside a write transaction.  *secret (in the arena) is the key itself, available only here.
 * NOT_FOUND if there is no such org; BAD_REQUEST for the scope admin, a name that is too long, and an expires_at that has
 * passed or is further away than API_KEY_LIFE_MAX_MS.
 */
enum status	api_key_add(struct db *db, struct arena *a, const struct api_key_input *input, int64_t now,
		    const struct actor *by, const char **secret, int64_t *number, struct error *err);

/*
 * Revokes a key of an organization, inside a write transaction.  A key that is revoked already keeps the time of its
 * revocation.  Writes an audit row.  NOT_FOUND.
 */
enum status	api_key_revoke(struct db *db, const char *org, int64_t number, int64_t now, const struct actor *by,
		    struct error *err);

/* Records that a key was used today, inside a write transaction.  Changes nothing if it is known. */
enum status	api_key_note_use(struct db *db, int64_t key, int64_t now) MUST_CHECK;

/*
 * The key with that number, in force or not, of that organization or, if org is NULL, of the only one that has it; NOT_FOUND,
 * CONFLICT if several have it.  Inside a transaction.
 */
enum status	api_key_load(struct db *db, struct arena *a, const char *org, int64_t number, struct api_key *k,
		    struct error *err);

/* Calls each for every key of org (NULL = of every organization), oldest first.  Inside a read transaction. */
enum status	api_key_each(struct db *db, struct arena *a, const char *org,
		    void (*each)(const struct api_key *k, void *arg), void *arg);

/* Finds the key in force by its full text; NOT_FOUND.  Inside a transaction. */
enum status	api_key_find(struct db *db, struct arena *a, const char *text, int64_t now, struct api_key *k,
		    struct error *err);

#endif
