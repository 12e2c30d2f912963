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
#include "auth/claims.h"
#include "auth/scopes.h"

#define KID_MAX 65		/* bytes of a kid, with its NUL */
#define SECRET_MIN 32		/* bytes of a secret: of HS256; HS384 and HS512 need 48 and 64 */
#define SECRET_MAX 1024
#define PARTY_MAX 256		/* bytes of an iss or aud of a key, with its NUL */

struct signing_key {
	const char *kid;
	const char *alg;		/* algorithm.h */
	const char *org;		/* NULL = all organizations */
	unsigned max_scopes;		/* expanded */
	bool can_sign;
	int64_t created_at;
	int64_t retired_at;		/* 0 = in force */
	const char *iss, *aud;		/* what its tokens must name; NULL = what the settings say */
	bool is_any_audience;		/* its tokens may be meant for anybody, whatever the settings say */
	bool may_access_role;		/* the claim accessRole of its tokens stands for scopes */
};

/* A key that is to be made. */
struct signing_key_input {
	const char *kid, *alg;
	const char *pem;		/* the secret or the key, see signing_key_add */
	const char *org;		/* NULL = all organizations */
	bool is_verify_only;		/* the secret or private key is the issuer's, and this installation does not sign with it */
	bool has_max_scopes;		/* false: all of them, but admin only if the key can sign */
	unsigned max_scopes;
	const char *iss, *aud;		/* NULL = as the settings say */
	bool is_any_audience;
	bool may_access_role;		/* a key that can sign may in any case */
};

/* A change of a key; what it does not give stays. */
struct signing_key_change {
	const char *iss, *aud;
	bool is_any_audience;
	bool has_max_scopes;
	unsigned max_scopes;
	bool has_access_role, may_access_role;
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
 *	HS…		pem NULL generates a secret as long as the hash; else pem is the secret itself, at least as long
 *			and not a key in PEM
 *	all others	pem is a public or a private key in PEM; a private one can also sign; RSA of at least
 *			2048 bits, EC on the curve of the algorithm
 *
 * A key that only verifies is of another issuer, who signs for others too: it needs iss and aud, or is_any_audience
 * (RFC 8725, 3.8 and 3.9).
 * by NULL writes no audit row, for a key that comes with a new database and not by a change.
 * A key with an org never grants admin, and its max_scopes are stored without it.
 * CONFLICT if the kid is taken, BAD_REQUEST if the key does not suit the algorithm, or lacks an iss or aud, NOT_FOUND if there is
 * no such org.
 */
enum status	signing_key_add(struct db *db, struct arena *a, const struct signing_key_input *input, int64_t now,
		    const struct actor *by, struct error *err);

/*
 * Changes what tokens of a key must name and may do, inside a write transaction.  An aud ends is_any_audience, and the other way
 * round.  Writes an audit row.  NOT_FOUND; BAD_REQUEST as signing_key_add.
 */
enum status	signing_key_set(struct db *db, struct arena *a, const char *kid, const struct signing_key_change *change,
		    int64_t now, const struct actor *by, struct error *err);

/*
 * Gives a key what signing_key_add would give it with that input, of which kid, alg and pem are not used, inside a write
 * transaction.  Writes an audit row if something changed.  Errors as signing_key_add.
 */
enum status	signing_key_regrant(struct db *db, struct arena *a, const char *kid, const struct signing_key_input *input,
		    int64_t now, const struct actor *by, bool *has_changed, struct error *err);

/*
 * Retires a key, inside a write transaction.  A key that is retired already keeps the time of its retirement.  Writes an audit
 * row.  NOT_FOUND.
 */
enum status	signing_key_retire(struct db *db, const char *kid, int64_t now, const struct actor *by, struct error *err);

/*
 * Brings a key of another issuer up to date with what the issuer publishes, inside a write transaction: other bytes under the
 * same name, and, if it was withdrawn, in force again; a key that was retired by hand stays retired.  Leaves a key alone that can
 * sign.  Writes an audit row if something changed.
 */
enum status	signing_key_renew(struct db *db, struct arena *a, const char *kid, const char *alg, const char *pem,
		    bool was_withdrawn, int64_t now, const struct actor *by, bool *has_changed, struct error *err);

/* Calls each for every key, oldest first.  Inside a read transaction. */
enum status	signing_key_each(struct db *db, struct arena *a,
		    void (*each)(const struct signing_key *k, void *arg), void *arg);

/* The key with that kid, in force or retired; NOT_FOUND.  Inside a transaction. */
enum status	signing_key_load(struct db *db, struct arena *a, const char *kid, struct signing_key *k, struct error *err);

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

/*
 * What a token of this key must say: iss and aud are the key's own, else those of the settings.  The settings that name
 * claims are for keys of other issuers.  Inside a transaction.
 */
enum status	signing_key_rules(struct db *db, struct arena *a, const struct signing_key *k, struct claims_rules *rules);

/* Whether the key is of another issuer and has no iss or aud of its own, which signing_key_add would refuse. */
bool		signing_key_is_open(const struct signing_key *k);

/* The scopes of a token of this key that claims these: never more than the key's. */
unsigned	signing_key_grant(const struct signing_key *k, unsigned claimed);

#endif
