/*
 * Links that sign in: `…/#token=TOKEN`.  An address ends up in the history of a browser, so the token of a link is good for
 * minutes, and once: the page exchanges it for a session, a token of the same key, organization and scopes that is in no
 * address.
 *
 * The jti of a link's token is "link:" and that of its session, so the two are known to belong together.  Only a key that can
 * sign has links, because the session must be signed.
 */
#ifndef LINK_H
#define LINK_H

#include "auth/auth.h"
#include "auth/token.h"

#define LINK_TTL_MS INT64_C(600000)		/* ten minutes, if nothing else is asked for */
#define LINK_SESSION_TTL_MS INT64_C(43200000)	/* twelve hours */

/*
 * Exchanges the token of a caller who came by a link, inside a write transaction.  FORBIDDEN for a caller with another
 * credential; UNAUTHENTICATED if the link was used, or its key retired, since the caller was let in.
 */
enum status	 link_exchange(struct db *db, struct arena *a, const struct caller *caller, int64_t now,
		    struct signed_token *session, struct error *err);

/*
 * FORBIDDEN for a caller who came by a link, because its token is good for nothing but the exchange: whoever finds one in a
 * history or a log of addresses can do nothing with it that the person whom it is for would not notice.
 */
enum status	 link_refuse(const struct caller *caller, struct error *err);

#endif
