/*
 * The vendors' error bodies, one writer each.  Nothing else renders errors.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include "http/req.h"

/* Writes the body of a failed request into out, in place of what stands there. */
void	dialect_error(const struct req *r, enum status st, struct json *out);

/* The HTTP code: 400 is 422 in infodeck. */
int	dialect_http(const struct req *r, enum status st);

#endif
