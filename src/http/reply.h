/*
 * The reply: status line, headers, ETag, and the cache of whole replies.
 */
#ifndef REPLY_H
#define REPLY_H

#include "http/req.h"

/*
 * For GET handlers, as soon as the organisation is loaded: gives the reply its ETag and looks for it.  True where
 * the reply is made: then out has it already, or the client does; the handler returns OK.
 * The key is all that a reply is made of: file epoch, revision, today, build, request.
 */
bool	reply_cached(struct req *r, struct json *out, int64_t revision, struct day today);

/*
 * For what has a version of its own: an ETag made of a name and numbers, and whether If-Match allows the write (it
 * is absent, `*`, or lists that tag).  Such replies are not kept.
 */
void	reply_tag(struct req *r, const char *name, const int64_t *numbers, size_t n);
bool	reply_if_match(const struct req *r);

/*
 * Where the next page of a CSV goes on (NULL = there is none), as a header: its lines are the rows alone.  Such replies are
 * not kept.
 */
void	reply_cursor(struct req *r, const char *cursor);

/* Writes CGI headers and a blank line into head.  Returns whether the body follows (not for HEAD, 204, 304). */
bool	reply_write(struct req *r, enum status st, const struct json *body, struct json *head);

#endif
