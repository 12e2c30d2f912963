/*
 * What can be wrong with an installation, looked for in one place: for `daybook doctor`, for /health, and for the log of
 * a program that starts.  Each check says what it found, and what to do about it.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "db/db.h"

#define DOCTOR_CHECKS_MAX 16
#define DOCTOR_TEXT_MAX 1024

enum doctor_level { DOCTOR_FINE, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor_context {
	const char *path;	/* of the database; "" = nothing names one */
	struct db *db;		/* in a read transaction; NULL where it could not be opened */
	const struct error *err;	/* why not */
	const char *document_root;	/* of the web server; NULL = not known */
	struct arena *arena;
	int64_t now;
	bool is_thorough;	/* the checks too that take a process, or a reading for each organisation */
};

struct check_result {
	const char *check;	/* its name, one word */
	enum doctor_level level;
	char text[DOCTOR_TEXT_MAX];
	char fix[DOCTOR_TEXT_MAX];	/* "" where fine */
	const char *open_text;	/* the same for anybody's eyes: no path, no user; NULL where fine */
};

/* Writes at most DOCTOR_CHECKS_MAX findings, fine ones too; returns how many.  A check that cannot be made has none. */
size_t		 doctor_examine(const struct doctor_context *p, struct check_result *out);

/* "ok", "warning", "error". */
const char	*doctor_word(enum doctor_level level);

/* One line of the log for each finding that is not fine. */
void		 doctor_log(const struct doctor_context *p);

/*
 * Whether a web server could serve a database, or one that is to be made there: its real path, or the folder that it is named
 * in, is below the document root.  False if there is no such root, or it is "/".
 */
bool		 doctor_is_below(const char *path, const char *document_root);

/* Whether this version of SQLite may lose commits of several processes that write one WAL without a writers' lock. */
bool		 doctor_has_wal_fault(const char *sqlite_version);

#endif
