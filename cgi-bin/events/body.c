/*
 * Reading the body of POST /api/events in each of its forms (see body.h).
 */
#include <string.h>

#include "body.h"

static const char media_json[] = "application/json";
static const char media_ndjson[] = "application/x-ndjson";
static const char media_cloudevent[] = "application/cloudevents+json";
static const char media_cloudevents[] = "application/cloudevents-batch+json";

const char *const event_media[] = { media_json, media_ndjson, media_cloudevent, media_cloudevents, NULL };

enum { EVENT_BYTES_MIN = 48 };	/* of an event that can be accepted, about */

struct items {
	struct event_item *at;
	size_t count, max;
};

/* Makes room for as many as the body can have if they are events: an array that doubles leaves its old copies in memory. */
static struct items
items_new(struct req *r)
{
	struct items items = { .max = r->body_n / EVENT_BYTES_MIN + 1 };

	if (items.max > EVENTS_MAX)
		items.max = EVENTS_MAX;
	items.at = arena_alloc(r->arena, items.max * sizeof(*items.at));
	return items;
}

/* Reads one event into the next item.  A bad event is an item too, rejected with its error: it must not fail the others. */
static enum status
add(struct req *r, struct items *items, enum event_form form, const char *text, size_t n)
{
	struct event_item *item;
	NOT_CLEARED struct error err;	/* 1 KB, of which only the text is read */

	if (items->count == EVENTS_MAX)
		return error_set(&r->err, TOO_LARGE, "body: more than %d events", EVENTS_MAX);
	items->at = arena_grow(r->arena, items->at, items->count, &items->max, sizeof(*items->at));
	item = &items->at[items->count++];
	err.text[0] = '\0';
	if (event_read(r->arena, form, text, n, &item->event, &err) != OK) {
		item->verdict = EVENT_REJECTED;
		item->error = arena_strdup(r->arena, err.text);
	}
	return OK;
}

static enum status
read_array(struct req *r, struct items *items, enum event_form form, const char *text, size_t n)
{
	const char *item;
	size_t pos = 0, item_n;
	enum status st = OK;

	while (st == OK && json_next_item(text, n, &pos, &item, &item_n))
		st = add(r, items, form, item, item_n);
	return st;
}

/*
 * Whether an object that was checked has no member but this value: then no comma precedes the value, and only the end follows
 * it.
 */
static bool
is_only_member(const char *text, const char *value, size_t value_n)
{
	const char *rest = value + value_n;

	return memchr(text, ',', (size_t)(value - text)) == NULL && rest[strspn(rest, " \t\r\n")] == '}';
}

/* Reads one event, an array of events, or {"events":[…]}, which may have no other member: it would be silently ignored. */
static enum status
read_json(struct req *r, struct items *items)
{
	const char *events;
	size_t events_n;

	if (json_kind(r->body, r->body_n) == '[')
		return read_array(r, items, EVENT_NATIVE, r->body, r->body_n);
	if (json_kind(r->body, r->body_n) != '{')
		return error_set(&r->err, BAD_REQUEST, "body: must be an event or an array of events");
	if (!json_find(r->body, r->body_n, "events", &events, &events_n))
		return add(r, items, EVENT_NATIVE, r->body, r->body_n);
	if (json_kind(events, events_n) != '[')
		return error_set(&r->err, BAD_REQUEST, "events: not an array");
	if (!is_only_member(r->body, events, events_n))
		return error_set(&r->err, BAD_REQUEST, "body: must have no other member than events");
	return read_array(r, items, EVENT_NATIVE, events, events_n);
}

static bool
is_blank(const char *line, const char *end)
{
	while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
		line++;
	return line == end;
}

/*
 * Reads NDJSON, one event for each line.  Blank lines do not count.  A line that is not JSON fails the whole body, because
 * after it nothing is certain.
 */
static enum status
read_ndjson(struct req *r, struct items *items)
{
	const char *line = r->body, *end = r->body + r->body_n, *newline;
	long number = 1;
	enum status st = OK;

	for (; st == OK && line < end; line = newline + 1, number++) {
		if ((newline = memchr(line, '\n', (size_t)(end - line))) == NULL)
			newline = end;
		if (is_blank(line, newline))
			continue;
		st = json_check(arena_printf(r->arena, "line %ld", number), line, (size_t)(newline - line), &r->err);
		if (st == OK)
			st = add(r, items, EVENT_NATIVE, line, (size_t)(newline - line));
	}
	return st;
}

/* Reads a CloudEvent in binary mode, whose attributes are headers and whose data is the body. */
static enum status
read_binary(struct req *r, struct items *items)
{
	const struct event_headers headers = { .version = req_env(r, "HTTP_CE_SPECVERSION"),
		.id = req_env(r, "HTTP_CE_ID"), .source = req_env(r, "HTTP_CE_SOURCE"),
		.time = req_env(r, "HTTP_CE_TIME"), .type = req_env(r, "HTTP_CE_TYPE") };
	struct error err = { 0 };

	items->count = 1;
	if (event_read_binary(r->arena, &headers, r->body, r->body_n, &items->at->event, &err) != OK) {
		items->at->verdict = EVENT_REJECTED;
		items->at->error = arena_strdup(r->arena, err.text);
	}
	return OK;
}

/* Chooses the form by the media type and, for JSON, by the headers of CloudEvents. */
enum status
event_body_read(struct req *r, struct event_item **out, size_t *count)
{
	struct items items;
	enum status st;

	if (r->body_n == 0)
		return error_set(&r->err, BAD_REQUEST, "body: empty; an event or an array of events is needed");
	items = items_new(r);
	if (strcmp(r->media, media_ndjson) == 0)
		st = read_ndjson(r, &items);
	else if ((st = json_check("body", r->body, r->body_n, &r->err)) != OK)
		return st;
	else if (req_env(r, "HTTP_CE_SPECVERSION") != NULL && strcmp(r->media, media_json) == 0)
		st = read_binary(r, &items);
	else if (strcmp(r->media, media_cloudevent) == 0)
		st = add(r, &items, EVENT_CLOUDEVENT, r->body, r->body_n);
	else if (strcmp(r->media, media_cloudevents) != 0)
		st = read_json(r, &items);
	else if (json_kind(r->body, r->body_n) == '[')
		st = read_array(r, &items, EVENT_CLOUDEVENT, r->body, r->body_n);
	else
		st = error_set(&r->err, BAD_REQUEST, "body: must be an array of CloudEvents");
	if (st == OK && items.count == 0)
		st = error_set(&r->err, BAD_REQUEST, "body: contains no events");
	*out = items.at;
	*count = items.count;
	return st;
}
