/* Receiving requests, sending replies, stopping, and running out of memory; what a request means is up to worker.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcgiapp.h>

#include "http/worker.h"
#include "http/body.h"
#include "http/cgi_env.h"
#include "http/reply.h"
#include "base/crypto.h"
#include "time/instant.h"
#include "db/scratch.h"
#include "http/serve.h"

enum {
	MMAP_THRESHOLD = 256 * 1024,	/* bytes; larger blocks go back to the system as soon as they are freed */
	LAST_MAX = 16,			/* waiting requests that are still answered after being told to stop */
};

extern char **environ;

/* The request that is being answered, for reply_out_of_memory. */
static struct {
	enum { NO_REQUEST, CGI_REQUEST, CGI_ANSWERED, FASTCGI_REQUEST } kind;
	struct worker *worker;	/* NULL as long as it is not ready */
	FCGX_Request *fastcgi;
} serving;

/*
 * Reads for body_read. libfcgi returns 0 at the end and on an error: without the distinction a body cut off would pass for
 * whole.
 */
static long
read_fastcgi(void *from, char *to, size_t n)
{
	long got = FCGX_GetStr(to, (int)n, from);

	return got == 0 && FCGX_GetError(from) != 0 ? -1 : got;
}

/*
 * Reads for body_read from stdin, no more than *from bytes: the web server need not close stdin after the body, and a further
 * read would hang (RFC 3875, 4.2).
 */
static long
read_cgi(void *from, char *to, size_t n)
{
	unsigned long long *left = from;
	ssize_t got;

	if (n > *left)
		n = (size_t)*left;
	while ((got = read(STDIN_FILENO, to, n)) == -1 && errno == EINTR)
		;
	if (got > 0)
		*left -= (unsigned long long)got;
	return got;
}

/* OK if the body was read to its end, and is as long as its Content-Length says, if there is one. */
static enum status
check_length(const struct body *b, char **env)
{
	const char *length = cgi_env(env, "CONTENT_LENGTH");

	if (b->is_too_large)
		return TOO_LARGE;
	if (b->is_broken)
		return UNAVAILABLE;
	return length == NULL || strtoull(length, NULL, 10) == b->n ? OK : BAD_REQUEST;
}

/* How much to read from stdin.  The server knows no length of a chunked body, and closes stdin after it. */
static unsigned long long
cgi_body_bytes(char **env)
{
	const char *length = cgi_env(env, "CONTENT_LENGTH");

	if (length != NULL)
		return strtoull(length, NULL, 10);
	return cgi_env(env, "HTTP_TRANSFER_ENCODING") != NULL ? ULLONG_MAX : 0;
}

static void
write_all(const struct buf *b)
{
	const char *p = b->text;
	ssize_t n;

	for (size_t left = b->size; left > 0; p += n, left -= (size_t)n)
		if ((n = write(STDOUT_FILENO, p, left)) <= 0)
			return;		/* the client has gone */
}

/* Puts /dev/null in the place of a descriptor, so that no file opened later gets its number. */
static void
redirect_to_null(int fd)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nowhere == -1 || dup2(nowhere, fd) == -1)
		close(fd);
	if (nowhere > STDERR_FILENO)
		close(nowhere);
}

/*
 * Continues in a child process that the web server does not know, to do what may take a while after the reply.  Apache delays
 * the reply until the program has closed everything that it got from Apache (with mod_cgid stdin is the reply's socket too,
 * with mod_cgi stderr is a pipe), and then kills the program.
 */
static void
go_on_in_child(void)
{
	struct stat log;
	pid_t child = fork();

	if (child > 0)
		_exit(0);
	redirect_to_null(STDOUT_FILENO);
	if (child == -1)	/* no child: continue here, as long as the server allows */
		return;
	setsid();
	redirect_to_null(STDIN_FILENO);
	/* Keep stderr if it is a file: then it is the log, and not a pipe to the server. */
	if (fstat(STDERR_FILENO, &log) == 0 && S_ISFIFO(log.st_mode))
		redirect_to_null(STDERR_FILENO);
}

/* ---- Out of memory: this request gets its reply and the process ends.  The web server starts another. */

static void
send_fastcgi(FCGX_Request *request, const struct worker_reply *reply)
{
	FCGX_PutStr(reply->head->text, (int)reply->head->size, request->out);
	if (reply->body != NULL)
		FCGX_PutStr(reply->body->text, (int)reply->body->size, request->out);
}

static void
send_cgi(const struct worker_reply *reply)
{
	write_all(reply->head);
	if (reply->body != NULL)
		write_all(reply->body);
}

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
	if (serving.kind == NO_REQUEST)
		return;
	if (serving.kind == CGI_ANSWERED)	/* the reply has gone; maintenance is repeated another time */
		_exit(0);
	if (serving.worker == NULL) {
		send_without_worker();
		_exit(0);
	}
	reply = worker_out_of_memory(serving.worker);
	if (serving.kind == CGI_REQUEST) {
		send_cgi(&reply);
		_exit(0);	/* the client has its reply: no failure */
	}
	send_fastcgi(serving.fastcgi, &reply);
	FCGX_Finish_r(serving.fastcgi);
}

/* Answers the one request of a CGI program.  SQLite must not be carried over a fork, so the child opens the database itself. */
static int
serve_cgi(struct worker *w)
{
	struct body body = { .max = worker_body_max(w->endpoint) };
	unsigned long long body_left = cgi_body_bytes(environ);
	struct worker_reply reply;

	serving.worker = w;
	body_read(&body, read_cgi, &body_left);
	reply = worker_handle(w, environ, body.text, body.n, check_length(&body, environ));
	serving.kind = CGI_ANSWERED;
	send_cgi(&reply);
	free(body.text);
	if (worker_leaves_work(w)) {
		go_on_in_child();
		worker_maintain(w);
	}
	return 0;
}

/* One request of a program that stays, from its first byte to its last, and the maintenance after it. */
static void
fastcgi_request(struct worker *w, FCGX_Request *request, struct body *body)
{
	struct worker_reply reply;

	serving.kind = FASTCGI_REQUEST;
	serving.worker = w;
	serving.fastcgi = request;
	body_read(body, read_fastcgi, request->in);
	reply = worker_handle(w, request->envp, body->text, body->n, check_length(body, request->envp));
	serving.kind = NO_REQUEST;
	send_fastcgi(request, &reply);
	/*
	 * The body was read to its end, so the connection can be closed at once instead of waiting for the web server to
	 * close it first.
	 */
	FCGX_Detach(request);
	FCGX_Finish_r(request);
	body_forget(body);
	worker_maintain(w);
}

static volatile sig_atomic_t is_told_to_stop;

static void
on_stop(int sig)
{
	(void)sig;
	is_told_to_stop = 1;
}

/* Whether a signal to stop is pending: under load ppoll always finds a request, and then delivers none. */
static bool
stop_is_pending(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGUSR1) == 1;
}

/* Takes the next request; false if there can be no more.  Another process may have taken it, or its client may have gone. */
static bool
accept_next(struct worker *w, FCGX_Request *request, struct body *body)
{
	int rc = FCGX_Accept_r(request);

	if (rc == 0)
		fastcgi_request(w, request, body);
	return rc == 0 || rc == -EAGAIN || rc == -EWOULDBLOCK || rc == -EINTR || rc == -ECONNABORTED;
}

/*
 * Serves until told to stop.  TERM and USR1 are delivered only while it waits for a request, because libfcgi would cut a body
 * short.  The listening socket does not block, so that a request which another process took does not hold this one in
 * accept().  ALRM belongs to the writers' lock, which lets it in by itself.
 */
static int
serve_fastcgi(struct worker *w)
{
	struct body body = { .max = worker_body_max(w->endpoint) };
	struct pollfd listening = { .fd = STDIN_FILENO, .events = POLLIN };
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked, waiting;
	FCGX_Request request;
	bool is_well = true;

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGALRM);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	sigdelset(&waiting, SIGTERM);
	sigdelset(&waiting, SIGUSR1);

	if (FCGX_InitRequest(&request, STDIN_FILENO, 0) != 0)
		return 1;
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	worker_start(w);
	while (is_well && !is_told_to_stop && !stop_is_pending())
		if (ppoll(&listening, 1, NULL, &waiting) == 1)
			is_well = accept_next(w, &request, &body);
	/*
	 * With mod_fcgid each process has a socket of its own: nobody else would answer what waits there when it is told to
	 * stop.
	 */
	for (int i = 0; is_well && i < LAST_MAX && poll(&listening, 1, 0) == 1; i++)
		is_well = accept_next(w, &request, &body);
	close(STDIN_FILENO);	/* at once: whoever connects now is refused, and sent to another process */
	free(body.text);
	return is_well ? 0 : 1;
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
		serving.kind = CGI_REQUEST;
	if (FCGX_Init() != 0)	/* FCGX_IsCGI would call it and exit if it fails */
		out_of_memory();
	is_cgi = FCGX_IsCGI() != 0;
	serving.kind = is_cgi ? CGI_REQUEST : NO_REQUEST;
	worker_init(&worker, endpoint);
	rc = is_cgi ? serve_cgi(&worker) : serve_fastcgi(&worker);
	worker_free(&worker);
	return rc;
}
