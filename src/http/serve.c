/* Starting, and running out of memory; requests come and replies go by serve_cgi.c and serve_fastcgi.c. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/cgi_env.h"
#include "http/deadline.h"
#include "http/reply.h"
#include "http/serve_parts.h"
#include "base/crypto.h"
#include "time/instant.h"
#include "db/scratch.h"
#include "http/serve.h"

enum { MMAP_THRESHOLD = 128 * 1024 };	/* bytes; larger blocks are apart, and go back to the system as soon as they are freed */

static struct {
	enum serve_state state;
	struct worker *worker;	/* NULL as long as it is not ready */
} serving;

void
serve_set_state(enum serve_state state)
{
	serving.state = state;
}

enum status
serve_body_status(const struct body *b, char **env)
{
	const char *length = cgi_env(env, "CONTENT_LENGTH");

	if (b->is_too_large)
		return TOO_LARGE;
	if (b->is_broken)
		return deadline_is_over() ? TOO_SLOW : UNAVAILABLE;
	return length == NULL || strtoull(length, NULL, 10) == b->n ? OK : BAD_REQUEST;
}

/* ---- Out of memory: this request gets its reply and the process ends.  The web server starts another. */

/* The reply of a CGI program that has no worker yet, made without allocating. */
static void
send_without_worker(void)
{
	static const char body[] = "{\"success\":false,"
	    "\"message\":\"There is not enough memory for this request. Try again shortly.\","
	    "\"error\":\"There is not enough memory for this request. Try again shortly.\"}";
	char text[1024], id[40];
	int n = snprintf(text, sizeof(text), "Status: 503 Service Unavailable\r\nX-Request-Id: %s\r\n"
	    "Content-Type: application/json; charset=utf-8\r\nCache-Control: private, no-cache\r\nRetry-After: 1\r\n"
	    "Content-Security-Policy: " REPLY_POLICY "\r\nReferrer-Policy: no-referrer\r\n"
	    "Content-Length: %zu\r\n\r\n%s", uuid7(instant_now(), id), sizeof(body) - 1, body);

	if (write(STDOUT_FILENO, text, (size_t)n) < 0)
		_exit(1);
}

/* Called when memory runs out, just before the process ends: sends a 503 to the request at hand, with reserved memory. */
static void
reply_out_of_memory(void)
{
	struct worker_reply reply;

	scratch_abandon();
	if (serving.state == SERVE_NO_REQUEST)
		return;
	if (serving.state == SERVE_CGI_ANSWERED)	/* the reply has gone; maintenance is repeated another time */
		_exit(0);
	if (serving.worker == NULL) {
		send_without_worker();
		_exit(0);
	}
	reply = worker_out_of_memory(serving.worker);
	if (serving.state == SERVE_CGI) {
		serve_cgi_last(&reply);
		_exit(0);	/* the client has its reply: no failure */
	}
	serve_fastcgi_last(&reply);
}

int
serve(const struct endpoint *endpoint)
{
	struct worker worker;
	bool is_cgi;
	int rc;

	umask(077);
#ifdef M_MMAP_THRESHOLD
	/* By default the threshold grows with each large block that is freed; once it is set, it stays. */
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
#endif
	out_of_memory_call(reply_out_of_memory);
	if (getenv("REQUEST_METHOD") != NULL)	/* a guess, until libfcgi can tell */
		serving.state = SERVE_CGI;
	if (!serve_fastcgi_init(&is_cgi))
		out_of_memory();
	serving.state = is_cgi ? SERVE_CGI : SERVE_NO_REQUEST;
	deadline_init();
	worker_init(&worker, endpoint);
	serving.worker = &worker;
	if (is_cgi)	/* the system takes everything back faster than we could free it */
		_exit(serve_cgi(&worker));
	rc = serve_fastcgi(&worker);
	worker_free(&worker);
	return rc;
}
