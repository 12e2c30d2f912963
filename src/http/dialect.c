/*
 * The error bodies of the three dialects (see dialect.h).  What the operator must know of an error of ours is in the log; a
 * client gets a sentence that gives nothing away.
 */
#include <stdio.h>

#include "http/dialect.h"

/* What each dialect calls an outcome, and the sentence for when the request set no better one. */
static const struct {
	const char *code;	/* pingram */
	const char *word;	/* infodeck's `error`, and tether's `message` in words */
	const char *sentence;
} words[STATUS_COUNT] = {
	[BAD_REQUEST] = { "VALIDATION_ERROR", "ValidationError", "Input data validation failed." },
	[UNAUTHENTICATED] = { "UNAUTHORIZED", "Unauthenticated",
		"Authentication is required and has failed or has not yet been provided." },
	[OVER_CAP] = { "USAGE_LIMIT_EXCEEDED", "UsageLimitExceeded", "A cap of the billing cycle is reached." },
	[FORBIDDEN] = { "FORBIDDEN", "Forbidden", "Access to the requested resource is forbidden." },
	[NOT_FOUND] = { "NOT_FOUND", "ResourceNotFound", "The requested resource could not be found." },
	[METHOD_NOT_ALLOWED] = { "METHOD_NOT_ALLOWED", "MethodNotAllowed", "The method is not allowed here." },
	[TOO_SLOW] = { "REQUEST_TIMEOUT", "RequestTimeout", "The body did not arrive in time." },
	[CONFLICT] = { "CONFLICT", "Conflict", "The request conflicts with existing data." },
	[PRECONDITION_FAILED] = { "PRECONDITION_FAILED", "PreconditionFailed", "It was changed after you read it. Read it again." },
	[TOO_LARGE] = { "PAYLOAD_TOO_LARGE", "PayloadTooLarge", "The body is too large." },
	[UNSUPPORTED_MEDIA] = { "UNSUPPORTED_MEDIA_TYPE", "UnsupportedMediaType", "The media type of the body is not supported." },
	[OVER_QUOTA] = { "QUOTA_EXCEEDED", "QuotaExceeded", "The day has no room." },
	[TOO_OFTEN] = { "TOO_MANY_REQUESTS", "TooManyRequests", "This was asked for too often. Try again later." },
	[INTERNAL] = { "INTERNAL_ERROR", "InternalServerError", "Internal server error." },
	[UNAVAILABLE] = { "SERVICE_UNAVAILABLE", "ServiceUnavailable", "The database is unavailable or busy. Try again shortly." },
};

/* Why the database is UNAVAILABLE, in words for clients; paths and remedies are in the log. */
static const char *const troubles[] = {
	[DB_NO_TROUBLE] = "The database is unavailable or busy. Try again shortly.",
	[DB_BUSY] = "The database is busy. Try again shortly.",
	[DB_FULL] = "The disk of the database is full. Nothing was written.",
	[DB_IO_ERROR] = "The database cannot be read or written. Nothing was written.",
	[DB_READ_ONLY] = "The database is read-only. Nothing was written.",
	[DB_DAMAGED] = "The database is damaged. Nothing was written.",
	[DB_NO_MEMORY] = "There is not enough memory for this request. Try again shortly.",
};

static const char *
sentence(const struct req *r, enum status st)
{
	return st == UNAVAILABLE ? troubles[r->trouble] : words[st].sentence;
}

/* What the request itself found wrong; "" for our own errors, whose details are not for clients. */
static const char *
detail(const struct req *r, enum status st)
{
	return st == INTERNAL || st == UNAVAILABLE ? "" : r->err.text;
}

void
dialect_tether_open(struct json *out)
{
	json_open_object(out, NULL);
	json_put_bool(out, "success", true);
	json_open_object(out, "data");
}

void
dialect_tether_close(struct json *out)
{
	json_close_object(out);
	json_close_object(out);
}

/* message is the kind of error in words, error the detail; an endpoint whose contract fixes message has set r->message. */
static void
tether(const struct req *r, enum status st, struct json *out)
{
	const char *err = detail(r, st);

	json_put_bool(out, "success", false);
	json_put_text(out, "message", r->message != NULL ? r->message :
	    st == BAD_REQUEST ? "Validation error" : sentence(r, st));
	json_put_text(out, "error", err[0] != '\0' ? err : sentence(r, st));
}

/* trackingId is the request id, so that a report of the client finds its line in the log. */
static void
pingram(const struct req *r, enum status st, struct json *out)
{
	const char *err = detail(r, st);

	json_put_text(out, "trackingId", r->id);
	json_open_object(out, "error");
	json_put_text(out, "code", words[st].code);
	json_put_text(out, "message", err[0] != '\0' ? err : sentence(r, st));
	if (err[0] != '\0' && r->err.hint[0] != '\0')
		json_put_text(out, "fix", r->err.hint);
	json_close_object(out);
}

/* The contract fixes the sentences of 401, 403 and 404; other outcomes add what was wrong. */
static void
infodeck(const struct req *r, enum status st, struct json *out)
{
	char message[ERROR_TEXT_MAX + 64];
	const char *err = detail(r, st);

	snprintf(message, sizeof(message), "%s%s%s", sentence(r, st),
	    st != UNAUTHENTICATED && st != FORBIDDEN && st != NOT_FOUND && err[0] != '\0' ? " " : "",
	    st != UNAUTHENTICATED && st != FORBIDDEN && st != NOT_FOUND ? err : "");
	json_put_text(out, "error", words[st].word);
	json_put_text(out, "message", message);
}

void
dialect_error(const struct req *r, enum status st, struct buf *body)
{
	static void (*const writers[])(const struct req *, enum status, struct json *) = {
		[TETHER] = tether, [PINGRAM] = pingram, [INFODECK] = infodeck };
	struct json *out = json_on(body);

	/* What the handler wrote before it failed is not part of the error. */
	buf_reset(body);
	json_open_object(out, NULL);
	writers[r->endpoint->dialect](r, st, out);
	json_close_object(out);
}

int
dialect_http(const struct req *r, enum status st)
{
	return st == BAD_REQUEST && r->endpoint->dialect == INFODECK ? 422 : status_http(st);
}
