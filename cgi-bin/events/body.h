/*
 * The body of POST /api/events, in any of its forms, as items.
 */
#ifndef EVENTS_BODY_H
#define EVENTS_BODY_H

#include "ledger/event.h"
#include "http/req.h"

#define EVENTS_MAX 10000
#define EVENTS_BODY_MAX (16 * 1024 * 1024)

extern const char *const event_media[];	/* the media types that it may have */

/*
 * Items in the arena, bad ones with EVENT_REJECTED and the reason.  BAD_REQUEST where the body as a whole is not what its media
 * type says (then nothing of it counts), TOO_LARGE with more than EVENTS_MAX.
 */
enum status	event_body_read(struct req *r, struct event_item **items, size_t *count);

#endif
