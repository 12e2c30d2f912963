/*
 * Internals of reading events: what the forms share.  For event_json.c and event_cloud.c only.
 */
#ifndef EVENT_READ_H
#define EVENT_READ_H

#include "base/json.h"
#include "ledger/event.h"

/* The members of an event but id, source and time, which a CloudEvent has elsewhere; ends with NULL. */
extern const char *const event_read_data_fields[];

enum status	event_read_names(struct event *e, struct error *err) MUST_CHECK;
enum status	event_read_data(struct json_object *o, struct event *e, struct error *err) MUST_CHECK;

/* text is the instant, or NULL; after event_read_data, because corrections have none. */
enum status	event_read_time(struct event *e, const char *field, const char *text, struct error *err) MUST_CHECK;

/* The structured mode. */
enum status	event_read_cloud(struct json_object *o, struct event *e, struct error *err) MUST_CHECK;

#endif
