/* Dropping what is left of refused bodies (see linger.h). */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "time/instant.h"
#include "http/linger.h"

enum {
	TIME_MS = 10 * 1000,
	BYTES_MAX = 64 * 1024 * 1024,	/* of one connection; no web server lets a longer body through */
	TURN_MAX = 256 * 1024,		/* bytes of one connection before the others have their turn */
	PIECE = 64 * 1024,
	FINISH_MS = 1000,
};

static struct lingering {
	int fd;
	int64_t until;
	size_t bytes;
} all[LINGER_MAX];	/* the oldest first */
static size_t count;

/* Reads what is there; false when the connection is to be closed. */
static bool
drop(struct lingering *l, int64_t now)
{
	static char piece[PIECE];
	ssize_t n;

	for (size_t turn = 0; turn < TURN_MAX; turn += (size_t)n) {
		n = recv(l->fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return (errno == EAGAIN || errno == EWOULDBLOCK) && now < l->until;
		else if (n == 0 || (l->bytes += (size_t)n) > BYTES_MAX)
			return false;
	}
	return now < l->until;
}

/* Closes a connection.  What was unread on it would end it with an error, and the web server could lose the reply. */
static void
forget(size_t i)
{
	shutdown(all[i].fd, SHUT_RDWR);
	drop(&all[i], 0);
	close(all[i].fd);
	count--;
	memmove(all + i, all + i + 1, (count - i) * sizeof(all[0]));
}

void
linger_add(int fd)
{
	struct lingering l = { .fd = fd, .until = instant_monotonic() + TIME_MS };

	shutdown(fd, SHUT_WR);
	if (!drop(&l, 0)) {
		close(fd);
		return;
	}
	if (count == LINGER_MAX)
		forget(0);
	all[count++] = l;
}

size_t
linger_polls(struct pollfd *polls)
{
	for (size_t i = 0; i < count; i++)
		polls[i] = (struct pollfd) { .fd = all[i].fd, .events = POLLIN };
	return count;
}

int
linger_wait_ms(void)
{
	int64_t left;

	if (count == 0)
		return -1;
	left = all[0].until - instant_monotonic();
	return left > 0 ? (int)left : 0;
}

void
linger_drain(void)
{
	int64_t now = count > 0 ? instant_monotonic() : 0;

	for (size_t i = count; i-- > 0; )
		if (!drop(&all[i], now))
			forget(i);
}

void
linger_finish(void)
{
	int64_t until = instant_monotonic() + FINISH_MS;
	struct pollfd polls[LINGER_MAX];
	int64_t left;

	while (count > 0 && (left = until - instant_monotonic()) > 0) {
		poll(polls, (nfds_t)linger_polls(polls), (int)left);
		linger_drain();
	}
	while (count > 0)
		forget(count - 1);
}
