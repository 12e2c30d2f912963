/*
 * From the inside of verify: the table of invariants.  For verify*.c only.
 */
#ifndef VERIFY_INVARIANTS_H
#define VERIFY_INVARIANTS_H

#include <stdbool.h>

#include "admin/verify.h"

struct verify {
	struct db *db;
	struct arena *arena;
	struct verify_report *report;
	int64_t org;			/* the one that is looked at */
	const char *id;			/* its name; "" = the file as a whole */
	int64_t offset_min, offset_max;	/* of its spans, in seconds */
	int64_t total;			/* events in the file when the work began */
};

/* Days of UTC [from, until); the ends of the whole are open. */
struct stretch {
	int64_t from, until;
	bool is_first, is_last;
};

/* What an invariant is looked at for, and the parameters of its SELECT. */
enum verify_scope {
	OF_FILE,		/* once */
	OF_ORGANIZATION,	/* :org */
	OF_STRETCH,		/* :org, :from_at and :until_at, with what verify_ledger has summed */
};

/*
 * Either sql, whose rows are differences: their columns in the order of `row`, a text with %s text, %i integer, %m money,
 * %d day, %q quarter-hour.  Or check.  Or neither: verify_ledger looks at each row by itself.
 */
struct invariant {
	const char *name, *sentence;
	enum verify_scope scope;
	const char *row, *sql;
	enum status (*check)(struct verify *v);
};

extern const struct invariant verify_invariants[];	/* the last one has no name */

/* Counts a difference and reports it. */
void		verify_differs(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- verify_ledger.c: the one reading of the ledger, inside the transaction of a stretch */

/* Makes the temporary tables that hold its sums. */
enum status	verify_ledger_begin(struct verify *v) MUST_CHECK;
enum status	verify_ledger_read(struct verify *v, const struct stretch *s) MUST_CHECK;

/* The instants of a stretch. */
int64_t		verify_from_at(const struct stretch *s);
int64_t		verify_until_at(const struct stretch *s);

/* ---- verify_checks.c: what takes more than SQL */
enum status	verify_schema(struct verify *v) MUST_CHECK;
enum status	verify_settings(struct verify *v) MUST_CHECK;
enum status	verify_signing_keys(struct verify *v) MUST_CHECK;
enum status	verify_api_keys(struct verify *v) MUST_CHECK;
enum status	verify_plans(struct verify *v) MUST_CHECK;
enum status	verify_failures(struct verify *v) MUST_CHECK;

/* ---- verify_zone.c */
enum status	verify_zone(struct verify *v) MUST_CHECK;

#endif
