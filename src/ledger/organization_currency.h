/*
 * The currency of an organization, when it changes.
 */
#ifndef ORGANIZATION_CURRENCY_H
#define ORGANIZATION_CURRENCY_H

#include "quota/limit_rule.h"
#include "org/organization.h"

/*
 * Whether an organization may take the currency that *org has now, inside the write transaction that gives it to it: CONFLICT,
 * with what is in the way, if anything of it has a cost already, or would get one.  No amount is ever converted.  `was` are the
 * limits before the change: an amount that it sets is in the new currency, and one that it removes is none any more.
 */
enum status	organization_check_currency(struct db *db, struct arena *a, const struct organization *org,
		    const struct limit_rules *was, int64_t now, struct error *err) MUST_CHECK;

#endif
