/*
 * The ledger as a whole, read in the order of time.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "base/csv.h"
#include "ledger/event_row.h"

/* A row, with the details that other tables keep. */
struct ledger_line {
	struct event_row row;
	bool has_standing;		/* ledger_stand was called */
	int64_t received_at;
	bool has_failure;		/* a failed event with its failed contact */
	const char *to, *reason;	/* "" = blanked; of a void: its reason; NULL = unknown */
};

/* A position between rows: after this row.  The caller keeps the texts. */
struct ledger_position {
	int64_t at;
	int rank;			/* 0 an event, 1 a settlement or another adjustment, 2 a void; -1 = before all rows of `at` */
	const char *source, *id;
};

/* The lines to read; NULL = any. */
struct ledger_filter {
	int64_t until_at;		/* before this instant */
	enum { LEDGER_EVENTS, LEDGER_SETTLEMENTS, LEDGER_ADJUSTS } with;	/* beside events and voids: none, those of clients, all */
	const char *channel, *status;
	const char *campaign;		/* its id, as the sender gave it, or of the campaign to which it resolved */
};

/* A page: its lines in the arena, and how many rows it looked at.  is_last: there are no more rows. */
struct ledger_page {
	struct ledger_line *lines;
	size_t count, looked_at;
	bool is_last;
};

/*
 * Reads at most max lines after *place, in the order of their time, a settlement after its event and a void after both.  Ends
 * after look_max rows too, wanted or not, so that a filter that matches little takes no longer than another: a page may be short
 * or empty without being the last.  Moves *place past the last row that it looked at, unless the page is the last.  Inside a read
 * transaction.
 */
enum status	ledger_page(struct db *db, struct arena *a, const struct organization *org, const struct ledger_filter *f,
		    size_t max, size_t look_max, struct ledger_position *place, struct ledger_page *page);

/*
 * Replaces the figures and the status of a line by what stands, so that the lines add up to the day book's figures: of an event
 * after settlements and repricing, of a void what it takes back.  Of a settlement by what stands of its event, so that one that
 * is posted after that event, in any order with others, changes nothing.
 */
enum status	ledger_stand(struct db *db, struct arena *a, const struct organization *org, const struct price_list *prices,
		    struct ledger_line *l) MUST_CHECK;

/* Writes a line as an object: whole, with null for what it does not have; or in the form that POST /api/events accepts. */
void		ledger_put(struct json *j, const struct ledger_line *l);
void		ledger_put_event(struct json *j, const struct ledger_line *l);

/*
 * Writes one line as CSV.  For import, leaves the cells empty that this kind of event must not have, and adds the column
 * `settles`, which lists do not have.  The names are those of events, and `localTime`, which an import does not read.  What a
 * later version has added is at the end; so is `currency`, in lists of an organization that has another than US dollars.
 */
void		ledger_put_csv_names(struct csv *csv, const struct organization *org);
void		ledger_put_csv(struct csv *csv, const struct organization *org, const struct ledger_line *l);

/* The position after a line, and its form as a cursor.  Parsing returns false for a word that ledger_cursor did not make. */
struct ledger_position	ledger_position_of(const struct ledger_line *l);
const char		*ledger_cursor(struct arena *a, const struct ledger_position *place);
bool			 ledger_cursor_parse(struct arena *a, const char *cursor, struct ledger_position *place);

#endif
