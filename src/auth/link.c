/*
 * Exchanging a link that signs in (see link.h).
 */
#include <string.h>

#include "auth/link.h"
#include "auth/revoked_token.h"

enum status
link_exchange(struct db *db, struct arena *a, const struct caller *caller, int64_t now, struct signed_token *session,
    struct error *err)
{
	struct token_input input = { .org = caller->org[0] != '\0' ? caller->org : NULL, .scopes = caller->scopes,
		.ttl_ms = LINK_SESSION_TTL_MS };
	const char *kid;
	enum status st;

	if (caller->link[0] == '\0')
		return error_set(err, FORBIDDEN, "this credential is not that of a link that signs in, so it cannot be exchanged");
	kid = caller->credential + strlen("jwt:");
	input.kid = kid;
	input.jti = caller->link;
	/* A link without a sub is named by its jti, and so is the session. */
	if (strncmp(caller->name, TOKEN_LINK_PREFIX, strlen(TOKEN_LINK_PREFIX)) != 0)
		input.sub = caller->name;
	/* A used link is a revoked token, so that auth_check refuses it the next time; here only two at once meet. */
	st = revoked_token_add(db, kid, arena_printf(a, "%s%s", TOKEN_LINK_PREFIX, caller->link), caller->expires_at, now, NULL, err);
	if (st == OK)
		st = token_sign(db, a, &input, now, session, err);
	return st == CONFLICT ? error_set(err, UNAUTHENTICATED, "no valid credential") : st;
}

enum status
link_refuse(const struct caller *caller, struct error *err)
{
	if (caller->link[0] == '\0')
		return OK;
	return error_set(err, FORBIDDEN, "the token of a link must be exchanged first: POST /api/session");
}
