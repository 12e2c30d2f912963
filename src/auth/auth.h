/*
 * Who is asking, and what he may do: the only place where that is decided.
 *
 * A token (token.h for its signature, claims.h for what it says, signing_key.h for what its key allows) or an
 * API key (api_key.h).  Fails closed: every refusal is the same UNAUTHENTICATED, and the reason goes to the
 * log; a database that cannot be read is UNAVAILABLE or INTERNAL, and never lets anybody in.
 */
#ifndef AUTH_H
#define AUTH_H

#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"
#include "auth/scopes.h"

#define AUTH_LEEWAY_MS INT64_C(30000)	/* by which the clocks of issuer and server may differ */
#define ORG_ID_MAX 65		/* bytes of an organisation's id, its NUL with it */
#define CREDENTIAL_MAX 80	/* bytes of a credential's name, its NUL with it */

struct caller {
	char org[ORG_ID_MAX];		/* "" = none named (only with SCOPE_ADMIN); it need not exist */
	unsigned scopes;		/* what is allowed; SCOPE_ADMIN has them all set */
	int64_t expires_at;		/* of a token; 0 = until it is revoked */
	char credential[CREDENTIAL_MAX];	/* `jwt:KID`, `apikey:N`, `cli` */
};

/*
 * The caller behind the two headers (NULL or "" where absent), Authorization before X-API-Key.
 *
 *	Authorization: Bearer TOKEN	one blank; Bearer in any case
 *	Authorization: Bearer dbk_…
 *	X-API-Key: dbk_…
 *
 * Inside a read transaction.  UNAUTHENTICATED and why (for the log, not for the client) where there is no
 * valid credential; then *caller is all zero.
 */
enum status	 auth_check(struct db *db, struct arena *a, const char *authorization, const char *api_key,
		    int64_t now, struct caller *caller, struct error *err);

/*
 * OK where there is such an organisation.  Where not, an ordinary caller hears FORBIDDEN, so that nobody can probe for
 * names, and the scope admin NOT_FOUND.  Inside a transaction.
 */
enum status	auth_organization(struct db *db, const struct caller *caller, const char *id, struct error *err);

#endif
