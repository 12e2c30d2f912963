/* Plain CGI: one request from standard input and the environment, and the maintenance after it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/cgi_env.h"
#include "http/deadline.h"
#include "http/serve_parts.h"
#include "time/instant.h"

enum {
	DRAIN_BYTES = 256 * 1024,	/* of a body that is not wanted, so that the web server can read our reply */
	DRAIN_MS = 2000,
};

extern char **environ;

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
	while ((got = read(STDIN_FILENO, to, n)) == -1 && errno == EINTR && !deadline_is_over())
		;
	if (got > 0) {
		*left -= (unsigned long long)got;
		deadline_extend((size_t)got);
	}
	return got;
}

/* How much to read from stdin.  The server knows no length of a chunked body, and closes stdin after it. */
static unsigned long long
body_bytes(char **env)
{
	const char *length = cgi_env(env, "CONTENT_LENGTH");

	if (length != NULL)
		return strtoull(length, NULL, 10);
	return cgi_env(env, "HTTP_TRANSFER_ENCODING") != NULL ? ULLONG_MAX : 0;
}

/* Returns how much was written: less than all if the client has gone or is too slow. */
static size_t
write_all(const char *text, size_t size)
{
	size_t sent = 0;
	ssize_t n;

	while (sent < size && !deadline_is_over()) {
		n = write(STDOUT_FILENO, text + sent, size - sent);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		sent += (size_t)n;
		deadline_extend((size_t)n);
	}
	return sent;
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

/*
 * Closes stdin with the rest of a body still on its way.  A pipe can just be closed.  With mod_cgid stdin and stdout are one
 * socket, of which only the reading side may be closed; what is left unread on it would end the connection with an error, and
 * the web server would lose the reply.
 */
static void
close_input(char *piece, size_t size)
{
	if (shutdown(STDIN_FILENO, SHUT_RD) == -1)
		redirect_to_null(STDIN_FILENO);
	else
		while (recv(STDIN_FILENO, piece, size, MSG_DONTWAIT) > 0)
			;
}

/* Drops a body that is not wanted, up to a bound: a web server reads the reply when the body is gone or nobody takes it. */
static void
drain(unsigned long long left)
{
	int64_t until = instant_monotonic() + DRAIN_MS, now;
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	static char piece[16 * 1024];
	size_t dropped = 0;
	ssize_t n;

	while (left > 0 && dropped < DRAIN_BYTES && (now = instant_monotonic()) < until) {
		if (poll(&in, 1, (int)(until - now)) != 1)
			continue;
		n = read(STDIN_FILENO, piece, left < sizeof(piece) ? (size_t)left : sizeof(piece));
		if (n <= 0)
			return;
		left -= (unsigned long long)n;
		dropped += (size_t)n;
	}
	if (left > 0)
		close_input(piece, sizeof(piece));
}

static size_t
send_reply(const struct worker_reply *reply)
{
	size_t sent = write_all(reply->head, reply->head_n);

	return sent + write_all(reply->body, reply->body_n);
}

void
serve_cgi_last(const struct worker_reply *reply)
{
	deadline_begin(DEADLINE_LAST_SECONDS);
	send_reply(reply);
}

/* Reads the body that worker_open wants, and answers. */
static struct worker_reply
answer(struct worker *w, struct body *body, unsigned long long *left)
{
	deadline_begin(worker_body_seconds(w));
	body_read(body, worker_body_max(w), read_cgi, left);
	deadline_end();
	return worker_answer(w, body->text, body->n, serve_body_status(body, environ));
}

/* Answers the one request of a CGI program.  SQLite must not be carried over a fork, so the child opens the database itself. */
int
serve_cgi(struct worker *w)
{
	struct body body = { 0 };
	unsigned long long left = body_bytes(environ);
	struct worker_reply reply;
	size_t sent;

	if (!worker_open(w, environ, &reply))
		reply = answer(w, &body, &left);
	serve_set_state(SERVE_CGI_ANSWERED);
	drain(left);
	deadline_begin(w->transfer_seconds);
	sent = send_reply(&reply);
	deadline_end();
	worker_end(w, deadline_is_over(), sent);
	free(body.text);
	if (worker_leaves_work(w)) {
		go_on_in_child();
		worker_maintain(w);
	}
	if (w->db != NULL)
		db_tidy(w->db);
	return 0;
}
