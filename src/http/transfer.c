/* Sending to a client that may be slow (see transfer.h). */
#include <errno.h>
#include <sys/socket.h>

#include "http/deadline.h"
#include "http/transfer.h"

/* Leaves out the first n bytes of the parts. */
static void
skip(struct iovec **parts, size_t *count, size_t n)
{
	for (; *count > 0 && n >= (*parts)->iov_len; (*parts)++, (*count)--)
		n -= (*parts)->iov_len;
	if (*count > 0) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + n;
		(*parts)->iov_len -= n;
	}
}

/* From here on the client makes us wait. */
static void
wait(struct transfer *t)
{
	deadline_begin(t->seconds);
	deadline_extend(t->sent);
	t->has_waited = true;
}

/* A call that waits is interrupted when the deadline is over, and then again and again. */
bool
transfer_send(struct transfer *t, struct iovec *parts, size_t count)
{
	ssize_t n;

	while (count > 0) {
		const struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };

		n = sendmsg(t->fd, &message, MSG_NOSIGNAL | (t->has_waited ? 0 : MSG_DONTWAIT));
		if (n == -1 && errno == EAGAIN && !t->has_waited)
			wait(t);
		else if (n == -1 && (errno != EINTR || (t->has_waited && deadline_is_over())))
			return false;
		if (n <= 0)
			continue;
		t->sent += (size_t)n;
		if (t->has_waited)
			deadline_extend((size_t)n);
		skip(&parts, &count, (size_t)n);
	}
	return true;
}

bool
transfer_end(struct transfer *t)
{
	if (t->has_waited)
		deadline_end();
	return t->has_waited && deadline_is_over();
}
