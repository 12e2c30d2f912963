/*
 * Scopes: what a credential may do.  Bits in the code; everywhere else words, separated by blanks.
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
	SCOPE_ADMIN = 1 << 5,		/* everything, in every organization */
	SCOPE_METRICS = 1 << 6,		/* to read /metrics and all of /health, of the whole installation */
	SCOPE_ALL = (1 << 7) - 1,
	SCOPE_INSTALLATION = SCOPE_ADMIN | SCOPE_METRICS,	/* what no credential of one organization has */
};

/* Converts "usage:read usage:write" into bits; false and *unknown (a copy in the arena) at a word that is no scope. */
bool		 scopes_parse(struct arena *a, const char *text, unsigned *scopes, const char **unknown);

/* The same for a text that may contain others' scopes too: words that are no scope of ours are ignored. */
unsigned	 scopes_known(const char *text);

/* Converts bits into words, in the arena; with SCOPE_ADMIN it is the one word `admin`. */
const char	*scopes_format(struct arena *a, unsigned scopes);

/* Sets all bits if SCOPE_ADMIN is among them. */
unsigned	 scopes_expand(unsigned scopes);

/* What an accessRole grants, expanded; nothing if the role is unknown. */
unsigned	 scopes_of_role(const char *role);

/* Writes an array of words, one for each bit that is set. */
void		 scopes_put(struct json *out, const char *name, unsigned scopes);

#endif
