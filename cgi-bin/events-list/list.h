/*
 * The list of events, which two programs answer.
 */
#ifndef EVENTS_LIST_H
#define EVENTS_LIST_H

#include "http/req.h"

extern const char *const events_list_query[];	/* the parameters that it has */

/* Answers GET /api/events (see events-list.c). */
enum status	events_list(struct req *r, struct buf *body);

#endif
