/*
 * The one list of outcomes, and the sentence that goes with a bad one.
 *
 * A function that can fail for a reason the caller's user should hear returns an enum status and
 * takes a struct why, in which it says what was wrong.  Dialects turn both into a reply, the
 * command into a line on stderr.
 */
#ifndef STATUS_H
#define STATUS_H

enum status {
	OK,
	CREATED,
	NO_CONTENT,
	NOT_MODIFIED,
	BAD_REQUEST,		/* the request cannot mean anything: a parameter, a body */
	UNAUTHENTICATED,	/* no valid credential */
	OVER_CAP,		/* a cap of the billing cycle refuses */
	FORBIDDEN,		/* a valid credential that may not do this */
	NOT_FOUND,
	METHOD_NOT_ALLOWED,
	CONFLICT,		/* with what is there already, or no room for a reservation */
	PRECONDITION_FAILED,	/* If-Match */
	TOO_LARGE,
	UNSUPPORTED_MEDIA,
	OVER_QUOTA,		/* an enforced event found its day full */
	INTERNAL,		/* our fault; nothing was written */
	UNAVAILABLE,		/* the database is busy, full or away; try again */
	STATUS_COUNT
};

/* On functions whose outcome must not be dropped: the compiler refuses a call that ignores it. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define WHY_TEXT_MAX 512

struct why {
	char text[WHY_TEXT_MAX];	/* one line, "field: what was wrong"; "" = nothing to say */
	char fix[WHY_TEXT_MAX];		/* what to do about it; "" = obvious */
	enum status status;		/* that it was given with */
};

/* Writes the sentence and returns st, so that a caller can `return why_not(why, BAD_REQUEST, …)`. */
enum status	why_not(struct why *why, enum status st, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));

/* Adds what to do about it. */
void		why_fix(struct why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The HTTP code of an outcome, and its reason phrase. */
int		status_http(enum status st);
const char	*status_phrase(enum status st);

#endif
