/* Internals of verify: the table of invariants and what checks them.  For verify*.c only. */
#ifndef VERIFY_INVARIANTS_H
#define VERIFY_INVARIANTS_H

#include <stdbool.h>

#include "admin/verify.h"
#include "quota/channel.h"
#include "time/instant.h"

struct verify_statement;

struct verify {
	struct db *db;
	struct arena *arena;
	struct verify_report *report;
	int64_t org;			/* the organization that is being checked */
	const char *id;			/* its name; "" = the file as a whole */
	int64_t first_day, last_day;	/* of UTC: of its ledger */
	int64_t days;			/* the length of the next stretch */
	struct verify_statement *statements;	/* of the organization */
	size_t statement_count;
	bool is_whole;			/* this run reads its ledger from the first stretch on */
};

/* A stretch of the ledger: the days of UTC [from, until).  The first and the last one are open at their outer ends. */
struct stretch {
	int64_t from, until;
	bool is_first, is_last;
};

/* When an invariant is checked, and the parameters that its SELECT may use. */
enum verify_scope {
	OF_FILE,		/* once for the file */
	OF_ORGANIZATION,	/* :org */
	OF_STRETCH,		/* for each stretch: :org, :from_at, :until_at, and the digests of verify_ledger */
};

/*
 * Either `sql`, each row of which is a difference: `row` is its sentence, in which %s is text, %i an integer, %m money, %d a
 * day and %q a quarter-hour, for the columns in their order.  Or `check`.  Or neither: verify_ledger checks each row as it
 * reads it.
 */
struct invariant {
	const char *name, *sentence;
	enum verify_scope scope;
	const char *row, *sql;
	enum status (*check)(struct verify *v);
};

extern const struct invariant verify_invariants[];	/* ends with a row without a name */

/* A quarter-hour in a sentence; a number that is none of 1970 to 2100 comes from a damaged file. */
const char	*verify_quarter_text(int64_t quarter, char out[INSTANT_TEXT_MAX]);

/* Counts a difference and reports it. */
void		verify_differs(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- verify_ledger.c: the one pass over the ledger, inside the transaction of a stretch */

/* The first makes the temporary tables for the sums; the second fills them for a stretch and checks each row. */
enum status	verify_ledger_begin(struct verify *v) MUST_CHECK;
enum status	verify_ledger_read(struct verify *v, const struct stretch *s) MUST_CHECK;

/* The instants [from_at, until_at) of a stretch. */
int64_t		verify_from_at(const struct stretch *s);
int64_t		verify_until_at(const struct stretch *s);

/* ---- verify_row.c */

/* What the checks of one row say of its price. */
struct verify_priced {
	bool has_given_cost;		/* a settlement has given the cost */
	int64_t parts;
};

/* Checks a row by itself. */
enum status	verify_row_check(struct verify *v, const char *source, const char *id, struct verify_priced *priced) MUST_CHECK;

/* ---- verify_statement.c: what statements say, compared with the pass over the ledger */

/* A row of the ledger as far as statements need it. */
struct verify_row {
	int64_t at, revision, hash, messages, parts, cost;
	enum channel channel;
	bool is_known;			/* the channel is one */
	bool is_failed;			/* it counts nothing */
};

/* Temporary tables; the statements of an organization, before its ledger; a day of UTC, its rows, its end; after the last. */
enum status	verify_statement_tables(struct verify *v) MUST_CHECK;
enum status	verify_statement_begin(struct verify *v, bool is_whole) MUST_CHECK;
void		verify_statement_day(struct verify *v, int64_t day);
void		verify_statement_row(struct verify *v, const struct verify_row *row);
enum status	verify_statement_end_day(struct verify *v, int64_t day) MUST_CHECK;
enum status	verify_statement_end(struct verify *v) MUST_CHECK;
enum status	verify_statements(struct verify *v) MUST_CHECK;

/* ---- verify_quarter.c: the sums of one quarter-hour at a time, compared with its roll-up and the price list */

struct verify_quarter {
	struct verify *v;
	struct query *stored;		/* the rows of usage_quarter, in their order */
	bool has_begun, has_stored;	/* the first of them has been read; one is there that is not yet compared */
	int64_t quarter, day;		/* the present one; the day of UTC of `price` */
	struct verify_sum {
		bool is_used;		/* it has a row that counts */
		int64_t messages, parts, cost;
		int64_t priced, least, most;	/* of events without a given cost: the cost, and its bounds by the prices */
	} of[CHANNEL_COUNT];
	struct price_range {
		bool is_known;
		int64_t least, most;	/* billionths of its currency for a part, on the days around `day` */
	} price[CHANNEL_COUNT];
};

/* Compares the present quarter-hour, if this is another one, and those between the two; INT64_MAX after the last. */
enum status	verify_quarter_begin(struct verify_quarter *u, int64_t quarter) MUST_CHECK;

/* Adds a row of a known channel.  priced: what prices must account for; NULL = nothing. */
enum status	verify_quarter_add(struct verify_quarter *u, const struct verify_row *row,
		    const struct verify_priced *priced) MUST_CHECK;

/* ---- verify_checks.c: what needs more than SQL */
enum status	verify_schema(struct verify *v) MUST_CHECK;
enum status	verify_settings(struct verify *v) MUST_CHECK;
enum status	verify_currencies(struct verify *v) MUST_CHECK;
enum status	verify_signing_keys(struct verify *v) MUST_CHECK;
enum status	verify_api_keys(struct verify *v) MUST_CHECK;
enum status	verify_limits(struct verify *v) MUST_CHECK;
enum status	verify_plans(struct verify *v) MUST_CHECK;
enum status	verify_failures(struct verify *v) MUST_CHECK;

/* ---- verify_window.c */
enum status	verify_windows(struct verify *v) MUST_CHECK;

/* ---- verify_zone.c */
enum status	verify_zone(struct verify *v) MUST_CHECK;
enum status	verify_limit_zones(struct verify *v) MUST_CHECK;

#endif
