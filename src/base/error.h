/*
 * What was wrong, in one sentence, and what to do about it.
 *
 * A function that can fail for a reason that a user should read returns an enum status and takes a
 * struct error.  Dialects turn both into a reply, the command into a line on stderr.
 */
#ifndef ERROR_H
#define ERROR_H

#include "base/status.h"

#define ERROR_TEXT_MAX 512

struct error {
	char text[ERROR_TEXT_MAX];	/* one line, "field: what was wrong"; "" = nothing to say */
	char hint[ERROR_TEXT_MAX];		/* what to do about it; "" = it is obvious */
	enum status status;		/* the status that error_set was called with */
};

/*
 * Writes the sentence, removes any hint, and returns st, so that a caller can `return
 * error_set(err, BAD_REQUEST, …)`.
 */
enum status	error_set(struct error *err, enum status st, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

/* Adds what to do about it. */
void		error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ERROR_SHOWN_MAX 65

/*
 * Writes a text of a client or person for a place in a sentence: at most 64 bytes that do not split a character, on one line,
 * with control characters as question marks.  Returns out.
 */
const char	*error_shown(const char *text, char out[ERROR_SHOWN_MAX]);

#endif
