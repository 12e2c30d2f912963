/*
 * token.c and claims.c under any bytes: nothing breaks, nothing unsigned is let in, and what passes for
 * base64url is the only text of its bytes.  Build with clang -fsanitize=fuzzer.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/claims.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "auth/token.h"

#define NOW INT64_C(1780000000000)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The payload of a token that was read is in it again, byte for byte, when encoded again. */
static void
is_canonical(struct arena *a, const struct token *t)
{
	char *again = arena_alloc(a, 4 * ((t->payload_n + 2) / 3) + 1);
	const char *payload = strchr(t->text, '.') + 1;

	base64url((const uint8_t *)t->payload, t->payload_n, again);
	if (strlen(again) != strcspn(payload, ".") || memcmp(again, payload, strlen(again)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In no corpus, so that whatever verifies by it is forged. */
	static const char secret[] = "\x8f\x1e\x5c\x02\xd7\x6b\x39\xaa\x40\xfe\x13\x99\x27\xb0\x65\xce"
	    "\x5a\x71\x0d\xe8\x34\xc9\xf2\x16\x8b\x4d\x7f\xa3\x0c\xe5\x92\x68";
	const struct key_bytes key = { secret, sizeof(secret) - 1 };
	static const struct claims_rules ours = { "", "daybook", true }, theirs = { "id", "daybook", false };
	struct arena *a = arena_new();
	struct claims claims;
	struct token t;
	struct error err;

	if (token_read(a, arena_text(a, (const char *)data, size), &t, &err) == OK) {
		is_canonical(a, &t);
		if (token_verify(&t, "HS256", key, &err) == OK)
			abort();
		/* As if it were signed, so that the claims are met as well. */
		if (json_check("payload", t.payload, t.payload_n, &err) == OK &&
		    claims_read(a, t.payload, t.payload_n, &ours, NOW, &claims, &err) == OK &&
		    claims.org != NULL && !id_ok(claims.org))
			abort();
	}
	/* The bytes as a payload: random ones seldom pass for base64url of JSON. */
	if (json_check("payload", arena_text(a, (const char *)data, size), size, &err) == OK)
		claims_read(a, arena_text(a, (const char *)data, size), size, &theirs, NOW, &claims, &err);
	arena_free(a);
	return 0;
}
