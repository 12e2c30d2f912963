/*
 * Who is calling, and with which rights: the only place that decides it.
 *
 * A token (token.h checks its signature, claims.h reads its claims, signing_key.h says what its key allows) or an API
 * key (api_key.h).  Fails closed: every refusal is the same UNAUTHENTICATED, and only the log has the reason; if the
 * database cannot be read the result is UNAVAILABLE or INTERNAL, and nobody is let in.
 */
#ifndef AUTH_H
#define AUTH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "db/db.h"
#include "auth/scopes.h"
#include "store/actor.h"

#define AUTH_LEEWAY_MS INT64_C(30000)	/* tolerated between the clocks of issuer and server */
#define CREDENTIAL_MAX 80	/* bytes of a credential's name, with its NUL */
#define CALLER_LINK_MAX 48

struct caller {
	char org[ID_MAX];		/* "" = none named (only with SCOPE_INSTALLATION); may not exist */
	unsigned scopes;		/* expanded: with SCOPE_ADMIN all bits are set */
	int64_t expires_at;		/* of the credential; 0 = until it is revoked */
	int64_t known_until;		/* until when this check would give the same if nothing is written; 0 = not even now */
	int64_t used_key;		/* the row of an API key whose use today is not recorded yet; 0 = none */
	char link[CALLER_LINK_MAX];	/* of a link that signs in (link.h): its jti without the prefix; "" = it is none */
	char credential[CREDENTIAL_MAX];	/* `jwt:KID`, `apikey:N`, `cli` */
	char name[ACTOR_NAME_MAX];	/* the token's `sub`, else its `jti`, printable; "" = neither */
};

/*
 * Finds the caller from the two headers (NULL or "" = absent); Authorization takes precedence over X-API-Key.
 *
 *	Authorization: Bearer TOKEN	one blank; Bearer in any case
 *	Authorization: Bearer dbk_…
 *	X-API-Key: dbk_…
 *
 * Inside a read transaction.  UNAUTHENTICATED if there is no valid credential; then *caller is all zero, and err has the
 * reason, for the log and not for the client.
 */
enum status	 auth_check(struct db *db, struct arena *a, const char *authorization, const char *api_key,
		    int64_t now, struct caller *caller, struct error *err);

/*
 * OK if there is such an organization.  If not, an ordinary caller receives FORBIDDEN, so that nobody can probe for
 * names, and a caller with the scope admin NOT_FOUND.  Inside a transaction.
 */
enum status	auth_organization(struct db *db, const struct caller *caller, const char *id, struct error *err);

#endif
