/*
 * The audit: who changed what, when, with which credential.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "arena.h"
#include "db.h"

/*
 * Inside a write transaction.  org_key 0 = the installation.  detail is a JSON object.  A failure
 * makes the transaction fail.
 */
void	audit(struct db *db, int64_t now, int64_t org_key, const char *credential, const char *action,
	    const char *detail);

#endif
