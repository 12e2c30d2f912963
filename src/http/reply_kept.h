/*
 * Whole replies, kept for the same request again (base/kept.h).
 *
 * A reply is that of a request if every CGI variable that it may depend on is the same, nothing was committed since, and the time
 * is one at which it holds: so all checks would have the same outcome, and all readings.  It differs in X-Request-Id alone.
 */
#ifndef REPLY_KEPT_H
#define REPLY_KEPT_H

#include "http/req.h"

/* What is kept, valid until the next kept_put. */
struct reply_kept {
	const char *head, *body;
	size_t head_n, body_n, id_at;			/* id_at: where the head has the request's id */
	const char *line, *org, *credential, *name;	/* for the log: the line as far as it is known; of the caller */
	bool has_body, has_jobs;
};

/* Reads the request's key into `key`, whose memory must remain valid until reply_keep. */
void	reply_key(struct req *r, struct buf *key);

/* In the read transaction, before the checks: whether the reply is kept, and then sets *found. */
bool	reply_find(struct req *r, struct reply_kept *found);

/* For reply_cached: appends the body of this request's last reply, if it had this request's tag. */
bool	reply_find_body(struct req *r, struct buf *body);

/* Keeps the reply, if it may be and the request was made before. */
void	reply_keep(struct req *r, enum status st, const struct buf *head, const struct buf *body, bool has_body,
	    const char *line);

#endif
