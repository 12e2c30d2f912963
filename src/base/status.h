/*
 * The one list of outcomes.  What was wrong, in words, is in a struct error (error.h).
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

/* The HTTP code of an outcome, and its reason phrase. */
int		status_http(enum status st);
const char	*status_phrase(enum status st);

#endif
