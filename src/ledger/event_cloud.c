/*
 * CloudEvents 1.0, structured and binary (see event_read.h).
 */
#include <string.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "ledger/event_read.h"

/* The only type of CloudEvent that we accept. */
static const char cloudevent_type[] = "daybook.event";

static enum status
check_type(const char *type, struct error *err)
{
	if (type == NULL || strcmp(type, cloudevent_type) != 0)
		return error_set(err, BAD_REQUEST, "type: must be \"%s\"", cloudevent_type);
	return OK;
}

/*
 * Reads the structured mode: attributes around a member `data`.  Ignores unknown attributes, because CloudEvents allows
 * extensions, but not unknown data.
 */
enum status
event_read_cloud(struct json_object *o, struct event *e, struct error *err)
{
	const char *version, *type, *time = NULL;
	struct json_object *data;
	enum status st;

	if ((st = json_string(o, "id", 0, EVENT_ID_MAX, &e->id, err)) != OK ||
	    (st = json_string(o, "specversion", 1, 16, &version, err)) != OK)
		return st;
	if (version == NULL || strcmp(version, "1.0") != 0)
		return error_set(err, BAD_REQUEST, "specversion: must be \"1.0\"");
	if ((st = json_string(o, "type", 1, 255, &type, err)) != OK || (st = check_type(type, err)) != OK ||
	    (st = json_string(o, "source", 1, EVENT_SOURCE_MAX, &e->source, err)) != OK)
		return st;
	if (e->source == NULL)
		return error_set(err, BAD_REQUEST, "source: required");
	if ((st = event_read_names(e, err)) != OK ||
	    (st = json_string(o, "time", 1, 64, &time, err)) != OK ||
	    (st = json_member(o, "data", '{', &data, err)) != OK)
		return st;
	if (data == NULL)
		return error_set(err, BAD_REQUEST, json_has(o, "data_base64") ? "data_base64: not supported; send the data as a JSON "
		    "object in data" : "data: required");
	if ((st = json_known(data, event_read_data_fields, err)) != OK || (st = event_read_data(data, e, err)) != OK)
		return st;
	return event_read_time(e, "time", time, err);
}

/* ---- Binary mode */

/*
 * Decodes a header's percent-encoding as CloudEvents' HTTP binding requires; *text is NULL if the header is absent.
 * Leaves a `%` without two hex digits as it is.
 */
static enum status
read_header(struct arena *a, const char *name, const char *value, const char **text, struct error *err)
{
	size_t n = 0;
	char *out;

	*text = NULL;
	if (value == NULL)
		return OK;
	*text = out = arena_strdup(a, value);
	for (; *value != '\0'; value++) {
		int high = *value == '%' ? hex_digit(value[1]) : -1, low = high >= 0 ? hex_digit(value[2]) : -1;

		out[n++] = low >= 0 ? (char)(16 * high + low) : *value;
		value += low >= 0 ? 2 : 0;
	}
	out[n] = '\0';
	/* Decoding may have produced bytes that JSON could not contain; hold headers to the same rules. */
	if (strlen(out) < n)
		return error_set(err, BAD_REQUEST, "%s: contains a NUL", name);
	if (!utf8_is_valid(out, n))
		return error_set(err, BAD_REQUEST, "%s: not UTF-8", name);
	return OK;
}

/* Reads the attributes of binary mode, in the order of read_cloudevent. */
static enum status
read_headers(struct arena *a, const struct event_headers *h, struct event *e, const char **time, struct error *err)
{
	const char *id, *source, *type;
	enum status st;

	if ((st = read_header(a, "id", h->id, &id, err)) != OK)
		return st;
	e->id = id;
	if (h->version == NULL || strcmp(h->version, "1.0") != 0)
		return error_set(err, BAD_REQUEST, "specversion: must be \"1.0\"");
	if ((st = read_header(a, "type", h->type, &type, err)) != OK || (st = check_type(type, err)) != OK ||
	    (st = read_header(a, "source", h->source, &source, err)) != OK)
		return st;
	e->source = source;
	if (source == NULL || source[0] == '\0')
		return error_set(err, BAD_REQUEST, "source: required");
	if ((st = event_read_names(e, err)) != OK)
		return st;
	return read_header(a, "time", h->time, time, err);
}

enum status
event_read_binary(struct arena *a, const struct event_headers *headers, const char *text, size_t n, struct event *e,
    struct error *err)
{
	struct json_object *o;
	const char *time;
	enum status st;

	memset(e, 0, sizeof(*e));
	if ((st = read_headers(a, headers, e, &time, err)) != OK || (st = json_parse(a, "", text, n, &o, err)) != OK)
		return st;
	if ((st = json_known(o, event_read_data_fields, err)) == OK && (st = event_read_data(o, e, err)) == OK)
		st = event_read_time(e, "time", time, err);
	json_object_free(o);
	return st;
}
