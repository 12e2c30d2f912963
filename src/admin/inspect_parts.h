/*
 * What inspections share.  Only for inspect*.c.
 */
#ifndef INSPECT_PARTS_H
#define INSPECT_PARTS_H

#include "admin/inspect.h"
#include "admin/verify.h"

/* Runs verify on a copy, from the cursor on.  CONFLICT and the first difference, and that --force accepts it. */
enum status	inspect_verify_copy(struct db *db, struct verify_cursor *c, int64_t until_ms, struct error *err) MUST_CHECK;

/* The error of a check of a copy, which names the file that the operator named: the copy is gone when the message is read. */
enum status	inspect_rename_error(struct error *err, enum status st, const struct error *found, const char *copy,
		    const char *name);

#endif
