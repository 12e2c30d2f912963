#include <assert.h>

#include "base/status.h"

static const struct {
	int http;
	const char *phrase;
} outcomes[STATUS_COUNT] = {
	[OK] = { 200, "OK" },
	[CREATED] = { 201, "Created" },
	[ACCEPTED] = { 202, "Accepted" },
	[NO_CONTENT] = { 204, "No Content" },
	[NOT_MODIFIED] = { 304, "Not Modified" },
	[BAD_REQUEST] = { 400, "Bad Request" },
	[UNAUTHENTICATED] = { 401, "Unauthorized" },
	[OVER_CAP] = { 402, "Payment Required" },
	[FORBIDDEN] = { 403, "Forbidden" },
	[NOT_FOUND] = { 404, "Not Found" },
	[METHOD_NOT_ALLOWED] = { 405, "Method Not Allowed" },
	[TOO_SLOW] = { 408, "Request Timeout" },
	[CONFLICT] = { 409, "Conflict" },
	[PRECONDITION_FAILED] = { 412, "Precondition Failed" },
	[TOO_LARGE] = { 413, "Content Too Large" },
	[UNSUPPORTED_MEDIA] = { 415, "Unsupported Media Type" },
	[OVER_QUOTA] = { 429, "Too Many Requests" },
	[TOO_OFTEN] = { 429, "Too Many Requests" },
	[INTERNAL] = { 500, "Internal Server Error" },
	[UNAVAILABLE] = { 503, "Service Unavailable" },
};

bool
status_is_success(enum status st)
{
	return st == OK || st == CREATED || st == ACCEPTED || st == NO_CONTENT;
}

int
status_http(enum status st)
{
	assert(st < STATUS_COUNT);
	return outcomes[st].http;
}

const char *
status_phrase(enum status st)
{
	assert(st < STATUS_COUNT);
	return outcomes[st].phrase;
}
