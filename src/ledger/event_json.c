/*
 * Events from JSON: our own form, and CloudEvents 1.0 (structured and binary).
 */
#include <string.h>

#include "base/crypto.h"
#include "ledger/event.h"
#include "time/instant.h"
#include "base/json.h"
#include "base/utf8.h"

/* The only type of CloudEvent that we accept. */
static const char cloudevent_type[] = "daybook.event";

/* The members of each form.  A CloudEvent has id, source and time as attributes, so they are not among its data. */
static const char *const native_fields[] = { "id", "source", "channel", "occurredAt", "messages", "parts",
	"status", "cost", "campaignId", "segmentNumber", "to", "reason", "voids", NULL };
static const char *const data_fields[] = { "channel", "messages", "parts", "status", "cost", "campaignId",
	"segmentNumber", "to", "reason", "voids", NULL };
/* What a void takes over from the event that it takes back.  A value of its own could only contradict it. */
static const char *const not_of_a_void[] = { "occurredAt", "channel", "messages", "parts", "status", "cost",
	"campaignId", "segmentNumber", "to" };

/* Refuses control characters: ids go into logs, and EVENT_SEPARATOR is one of them. */
static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

/*
 * Checks id and source, which together identify the event.  Clients cannot use our own prefix, so no event can pass for
 * an adjustment.
 */
static enum status
check_names(struct event *e, struct error *err)
{
	if (e->id == NULL || e->id[0] == '\0')
		return error_set(err, BAD_REQUEST, "id: required");
	if (strlen(e->id) > EVENT_ID_MAX || !is_printable(e->id))
		return error_set(err, BAD_REQUEST, "id: longer than %d bytes, or contains control characters", EVENT_ID_MAX);
	if (e->source == NULL)
		e->source = "";
	if (strlen(e->source) > EVENT_SOURCE_MAX || !is_printable(e->source))
		return error_set(err, BAD_REQUEST, "source: longer than %d bytes, or contains control characters",
		    EVENT_SOURCE_MAX);
	if (strncmp(e->source, EVENT_OWN_SOURCE, sizeof(EVENT_OWN_SOURCE) - 1) == 0)
		return error_set(err, BAD_REQUEST, "source: must not begin with \"" EVENT_OWN_SOURCE "\", which is reserved");
	return OK;
}

/*
 * Reads the instant, called by the name that its form has for it.  A void lies at its event's instant, so both count on
 * the same day.
 */
static enum status
read_time(struct event *e, const char *field, const char *text, struct error *err)
{
	if (e->kind == EVENT_VOID)
		return text == NULL ? OK : error_set(err, BAD_REQUEST, "%s: not allowed in a void; the event's own counts", field);
	if (text == NULL)
		return error_set(err, BAD_REQUEST, "%s: required", field);
	if (!instant_parse(text, &e->occurred_at))
		return error_set(err, BAD_REQUEST, "%s: not an RFC 3339 instant such as 2026-05-20T15:00:00.000Z", field);
	return OK;
}

/* Reads the rest of an event with `voids`. */
static enum status
read_void(struct json_object *o, struct event *e, struct error *err)
{
	e->kind = EVENT_VOID;
	for (size_t i = 0; i < sizeof(not_of_a_void) / sizeof(not_of_a_void[0]); i++)
		if (json_has(o, not_of_a_void[i]))
			return error_set(err, BAD_REQUEST, "%s: not allowed in a void; the event's own counts", not_of_a_void[i]);
	if (strlen(e->voids) > EVENT_ID_MAX)
		return error_set(err, BAD_REQUEST, "voids: longer than %d bytes", EVENT_ID_MAX);
	if (e->reason == NULL)
		return error_set(err, BAD_REQUEST, "reason: required in a void");
	return OK;
}

/* A missing channel means SMS, which most senders send. */
static enum status
read_channel(struct json_object *o, struct event *e, struct error *err)
{
	const char *name;
	enum status st;

	e->channel = SMS;
	if ((st = json_string(o, "channel", 1, 64, &name, err)) != OK || name == NULL)
		return st;
	if (!channel_parse(name, &e->channel))
		return error_set(err, BAD_REQUEST, "channel: unknown \"%s\"; one of %s", name, channel_names());
	return OK;
}

/*
 * Reads the status.  Requires `to` and `reason` of a failed event and refuses them of any other: the phone numbers of
 * people who were reached are never stored.
 */
static enum status
read_kind(struct json_object *o, struct event *e, struct error *err)
{
	const char *status;
	enum status st;

	e->kind = EVENT_SENT;
	if ((st = json_string(o, "status", 1, 64, &status, err)) != OK)
		return st;
	if (status != NULL && strcmp(status, "failed") == 0)
		e->kind = EVENT_FAILED;
	else if (status != NULL && strcmp(status, "sent") != 0)
		return error_set(err, BAD_REQUEST, "status: unknown \"%s\"; sent or failed", status);
	if (e->kind == EVENT_SENT && e->to != NULL)
		return error_set(err, BAD_REQUEST, "to: only with status failed; numbers of sent messages are not kept");
	if (e->kind == EVENT_SENT && e->reason != NULL)
		return error_set(err, BAD_REQUEST, "reason: only with status failed or in a void");
	if (e->kind == EVENT_FAILED && e->to == NULL)
		return error_set(err, BAD_REQUEST, "to: required with status failed");
	if (e->kind == EVENT_FAILED && e->reason == NULL)
		return error_set(err, BAD_REQUEST, "reason: required with status failed");
	return OK;
}

/* Reads messages, parts and cost.  By default, one message in one part, which the price list prices. */
static enum status
read_amounts(struct json_object *o, struct event *e, struct error *err)
{
	enum status st;
	bool found;

	e->messages = 1;
	if ((st = json_int(o, "messages", 1, EVENT_COUNT_MAX, &found, &e->messages, err)) != OK)
		return st;
	if (e->kind == EVENT_FAILED && e->messages != 1)
		return error_set(err, BAD_REQUEST, "messages: must be 1; a failed event is one contact");
	e->parts = e->messages;
	if ((st = json_int(o, "parts", 0, EVENT_COUNT_MAX, &found, &e->parts, err)) != OK)
		return st;
	if (e->kind == EVENT_SENT && e->parts < e->messages)
		return error_set(err, BAD_REQUEST, "parts: fewer than messages; each message has at least one");
	if ((st = json_money(o, "cost", &e->cost_given, &e->cost_micros, err)) != OK)
		return st;
	if (e->kind == EVENT_FAILED && e->cost_given && e->cost_micros != 0)
		return error_set(err, BAD_REQUEST, "cost: must be 0; a failed event costs nothing");
	return OK;
}

/*
 * Reads all but id, source and time, which the two forms carry in different places.  A void goes its own way as soon as
 * `voids` is found, so that its errors speak of a void.
 */
static enum status
read_data(struct json_object *o, struct event *e, struct error *err)
{
	enum status st;
	bool found;

	if ((st = json_string(o, "voids", 1, EVENT_ID_MAX, &e->voids, err)) != OK ||
	    (st = json_string(o, "to", 1, 64, &e->to, err)) != OK ||
	    (st = json_string(o, "reason", 1, 500, &e->reason, err)) != OK)
		return st;
	if (e->voids != NULL)
		return read_void(o, e, err);
	if ((st = read_kind(o, e, err)) != OK ||
	    (st = read_channel(o, e, err)) != OK ||
	    (st = read_amounts(o, e, err)) != OK ||
	    (st = json_string(o, "campaignId", 1, 64, &e->campaign, err)) != OK ||
	    (st = json_int(o, "segmentNumber", 1, EVENT_COUNT_MAX, &found, &e->segment, err)) != OK)
		return st;
	if (found && e->campaign == NULL)
		return error_set(err, BAD_REQUEST, "segmentNumber: only together with campaignId");
	return OK;
}

/* Reads the id first, so that a refusal of any other field can name the event. */
static enum status
read_native(struct json_object *o, struct event *e, struct error *err)
{
	const char *time = NULL;
	enum status st;

	if ((st = json_string(o, "id", 0, EVENT_ID_MAX, &e->id, err)) != OK ||
	    (st = json_known(o, native_fields, err)) != OK ||
	    (st = json_string(o, "source", 0, EVENT_SOURCE_MAX, &e->source, err)) != OK ||
	    (st = check_names(e, err)) != OK ||
	    (st = json_string(o, "occurredAt", 1, 64, &time, err)) != OK ||
	    (st = read_data(o, e, err)) != OK)
		return st;
	return read_time(e, "occurredAt", time, err);
}

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
static enum status
read_cloudevent(struct json_object *o, struct event *e, struct error *err)
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
	if ((st = check_names(e, err)) != OK ||
	    (st = json_string(o, "time", 1, 64, &time, err)) != OK ||
	    (st = json_member(o, "data", '{', &data, err)) != OK)
		return st;
	if (data == NULL)
		return error_set(err, BAD_REQUEST, "data: required");
	if ((st = json_known(data, data_fields, err)) != OK || (st = read_data(data, e, err)) != OK)
		return st;
	return read_time(e, "time", time, err);
}

/* The caller has validated the text; only its kind is checked here. */
enum status
event_read(struct arena *a, enum event_form form, const char *text, size_t n, struct event *e, struct error *err)
{
	struct json_object *o;
	enum status st;

	memset(e, 0, sizeof(*e));
	if (json_kind(text, n) != '{')
		return error_set(err, BAD_REQUEST, "event: not a JSON object");
	if ((st = json_parse(a, "", text, n, &o, err)) != OK)
		return st;
	st = form == EVENT_NATIVE ? read_native(o, e, err) : read_cloudevent(o, e, err);
	json_object_free(o);
	return st;
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
	if ((st = check_names(e, err)) != OK)
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
	if ((st = json_known(o, data_fields, err)) == OK && (st = read_data(o, e, err)) == OK)
		st = read_time(e, "time", time, err);
	json_object_free(o);
	return st;
}

/* The reason is last: a reader finds it by comparing the text before it (see find_reasons in ledger.c). */
const char *
event_void_detail(struct arena *a, const struct event *e)
{
	struct buf detail = { 0 };
	struct json *j = json_on(&detail);
	const char *text;

	json_open_object(j, NULL);
	json_put_text(j, "source", e->source);
	json_put_text(j, "id", e->id);
	json_put_text(j, "voids", e->voids);
	json_put_text(j, "reason", e->reason);
	json_close_object(j);
	text = arena_strdup(a, buf_text(&detail));
	buf_free(&detail);
	return text;
}
