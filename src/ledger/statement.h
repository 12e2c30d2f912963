/*
 * Statements: what was reported of a month that is over, kept as it stood, and what came later.
 *
 * A statement keeps the sums of each day and channel, the organization's revision, and the digests of the days of UTC that it
 * touches.  Every row of the ledger has the revision of the transaction that wrote it, so a row with a greater one came later.
 * Nothing changes or removes a statement.
 */
#ifndef STATEMENT_H
#define STATEMENT_H

#include "base/csv.h"
#include "ledger/event_row.h"
#include "ledger/ledger.h"
#include "ledger/usage.h"

enum { STATEMENT_DAYS_MAX = 31, MONTH_TEXT_MAX = 16 };

/* The sums of a month: by its days, 0 the first, and channels. */
struct statement_figures {
	struct usage_sum of[STATEMENT_DAYS_MAX][CHANNEL_COUNT];
};

struct statement {
	struct day month;		/* its first day */
	int days;			/* how many it has */
	int64_t from_at, until_at;	/* the instants [from_at, until_at) */
	int64_t read_from_at, read_until_at;	/* these and those of the month as its days are now */
	const char *timezone, *currency, *credential, *actor;	/* actor "" = no name */
	int64_t revision, created_at, digest;
	struct statement_figures *figures;
	struct statement_utc_day {
		int64_t day, events, digest;
	} *utc_days;			/* the digests of its days of UTC */
	size_t utc_day_count;
};

/* YYYY-MM, 2012-01 to 2099-12.  Formatting takes MONTH_TEXT_MAX bytes and returns out. */
bool		 statement_month_parse(const char *text, struct day *month);
const char	*statement_month_format(struct day month, char *out);

/*
 * Keeps the month, inside a write transaction on org, with an audit row.  CONFLICT if it is not over, if a job is recomputing
 * figures, or if it was kept already (*is_kept).
 */
enum status	 statement_keep(struct db *db, struct arena *a, const struct organization *org, struct day month, int64_t now,
		    const struct actor *by, bool *is_kept, struct error *err) MUST_CHECK;

/* Loads a statement, in the arena.  NOT_FOUND.  Inside a transaction. */
enum status	 statement_load(struct db *db, struct arena *a, const struct organization *org, struct day month,
		    struct statement *s, struct error *err) MUST_CHECK;

/* ---- The list */

struct statement_summary {
	struct day month;
	int64_t created_at, revision;
	const char *timezone, *currency;
	struct usage_sum sum;		/* of all channels */
	bool is_changed;		/* the figures of the month are now other ones */
};

struct statement_list {
	struct statement_summary *of;	/* newest month first, in the arena */
	size_t count;
	bool has_more;
};

/* At most max statements of months before `before`.  Inside a transaction. */
enum status	 statement_list(struct db *db, struct arena *a, const struct organization *org, struct day before, size_t max,
		    struct statement_list *list) MUST_CHECK;

/* ---- What came later */

enum statement_kind { LATER_EVENTS, LATER_FAILED, LATER_VOIDS, LATER_SETTLEMENTS, LATER_ADJUSTMENTS, LATER_KINDS };

enum { STATEMENT_LISTED_MAX = 100, STATEMENT_LOOKED_AT_MAX = 100000 };

struct statement_later {
	struct {
		int64_t rows[LATER_KINDS];
		struct usage_sum sum;
	} of[CHANNEL_COUNT];
	struct statement_row {
		enum statement_kind kind;
		struct event_row row;
		int64_t received_at;
	} listed[STATEMENT_LISTED_MAX];	/* the first of them, by time */
	size_t listed_count;
	int64_t rows;			/* how many there are, listed or not */
	int64_t outside;		/* and how many of the statement's instants that are now in another month */
	struct day compared_from, compared_until;	/* whose rows this page has all: [from, until) */
	struct day lines_from, lines_until;	/* whose lines of CSV are on this page: each day is on one */
	bool is_part;			/* there are other pages, before this one or after it */
	struct statement_figures *rows_of;	/* by the days as they are now */
	struct statement_figures *now;	/* the present figures */
	bool has_more;
	struct ledger_position next;	/* where the next page goes on */
};

/*
 * Reads the rows that came later and are in the month as its days are now, from *place on (NULL = from the start), and the
 * present figures: they are what was reported, these rows, and what statement_moved says of each day.  A page ends after
 * STATEMENT_LOOKED_AT_MAX rows of the ledger.  A day of UTC whose digest is the same is not looked at.  Inside a transaction.
 */
enum status	 statement_later(struct db *db, struct arena *a, const struct organization *org, const struct statement *s,
		    const struct ledger_position *place, struct statement_later *later) MUST_CHECK;

/* The same with all pages in one, for the command, which nobody waits for; every day is compared. */
enum status	 statement_later_whole(struct db *db, struct arena *a, const struct organization *org, const struct statement *s,
		    struct statement_later *later) MUST_CHECK;

/*
 * What a recomputation, of day boundaries or after damage, has added to a figure: what neither was reported nor is of a later
 * row.  False if it is nothing, or if this page does not have all rows of that day.
 */
bool		 statement_moved(const struct statement *s, const struct statement_later *later, int day, enum channel c,
		    struct usage_sum *sum);

/* The sums of a month by channel, and of all. */
void		 statement_totals(const struct statement_figures *figures, struct usage_sums *channels, struct usage_sum *all);

/* ---- As text: the members of an open object of JSON, and CSV with a line for each day and channel that has a figure. */
void		 statement_put(struct json *j, const struct organization *org, const struct statement *s,
		    const struct statement_later *later, const char *next);
void		 statement_put_summary(struct json *j, const struct statement_summary *s);
void		 statement_put_csv(struct csv *csv, const struct statement *s, const struct statement_later *later);
void		 statement_put_csv_list(struct csv *csv, const struct organization *org, const struct statement_list *list);

/* "event", "failed", "void", "settlement", "adjustment". */
const char	*statement_kind_name(enum statement_kind kind);

#endif
