/*
 * daybook-fetch URL BYTES SECONDS
 *
 * Reads the keys that an identity provider publishes and prints them; `daybook key` starts it.  A program of its own, so that
 * nothing that answers requests is linked with libcurl or ever waits for another machine.
 *
 *	https only, with the machine's certificates (or those in SSL_CERT_FILE); http only to this machine itself
 *	at most so many bytes, in at most so many seconds; no redirect is followed
 *
 * Prints the body and exits 0, or prints the reason and exits 1.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

struct body {
	char *text;
	size_t size, max;
	bool is_too_long;
};

static size_t
receive(char *data, size_t size, size_t n, void *arg)
{
	struct body *b = arg;

	n *= size;
	if ((b->is_too_long = n > b->max - b->size))
		return 0;
	memcpy(b->text + b->size, data, n);
	b->size += n;
	return n;
}

/* What is not encrypted never leaves this machine, whatever its name resolves to. */
static curl_socket_t
open_local(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)&address->addr;
	const struct sockaddr_in6 *v6 = (const void *)&address->addr;
	bool is_local = address->family == AF_INET ? ntohl(v4->sin_addr.s_addr) >> 24 == 127 :
	    address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);

	(void)arg;
	(void)purpose;
	return is_local ? socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol) : CURL_SOCKET_BAD;
}

static bool
set_options(CURL *curl, const char *url, struct body *body, long seconds, char *error)
{
	bool is_plain = strncasecmp(url, "http://", 7) == 0;
	const char *certificates = getenv("SSL_CERT_FILE");

	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, seconds) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_USERAGENT, "daybook-fetch") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
	    (!is_plain || (curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_local) == CURLE_OK)) &&
	    (certificates == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, certificates) == CURLE_OK);
}

/* Reads the URL; NULL, or the reason why not. */
static const char *
fetch(const char *url, struct body *body, long seconds)
{
	static char reason[CURL_ERROR_SIZE + 128], error[CURL_ERROR_SIZE];
	CURL *curl = curl_easy_init();
	CURLcode result;
	long status = 0;

	if (curl == NULL || !set_options(curl, url, body, seconds, error))
		return "libcurl cannot be set up";
	result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	if (body->is_too_long)
		snprintf(reason, sizeof(reason), "longer than %zu bytes", body->max);
	else if (result != CURLE_OK)
		snprintf(reason, sizeof(reason), "%s", error[0] != '\0' ? error : curl_easy_strerror(result));
	else if (status >= 300 && status < 400)
		snprintf(reason, sizeof(reason), "leads to another address (status %ld); give that one", status);
	else if (status != 200)
		snprintf(reason, sizeof(reason), "replied with status %ld", status);
	else
		return NULL;
	return reason;
}

int
main(int argc, char **argv)
{
	struct body body = { 0 };
	const char *reason;
	long seconds;

	if (argc != 4 || (body.max = strtoul(argv[2], NULL, 10)) == 0 || (seconds = strtol(argv[3], NULL, 10)) <= 0) {
		fputs("usage: daybook-fetch URL BYTES SECONDS\n", stderr);
		return 2;
	}
	/* If libcurl or a resolver hangs nevertheless. */
	alarm((unsigned)seconds + 5);
	if ((body.text = malloc(body.max)) == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		reason = "no memory";
	else
		reason = fetch(argv[1], &body, seconds);
	if (reason != NULL) {
		fputs(reason, stdout);
		return 1;
	}
	return fwrite(body.text, 1, body.size, stdout) == body.size && fflush(stdout) == 0 ? 0 : 1;
}
