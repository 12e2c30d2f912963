/*
 * The body of POST /api/events, in any of its forms, as items.
 */
#ifndef EVENTS_BODY_H
#define EVENTS_BODY_H

#include "ledger/event.h"
#include "http/req.h"

#define EVENTS_MAX 10000
#define EVENTS_BODY_MAX (16 * 1024 * 1024)

extern const char *const event_media[];	/* the media types that the body may have */

/*
 * Reads the body into items in the arena; bad ones have the verdict EVENT_REJECTED and the reason.  BAD_REQUEST if the body as
 * a whole is not what its media type says (then nothing of it is used), TOO_LARGE if it has more than EVENTS_MAX.
 */
enum status	event_body_read(struct req *r, struct event_item **items, size_t *count);

#endif
