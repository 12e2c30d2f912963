/* The amounts of a limit by date, written: after organization_forget_kept, inside the same write transaction. */
#ifndef LIMIT_AMOUNTS_H
#define LIMIT_AMOUNTS_H

#include "ledger/limit_change.h"

/*
 * Writes the amounts of an input for a rule as it was loaded last; is_new: it has none yet.  today is the limit's.
 * BAD_REQUEST if one would change what a past day had, or is out of range; CONFLICT if there would be more than
 * LIMIT_AMOUNTS_MAX to come.  Inside a write transaction.
 */
enum status	limit_amounts_write(struct db *db, struct arena *a, const struct limit_rule *rule, bool is_new, struct day today,
		    const struct limit_input *in, struct error *err) MUST_CHECK;

/*
 * Today is an earlier date than it was, because the days that a limit's dates mean are others now: what was in force stays so,
 * from `is` on.  Nothing is to do if it is not earlier.  Inside a write transaction.
 */
enum status	limit_amounts_move(struct db *db, int64_t rule, struct day was, struct day is) MUST_CHECK;
/* The same for all limits of an organization whose dates are its own days. */
enum status	limit_amounts_move_all(struct db *db, const struct organization *org, struct day was, struct day is) MUST_CHECK;

/* No amount from a day on. */
enum status	limit_amounts_end(struct db *db, const struct limit_rule *rule, struct day from) MUST_CHECK;

#endif
