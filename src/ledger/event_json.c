/*
 * Events from JSON: our own form, and what it shares with CloudEvents (event_cloud.c).
 */
#include <string.h>

#include "ledger/event_read.h"
#include "time/instant.h"
#include "base/json.h"
#include "base/utf8.h"
#include "quota/origin.h"

/* The members of each form.  A CloudEvent has id, source and time as attributes, so they are not among its data. */
static const char *const native_fields[] = { "id", "source", "channel", "occurredAt", "messages", "parts",
	"status", "cost", "campaignId", "segmentNumber", "from", "network", "tag", "to", "reason", "voids", "settles", NULL };
const char *const event_read_data_fields[] = { "channel", "messages", "parts", "status", "cost", "campaignId",
	"segmentNumber", "from", "network", "tag", "to", "reason", "voids", "settles", NULL };
/* What corrections take over from their event.  A value of their own could only contradict it. */
static const char *const not_of_a_void[] = { "occurredAt", "channel", "messages", "parts", "status", "cost",
	"campaignId", "segmentNumber", "from", "network", "tag", "to", "settles", NULL };
static const char *const not_of_a_settlement[] = { "occurredAt", "channel", "messages", "campaignId", "segmentNumber", "from",
	"network", "tag", "to", "reason", NULL };

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
enum status
event_read_names(struct event *e, struct error *err)
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
 * Reads the instant, called by the name that its form has for it.  A correction lies at its event's instant, so both count on
 * the same day.
 */
enum status
event_read_time(struct event *e, const char *field, const char *text, struct error *err)
{
	if (e->kind == EVENT_VOID || e->kind == EVENT_SETTLEMENT)
		return text == NULL ? OK : error_set(err, BAD_REQUEST, "%s: not allowed in a %s; the event's own counts", field,
		    e->kind == EVENT_VOID ? "void" : "settlement");
	if (text == NULL)
		return error_set(err, BAD_REQUEST, "%s: required", field);
	if (!instant_parse(text, &e->occurred_at))
		return error_set(err, BAD_REQUEST, "%s: not an RFC 3339 instant such as 2026-05-20T15:00:00.000Z", field);
	return OK;
}

/* Refuses the first member that this kind of correction must not have. */
static enum status
check_absent(struct json_object *o, const char *what, const char *const *names, struct error *err)
{
	for (; *names != NULL; names++)
		if (json_has(o, *names))
			return error_set(err, BAD_REQUEST, "%s: not allowed in a %s; the event's own counts", *names, what);
	return OK;
}

/* Reads the rest of an event with `voids`. */
static enum status
read_void(struct json_object *o, struct event *e, struct error *err)
{
	enum status st;

	e->kind = EVENT_VOID;
	if ((st = check_absent(o, "void", not_of_a_void, err)) != OK)
		return st;
	if (strlen(e->voids) > EVENT_ID_MAX)
		return error_set(err, BAD_REQUEST, "voids: longer than %d bytes", EVENT_ID_MAX);
	if (e->reason == NULL)
		return error_set(err, BAD_REQUEST, "reason: required in a void");
	return OK;
}

/* Reads the rest of an event with `settles`: at least one of parts, cost and status. */
static enum status
read_settlement(struct json_object *o, struct event *e, struct error *err)
{
	const char *status;
	enum status st;

	e->kind = EVENT_SETTLEMENT;
	if ((st = check_absent(o, "settlement", not_of_a_settlement, err)) != OK ||
	    (st = json_int(o, "parts", 1, EVENT_COUNT_MAX, &e->parts_given, &e->parts, err)) != OK ||
	    (st = json_money(o, "cost", &e->cost_given, &e->cost_micros, err)) != OK ||
	    (st = json_string(o, "status", 1, 64, &status, err)) != OK)
		return st;
	if (status != NULL && strcmp(status, "sent") != 0)
		return error_set(err, BAD_REQUEST, "status: \"%s\"; a settlement can only say sent", status);
	e->settles_sent = status != NULL;
	if (!e->parts_given && !e->cost_given && !e->settles_sent)
		return error_set(err, BAD_REQUEST, "settles: needs cost, parts or status");
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
	return channel_read(name, &e->channel, err);
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
	if ((st = json_int(o, "parts", 0, EVENT_COUNT_MAX, &e->parts_given, &e->parts, err)) != OK)
		return st;
	if (e->kind == EVENT_SENT && e->parts < e->messages)
		return error_set(err, BAD_REQUEST, "parts: fewer than messages; each message has at least one");
	if ((st = json_money(o, "cost", &e->cost_given, &e->cost_micros, err)) != OK)
		return st;
	if (e->kind == EVENT_FAILED && e->cost_given && e->cost_micros != 0)
		return error_set(err, BAD_REQUEST, "cost: must be 0; a failed event costs nothing");
	return OK;
}

/* Who sent it, to whose network, and who pays for it. */
static enum status
read_origin(struct json_object *o, struct event *e, struct error *err)
{
	enum status st;

	if ((st = origin_read_sender(o, &e->sender, err)) != OK || (st = origin_read_network(o, &e->network, err)) != OK)
		return st;
	return origin_read_tag(o, &e->tag, err);
}

/* A correction goes its own way as soon as `voids` or `settles` is found, so that its errors speak of one. */
enum status
event_read_data(struct json_object *o, struct event *e, struct error *err)
{
	enum status st;
	bool found;

	if ((st = json_string(o, "voids", 1, EVENT_ID_MAX, &e->voids, err)) != OK ||
	    (st = json_string(o, "to", 1, 64, &e->to, err)) != OK ||
	    (st = json_string(o, "reason", 1, 500, &e->reason, err)) != OK)
		return st;
	if (e->voids != NULL)
		return read_void(o, e, err);
	if ((st = json_string(o, "settles", 1, EVENT_ID_MAX, &e->settles, err)) != OK)
		return st;
	if (e->settles != NULL)
		return read_settlement(o, e, err);
	if ((st = read_kind(o, e, err)) != OK ||
	    (st = read_channel(o, e, err)) != OK ||
	    (st = read_amounts(o, e, err)) != OK ||
	    (st = read_origin(o, e, err)) != OK ||
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
	    (st = event_read_names(e, err)) != OK ||
	    (st = json_string(o, "occurredAt", 1, 64, &time, err)) != OK ||
	    (st = event_read_data(o, e, err)) != OK)
		return st;
	return event_read_time(e, "occurredAt", time, err);
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
	st = form == EVENT_NATIVE ? read_native(o, e, err) : event_read_cloud(o, e, err);
	json_object_free(o);
	return st;
}
