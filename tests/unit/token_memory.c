/*
 * token.c without memory: whichever allocation fails, no forged token is let in.  libjwt for one says that a
 * token holds when there is no room for a copy of the key.  A process that ends is all right: that is what
 * ours do without memory, and libjwt does not always survive.
 */
#include "table.h"

#include <signal.h>
#include <sys/wait.h>

#include "make_token.h"
#include "auth/token.h"

/* Under the sanitizer, which has a malloc of its own, nothing fails here. */
#ifdef __SANITIZE_ADDRESS__
#define CAN_FAIL false
#else
#define CAN_FAIL true
#endif

static long allocations;		/* since the try began */
static long fails_from, fails_until;	/* the numbers of those that fail; 0: none */

#ifndef __SANITIZE_ADDRESS__
void	*__libc_malloc(size_t size);

/* For the libraries too. */
__attribute__((visibility("default"))) void *
malloc(size_t size)
{
	allocations++;
	return allocations >= fails_from && allocations < fails_until ? NULL : __libc_malloc(size);
}
#endif

static const struct try_row {
	const char *name, *alg;
	enum signer by;
	bool lasts;	/* all later allocations fail too */
} tries[] = {
	{ "a forged HS256 token, one allocation fails", "HS256", SECRET_OTHER, false },
	{ "a forged HS256 token, all fail from there on", "HS256", SECRET_OTHER, true },
	{ "a forged RS256 token, one allocation fails", "RS256", EC_256, false },
	{ "a forged RS256 token, all fail from there on", "RS256", EC_256, true },
	{ "a forged ES256 token, one allocation fails", "ES256", RSA_256, false },
	{ "a forged ES256 token, all fail from there on", "ES256", RSA_256, true },
};

static const char *
key_of(const char *alg)
{
	return alg[0] == 'H' ? SECRET : pem_of(alg[0] == 'R' ? rsa : ec, false);
}

enum { OWN_MAX = 200 };

enum { REFUSED, LET_IN, REFUSED_AND_NOTHING_FAILED };

/* In a process of its own: a try in which the nth allocation fails. */
static void
try(const struct token *t, const char *alg, struct key_bytes key, long n, bool lasts)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS };
	struct error err;
	enum status st;

	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		signal(deadly[i], SIG_DFL);	/* cmocka would go on with the next test, in the child */
	close(STDERR_FILENO);			/* glibc's last words */
	allocations = 0;
	fails_from = n;
	fails_until = lasts ? LONG_MAX : n + 1;
	st = token_verify(t, alg, key, &err);
	_exit(st != UNAUTHENTICATED ? LET_IN : allocations < n ? REFUSED_AND_NOTHING_FAILED : REFUSED);
}

static void
no_forgery_is_let_in(void **state)
{
	const struct try_row *row = *state;
	const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"k\"}", row->alg), *key = key_of(row->alg);
	int result = REFUSED;
	struct token t;
	struct error err;
	pid_t child;
	long n;

	if (!CAN_FAIL)
		skip();
	assert_int_equal(token_read(arena, token_of(header, ACME, row->by), &t, &err), OK);
	/* libjwt's own come first; of the thousands in libcrypto every 13th will do. */
	for (n = 1; result != REFUSED_AND_NOTHING_FAILED; n += n < OWN_MAX ? 1 : 13) {
		if ((child = fork()) == 0)
			try(&t, row->alg, (struct key_bytes) { key, strlen(key) }, n, row->lasts);
		assert_true(waitpid(child, &result, 0) == child);
		result = WIFEXITED(result) ? WEXITSTATUS(result) : REFUSED;
		assert_int_not_equal(result, LET_IN);
	}
	assert_true(n > 10);	/* there was something to fail */
}

/* So that the tries above are of tokens that only the lack of memory could let in. */
static void
with_memory_tokens_are_told_apart(void **state)
{
	static const struct { const char *alg; enum signer good, bad; } rows[] = {
		{ "HS256", SECRET_256, SECRET_OTHER }, { "RS256", RSA_256, EC_256 }, { "ES256", EC_256, RSA_256 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"k\"}", rows[i].alg);
		const char *key = key_of(rows[i].alg);
		struct token t;
		struct error err;

		assert_int_equal(token_read(arena, token_of(header, ACME, rows[i].good), &t, &err), OK);
		assert_int_equal(token_verify(&t, rows[i].alg, (struct key_bytes) { key, strlen(key) }, &err), OK);
		assert_int_equal(token_read(arena, token_of(header, ACME, rows[i].bad), &t, &err), OK);
		assert_int_equal(token_verify(&t, rows[i].alg, (struct key_bytes) { key, strlen(key) }, &err),
		    UNAUTHENTICATED);
	}
}

int
main(void)
{
	int failed;

	world_open();
	TABLE(tries, no_forgery_is_let_in);
	CASE("with memory, good and forged tokens are told apart", with_memory_tokens_are_told_apart);
	failed = TABLE_RUN("token_memory");
	world_close();
	return failed;
}
