/* token.c: what is a token, and whose; shown to auth_check as a client would. */
#include "table.h"
#include "make_token.h"
#include "auth/token.h"

#define RS HEAD("RS256", "rs")
#define ES HEAD("ES256", "es")
#define TYP(typ) "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":\"" typ "\"}"

/* ---- Header, algorithm, signature */

static const struct header_row {
	const char *name, *header;
	enum signer by;
	const char *credential;	/* NULL: refused */
} headers[] = {
	{ "HS256 by its secret is let in", HS, SECRET_256, "jwt:hs" },
	{ "RS256 by its private key is let in", RS, RSA_256, "jwt:rs" },
	{ "ES256 by its private key is let in", ES, EC_256, "jwt:es" },
	{ "no typ is let in", "{\"alg\":\"HS256\",\"kid\":\"hs\"}", SECRET_256, "jwt:hs" },
	{ "members that nobody knows are let in", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"x\":[1]}", SECRET_256, "jwt:hs" },
	{ "HS256 by another secret is refused", HS, SECRET_OTHER, NULL },
	{ "HS256 by an empty secret is refused", HS, SECRET_EMPTY, NULL },
	{ "HS256 signed as HS512 is refused", HS, SECRET_512, NULL },
	{ "alg none is refused", HEAD("none", "hs"), NOBODY, NULL },
	{ "alg none with a signature is refused", HEAD("none", "hs"), SECRET_256, NULL },
	{ "alg NONE is refused", HEAD("NONE", "hs"), SECRET_256, NULL },
	{ "alg nOnE is refused", HEAD("nOnE", "hs"), NOBODY, NULL },
	{ "alg in lower case is refused", HEAD("hs256", "hs"), SECRET_256, NULL },
	{ "an empty alg is refused", HEAD("", "hs"), SECRET_256, NULL },
	{ "no alg is refused", "{\"kid\":\"hs\",\"typ\":\"JWT\"}", SECRET_256, NULL },
	{ "alg null is refused", "{\"alg\":null,\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "alg that is a list is refused", "{\"alg\":[\"HS256\"],\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "HS384 with an HS256 secret is refused", HEAD("HS384", "hs"), SECRET_384, NULL },
	{ "HS512 with an HS256 secret is refused", HEAD("HS512", "hs"), SECRET_512, NULL },
	{ "RS512 with an RS256 key is refused", HEAD("RS512", "rs"), RSA_512, NULL },
	{ "RS256 signed as RS512 is refused", RS, RSA_512, NULL },
	{ "RS256 with the public key as a secret is refused", HEAD("HS256", "rs"), SECRET_IS_PEM, NULL },
	{ "RS256 signed with the public key as a secret is refused", RS, SECRET_IS_PEM, NULL },
	{ "HS256 by an RSA key is refused", HS, RSA_256, NULL },
	{ "RS256 under an EC key's kid is refused", HEAD("RS256", "es"), RSA_256, NULL },
	{ "ES256 under an RSA key's kid is refused", HEAD("ES256", "rs"), EC_256, NULL },
	{ "ES256 by an RSA key is refused", ES, RSA_256, NULL },
	{ "ES512 with a P-256 key is refused", HEAD("ES512", "es"), EC_256, NULL },
	{ "PS256 is refused", HEAD("PS256", "rs"), RSA_256, NULL },
	{ "no kid is refused", "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", SECRET_256, NULL },
	{ "an empty kid is refused", HEAD("HS256", ""), SECRET_256, NULL },
	{ "a kid that is a number is refused", "{\"alg\":\"HS256\",\"kid\":1}", SECRET_256, NULL },
	{ "an unknown kid is refused", HEAD("HS256", "hx"), SECRET_256, NULL },
	{ "a kid in capitals is another kid", HEAD("HS256", "HS"), SECRET_256, NULL },
	{ "the kid of another key is refused", HEAD("HS256", "other"), SECRET_256, NULL },
	{ "the other key's own token is let in", HEAD("HS256", "other"), SECRET_OTHER, "jwt:other" },
	{ "a kid that is SQL is refused", HEAD("HS256", "' OR 1=1 --"), SECRET_256, NULL },
	{ "a retired key is refused", HEAD("HS256", "retired"), SECRET_256, NULL },
	{ "crit is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":[\"exp\"]}", SECRET_256, NULL },
	{ "an empty crit is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":[]}", SECRET_256, NULL },
	{ "crit null is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":null}", SECRET_256, NULL },
	{ "unencoded payloads (b64) are refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"b64\":false,\"crit\":[\"b64\"]}",
	    SECRET_256, NULL },
	{ "typ at+jwt is let in", TYP("at+jwt"), SECRET_256, "jwt:hs" },
	{ "typ AT+JWT is let in", TYP("AT+JWT"), SECRET_256, "jwt:hs" },
	{ "typ jwt is let in", TYP("jwt"), SECRET_256, "jwt:hs" },
	{ "typ application/at+jwt is let in", TYP("application/at+jwt"), SECRET_256, "jwt:hs" },
	{ "typ Application/JWT is let in", TYP("Application/JWT"), SECRET_256, "jwt:hs" },
	{ "an empty typ is refused", TYP(""), SECRET_256, NULL },
	{ "typ application/ is refused", TYP("application/"), SECRET_256, NULL },
	{ "typ logout+jwt is refused", TYP("logout+jwt"), SECRET_256, NULL },
	{ "typ dpop+jwt is refused", TYP("dpop+jwt"), SECRET_256, NULL },
	{ "typ JWTx is refused", TYP("JWTx"), SECRET_256, NULL },
	{ "typ of another application is refused", TYP("text/jwt"), SECRET_256, NULL },
	{ "typ that is a list is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":[\"JWT\"]}", SECRET_256, NULL },
	{ "typ null is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":null}", SECRET_256, NULL },
	{ "two algs are refused", "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two algs are refused in the other order", "{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two algs are refused when one is written with an escape",
	    "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two kids are refused", "{\"alg\":\"HS256\",\"kid\":\"other\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two kids are refused in the other order", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"kid\":\"other\"}", SECRET_256, NULL },
	{ "two equal members are refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"x\":1,\"x\":1}", SECRET_256, NULL },
	{ "a header that is a list is refused", "[{\"alg\":\"HS256\",\"kid\":\"hs\"}]", SECRET_256, NULL },
	{ "a header that is a string is refused", "\"HS256\"", SECRET_256, NULL },
	{ "a header with something after it is refused", HS "{}", SECRET_256, NULL },
	{ "a header that is no UTF-8 is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"x\":\"\xff\"}", SECRET_256, NULL },
	{ "a key in the header is not used", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"jwk\":{\"kty\":\"oct\"}}", SECRET_OTHER, NULL },
};

static void
header_lets_in(void **state)
{
	const struct header_row *row = *state;
	const char *token = bearer(token_of(row->header, ACME, row->by));

	if (row->credential != NULL)
		is_caller(token, NULL, "acme", READ, row->credential);
	else
		is_refused(token, NULL);
}

/* ---- Shape */

static const struct payload_row {
	const char *name, *payload;
	bool holds;
} payloads[] = {
	{ "a good payload is let in", ACME, true },
	{ "blanks around the payload are let in", " " ACME "\n", true },
	{ "an expired token is refused", "{\"exp\":1779999000,\"organizationId\":\"acme\"}", false },
	{ "two equal claims are refused", "{" EXP ",\"organizationId\":\"globex\",\"organizationId\":\"acme\"}", false },
	{ "two exp are refused", "{\"exp\":1," EXP ",\"organizationId\":\"acme\"}", false },
	{ "a payload that is a list is refused", "[" ACME "]", false },
	{ "a payload with something after it is refused", ACME " x", false },
	{ "a payload that is no JSON is refused", "exp=1780000600", false },
	{ "U+0000 in a claim is refused", "{" EXP ",\"organizationId\":\"acme\\u0000x\"}", false },
};

static void
payload_holds(void **state)
{
	const struct payload_row *row = *state;
	const char *token = bearer(token_of(HS, row->payload, SECRET_256));

	if (row->holds)
		is_caller(token, NULL, "acme", READ, "jwt:hs");
	else
		is_refused(token, NULL);
}

/*
 * A text where H, P and S stand for the segments of a good token.  What is not even read never comes to libjwt,
 * which reads past an empty segment.
 */
static const struct shape_row {
	const char *name, *shape;
	bool is_read, holds;
} shapes[] = {
	{ "three segments are let in", "H.P.S", true, true },
	{ "nothing is refused", "", false, false },
	{ "one segment is refused", "H", false, false },
	{ "two segments are refused", "H.P", false, false },
	{ "four segments are refused", "H.P.S.S", false, false },
	{ "dots alone are refused", "..", false, false },
	{ "many dots are refused", "....................", false, false },
	{ "no signature is refused", "H.P.", false, false },
	{ "no payload is refused", "H..S", false, false },
	{ "no header is refused", ".P.S", false, false },
	{ "a header alone is refused", "H..", false, false },
	{ "a dot in front is refused", ".H.P.S", false, false },
	{ "a trailing dot is refused", "H.P.S.", false, false },
	{ "a blank in front is refused", " H.P.S", false, false },
	{ "a trailing blank is refused", "H.P.S ", false, false },
	{ "a trailing line end is refused", "H.P.S\n", false, false },
	{ "padding is refused", "H.P.S=", false, false },
	{ "a character too many is refused", "H.P.SA", true, false },
	{ "more characters too many are refused", "H.P.SAAAAA", true, false },
	{ "a stroke in a segment is refused", "H.P/.S", false, false },
	{ "a mark in a segment is refused", "H.P!.S", false, false },
	{ "two tokens are refused", "H.P.S, Bearer H.P.S", false, false },
	{ "a token in quotes is refused", "\"H.P.S\"", false, false },
	{ "payload and header swapped are refused", "P.H.S", false, false },
};

static void
shape_holds(void **state)
{
	const struct shape_row *row = *state;
	struct token t;
	struct error err;
	const char *token = token_of(HS, ACME, SECRET_256), *payload = strchr(token, '.') + 1,
	    *sig = strchr(payload, '.') + 1, *text = "";

	for (const char *s = row->shape; *s != '\0'; s++)
		switch (*s) {
		case 'H':
			text = arena_printf(arena, "%s%.*s", text, (int)(payload - token - 1), token);
			break;
		case 'P':
			text = arena_printf(arena, "%s%.*s", text, (int)(sig - payload - 1), payload);
			break;
		case 'S':
			text = arena_printf(arena, "%s%s", text, sig);
			break;
		default:
			text = arena_printf(arena, "%s%c", text, *s);
		}
	assert_int_equal(token_read(arena, text, &t, &err) == OK, row->is_read);
	if (row->holds)
		is_caller(bearer(text), NULL, "acme", READ, "jwt:hs");
	else
		is_refused(bearer(text), NULL);
}

/* The middle segment of a token. */
static const struct segment_row {
	const char *name, *segment, *bytes;	/* NULL: not canonical */
} segments[] = {
	{ "four digits are three bytes", "QUJD", "ABC" },
	{ "three digits are two bytes", "QUI", "AB" },
	{ "two digits are one byte", "QQ", "A" },
	{ "the last two digits of base64url", "-_-_", "\xfb\xff\xbf" },
	{ "three digits with bits to spare are refused", "QUJ", NULL },
	{ "two digits with bits to spare are refused", "QR", NULL },
	{ "two digits with the highest bit to spare are refused", "QY", NULL },
	{ "one digit is refused", "A", NULL },
	{ "a lone last digit is refused", "QUJDA", NULL },
	{ "the digits of plain base64 are refused", "+/+/", NULL },
	{ "a byte beyond ASCII is refused", "QUJ\xc4", NULL },
};

static void
segment_is(void **state)
{
	const struct segment_row *row = *state;
	const char *text = arena_printf(arena, "%s.%s.AAAA", segment_of(HS, strlen(HS)), row->segment);
	struct token t;
	struct error err;

	assert_int_equal(token_read(arena, text, &t, &err), row->bytes != NULL ? OK : UNAUTHENTICATED);
	if (row->bytes != NULL) {
		assert_int_equal(t.payload_n, strlen(row->bytes));
		assert_string_equal(t.payload, row->bytes);
		assert_string_equal(t.kid, "hs");
		assert_string_equal(t.alg, "HS256");
	}
}

static void
a_kid_that_no_key_could_have_is_not_looked_up(void **state)
{
	const char *header = HEAD("HS256", "' OR 1=1 --");
	struct token t;
	struct error err;

	(void)state;
	assert_int_equal(token_read(arena, token_of(header, ACME, SECRET_256), &t, &err), UNAUTHENTICATED);
}

/* A good token of just this length, filled with members of no meaning. */
static const char *
token_of_length(size_t length)
{
	const char *header, *token;

	for (int head = 1; head < 5; head++)
		for (int fill = 5700; fill < 6000; fill++) {
			header = arena_printf(arena, "{\"x\":\"%0*d\",%s", head, 0, HS + 1);
			token = token_of(header, arena_printf(arena, "{\"x\":\"%0*d\",%s", fill, 0, ACME + 1), SECRET_256);
			if (strlen(token) == length)
				return token;
		}
	fail();
	return NULL;
}

static void
the_longest_token(void **state)
{
	(void)state;
	is_caller(bearer(token_of_length(TOKEN_MAX)), NULL, "acme", READ, "jwt:hs");
	is_refused(bearer(token_of_length(TOKEN_MAX + 1)), NULL);
}

/* Another last character that stands for the same bytes. */
static void
same_bytes_in_other_text(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *token = arena_strdup(arena, token_of(HS, ACME, SECRET_256)), *last = token + strlen(token) - 1;
	size_t value = (size_t)(strchr(digits, *last) - digits);

	(void)state;
	assert_int_equal(value % 4, 0);	/* 32 bytes end in a digit with two bits to spare */
	is_caller(bearer(token), NULL, "acme", READ, "jwt:hs");
	for (size_t i = 1; i < 4; i++) {
		*last = digits[value + i];
		is_refused(bearer(token), NULL);
	}
}

/* ---- Many */

static uint32_t
next_random(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

static const struct mutant_row {
	const char *name, *header;
	enum signer by;
} mutants[] = {
	{ "none of 2,000 changed HS256 tokens is let in", HS, SECRET_256 },
	{ "none of 2,000 changed RS256 tokens is let in", RS, RSA_256 },
	{ "none of 2,000 changed ES256 tokens is let in", ES, EC_256 },
};

static void
mutants_are_refused(void **state)
{
	static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\x7f\xff";
	const struct mutant_row *row = *state;
	char *token = arena_strdup(arena, bearer(token_of(row->header, ACME, row->by)));
	struct caller caller;

	assert_int_equal(check(token, NULL, &caller), OK);
	for (int made = 0; made < 2000;) {
		size_t i = 7 + next_random() % (strlen(token) - 7);
		char was = token[i], is = from[next_random() % (sizeof(from) - 1)];

		if (was == is)
			continue;
		token[i] = is;
		is_refused(token, NULL);
		token[i] = was;
		made++;
	}
	assert_int_equal(check(token, NULL, &caller), OK);
}

static void
a_token_cut_short(void **state)
{
	char *token = arena_strdup(arena, bearer(token_of(HS, ACME, SECRET_256)));

	(void)state;
	for (size_t n = strlen(token); n > 0; n--) {
		token[n - 1] = '\0';
		if (n > 1)
			is_refused(token, NULL);
	}
}

/* About every 128th r or s starts with a zero byte. */
static void
many_es256_tokens(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		is_caller(bearer(token_of(ES, ACME, EC_256)), NULL, "acme", READ, "jwt:es");
}

/* ---- By which key */

#define SECRET_31 "0123456789012345678901234567890"

static const struct key_row {
	const char *name, *payload, *alg, *key;	/* the secret that signs and verifies */
	enum status status;
} keys[] = {
	{ "a secret of 32 bytes verifies", ACME, "HS256", SECRET_31 "1", OK },
	{ "a secret of 31 bytes verifies nothing", ACME, "HS256", SECRET_31, UNAUTHENTICATED },
	{ "an empty secret verifies nothing", ACME, "HS256", "", UNAUTHENTICATED },
	{ "no secret verifies nothing", ACME, "HS256", NULL, UNAUTHENTICATED },
	{ "a key of another algorithm verifies nothing", ACME, "RS256", SECRET_31 "1", UNAUTHENTICATED },
	{ "a key of an unknown algorithm verifies nothing", ACME, "HS384", SECRET_31 "1", UNAUTHENTICATED },
	{ "a list is no payload", "[]", "HS256", SECRET_31 "1", UNAUTHENTICATED },
	{ "a string is no payload", "\"exp\"", "HS256", SECRET_31 "1", UNAUTHENTICATED },
};

static void
key_verifies(void **state)
{
	const struct key_row *row = *state;
	const char *secret = row->key != NULL ? row->key : "", *text, *token;
	struct token t;
	struct error err;

	text = arena_printf(arena, "%s.%s", segment_of(HS, strlen(HS)), segment_of(row->payload, strlen(row->payload)));
	token = arena_printf(arena, "%s.%s", text, mac(text, secret, EVP_sha256()));
	assert_int_equal(token_read(arena, token, &t, &err), OK);
	assert_int_equal(token_verify(&t, row->alg, (struct key_bytes) { row->key, strlen(secret) }, &err), row->status);
}

static void
add_keys(void)
{
	struct error err;

	assert(db_write_begin(db) == OK);
	add_key("hs", "HS256", SECRET, NULL, SCOPE_ALL, 1);
	add_key("other", "HS256", OTHER_SECRET, NULL, SCOPE_ALL, 2);
	add_key("rs", "RS256", pem_of(rsa, false), NULL, SCOPE_ALL, 3);
	add_key("es", "ES256", pem_of(ec, true), NULL, SCOPE_ALL, 4);
	add_key("retired", "HS256", SECRET, NULL, SCOPE_ALL, 5);
	assert(signing_key_retire(db, "retired", 10, &test_actor, &err) == OK);
	assert(db_write_commit(db) == OK);
}

int
main(void)
{
	int failed;

	world_open();
	add_keys();
	TABLE(headers, header_lets_in);
	TABLE(payloads, payload_holds);
	TABLE(shapes, shape_holds);
	TABLE(segments, segment_is);
	CASE("a kid that no key could have is not looked up", a_kid_that_no_key_could_have_is_not_looked_up);
	CASE("the longest token is let in, a longer one is refused", the_longest_token);
	CASE("another text of the same bytes is refused", same_bytes_in_other_text);
	TABLE(mutants, mutants_are_refused);
	CASE("a token cut short is refused", a_token_cut_short);
	CASE("1,000 ES256 tokens are let in", many_es256_tokens);
	TABLE(keys, key_verifies);
	failed = TABLE_RUN("token");
	world_close();
	return failed;
}
