/*
 * The error bodies of the vendors' APIs, one writer for each, and the frame of tether's successes.  Nothing else renders
 * errors, but for a handler that sets keeps_body.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include "http/req.h"

/* Replaces the contents of body with the error body of a failed request. */
void	dialect_error(const struct req *r, enum status st, struct buf *body);

/* What the body of a success in the tether dialect begins and ends with: {"success":true,"data":{ … }}. */
void	dialect_tether_open(struct json *out);
void	dialect_tether_close(struct json *out);

/* The HTTP status code of an outcome: infodeck has 422 for 400. */
int	dialect_http(const struct req *r, enum status st);

#endif
