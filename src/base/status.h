/*
 * The one list of outcomes.  A struct error (error.h) says in words what was wrong.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

enum status {
	OK,
	CREATED,
	ACCEPTED,		/* written, with a job that goes on */
	NO_CONTENT,
	NOT_MODIFIED,
	BAD_REQUEST,		/* the request cannot mean anything: a parameter, a body */
	UNAUTHENTICATED,	/* no valid credential */
	OVER_CAP,		/* a cap of the billing cycle would be exceeded */
	FORBIDDEN,		/* a valid credential without the right to do this */
	NOT_FOUND,
	METHOD_NOT_ALLOWED,
	TOO_SLOW,		/* the body did not arrive in time */
	CONFLICT,		/* with what exists already, or no room for a reservation */
	PRECONDITION_FAILED,	/* If-Match */
	TOO_LARGE,
	UNSUPPORTED_MEDIA,
	OVER_QUOTA,		/* an enforced event whose day is full */
	TOO_OFTEN,		/* asked for too often; not before its time */
	INTERNAL,		/* our fault; nothing was written */
	UNAVAILABLE,		/* the database is busy, full or away; try again */
	STATUS_COUNT
};

/* For functions whose outcome must not be ignored: the compiler refuses a call that drops it. */
#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * For a large variable that is written before it is read, in a function that is called often: the hardening of the Makefile
 * (-ftrivial-auto-var-init=zero) would clear it at each call.
 */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define NOT_CLEARED __attribute__((uninitialized))
#else
#define NOT_CLEARED
#endif

/* Whether what was requested has been done: OK, CREATED, ACCEPTED, NO_CONTENT.  NOT_MODIFIED changes nothing, so it is none. */
bool		status_is_success(enum status st);

/* The HTTP code of an outcome, and its reason phrase. */
int		status_http(enum status st);
const char	*status_phrase(enum status st);

#endif
