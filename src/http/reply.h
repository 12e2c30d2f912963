/*
 * The reply: status line, headers, ETag, and whether it must be made at all (reply_kept.h).
 */
#ifndef REPLY_H
#define REPLY_H

#include "http/req.h"

/* The Content-Security-Policy of all but /setup, and that of pages to print. */
#define REPLY_POLICY "default-src 'none'; frame-ancestors 'none'"
#define REPLY_PAGE_POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

/*
 * For GET handlers, as soon as the organization is loaded: gives the reply its ETag and looks for the reply.  True if there is
 * no need to make it: body has it already, or the client does; the handler then returns OK.  The ETag covers everything that a
 * reply depends on: file epoch, revision, the instant until which it stays true, build and request.
 */
bool	reply_cached(struct req *r, struct buf *body, int64_t revision, int64_t unchanged_until);

/*
 * For what has a version of its own: makes the ETag of a name and numbers. reply_if_match then tells whether If-Match allows
 * the write: it is absent, is `*`, or lists that tag.  Such replies are not kept.
 */
void	reply_tag(struct req *r, const char *name, const int64_t *numbers, size_t n);
bool	reply_if_match(const struct req *r);

/*
 * The cursor of the next page of a CSV (NULL if this is the last), as a header, because the lines are rows alone.  Such
 * replies are not kept.
 */
void	reply_cursor(struct req *r, const char *cursor);

/*
 * Writes the CGI headers and a blank line into head; *outcome may become NOT_MODIFIED.  Returns whether the body follows (not for
 * HEAD, 204 and 304).
 */
bool	reply_write(struct req *r, enum status *outcome, const struct buf *body, struct buf *head);

#endif
