/*
 * What a token claims, read after its signature was verified (RFC 7519).  Pure: takes the payload, the clock and the
 * settings, and returns the claims.
 *
 *	exp		required; instants are seconds, rounded down, with a tolerance of AUTH_LEEWAY_MS
 *	nbf, iat	if present, not ahead of the clock
 *	iss, aud	must be those that the token's key demands, unless these are empty; aud may be a list
 *	organizationId	an organization's id (base/id.h), or a list of one
 *	scope, scp	our scopes, separated by blanks, or a list of them; unknown words are ignored; the first of the two that is
 *			there takes precedence over the other and over accessRole, even if it is empty
 *	accessRole	SUPERADMIN, ADMIN, DEPARTMENT_HEAD, SALES_REP; any other grants nothing, and none does if the key may
 *			not use it
 *
 *	sub, jti	who acts, for the audit and the ledger: the first of the two that is a text; jti also revokes one
 *			token (revoked_token.h)
 *
 * null in the others counts as absent.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct claims {
	const char *org;	/* in the arena; NULL = none named */
	unsigned scopes;	/* expanded */
	const char *sub, *jti;	/* "" = none, or not a text */
	int64_t expires_at;
};

/* What the key of a token demands of its claims. */
struct claims_rules {
	const char *iss, *aud;		/* the required values; "" = any */
	bool may_access_role;
	const char *org_claim;		/* the claim that names the organization; "" = organizationId */
	const char *scope_claim;	/* the claim with the scopes; "" = scope, else scp */
};

/*
 * Reads a payload that json_check has accepted.  UNAUTHENTICATED and the reason if the token is not valid at `now`, or a claim
 * is malformed.
 */
enum status	claims_read(struct arena *a, const char *payload, size_t n, const struct claims_rules *rules, int64_t now,
		    struct claims *claims, struct error *err);

#endif
