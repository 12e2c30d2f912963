/* auth.c: whom the two headers let in, and as whom. */
#include "table.h"
#include "auth/api_key.h"
#include "make_token.h"

#define NARROW (SCOPE_USAGE_READ | SCOPE_USAGE_WRITE)

/* ---- Tokens: what the key allows */

#define CLAIM(org, rest) "{" EXP ",\"organizationId\":\"" org "\"," rest "}"
#define BY(kid) HEAD("HS256", kid)

static const struct bound_row {
	const char *name, *header, *payload;
	const char *org;	/* NULL: refused */
	unsigned scopes;
} bounds[] = {
	{ "a key of all is for any organization", HS, CLAIM("globex", "\"scope\":\"usage:read\""), "globex", READ },
	{ "a key of all may grant admin", HS, "{" EXP ",\"scope\":\"admin\"}", "", SCOPE_ALL },
	{ "admin may name an organization", HS, CLAIM("acme", "\"scope\":\"admin\""), "acme", SCOPE_ALL },
	{ "a role may be admin", HS, "{" EXP ",\"accessRole\":\"SUPERADMIN\"}", "", SCOPE_ALL },
	{ "a token without an organization is refused without admin", HS, "{" EXP ",\"scope\":\"org:admin\"}", NULL, 0 },
	{ "an organization that does not exist is let in", HS, CLAIM("nobody", "\"scope\":\"usage:read\""), "nobody", READ },
	{ "nothing claimed is nothing granted", HS, CLAIM("acme", "\"scope\":\"\""), "acme", 0 },

	{ "a key of acme speaks for acme", BY("acme"), CLAIM("acme", "\"scope\":\"usage:read\""), "acme", READ },
	{ "a key of acme does not speak for globex", BY("acme"), CLAIM("globex", "\"scope\":\"usage:read\""), NULL, 0 },
	{ "a key of acme does not speak for ACME", BY("acme"), CLAIM("ACME", "\"scope\":\"usage:read\""), NULL, 0 },
	{ "a key of acme speaks for acme when none is named", BY("acme"), "{" EXP ",\"scope\":\"usage:read\"}", "acme", READ },
	{ "a key of acme never grants admin", BY("acme"), CLAIM("acme", "\"scope\":\"admin\""), "acme",
	    SCOPE_ALL & ~SCOPE_INSTALLATION },
	{ "a key of acme makes SUPERADMIN its admin", BY("acme"), "{" EXP ",\"accessRole\":\"SUPERADMIN\"}", "acme",
	    SCOPE_ALL & ~SCOPE_INSTALLATION },
	{ "an admin of acme is not let into globex", BY("acme"), CLAIM("globex", "\"scope\":\"admin\""), NULL, 0 },

	{ "a narrow key grants what it has", BY("narrow"), CLAIM("acme", "\"scope\":\"usage:read usage:write\""), "acme",
	    NARROW },
	{ "a narrow key grants no more", BY("narrow"), CLAIM("acme", "\"scope\":\"usage:read org:admin\""), "acme", READ },
	{ "admin by a narrow key is all that it has", BY("narrow"), CLAIM("acme", "\"scope\":\"admin\""), "acme", NARROW },
	{ "SUPERADMIN by a narrow key is all that it has", BY("narrow"), CLAIM("acme", "\"accessRole\":\"SUPERADMIN\""),
	    "acme", NARROW },
	{ "a role by a narrow key is what both have", BY("narrow"), CLAIM("acme", "\"accessRole\":\"SALES_REP\""), "acme",
	    READ },
	{ "admin by a narrow key needs an organization", BY("narrow"), "{" EXP ",\"scope\":\"admin\"}", NULL, 0 },
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
	{ "a bad Authorization is not replaced by X-API-Key", "Bearer x", "$K", NULL },
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

/* ---- The installation */

static void
set(const char *name, const char *value)
{
	struct error err;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(setting_set(db, name, value, &err), OK);
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
	struct error err = { .text = "" };
	struct caller caller;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(auth_check(db, arena, fill(row->credential), NULL, NOW, &caller, &err), OK);
	assert_int_equal(query_run(db_query(db, row->sql)), OK);
	assert_int_equal(auth_check(db, arena, fill(row->credential), NULL, NOW, &caller, &err), INTERNAL);
	assert_int_equal(caller.scopes, 0);
	db_write_abort(db);
	assert_int_equal(check(fill(row->credential), NULL, &caller), OK);
}

static void
add_keys(void)
{
	struct error err;
	int64_t key;

	assert(db_write_begin(db) == OK);
	add_key("hs", "HS256", SECRET, NULL, SCOPE_ALL, 1);
	add_key("acme", "HS256", SECRET, "acme", SCOPE_ALL, 6);
	add_key("narrow", "HS256", SECRET, NULL, NARROW, 7);
	add_key("acme-narrow", "HS256", SECRET, "acme", READ, 8);
	add_key("nothing", "HS256", SECRET, NULL, 0, 9);
	assert(api_key_add(db, arena, "acme", "good", NARROW, NOW, &test_actor, &good_key, &key, &err) == OK && key == 1);
	assert(api_key_add(db, arena, "acme", "lost", NARROW, NOW, &test_actor, &revoked_key, &key, &err) == OK && key == 2);
	assert(api_key_revoke(db, key, NOW, &test_actor, &err) == OK);
	assert(db_write_commit(db) == OK);
}

int
main(void)
{
	int failed;

	world_open();
	add_keys();
	TABLE(bounds, key_bounds);
	TABLE(requests, request_is);
	CASE("every character of an API key counts", every_character_of_an_api_key_counts);
	CASE("the settings iss and aud bind tokens", issuer_and_audience_are_settings);
	TABLE(broken, broken_database_lets_nobody_in);
	failed = TABLE_RUN("auth");
	world_close();
	return failed;
}
