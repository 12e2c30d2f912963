/*
 * FastCGI: request after request of a program that stays.  The only file that knows libfcgi.
 *
 * The process answers one request at a time, so no client may hold it: a body is read only if it is wanted, and only as long
 * as its deadline allows; a reply has a deadline too; what is left of a refused body is dropped between other requests
 * (linger.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <fastcgi.h>
#include <fcgiapp.h>

#include "http/deadline.h"
#include "http/idle.h"
#include "http/linger.h"
#include "http/serve_parts.h"
#include "http/transfer.h"

enum {
	LAST_MAX = 16,			/* waiting requests that are still answered after being told to stop */
	REST_MS = 1000,			/* after a request */
};

static FCGX_Request *current;	/* the request that is being answered, for serve_fastcgi_last */

bool
serve_fastcgi_init(bool *is_cgi)
{
	if (FCGX_Init() != 0)	/* FCGX_IsCGI would call it and exit if it fails */
		return false;
	*is_cgi = FCGX_IsCGI() != 0;
	return true;
}

/*
 * Reads for body_read. libfcgi returns 0 at the end and on an error: without the distinction a body cut off would pass for
 * whole.
 */
static long
read_fastcgi(void *from, char *to, size_t n)
{
	long got = FCGX_GetStr(to, (int)n, from);

	deadline_extend(got > 0 ? (size_t)got : 0);
	return got == 0 && FCGX_GetError(from) != 0 ? -1 : got;
}

/* ---- Sending: without libfcgi, which would copy the reply and write it 8 KB at a time */

static void
set_header(FCGI_Header *h, int type, const FCGX_Request *request, size_t n)
{
	*h = (FCGI_Header) { .version = FCGI_VERSION_1, .type = (unsigned char)type,
		.requestIdB1 = (unsigned char)(request->requestId >> 8), .requestIdB0 = (unsigned char)request->requestId,
		.contentLengthB1 = (unsigned char)(n >> 8), .contentLengthB0 = (unsigned char)n };
}

/* Adds the part of text that is in the bytes [from, from + n) of a longer text, where it begins at `begin`. */
static void
add_part(struct iovec *parts, size_t *count, const char *text, size_t size, size_t begin, size_t from, size_t n)
{
	size_t first = from > begin ? from - begin : 0, end = from + n > begin ? from + n - begin : 0;

	if (end > size)
		end = size;
	if (first < end)
		parts[(*count)++] = (struct iovec) { (char *)(uintptr_t)text + first, end - first };
}

/* Sends head and body in records of the greatest length, most often one, and with the last what ends the request. */
static void
send_reply(FCGX_Request *request, const struct worker_reply *reply, struct transfer *t)
{
	size_t all = reply->head_n + reply->body_n, n, count;
	struct {
		FCGI_Header no_more;
		FCGI_EndRequestRecord end;
	} last = { .end = { .body = { .protocolStatus = FCGI_REQUEST_COMPLETE } } };
	struct iovec parts[4];
	FCGI_Header header;

	set_header(&last.no_more, FCGI_STDOUT, request, 0);
	set_header(&last.end.header, FCGI_END_REQUEST, request, sizeof(last.end.body));
	for (size_t from = 0; from < all; from += n) {
		n = all - from < FCGI_MAX_LENGTH ? all - from : FCGI_MAX_LENGTH;
		set_header(&header, FCGI_STDOUT, request, n);
		parts[0] = (struct iovec) { &header, sizeof(header) };
		count = 1;
		add_part(parts, &count, reply->head, reply->head_n, 0, from, n);
		add_part(parts, &count, reply->body, reply->body_n, reply->head_n, from, n);
		if (from + n == all)
			parts[count++] = (struct iovec) { &last, sizeof(last) };
		if (!transfer_send(t, parts, count))
			return;
	}
}

void
serve_fastcgi_last(const struct worker_reply *reply)
{
	struct transfer t = { .fd = current->ipcFd, .seconds = DEADLINE_LAST_SECONDS };

	send_reply(current, reply, &t);
	FCGX_Free(current, 1);
}

/* Reads the body that worker_open wants, and answers. */
static struct worker_reply
answer(struct worker *w, FCGX_Request *request, struct body *body)
{
	deadline_begin(worker_body_seconds(w));
	body_read(body, worker_body_max(w), read_fastcgi, request->in);
	deadline_end();
	return worker_answer(w, body->text, body->n, serve_body_status(body, request->envp));
}

/*
 * Whether the web server has said everything, so that the connection can be closed at once.  Looks only at what is there: the
 * end of a body comes when the client likes, even if the headers announce none (HTTP/2).
 */
static bool
has_ended(FCGX_Request *request)
{
	int is_nonblocking = 1;
	char none;

	if (!FCGX_HasSeenEOF(request->in)) {
		ioctl(request->ipcFd, FIONBIO, &is_nonblocking);
		FCGX_GetStr(&none, 1, request->in);
		is_nonblocking = 0;
		ioctl(request->ipcFd, FIONBIO, &is_nonblocking);
	}
	return FCGX_HasSeenEOF(request->in) && FCGX_GetError(request->in) == 0;
}

/* Sends the reply and ends the request.  If the body has not been read to its end, the rest is dropped between other requests. */
static void
finish(struct worker *w, FCGX_Request *request, const struct worker_reply *reply)
{
	int rest = has_ended(request) ? -1 : fcntl(request->ipcFd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	struct transfer t = { .fd = request->ipcFd, .seconds = w->transfer_seconds };
	bool was_slow;

	send_reply(request, reply, &t);
	was_slow = transfer_end(&t);
	if (was_slow)
		shutdown(request->ipcFd, SHUT_RDWR);
	FCGX_Detach(request);	/* the connection is closed at once instead of waiting for the web server to close it first */
	FCGX_Free(request, 1);	/* and not FCGX_Finish_r, which would end the request a second time */
	worker_end(w, was_slow, t.sent);
	if (rest != -1)
		linger_add(rest);
}

/* One request of a program that stays, from its first byte to its last, and the maintenance after it. */
static void
fastcgi_request(struct worker *w, FCGX_Request *request, struct body *body)
{
	struct worker_reply reply;

	current = request;
	/* Also if the web server asks for it: the process waits for new connections only, and one that stays open would hold it. */
	request->keepConnection = 0;
	serve_set_state(SERVE_FASTCGI);
	if (!worker_open(w, request->envp, &reply))
		reply = answer(w, request, body);
	serve_set_state(SERVE_NO_REQUEST);
	finish(w, request, &reply);
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

/* What a process does while no request comes: after a second it frees what it can read again, and later it sleeps (idle.h). */
struct rest {
	bool is_resting, has_answered;
};

static int
rest_wait_ms(const struct rest *rest)
{
	return rest->is_resting ? idle_after_ms(rest->has_answered) : REST_MS;
}

static void
rest_goes_on(struct rest *rest, struct worker *w)
{
	if (rest->is_resting)
		idle_begin();
	else
		worker_rest(w);
	rest->is_resting = true;
}

/* Waits for a request, and meanwhile drops what is left of refused bodies.  TERM and USR1 are delivered only here. */
static bool
wait_for_request(struct worker *w, const sigset_t *mask, struct rest *rest)
{
	struct pollfd polls[1 + LINGER_MAX] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	size_t n = 1 + linger_polls(polls + 1);
	int ms = n > 1 ? linger_wait_ms() : rest_wait_ms(rest);
	struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	int ready = ppoll(polls, n, ms < 0 ? NULL : &limit, mask);

	if (n > 1)
		linger_drain();
	else if (ready == 0)
		rest_goes_on(rest, w);
	return ready > 0 && polls[0].revents != 0;
}

/*
 * Serves until told to stop.  TERM and USR1 are blocked while a request is answered, because libfcgi would cut a body short.
 * The listening socket does not block, so that a request which another process took does not hold this one in accept().
 */
int
serve_fastcgi(struct worker *w)
{
	struct body body = { 0 };
	struct pollfd listening = { .fd = STDIN_FILENO, .events = POLLIN };
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked, waiting;
	FCGX_Request request;
	struct rest rest = { 0 };
	bool is_well = true;

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	sigdelset(&waiting, SIGTERM);
	sigdelset(&waiting, SIGUSR1);

	if (FCGX_InitRequest(&request, STDIN_FILENO, 0) != 0)
		return 1;
	fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
	worker_keep(w);
	if (!idle_has_ended())
		worker_start(w);
	while (is_well && !is_told_to_stop && !stop_is_pending())
		if (wait_for_request(w, &waiting, &rest)) {
			is_well = accept_next(w, &request, &body);
			rest = (struct rest) { .has_answered = true };
		}
	/*
	 * With mod_fcgid each process has a socket of its own: nobody else would answer what waits there when it is told to
	 * stop.
	 */
	for (int i = 0; is_well && i < LAST_MAX && poll(&listening, 1, 0) == 1; i++)
		is_well = accept_next(w, &request, &body);
	close(STDIN_FILENO);	/* at once: whoever connects now is refused, and sent to another process */
	linger_finish();
	free(body.text);
	return is_well ? 0 : 1;
}
