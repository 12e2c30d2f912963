/* auth.c and token.c: whom the two headers let in, and as whom. */
#include "table.h"
#include "api_key.h"
#include "auth.h"
#include "make_token.h"
#include "token.h"

#define READ SCOPE_USAGE_READ
#define NARROW (SCOPE_USAGE_READ | SCOPE_USAGE_WRITE)
#define EXP "\"exp\":1780000600"
#define ACME "{" EXP ",\"organizationId\":\"acme\",\"scope\":\"usage:read\"}"
#define HEAD(alg, kid) "{\"alg\":\"" alg "\",\"kid\":\"" kid "\",\"typ\":\"JWT\"}"
#define HS HEAD("HS256", "hs")
#define RS HEAD("RS256", "rs")
#define ES HEAD("ES256", "es")

static enum status
check(const char *authorization, const char *api_key, struct caller *caller)
{
	struct why why = { .text = "" };
	enum status st;

	assert_int_equal(db_read_begin(db), OK);
	st = auth_check(db, arena, authorization, api_key, NOW, caller, &why);
	db_read_end(db);
	assert_int_equal(why.text[0] != '\0', st != OK);
	return st;
}

static void
is_refused(const char *authorization, const char *api_key)
{
	static const struct caller nobody;
	struct caller caller;

	memset(&caller, 'x', sizeof(caller));
	assert_int_equal(check(authorization, api_key, &caller), UNAUTHENTICATED);
	assert_memory_equal(&caller, &nobody, sizeof(caller));
}

static void
is_caller(const char *authorization, const char *api_key, const char *org, unsigned scopes, const char *credential)
{
	struct caller caller;

	assert_int_equal(check(authorization, api_key, &caller), OK);
	assert_string_equal(caller.org, org);
	assert_int_equal(caller.scopes, scopes);
	assert_string_equal(caller.credential, credential);
}

static const char *
bearer(const char *token)
{
	return arena_printf(arena, "Bearer %s", token);
}

/* ---- Tokens: header, algorithm, signature */

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
	{ "typ at+jwt is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":\"at+jwt\"}", SECRET_256, NULL },
	{ "typ jwt is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":\"jwt\"}", SECRET_256, NULL },
	{ "typ null is refused", "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":null}", SECRET_256, NULL },
	{ "two algs are refused", "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two algs are refused in the other order", "{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two algs are refused when one is written with an escape",
	    "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "two kids are refused", "{\"alg\":\"HS256\",\"kid\":\"other\",\"kid\":\"hs\"}", SECRET_256, NULL },
	{ "a header that is a list is refused", "[{\"alg\":\"HS256\",\"kid\":\"hs\"}]", SECRET_256, NULL },
	{ "a header that is a string is refused", "\"HS256\"", SECRET_256, NULL },
	{ "a header with something behind it is refused", HS "{}", SECRET_256, NULL },
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

/* ---- Tokens: shape */

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
	{ "a payload with something behind it is refused", ACME " x", false },
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

/* A text where H, P and S stand for the segments of a good token. */
static const struct shape_row {
	const char *name, *shape;
	bool holds;
} shapes[] = {
	{ "three segments are let in", "H.P.S", true },
	{ "nothing is refused", "", false },
	{ "one segment is refused", "H", false },
	{ "two segments are refused", "H.P", false },
	{ "four segments are refused", "H.P.S.S", false },
	{ "dots alone are refused", "..", false },
	{ "many dots are refused", "....................", false },
	{ "no signature is refused", "H.P.", false },
	{ "no payload is refused", "H..S", false },
	{ "no header is refused", ".P.S", false },
	{ "a header alone is refused", "H..", false },
	{ "a dot in front is refused", ".H.P.S", false },
	{ "a dot behind is refused", "H.P.S.", false },
	{ "a blank in front is refused", " H.P.S", false },
	{ "a blank behind is refused", "H.P.S ", false },
	{ "a line end behind is refused", "H.P.S\n", false },
	{ "padding is refused", "H.P.S=", false },
	{ "a character too many is refused", "H.P.SA", false },
	{ "four characters too many are refused", "H.P.SAAAA", false },
	{ "a stroke in a segment is refused", "H.P/.S", false },
	{ "a mark in a segment is refused", "H.P!.S", false },
	{ "two tokens are refused", "H.P.S, Bearer H.P.S", false },
	{ "a token in quotes is refused", "\"H.P.S\"", false },
	{ "payload and header swapped are refused", "P.H.S", false },
};

static void
shape_holds(void **state)
{
	const struct shape_row *row = *state;
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
	if (row->holds)
		is_caller(bearer(text), NULL, "acme", READ, "jwt:hs");
	else
		is_refused(bearer(text), NULL);
}

/* A payload that makes the token this long, filled with a claim of no meaning. */
static const char *
long_token(size_t length)
{
	const char *token = "";

	for (int fill = 2800; strlen(token) < length; fill++)
		token = token_of(HS, arena_printf(arena, "{\"x\":\"%0*d\",%s", fill, 0, ACME + 1), SECRET_256);
	return token;
}

static void
the_longest_token(void **state)
{
	const char *token = long_token(TOKEN_MAX - 3);

	(void)state;
	assert_in_range(strlen(token), TOKEN_MAX - 3, TOKEN_MAX);
	is_caller(bearer(token), NULL, "acme", READ, "jwt:hs");
	is_refused(bearer(long_token(TOKEN_MAX + 1)), NULL);
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

/* ---- Tokens: what the key allows */

#define CLAIM(org, rest) "{" EXP ",\"organizationId\":\"" org "\"," rest "}"
#define BY(kid) HEAD("HS256", kid)

static const struct bound_row {
	const char *name, *header, *payload;
	const char *org;	/* NULL: refused */
	unsigned scopes;
} bounds[] = {
	{ "a key of all speaks for any organisation", HS, CLAIM("globex", "\"scope\":\"usage:read\""), "globex", READ },
	{ "a key of all may grant admin", HS, "{" EXP ",\"scope\":\"admin\"}", "", SCOPE_ALL },
	{ "admin may name an organisation", HS, CLAIM("acme", "\"scope\":\"admin\""), "acme", SCOPE_ALL },
	{ "a role may be admin", HS, "{" EXP ",\"accessRole\":\"SUPERADMIN\"}", "", SCOPE_ALL },
	{ "a token without an organisation is refused without admin", HS, "{" EXP ",\"scope\":\"org:admin\"}", NULL, 0 },
	{ "an organisation that does not exist is let in", HS, CLAIM("nobody", "\"scope\":\"usage:read\""), "nobody", READ },
	{ "nothing claimed is nothing granted", HS, CLAIM("acme", "\"scope\":\"\""), "acme", 0 },

	{ "a key of acme speaks for acme", BY("acme"), CLAIM("acme", "\"scope\":\"usage:read\""), "acme", READ },
	{ "a key of acme does not speak for globex", BY("acme"), CLAIM("globex", "\"scope\":\"usage:read\""), NULL, 0 },
	{ "a key of acme does not speak for ACME", BY("acme"), CLAIM("ACME", "\"scope\":\"usage:read\""), NULL, 0 },
	{ "a key of acme speaks for acme when none is named", BY("acme"), "{" EXP ",\"scope\":\"usage:read\"}", "acme", READ },
	{ "a key of acme never grants admin", BY("acme"), CLAIM("acme", "\"scope\":\"admin\""), "acme",
	    SCOPE_ALL & ~SCOPE_ADMIN },
	{ "a key of acme makes SUPERADMIN its admin", BY("acme"), "{" EXP ",\"accessRole\":\"SUPERADMIN\"}", "acme",
	    SCOPE_ALL & ~SCOPE_ADMIN },
	{ "an admin of acme is not let into globex", BY("acme"), CLAIM("globex", "\"scope\":\"admin\""), NULL, 0 },

	{ "a narrow key grants what it has", BY("narrow"), CLAIM("acme", "\"scope\":\"usage:read usage:write\""), "acme",
	    NARROW },
	{ "a narrow key grants no more", BY("narrow"), CLAIM("acme", "\"scope\":\"usage:read org:admin\""), "acme", READ },
	{ "admin by a narrow key is all that it has", BY("narrow"), CLAIM("acme", "\"scope\":\"admin\""), "acme", NARROW },
	{ "SUPERADMIN by a narrow key is all that it has", BY("narrow"), CLAIM("acme", "\"accessRole\":\"SUPERADMIN\""),
	    "acme", NARROW },
	{ "a role by a narrow key is what both have", BY("narrow"), CLAIM("acme", "\"accessRole\":\"SALES_REP\""), "acme",
	    READ },
	{ "admin by a narrow key needs an organisation", BY("narrow"), "{" EXP ",\"scope\":\"admin\"}", NULL, 0 },
	{ "a key of nothing grants nothing", BY("nothing"), CLAIM("acme", "\"scope\":\"admin\""), "acme", 0 },
	{ "a narrow key of acme is both", BY("acme-narrow"), CLAIM("acme", "\"scope\":\"admin\""), "acme", READ },
};

static void
key_bounds(void **state)
{
	const struct bound_row *row = *state;
	const char *token = bearer(token_of(row->header, row->payload, SECRET_256)), *kid = strstr(row->header, "kid") + 6;

	if (row->org == NULL)
		is_refused(token, NULL);
	else
		is_caller(token, NULL, row->org, row->scopes,
		    arena_printf(arena, "jwt:%.*s", (int)strcspn(kid, "\""), kid));
}

/* ---- Headers and API keys */

static const char *good_key, *revoked_key;

/* $K stands for the good API key, $R for the revoked one, $T for a good token; NULL: no such header. */
static const struct request_row {
	const char *name, *authorization, *api_key, *credential;	/* NULL: refused */
} requests[] = {
	{ "a token is let in", "Bearer $T", NULL, "jwt:hs" },
	{ "bearer may be in lower case", "bearer $T", NULL, "jwt:hs" },
	{ "BEARER may be in capitals", "BEARER $T", NULL, "jwt:hs" },
	{ "an API key is let in as a bearer", "Bearer $K", NULL, "apikey:1" },
	{ "an API key is let in by its own header", NULL, "$K", "apikey:1" },
	{ "an empty Authorization counts as absent", "", "$K", "apikey:1" },
	{ "an empty X-API-Key counts as absent", "Bearer $T", "", "jwt:hs" },
	{ "Authorization goes before X-API-Key", "Bearer $T", "$K", "jwt:hs" },
	{ "a bad Authorization is not mended by X-API-Key", "Bearer x", "$K", NULL },
	{ "a good Authorization is not hurt by a bad X-API-Key", "Bearer $T", "x", "jwt:hs" },
	{ "no header is refused", NULL, NULL, NULL },
	{ "empty headers are refused", "", "", NULL },
	{ "Basic is refused", "Basic dXNlcjpwYXNz", NULL, NULL },
	{ "Basic is refused beside an API key", "Basic dXNlcjpwYXNz", "$K", NULL },
	{ "Bearer alone is refused", "Bearer", NULL, NULL },
	{ "Bearer and a blank is refused", "Bearer ", NULL, NULL },
	{ "a token alone is refused", "$T", NULL, NULL },
	{ "an API key alone is refused as Authorization", "$K", NULL, NULL },
	{ "two blanks are refused", "Bearer  $T", NULL, NULL },
	{ "a tab is refused", "Bearer\t$T", NULL, NULL },
	{ "no blank is refused", "Bearer$T", NULL, NULL },
	{ "a blank in front is refused", " Bearer $T", NULL, NULL },
	{ "two values in one header are refused", "Bearer $T, Bearer $T", NULL, NULL },
	{ "two API keys in one header are refused", NULL, "$K, $K", NULL },
	{ "a token as X-API-Key is refused", NULL, "$T", NULL },
	{ "Bearer in X-API-Key is refused", NULL, "Bearer $K", NULL },
	{ "a revoked API key is refused", NULL, "$R", NULL },
	{ "a revoked API key is refused as a bearer", "Bearer $R", NULL, NULL },
	{ "an unknown API key is refused", NULL, "dbk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL },
	{ "the prefix alone is refused", NULL, "dbk_", NULL },
	{ "an API key and one more is refused", NULL, "$KA", NULL },
	{ "an API key and a blank is refused", NULL, "$K ", NULL },
	{ "an API key in other letters is refused", NULL, "DBK_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL },
};

/* The header with these filled in. */
static const char *
fill(const char *header)
{
	const char *text = "";

	if (header == NULL)
		return NULL;
	for (; *header != '\0'; header++)
		if (*header != '$')
			text = arena_printf(arena, "%s%c", text, *header);
		else if (*++header == 'T')
			text = arena_printf(arena, "%s%s", text, token_of(HS, ACME, SECRET_256));
		else
			text = arena_printf(arena, "%s%s", text, *header == 'K' ? good_key : revoked_key);
	return text;
}

static void
request_is(void **state)
{
	const struct request_row *row = *state;

	if (row->credential != NULL)
		is_caller(fill(row->authorization), fill(row->api_key), "acme",
		    row->credential[0] == 'j' ? READ : NARROW, row->credential);
	else
		is_refused(fill(row->authorization), fill(row->api_key));
}

static void
every_character_of_an_api_key_counts(void **state)
{
	char *text = arena_strdup(arena, good_key);

	(void)state;
	is_caller(NULL, text, "acme", NARROW, "apikey:1");
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		is_refused(NULL, text);
		text[i] = '\0';		/* and the key cut there */
		is_refused(NULL, text);
		text[i] = was;
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

/* ---- The installation */

static void
set(const char *name, const char *value)
{
	struct why why;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(setting_set(db, name, value, &why), OK);
	assert_int_equal(db_write_commit(db), OK);
}

static void
issuer_and_audience_are_settings(void **state)
{
	const char *plain = bearer(token_of(HS, ACME, SECRET_256)), *named;

	(void)state;
	named = bearer(token_of(HS, CLAIM("acme", "\"scope\":\"usage:read\",\"iss\":\"id\",\"aud\":[\"day\"]"), SECRET_256));
	is_caller(plain, NULL, "acme", READ, "jwt:hs");
	set("iss", "id");
	is_refused(plain, NULL);
	is_caller(named, NULL, "acme", READ, "jwt:hs");
	set("iss", "");
	set("aud", "day");
	is_refused(plain, NULL);
	is_caller(named, NULL, "acme", READ, "jwt:hs");
	set("aud", "night");
	is_refused(named, NULL);
	set("aud", "");
	is_caller(plain, NULL, "acme", READ, "jwt:hs");
}

static const struct broken_row {
	const char *name, *sql, *credential;
} broken[] = {
	{ "without the table of settings nobody is let in", "ALTER TABLE setting RENAME TO gone", "Bearer $T" },
	{ "without the table of signing keys nobody is let in", "ALTER TABLE signing_key RENAME TO gone", "Bearer $T" },
	{ "without the table of API keys nobody is let in", "ALTER TABLE api_key RENAME TO gone", "Bearer $K" },
};

/* Whatever it is, it is no answer about the credential. */
static void
broken_database_lets_nobody_in(void **state)
{
	const struct broken_row *row = *state;
	struct why why = { .text = "" };
	struct caller caller;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(auth_check(db, arena, fill(row->credential), NULL, NOW, &caller, &why), OK);
	assert_int_equal(query_run(db_query(db, row->sql)), OK);
	assert_int_equal(auth_check(db, arena, fill(row->credential), NULL, NOW, &caller, &why), INTERNAL);
	assert_int_equal(caller.scopes, 0);
	db_write_abort(db);
	assert_int_equal(check(fill(row->credential), NULL, &caller), OK);
}

static void
damaged_keys_verify_nothing(void **state)
{
	const char *token = bearer(token_of(BY("damaged"), ACME, SECRET_EMPTY));

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	add_key("damaged", "HS256", SECRET, NULL, SCOPE_ALL, NOW);
	assert_int_equal(query_run(db_query(db, "UPDATE signing_key SET verify_key = x'' WHERE kid = 'damaged'")), OK);
	assert_int_equal(db_write_commit(db), OK);
	is_refused(token, NULL);
}

static void
add_keys(void)
{
	struct why why;
	int64_t key;

	assert(db_write_begin(db) == OK);
	add_key("hs", "HS256", SECRET, NULL, SCOPE_ALL, 1);
	add_key("other", "HS256", OTHER_SECRET, NULL, SCOPE_ALL, 2);
	add_key("rs", "RS256", pem_of(rsa, false), NULL, SCOPE_ALL, 3);
	add_key("es", "ES256", pem_of(ec, true), NULL, SCOPE_ALL, 4);
	add_key("retired", "HS256", SECRET, NULL, SCOPE_ALL, 5);
	add_key("acme", "HS256", SECRET, "acme", SCOPE_ALL, 6);
	add_key("narrow", "HS256", SECRET, NULL, NARROW, 7);
	add_key("acme-narrow", "HS256", SECRET, "acme", READ, 8);
	add_key("nothing", "HS256", SECRET, NULL, 0, 9);
	assert(signing_key_retire(db, "retired", 10, &why) == OK);
	assert(api_key_add(db, arena, "acme", "good", NARROW, NOW, &good_key, &key, &why) == OK && key == 1);
	assert(api_key_add(db, arena, "acme", "lost", NARROW, NOW, &revoked_key, &key, &why) == OK && key == 2);
	assert(api_key_revoke(db, key, NOW, &why) == OK);
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
	CASE("the longest token is let in, a longer one is refused", the_longest_token);
	CASE("another text of the same bytes is refused", same_bytes_in_other_text);
	TABLE(bounds, key_bounds);
	TABLE(requests, request_is);
	CASE("every character of an API key counts", every_character_of_an_api_key_counts);
	TABLE(mutants, mutants_are_refused);
	CASE("a token cut short is refused", a_token_cut_short);
	CASE("1,000 ES256 tokens are let in", many_es256_tokens);
	CASE("the settings iss and aud bind tokens", issuer_and_audience_are_settings);
	TABLE(broken, broken_database_lets_nobody_in);
	CASE("a key without bytes verifies nothing", damaged_keys_verify_nothing);
	failed = TABLE_RUN("auth");
	world_close();
	return failed;
}
