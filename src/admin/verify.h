/*
 * Verify: whether everything in a database agrees with the ledger and its other sources.  A table of invariants, each with a
 * name and a sentence (verify_list); most are one SELECT that must return no row.  Written independently of the code that
 * writes, so that neither can hide a mistake of the other.
 *
 * What the product can bring about in normal use is no difference: a day over a limit that was lowered or that facts
 * exceeded; days recomputed in another time zone; phone numbers that were blanked.
 *
 * The ledger is read once, in stretches of whole days.  Each stretch is one snapshot, so writers may go on and no stretch is
 * read half-written; it is as long as can be read in about VERIFY_STRETCH_MS.  The first and the last stretch are open at
 * their ends, so that rows far from the ledger are found too.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

#define VERIFY_STRETCH_MS 100

/* How the caller is told, and what was found. */
struct verify_report {
	/* Called for each difference; `organization` is "" for the file as a whole. */
	void (*differs)(void *arg, const char *organization, const char *text);
	void (*progress)(const char *what, int64_t done, int64_t total);	/* NULL = not wanted */
	void *arg;
	size_t organizations;
	int64_t events, differences;
	int64_t total;		/* events in the file at the beginning, if progress is wanted */
};

/* Where a run continues; { 0 } = at its beginning. */
struct verify_cursor {
	int64_t org;		/* key of the organization; 0 = the file as a whole */
	int64_t invariant;	/* the next one of the table */
	int64_t day;		/* of UTC: where the next stretch begins, if is_in_ledger */
	bool is_in_ledger, is_read;	/* whether some, or all, of its ledger is read */
	bool is_done;
};

/* OK whatever was found; otherwise the database could not be read (db_why). */
enum status	verify(struct db *db, struct arena *a, struct verify_report *report) MUST_CHECK;

/*
 * The same in turns, without SQLite's own checks: goes on from the cursor, with one invariant or one stretch at least, until
 * everything is checked or instant_monotonic() has passed until_ms.  An invariant of an organization takes as long as its
 * campaigns and failed contacts need.
 */
enum status	verify_some(struct db *db, struct arena *a, struct verify_report *report, struct verify_cursor *c,
		    int64_t until_ms) MUST_CHECK;

/* Calls each for every invariant, in the order of the table. */
void		verify_list(void (*each)(const char *name, const char *sentence));

#endif
