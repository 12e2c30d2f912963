/*
 * The currency of an organization, when it changes.
 */
#ifndef ORGANIZATION_CURRENCY_H
#define ORGANIZATION_CURRENCY_H

#include "org/organization.h"

/*
 * Whether an organization may take the currency that *org has now, inside the write transaction that gives it to it: CONFLICT,
 * with what is in the way, if anything of it has a cost already, or would get one.  No amount is ever converted.
 */
enum status	organization_check_currency(struct db *db, struct arena *a, const struct organization *org,
		    int64_t now, struct error *err) MUST_CHECK;

#endif
