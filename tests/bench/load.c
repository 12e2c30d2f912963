/*
 * The client of what tests/bench/run measures of writing: so many connections, each of a thread that sends one request after
 * the other and waits for each reply, over HTTP to 127.0.0.1.
 *
 * usage: load PORT PATH CLIENTS SECONDS campaigns DAYS	-- reservations of one contact, spread over so many coming days
 *	  load PORT PATH CLIENTS SECONDS events PER_BATCH [BATCHES_PER_S [BATCHES]]
 *
 * TOKEN in the environment is the credential.  BATCHES_PER_S is the pace of all clients together, 0 or nothing = as fast as
 * replies come; after so many BATCHES of all clients it ends early.  Prints one line of JSON: requests done, their seconds, the least
 * and the most of a client, waits in milliseconds, and the number of replies that were no success.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, WAITS_MAX = 1 << 20, REPLY_MAX = 1 << 20, EVENT_MAX = 160, REPLY_S_MAX = 60 };

static struct {
	int port;
	const char *path, *token;
	bool is_events;
	long clients, number;		/* number: of days, or of events in a batch */
	int64_t batches_per_s, batches, began_us, ends_us;
	int64_t now_s;			/* the time of day when it began */
} work;

struct client {
	long number, done, failed;
	uint32_t *waits_us;
	char *body, *reply;
};

static _Atomic int64_t started;	/* by all clients */

static int64_t
monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- Bodies.  Their ids differ from run to run by the time, from client to client, and grow. */

static size_t
put_instant(char *to, size_t room, int64_t at_s, int ms)
{
	struct tm tm;
	time_t t = (time_t)at_s;
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + (size_t)snprintf(to + n, room - n, ".%03dZ", ms);
}

static size_t
make_campaign(const struct client *c, char *to, size_t room)
{
	int64_t day = (c->done * work.clients + c->number) % work.number;
	size_t n = (size_t)snprintf(to, room, "{\"id\":\"load-%lld-%ld-%ld\",\"name\":\"Load\",\"contactCount\":1,\"scheduledISO\":\"",
	    (long long)work.began_us, c->number, c->done);

	n += put_instant(to + n, room - n, (work.now_s / 86400 + 2 + day) * 86400 + 64800, 0);
	return n + (size_t)snprintf(to + n, room - n, "\"}");
}

/* Two channels, of a minute of yesterday. */
static size_t
make_events(const struct client *c, int64_t batch, char *to, size_t room)
{
	size_t n = (size_t)snprintf(to, room, "[");

	for (long i = 0; i < work.number; i++) {
		n += (size_t)snprintf(to + n, room - n, "%s{\"id\":\"%016llx-%06lld-%05ld\",\"source\":\"load%ld\",\"channel\":\"%s\",\"occurredAt\":\"",
		    i == 0 ? "" : ",", (unsigned long long)work.began_us, (long long)batch, i, c->number, i % 10 == 0 ? "EMAIL" : "SMS");
		n += put_instant(to + n, room - n, work.now_s - 86400 + batch % 1000 * 10 + i % 10, (int)(i % 1000));
		n += (size_t)snprintf(to + n, room - n, "\"}");
	}
	return n + (size_t)snprintf(to + n, room - n, "]");
}

/* ---- HTTP */

static int
connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval most = { .tv_sec = REPLY_S_MAX };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(const int) { 1 }, sizeof(int)) != 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("load: connect");
	return fd;
}

/* With MSG_MORE the bytes leave with those that follow: a head of its own would wait for the server's delayed acknowledgement. */
static void
send_all(int fd, const char *bytes, size_t n, int flags)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL | flags);

		if (sent <= 0)
			die("load: send");
		bytes += sent;
		n -= (size_t)sent;
	}
}

/* Reads one reply, which must say how long it is, and returns its status; *ends says that the connection is at its end. */
static int
read_reply(int fd, char *reply, bool *ends)
{
	size_t have = 0, whole = SIZE_MAX;

	while (have < whole) {
		ssize_t got = recv(fd, reply + have, REPLY_MAX - 1 - have, 0);
		char *head, *length;

		if (got <= 0)
			die("load: no whole reply");
		have += (size_t)got;
		reply[have] = '\0';
		if (whole != SIZE_MAX || (head = strstr(reply, "\r\n\r\n")) == NULL)
			continue;
		length = strcasestr(reply, "\r\ncontent-length:");
		if (length == NULL || length > head) {
			fprintf(stderr, "load: a reply without a length: %s\n", reply);
			exit(1);
		}
		whole = (size_t)(head + 4 - reply) + strtoul(length + 17, NULL, 10);
		*ends = strcasestr(reply, "\r\nconnection: close") != NULL;
	}
	return atoi(reply + 9);
}

static void
one_request(struct client *c, int *fd, int64_t batch, size_t room)
{
	char head[9000];
	size_t n = work.is_events ? make_events(c, batch, c->body, room) : make_campaign(c, c->body, room), head_n;
	bool ends = false;
	int64_t began;
	int status;

	head_n = (size_t)snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", work.path, work.token, n);
	began = monotonic_us();
	if (*fd < 0)
		*fd = connect_to(work.port);
	send_all(*fd, head, head_n, MSG_MORE);
	send_all(*fd, c->body, n, 0);
	status = read_reply(*fd, c->reply, &ends);
	if (status != 200 && status != 201) {
		if (c->failed++ == 0)
			fprintf(stderr, "load: %.600s\n", c->reply);
	}
	if (c->done < WAITS_MAX)
		c->waits_us[c->done++] = (uint32_t)(monotonic_us() - began);
	if (ends) {	/* as a server does after so many requests */
		close(*fd);
		*fd = -1;
	}
}

static void *
run_client(void *arg)
{
	struct client *c = arg;
	size_t room = 1000 + (work.is_events ? (size_t)work.number * EVENT_MAX : 0);
	int fd = -1;

	c->body = malloc(room);
	c->reply = malloc(REPLY_MAX);
	c->waits_us = malloc(WAITS_MAX * sizeof(*c->waits_us));
	assert(c->body != NULL && c->reply != NULL && c->waits_us != NULL);
	while (monotonic_us() < work.ends_us && c->failed == 0) {
		int64_t mine = atomic_fetch_add(&started, 1), wait_us;

		if (work.batches > 0 && mine >= work.batches)
			break;
		if (work.batches_per_s > 0) {
			wait_us = work.began_us + mine * 1000000 / work.batches_per_s - monotonic_us();
			if (wait_us > 0)
				usleep((useconds_t)wait_us);
		}
		one_request(c, &fd, mine, room);
	}
	return NULL;
}

/* ---- What it came to */

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
print(struct client *clients)
{
	double seconds = (double)(monotonic_us() - work.began_us) / 1e6;
	long done = 0, failed = 0, least = clients[0].done, most = 0, n = 0;
	uint32_t *waits;

	for (long i = 0; i < work.clients; i++) {
		done += clients[i].done;
		failed += clients[i].failed;
		least = clients[i].done < least ? clients[i].done : least;
		most = clients[i].done > most ? clients[i].done : most;
	}
	waits = malloc(((size_t)done + 1) * sizeof(*waits));
	assert(waits != NULL);
	waits[0] = 0;
	for (long i = 0; i < work.clients; i++) {
		memcpy(waits + n, clients[i].waits_us, (size_t)clients[i].done * sizeof(*waits));
		n += clients[i].done;
	}
	qsort(waits, (size_t)n, sizeof(*waits), compare);
	printf("{\"requests\":%ld,\"seconds\":%.3f,\"least\":%ld,\"most\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"failed\":%ld}\n",
	    done, seconds, least, most, waits[n / 2] / 1e3, waits[n * 99 / 100] / 1e3, waits[n > 0 ? n - 1 : 0] / 1e3, failed);
	free(waits);
}

int
main(int argc, char **argv)
{
	static struct client clients[CLIENTS_MAX];
	pthread_t threads[CLIENTS_MAX];

	if (argc < 7 || (work.token = getenv("TOKEN")) == NULL) {
		fprintf(stderr, "usage: load PORT PATH CLIENTS SECONDS campaigns|events NUMBER [BATCHES_PER_S [BATCHES]]\n");
		return 2;
	}
	work.port = atoi(argv[1]);
	work.path = argv[2];
	work.clients = atol(argv[3]);
	work.is_events = strcmp(argv[5], "events") == 0;
	work.number = atol(argv[6]);
	work.batches_per_s = argc > 7 ? atol(argv[7]) : 0;
	work.batches = argc > 8 ? atol(argv[8]) : 0;
	assert(work.clients >= 1 && work.clients <= CLIENTS_MAX && work.number >= 1);
	work.now_s = time(NULL);
	work.began_us = monotonic_us();
	work.ends_us = work.began_us + (int64_t)(atof(argv[4]) * 1e6);
	for (long i = 0; i < work.clients; i++) {
		clients[i].number = i;
		if (pthread_create(&threads[i], NULL, run_client, &clients[i]) != 0)
			die("load: thread");
	}
	for (long i = 0; i < work.clients; i++)
		pthread_join(threads[i], NULL);
	print(clients);
	return 0;
}
