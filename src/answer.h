/*
 * One exchange: from the CGI variables and the body to the bytes of the reply.  Knows no transport.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "req.h"

/* What lives as long as the process. */
struct answerer {
	const struct endpoint *endpoint;
	struct db *db;		/* NULL until it could be opened; tried again with each request */
	bool is_placed;		/* since it was opened, it was found to lie outside the web server's document root */
	bool is_examined;	/* the log has what is wrong with the installation */
	int64_t now, upkeep_at;	/* of the last request; from when on one is followed by upkeep */
	bool is_upkeep_due;
	struct arena *arena;
	struct json head, body;
	struct req *current;	/* the request that is being answered; NULL = none */
	struct json last_head, last_body;	/* memory for one reply when there is no more */
};

void	answer_init(struct answerer *a, const struct endpoint *endpoint);
void	answer_free(struct answerer *a);

/* Before the first request of a program that stays: opens the database, and logs what is wrong with the installation. */
void	answer_start(struct answerer *a);

/* The most bytes of body that any route of the endpoint takes. */
size_t	answer_body_max(const struct endpoint *endpoint);

/* What goes out: head, and then body where it is not NULL. */
struct answer {
	const struct json *head, *body;
};

/*
 * body_status is OK if body[0, n) is whole, else TOO_LARGE, BAD_REQUEST (shorter than its Content-Length) or UNAVAILABLE (it
 * could not be read).  The answer stands until the next one.
 */
struct answer	answer(struct answerer *a, char **env, const char *body, size_t n, enum status body_status);

/* The 503 of the request that is being answered, when there is no memory for another one: undoes what it has begun. */
struct answer	answer_out_of_memory(struct answerer *a);

/* When the reply has gone out: what may take a while. */
void	answer_after(struct answerer *a);

/*
 * The same in two steps, for who goes on in another process, where no open database may come along: whether there is anything
 * to do, and then the database is closed.
 */
bool	answer_leaves_work(struct answerer *a);

#endif
