/*
 * Choosing between JSON, CSV and HTML (see negotiate.h).  Accept is parsed as RFC 9110, 12.5.1, has it, as far as these need it.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http/negotiate.h"

enum { Q_ONE = 1000 };

/* The quality in thousandths; text follows `q=`.  Ignores a malformed one, which then counts as 1. */
static int
read_q(const char *text)
{
	int q = 0, unit = Q_ONE / 10;

	if (*text != '0' && *text != '1')
		return Q_ONE;
	q = (*text++ - '0') * Q_ONE;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text) && unit > 0; text++, unit /= 10)
			q += (*text - '0') * unit;
	return q < Q_ONE ? q : Q_ONE;
}

/* The quality of one range of the list, n bytes long: its parameter q, or 1 without one. */
static int
range_q(const char *range, size_t n)
{
	const char *end = range + n;

	for (const char *p = range; (p = memchr(p, ';', (size_t)(end - p))) != NULL; ) {
		for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		if (end - p > 2 && strncasecmp(p, "q=", 2) == 0)
			return read_q(p + 2);
	}
	return Q_ONE;
}

/* Whether a range of the list is this media type, whatever its parameters and case. */
static bool
is_range(const char *range, size_t n, const char *name)
{
	size_t length = strlen(name);

	return n >= length && strncasecmp(range, name, length) == 0 && (n == length || strchr("; \t", range[length]) != NULL);
}

/*
 * Sets what the client rates higher than JSON.  Only an explicit text/csv or text/html counts, so a script, which accepts
 * anything, gets JSON.
 */
static void
choose(struct req *r, const char *accept)
{
	static const char *const json_ranges[] = { "*/*", "application/*", "application/json" };
	enum { RANGES = sizeof(json_ranges) / sizeof(json_ranges[0]) };
	int csv = 0, html = 0, json = 0, closest = -1;
	size_t n;

	for (; *accept != '\0'; accept += n + (accept[n] == ',')) {
		while (*accept == ' ' || *accept == '\t')
			accept++;
		n = strcspn(accept, ",");
		if (is_range(accept, n, "text/csv"))
			csv = range_q(accept, n);
		if (is_range(accept, n, "text/html"))
			html = range_q(accept, n);
		for (int i = 0; i < RANGES; i++)	/* the most specific range decides */
			if (i >= closest && is_range(accept, n, json_ranges[i])) {
				closest = i;
				json = range_q(accept, n);
			}
	}
	r->is_html = r->route->has_html && html > json && html > csv;
	r->is_csv = !r->is_html && csv > json;
}

enum status
negotiate_format(struct req *r)
{
	const char *format = req_query(r, "format"), *accept = req_env(r, "HTTP_ACCEPT");

	/* Without the parameter the header decides, and a cache must know that (Vary). */
	if (format == NULL) {
		r->is_by_accept = true;
		if (accept != NULL)
			choose(r, accept);
		return OK;
	}
	r->is_csv = strcmp(format, "csv") == 0;
	r->is_html = r->route->has_html && strcmp(format, "html") == 0;
	if (r->is_csv || r->is_html || strcmp(format, "json") == 0)
		return OK;
	error_set(&r->err, BAD_REQUEST, "format: must be %s", r->route->has_html ? "json, csv or html" : "json or csv");
	error_hint(&r->err, "Leave format out for JSON.");
	return BAD_REQUEST;
}
