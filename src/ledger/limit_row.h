/*
 * The rows of an organization's limits: limit_rule and limit_amount.
 */
#ifndef LIMIT_ROW_H
#define LIMIT_ROW_H

#include "org/organization.h"
#include "quota/limit_rule.h"

/*
 * Reads an organization's rules with their amounts and the days of their zones into org->limits, in the arena; the days are
 * valid as long as org->days.  Inside a transaction; again after it has written limits or the days of their zones.
 */
enum status	limit_row_load(struct db *db, struct arena *a, struct organization *org) MUST_CHECK;

/*
 * Adds the five rules of a new organization, with amounts that hold for all days.  Inside a write transaction, after
 * organization_forget_kept, as all that writes limits: processes keep them.
 */
enum status	limit_row_add_base(struct db *db, const struct organization *org, const struct limit_base *base) MUST_CHECK;

/*
 * Changes the five from `was` to `is`: an amount that differs holds from the day `from` until that of the next amount,
 * which stays.  Inside a write transaction, after organization_forget_kept.
 */
enum status	limit_row_set_base(struct db *db, const struct organization *org, const struct limit_base *was,
		    const struct limit_base *is, struct day from) MUST_CHECK;

/* Writes messagesCap, costCap, smsCap and callCap as members of an open JSON object; null = none. */
void		limit_row_put_caps(struct json *j, const struct limit_base *base);

/* Names the value that is out of range; BAD_REQUEST. */
enum status	limit_row_check_base(const struct limit_base *base, struct error *err) MUST_CHECK;

#endif
