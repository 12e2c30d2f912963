/*
 * The ledger as a whole: read in the order of time, and the roll-ups and counters made anew from it.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "event_row.h"

/* A row, with what other tables say of it. */
struct ledger_line {
	struct event_row row;
	int64_t received_at;
	bool has_failure;		/* of a failed one: to and reason are kept */
	const char *to, *reason;	/* "" where blanked; of a void: its reason, from the audit; NULL = unknown */
};

/* How far a reading has come: behind this row.  Texts are the caller's to keep. */
struct ledger_place {
	int64_t at;
	int is_void;			/* -1 = before all rows of `at` */
	const char *source, *id;
};

/*
 * At most max lines behind *place and before until_at, in the order of their time, a void behind what it takes back; in
 * the arena.  Moves *place behind the last.  *count 0: that was all.  Adjust rows only where with_adjusts.
 * Inside a read transaction.
 */
enum status	ledger_page(struct db *db, struct arena *a, const struct organization *org, int64_t until_at,
		    bool with_adjusts, size_t max, struct ledger_place *place, struct ledger_line **lines, size_t *count);

/*
 * Makes usage_quarter, and what segments have sent, failed and spent, anew from the ledger; usage_day is then made by
 * daycut_rebuild_days.  Inside a write transaction.  progress (may be NULL) hears what part of the work is done.
 */
enum status	ledger_rebuild(struct db *db, const struct organization *org,
		    void (*progress)(const char *what, int64_t done, int64_t total));

#endif
