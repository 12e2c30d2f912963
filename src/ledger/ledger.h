/*
 * The ledger as a whole: read in the order of time, and the roll-ups and counters made anew from it.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "base/csv.h"
#include "ledger/event_row.h"

/* A row, with what other tables say of it. */
struct ledger_line {
	struct event_row row;
	int64_t received_at;
	bool has_failure;		/* of a failed one: to and reason are kept */
	const char *to, *reason;	/* "" where blanked; of a void: its reason, from the audit; NULL = unknown */
};

/* How far a reading has come: behind this row.  Texts are the caller's to keep. */
struct ledger_position {
	int64_t at;
	int is_void;			/* -1 = before all rows of `at` */
	const char *source, *id;
};

/* Which lines; NULL = any. */
struct ledger_filter {
	int64_t until_at;		/* before this instant */
	bool with_adjusts;
	const char *channel, *status;
	const char *campaign;		/* its id: given by the sender, or of what a void takes back */
};

/*
 * At most max lines behind *place, in the order of their time, a void behind what it takes back; in the arena.
 * Moves *place behind the last.  *count 0: that was all.  Inside a read transaction.
 */
enum status	ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f,
		    size_t max, struct ledger_position *place, struct ledger_line **lines, size_t *count);

/* What it costs as it stands after adjustments, so that the lines add up to what the day book says. */
enum status	ledger_cost(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
		    const struct ledger_line *l, int64_t *cost);

/* A line as an object: whole, with null for what it has not; or as POST /api/events takes it. */
void		ledger_put(struct json *j, const struct ledger_line *l, int64_t cost);
void		ledger_put_event(struct json *j, const struct ledger_line *l, int64_t cost);

/* A line as a line; for import without what events of its kind may not have.  The names are those of events. */
extern const char *const ledger_csv_names[];
void		ledger_put_csv(struct csv *csv, const struct ledger_line *l, int64_t cost);

/* The place behind a line, and as a word; false where it is none that was given out. */
struct ledger_position	ledger_position_of(const struct ledger_line *l);
const char		*ledger_cursor(struct arena *a, const struct ledger_position *place);
bool			 ledger_cursor_parse(struct arena *a, const char *cursor, struct ledger_position *place);

/*
 * Makes usage_quarter, and what segments have sent, failed and spent, anew from the ledger; usage_day is then made by
 * daycut_rebuild_days.  Inside a write transaction.  progress (may be NULL) hears what part of the work is done.
 */
enum status	ledger_rebuild(struct db *db, const struct organization *org,
		    void (*progress)(const char *what, int64_t done, int64_t total));

#endif
