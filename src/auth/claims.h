/*
 * What a token says, once its signature holds (RFC 7519).  Pure: the payload, the clock and the settings in,
 * the claims out.
 *
 *	exp		required; the instants are whole seconds, AUTH_LEEWAY_MS on either side
 *	nbf, iat	not ahead of the clock, where they are there
 *	iss, aud	the settings of those names, where they are not empty; aud may be a list
 *	organizationId	an organisation's id
 *	scope		our scopes, separated by blanks, among others' own; wins over accessRole, even
 *			when it is empty
 *	accessRole	SUPERADMIN, ADMIN, DEPARTMENT_HEAD, SALES_REP; any other stands for nothing
 *
 * null in the last three counts as absent.
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
	int64_t expires_at;
};

/*
 * Reads a payload that json_check has passed.  iss and aud: what they must be, "" = anything.
 * UNAUTHENTICATED and why where the token does not hold at `now`, or a claim is malformed.
 */
enum status	claims_read(struct arena *a, const char *payload, size_t n, const char *iss, const char *aud,
		    int64_t now, struct claims *claims, struct error *err);

/* [A-Za-z0-9._-]{1,64}: what organizationId may be. */
bool		claims_org_ok(const char *id);

#endif
