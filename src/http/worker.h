/*
 * One exchange: from the CGI variables and the body to the bytes of the reply.  Knows no transport.
 */
#ifndef WORKER_H
#define WORKER_H

#include "http/req.h"

/* What lives as long as the process. */
struct worker {
	const struct endpoint *endpoint;
	struct db *db;		/* NULL until it could be opened; tried again with each request */
	bool is_location_checked;		/* since it was opened, it was found to lie outside the web server's document root */
	bool is_examined;	/* the log has what is wrong with the installation */
	int64_t now, maintenance_at;	/* of the last request; from when on one is followed by upkeep */
	bool is_maintenance_due;
	struct arena *arena;
	struct json head, body;
	struct req *current;	/* the request that is being answered; NULL = none */
	struct json last_head, last_body;	/* memory for one reply when there is no more */
};

void	worker_init(struct worker *a, const struct endpoint *endpoint);
void	worker_free(struct worker *a);

/* Before the first request of a program that stays: opens the database, and logs what is wrong with the installation. */
void	worker_start(struct worker *a);

/* The most bytes of body that any route of the endpoint takes. */
size_t	worker_body_max(const struct endpoint *endpoint);

/* What goes out: head, and then body where it is not NULL. */
struct worker_reply {
	const struct json *head, *body;
};

/*
 * body_status is OK if body[0, n) is whole, else TOO_LARGE, BAD_REQUEST (shorter than its Content-Length) or UNAVAILABLE (it
 * could not be read).  The answer stands until the next one.
 */
struct worker_reply	worker_handle(struct worker *a, char **env, const char *body, size_t n, enum status body_status);

/* The 503 of the request that is being answered, when there is no memory for another one: undoes what it has begun. */
struct worker_reply	worker_out_of_memory(struct worker *a);

/* When the reply has gone out: what may take a while. */
void	worker_maintain(struct worker *a);

/*
 * The same in two steps, for who goes on in another process, where no open database may come along: whether there is anything
 * to do, and then the database is closed.
 */
bool	worker_leaves_work(struct worker *a);

#endif
