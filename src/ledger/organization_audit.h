/*
 * What the audit says of a change of an organization.  For organization_*.c only.
 */
#ifndef ORGANIZATION_AUDIT_H
#define ORGANIZATION_AUDIT_H

#include "org/organization.h"

/* An organization as it was before a change. */
struct organization_before {
	struct organization org;
	struct limit_base base;
};

/*
 * Writes all fields of an organization into the audit, so that each row describes the whole state at that time, then
 * what changed (`was` NULL: it is new) and the segments that moved.
 */
enum status	organization_audit(struct db *db, const struct organization *org, const struct limit_base *base,
		    const struct organization_before *was, const struct org_effects *effects, int64_t now,
		    const struct actor *by, const char *action) MUST_CHECK;

#endif
