/*
 * Scopes: what a credential may do, as bits in the code and as words, separated by blanks, everywhere else.
 */
#ifndef SCOPES_H
#define SCOPES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"

enum {
	SCOPE_USAGE_READ = 1 << 0,
	SCOPE_USAGE_WRITE = 1 << 1,
	SCOPE_USAGE_BACKFILL = 1 << 2,
	SCOPE_CAMPAIGNS_WRITE = 1 << 3,
	SCOPE_ORG_ADMIN = 1 << 4,
	SCOPE_ADMIN = 1 << 5,		/* everything, in every organisation */
	SCOPE_ALL = (1 << 6) - 1,
};

/* "usage:read usage:write" into bits; false and *unknown (a copy in the arena) at a word that is no scope. */
bool		 scopes_parse(struct arena *a, const char *text, unsigned *scopes, const char **unknown);

/* The same where others may have words of their own: what is no scope of ours is passed over. */
unsigned	 scopes_known(const char *text);

/* Bits into words, in the arena; all of them are the one word `admin`. */
const char	*scopes_format(struct arena *a, unsigned scopes);

/* What the bits mean together: admin is all of them. */
unsigned	 scopes_expand(unsigned scopes);

/* What an accessRole stands for, expanded; nothing where it is none that we know. */
unsigned	 scopes_of_role(const char *role);

/* An array of the words, one for each scope that is there. */
void		 scopes_put(struct json *out, const char *name, unsigned scopes);

#endif
