/* The worker: takes the CGI variables and the body of a request and returns the bytes of the reply.  Knows no transport. */
#ifndef WORKER_H
#define WORKER_H

#include "http/req.h"

/* What lives as long as the process. */
struct worker {
	const struct endpoint *endpoint;
	struct db *db;		/* NULL as long as it could not be opened; tried again with each request */
	bool is_location_checked;		/* where the open database lies was looked at */
	bool is_installation_logged;	/* the log has what is wrong with the installation */
	int64_t now, maintenance_at;	/* of the last request; from when on a request is followed by maintenance */
	bool is_maintenance_due;
	bool has_jobs;		/* there was an open job at the last request */
	struct arena *arena;
	struct buf head, body;
	struct req *current;	/* the request that is being answered; NULL = none */
	struct buf last_head, last_body;	/* memory for one reply, reserved for when there is none left */
};

void	worker_init(struct worker *w, const struct endpoint *endpoint);
void	worker_free(struct worker *w);

/* For a program that stays, before its first request: opens the database and logs what is wrong with the installation. */
void	worker_start(struct worker *w);

/* The longest body, in bytes, that any route of the endpoint accepts. */
size_t	worker_body_max(const struct endpoint *endpoint);

/* A reply: head, then body if it is not NULL. */
struct worker_reply {
	const struct buf *head, *body;
};

/*
 * Handles one request. body_status is OK if body[0, n) is whole, otherwise TOO_LARGE, BAD_REQUEST (shorter than its
 * Content-Length) or UNAVAILABLE (it could not be read).  The reply remains valid until the next call.
 */
struct worker_reply	worker_handle(struct worker *w, char **env, const char *body, size_t n, enum status body_status);

/* The 503 of the request that is being answered, if there is no memory to go on: rolls back what the request has begun. */
struct worker_reply	worker_out_of_memory(struct worker *w);

/* After the reply was sent: does what may take a while. */
void	worker_maintain(struct worker *w);

/*
 * For a caller that continues in another process, which an open database must not be carried into: whether there is anything
 * to do; if so, closes the database.  The other process then calls worker_maintain.
 */
bool	worker_leaves_work(struct worker *w);

#endif
