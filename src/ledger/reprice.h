/*
 * Repricing.  The ledger is append-only, so a new price for past days changes no row: each quarter-hour, channel, sender and
 * network whose events cost something else now gets one `adjust` row with the difference.  A limit with a sender or a network
 * counts it with them.
 *
 * A price is committed first, with a job (job.h) that goes over the quarter-hours.  What has not been reached yet costs what
 * its rows say; before a void or a settlement looks at an event there, it reprices that one quarter-hour.
 */
#ifndef REPRICE_H
#define REPRICE_H

#include "ledger/event.h"
#include "ledger/job.h"
#include "ledger/price.h"

/*
 * Whether an event of a channel on `from` or later costs something else by the prices.  Looks at *budget rows at most, and
 * subtracts them; *is_unknown if these were not enough.  Inside a transaction.
 */
enum status	reprice_is_needed(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
		    enum channel c, struct day from, int64_t *budget, bool *is, bool *is_unknown) MUST_CHECK;

/*
 * The quarter-hours that a new price concerns: from the start of the day to the last event.  *first == *end if there is nothing
 * to reprice.
 */
enum status	reprice_range(struct db *db, const struct organization *org, enum channel c, struct day from, int64_t *first,
		    int64_t *end) MUST_CHECK;

/*
 * BAD_REQUEST if an event of these quarter-hours would cost more than MONEY_MICROS_MAX by a price, or if there are more than
 * `budget` rows to look at; only a price above a dollar a part needs that look.
 */
enum status	reprice_check_amounts(struct db *db, const struct organization *org, enum channel c, int64_t first, int64_t end,
		    int64_t nanos_per_part, int64_t budget, struct error *err) MUST_CHECK;

/* One turn of a job (job_turn.h). */
enum status	reprice_turn(struct db *db, struct arena *a, const char *org, const struct job *job, int64_t now,
		    struct error *err) MUST_CHECK;

/*
 * Reprices the quarter-hour of an instant, if it is the job's and the job has not reached it.  Inside the write transaction of
 * the rows that follow.
 */
struct rollup;
enum status	reprice_quarter_of(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
		    const struct job *job, enum channel c, int64_t at, struct rollup *rollup, const struct event_options *options)
		    MUST_CHECK;

#endif
