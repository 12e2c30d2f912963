/*
 * Everything that can be wrong with an installation, checked in one place: for `daybook doctor`, for /health, and for the log
 * of a program that starts.  Each result says what was found and what to do about it.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/served.h"
#include "base/arena.h"
#include "db/db.h"

#define DOCTOR_CHECKS_MAX 16
#define DOCTOR_TEXT_MAX 1024

enum doctor_level { DOCTOR_FINE, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor_context {
	const char *path;	/* of the database; "" = nothing names one */
	struct db *db;		/* in a read transaction; NULL if it could not be opened */
	const struct error *err;	/* why it could not */
	struct served served;	/* what is known about the web server */
	struct arena *arena;
	int64_t now;
	bool is_thorough;	/* also slow checks: those that start a process, or read a zone file for each organization */
};

struct check_result {
	const char *check;	/* its name, one word */
	enum doctor_level level;
	char text[DOCTOR_TEXT_MAX];
	char fix[DOCTOR_TEXT_MAX];	/* "" if fine */
	const char *open_text;	/* for the public (/health): no path, no user; NULL if fine */
};

/*
 * Makes the checks and writes at most DOCTOR_CHECKS_MAX results, fine ones too; returns how many.  A check that cannot be made
 * has no result.
 */
size_t		 doctor_examine(const struct doctor_context *p, struct check_result *out);

/* "ok", "warning", "error". */
const char	*doctor_word(enum doctor_level level);

/* Logs one line for each result that is not fine. */
void		 doctor_log(const struct doctor_context *p);

/* Whether this version of SQLite may lose commits if several processes write one WAL without a writers' lock. */
bool		 doctor_has_wal_fault(const char *sqlite_version);

#endif
