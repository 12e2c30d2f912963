/* The worker: takes the CGI variables and the body of a request and returns the bytes of the reply.  Knows no transport. */
#ifndef WORKER_H
#define WORKER_H

#include "http/reply_kept.h"

/* What lives as long as the process. */
struct worker {
	const struct endpoint *endpoint;
	struct kept *kept;	/* what a program that stays keeps from one request to the next; a CGI program: nothing */
	struct db *db;		/* NULL as long as it could not be opened; tried again with each request */
	bool is_location_checked;		/* where the open database lies was looked at */
	bool is_location_guessed;		/* the same without a word of the web server about its folders */
	bool is_installation_logged;	/* the log has what is wrong with the installation */
	int64_t now, maintenance_at;	/* of the last request; from when on a request is followed by maintenance */
	bool is_maintenance_due;
	bool has_jobs;		/* there was an open job at the last request */
	int64_t used_key, note_use_at;	/* the API key of the last request, if its use is to be recorded; from when on that is done */
	struct arena *arena;
	struct buf head, body, key;	/* key: of the request, as long as its reply may be kept */
	struct reply_kept again;	/* the reply, if it was kept */
	bool is_again;
	int transfer_seconds;	/* the setting, as of the last request */
	struct req req;
	struct req *current;	/* the request that is being answered; NULL = none */
	int64_t began_us, spent_us;	/* of this request, by the monotonic clock; without the arrival of the body */
	struct buf last_head, last_body;	/* memory for one reply, reserved for when there is none left */
};

void	worker_init(struct worker *w, const struct endpoint *endpoint);
void	worker_free(struct worker *w);

/* For a program that stays, first of all: it keeps what the configuration allows from one request to the next. */
void	worker_keep(struct worker *w);

/* The same, unless it has only slept: opens the database and logs what is wrong with the installation. */
void	worker_start(struct worker *w);

/* Between requests, when none has come for a while: gives back to the system what can be read or made again. */
void	worker_rest(struct worker *w);

/* A reply: head, then body.  Either may be empty. */
struct worker_reply {
	const char *head;
	size_t head_n;
	const char *body;
	size_t body_n;
};

/*
 * Begins a request, and makes the checks that need no body.  True if the reply is ready: to a refusal, or to a GET.  False if
 * the body is wanted, and worker_answer is called next.  env and the reply must remain valid until worker_end.
 */
bool	worker_open(struct worker *w, char **env, struct worker_reply *reply);

/* How much of the wanted body to read, in bytes, and how long it may take: so many seconds and more by the rate (deadline.h). */
size_t	worker_body_max(const struct worker *w);
int	worker_body_seconds(const struct worker *w);

/*
 * Handles the request with its body. body_status is OK if body[0, n) is whole, otherwise TOO_LARGE, TOO_SLOW, BAD_REQUEST
 * (shorter than its Content-Length) or UNAVAILABLE (it could not be read).
 */
struct worker_reply	worker_answer(struct worker *w, const char *body, size_t n, enum status body_status);

/* Ends the request, of whose reply so many bytes were sent.  Logs the caller if the client read too slowly. */
void	worker_end(struct worker *w, bool was_slow, size_t sent);

/* The 503 of the request that is being answered, if there is no memory to go on: rolls back what the request has begun. */
struct worker_reply	worker_out_of_memory(struct worker *w);

/*
 * Opens the database, or keeps the one that is open if it is still the file that the path names: it may be created, replaced
 * or repaired while the program runs. r is NULL outside of a request.
 */
enum status	worker_database(struct worker *w, const struct req *r, struct error *err);

/*
 * Reads what concerns every request: the epoch, whether pages of other origins may read the reply (an error too, so this comes
 * before all checks), the time that a body or a reply may take, and whether a job waits for a turn after it.
 */
enum status	worker_settings(struct worker *w, struct req *r);

/* After the reply was sent: does what may take a while. */
void	worker_maintain(struct worker *w);

/*
 * For a caller that continues in another process, which an open database must not be carried into: whether there is anything
 * to do; if so, closes the database.  The other process then calls worker_maintain.
 */
bool	worker_leaves_work(struct worker *w);

#endif
