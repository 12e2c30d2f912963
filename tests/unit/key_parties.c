/* signing_key_change.c, auth.c, revoked_token.c, link.c: whose tokens a key takes, single tokens revoked, and links exchanged. */
#include "table.h"
#include "auth/link.h"
#include "auth/revoked_token.h"
#include "make_token.h"

#define RS HEAD("RS256", "idp")
#define CLAIM(rest) "{" EXP ",\"organizationId\":\"acme\",\"scope\":\"usage:read\"" rest "}"
#define NOT_ADMIN (SCOPE_ALL & ~(unsigned)SCOPE_INSTALLATION)

/* ---- What a key may be added with.  A key of another issuer is a public one. */

static const struct add_row {
	const char *name;
	bool is_public;
	const char *iss, *aud;
	bool is_any_audience, may_access_role;
	enum status status;
	unsigned max_scopes;	/* as given; 0 = not */
	unsigned gets;
	bool may;		/* use accessRole */
} adds[] = {
	{ "a public key needs an issuer and an audience", true, NULL, NULL, false, false, BAD_REQUEST },
	{ "an issuer alone is not enough", true, "https://id", NULL, false, false, BAD_REQUEST },
	{ "an audience alone is not enough", true, NULL, "daybook", false, false, BAD_REQUEST },
	{ "both are, and give all but admin", true, "https://id", "daybook", false, false, OK, 0, NOT_ADMIN, false },
	{ "any audience, if one insists", true, NULL, NULL, true, false, OK, 0, NOT_ADMIN, false },
	{ "any audience of one issuer", true, "https://id", NULL, true, false, OK, 0, NOT_ADMIN, false },
	{ "an audience and any is a contradiction", true, "https://id", "daybook", true, false, BAD_REQUEST },
	{ "admin if it is asked for", true, "https://id", "daybook", false, false, OK, SCOPE_ADMIN, SCOPE_ALL, false },
	{ "roles if they are asked for", true, "https://id", "daybook", false, true, OK, 0, NOT_ADMIN, true },
	{ "an empty issuer is refused", true, "", "daybook", false, false, BAD_REQUEST },
	{ "an empty audience is refused", true, "https://id", "", false, false, BAD_REQUEST },
	{ "a line break is refused", true, "https://id\n", "daybook", false, false, BAD_REQUEST },
	{ "a blank at the end is refused", true, "https://id", "daybook ", false, false, BAD_REQUEST },
	{ "a key that signs needs neither, and may be admin", false, NULL, NULL, false, false, OK, 0, SCOPE_ALL, true },
	{ "a key that signs may have both", false, "us", "us", false, false, OK, 0, SCOPE_ALL, true },
};

static void
key_is_added(void **state)
{
	const struct add_row *row = *state;
	struct signing_key_input input = { .kid = "k", .alg = "RS256", .pem = pem_of(rsa, !row->is_public), .iss = row->iss,
		.aud = row->aud, .is_any_audience = row->is_any_audience, .may_access_role = row->may_access_role,
		.has_max_scopes = row->max_scopes != 0, .max_scopes = row->max_scopes };
	struct error err = { .text = "" };
	struct signing_key k;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(signing_key_add(db, arena, &input, NOW, &test_actor, &err), row->status);
	if (row->status == OK) {
		assert_int_equal(signing_key_load(db, arena, "k", &k, &err), OK);
		assert_int_equal(k.max_scopes, row->gets);
		assert_int_equal(k.may_access_role, row->may);
		assert_int_equal(signing_key_is_open(&k), false);
	}
	db_write_abort(db);
}

/* ---- Which tokens it takes: `idp` has the issuer https://id and the audience daybook, the settings say other. */

static const struct token_row {
	const char *name, *rest;
	bool is_taken;
} tokens[] = {
	{ "its own issuer and audience are taken", ",\"iss\":\"https://id\",\"aud\":\"daybook\"", true },
	{ "those of the settings are not", ",\"iss\":\"https://us\",\"aud\":\"us\"", false },
	{ "another service's are not", ",\"iss\":\"https://id\",\"aud\":\"notebook\"", false },
	{ "another issuer's are not", ",\"iss\":\"https://ie\",\"aud\":\"daybook\"", false },
	{ "none are not", "", false },
	{ "ours among others is taken", ",\"iss\":\"https://id\",\"aud\":[\"notebook\",\"daybook\"]", true },
};

static void
set(const char *name, const char *value)
{
	struct error err;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(setting_set(db, name, value, &err), OK);
	assert_int_equal(db_write_commit(db), OK);
}

static void
token_is_taken(void **state)
{
	const struct token_row *row = *state;
	const char *token = bearer(token_of(RS, arena_printf(arena, CLAIM("%s"), row->rest), RSA_256));

	if (row->is_taken)
		is_caller(token, NULL, "acme", READ, "jwt:idp");
	else
		is_refused(token, NULL);
}

static void
settings_bind_keys_without_their_own(void **state)
{
	(void)state;
	is_caller(bearer(token_of(HS, CLAIM(",\"iss\":\"https://us\",\"aud\":\"us\""), SECRET_256)), NULL, "acme", READ, "jwt:hs");
	is_refused(bearer(token_of(HS, CLAIM(",\"iss\":\"https://id\",\"aud\":\"daybook\""), SECRET_256)), NULL);
	is_caller(bearer(token_of(HEAD("ES256", "any"), CLAIM(",\"iss\":\"https://us\",\"aud\":\"x\""), EC_256)), NULL, "acme", READ,
	    "jwt:any");
	is_refused(bearer(token_of(HEAD("ES256", "any"), CLAIM(",\"iss\":\"https://ie\""), EC_256)), NULL);
}

static void
roles_only_where_the_key_may(void **state)
{
#define ROLE "{" EXP ",\"organizationId\":\"acme\",\"accessRole\":\"SALES_REP\",\"iss\":\"https://id\",\"aud\":\"daybook\"}"
	const struct signing_key_change with = { .has_access_role = true, .may_access_role = true };
	const struct signing_key_change without = { .has_access_role = true };
	struct error err;

	(void)state;
	is_caller(bearer(token_of(RS, ROLE, RSA_256)), NULL, "acme", 0, "jwt:idp");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_write_begin(db), OK);
		assert_int_equal(signing_key_set(db, arena, "idp", i == 0 ? &with : &without, NOW, &test_actor, &err), OK);
		assert_int_equal(db_write_commit(db), OK);
		is_caller(bearer(token_of(RS, ROLE, RSA_256)), NULL, "acme", i == 0 ? READ | SCOPE_CAMPAIGNS_WRITE : 0, "jwt:idp");
	}
}

/* A key of an older version stays as it is, but a change closes it. */
static void
an_open_key_is_closed_by_a_change(void **state)
{
	const struct signing_key_change narrower = { .has_max_scopes = true, .max_scopes = READ };
	const struct signing_key_change closed = { .iss = "https://id", .aud = "daybook" };
	const struct signing_key_change opened = { .is_any_audience = true };
	struct error err = { .text = "" };
	struct signing_key k;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(query_run(db_query(db, "UPDATE signing_key SET iss = NULL, aud = NULL WHERE kid = 'idp'")), OK);
	assert_int_equal(signing_key_load(db, arena, "idp", &k, &err), OK);
	assert_true(signing_key_is_open(&k));
	assert_int_equal(signing_key_set(db, arena, "idp", &narrower, NOW, &test_actor, &err), BAD_REQUEST);
	assert_int_equal(signing_key_set(db, arena, "idp", &opened, NOW, &test_actor, &err), OK);
	assert_int_equal(signing_key_set(db, arena, "idp", &closed, NOW, &test_actor, &err), OK);
	assert_int_equal(signing_key_load(db, arena, "idp", &k, &err), OK);
	assert_string_equal(k.iss, "https://id");
	assert_string_equal(k.aud, "daybook");
	assert_false(k.is_any_audience || signing_key_is_open(&k));
	assert_int_equal(signing_key_set(db, arena, "nobody", &closed, NOW, &test_actor, &err), NOT_FOUND);
	db_write_abort(db);
}

/* ---- Single tokens */

static void
revoke_token(const char *kid, const char *jti, int64_t expires_at, int64_t now, enum status status)
{
	struct error err = { .text = "" };

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(revoked_token_add(db, kid, jti, expires_at, now, &test_actor, &err), status);
	if (status == OK)
		assert_int_equal(db_write_commit(db), OK);
	else
		db_write_abort(db);
}

#define BY_US ",\"iss\":\"https://us\",\"aud\":\"us\""

static void
one_token_is_revoked(void **state)
{
	const char *token = bearer(token_of(HS, CLAIM(BY_US ",\"jti\":\"t-1\""), SECRET_256));
	const char *other = bearer(token_of(HS, CLAIM(BY_US ",\"jti\":\"t-2\",\"sub\":\"t-1\""), SECRET_256));

	(void)state;
	is_caller(token, NULL, "acme", READ, "jwt:hs");
	revoke_token("any", "t-1", 0, NOW, OK);	/* a token of another key with the same name */
	is_caller(token, NULL, "acme", READ, "jwt:hs");
	revoke_token("hs", "t-1", NOW + 600000, NOW, OK);
	is_refused(token, NULL);
	is_caller(other, NULL, "acme", READ, "jwt:hs");
	revoke_token("hs", "t-1", 0, NOW, CONFLICT);
	revoke_token("nobody", "t-1", 0, NOW, NOT_FOUND);
	revoke_token("hs", "", 0, NOW, BAD_REQUEST);
	revoke_token("hs", arena_printf(arena, "%0256d", 0), 0, NOW, BAD_REQUEST);
}

static void
rows_of_expired_tokens_go(void **state)
{
	struct query *q = db_query(db, "SELECT group_concat(jti) FROM (SELECT jti FROM revoked_token ORDER BY jti)");

	(void)state;
	revoke_token("hs", "t-3", NOW + 600000, NOW + 600000 + AUTH_LEEWAY_MS, OK);
	assert_true(query_step(q));
	assert_string_equal(query_text(q, 0), "t-1,t-1,t-3");	/* the one of `hs` may still be within the leeway */
	assert_int_equal(query_done(q), OK);
	revoke_token("hs", "t-4", 0, NOW + 600000 + AUTH_LEEWAY_MS + 1, OK);
	q = db_query(db, "SELECT group_concat(kid || '/' || jti) FROM (SELECT kid, jti FROM revoked_token ORDER BY jti)");
	assert_true(query_step(q));
	assert_string_equal(query_text(q, 0), "any/t-1,hs/t-4");
	assert_int_equal(query_done(q), OK);
}

/* ---- Names */

static const struct name_row {
	const char *name, *sub, *shown;
} names[] = {
	{ "letters of any script are shown", "Ana \xc3\xa9 \xe4\xbd\xa0 \xf0\x9f\x98\x80", "Ana \xc3\xa9 \xe4\xbd\xa0 \xf0\x9f\x98\x80" },
	{ "a line break is not", "a\\nlevel=error", "a?level=error" },
	{ "nor an escape, nor DEL", "\\u001b[2Jx\\u007f", "?[2Jx?" },
	{ "nor control characters of Latin-1", "a\\u009b2J", "a?2J" },
	{ "nor what turns the direction of writing", "a\\u202eb\\u2066c\\u200fd\\u061ce", "a?b?c?d?e" },
	{ "nor line separators and invisible ones", "a\\u2028b\\ufeffc\\u200bd", "a?b?c?d" },
};

static void
name_is_shown(void **state)
{
	const struct name_row *row = *state;
	struct caller caller;

	assert_int_equal(check(bearer(token_of(HS, arena_printf(arena, CLAIM(BY_US ",\"sub\":\"%s\""), row->sub), SECRET_256)), NULL,
	    &caller), OK);
	assert_string_equal(caller.name, row->shown);
}

static void
long_names_are_cut_between_characters(void **state)
{
	char sub[400] = "x";
	struct caller caller;

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(sub, "\xc3\xa9");
	assert_int_equal(check(bearer(token_of(HS, arena_printf(arena, CLAIM(BY_US ",\"sub\":\"%s\""), sub), SECRET_256)), NULL,
	    &caller), OK);
	assert_int_equal(strlen(caller.name), 127);
	assert_memory_equal(caller.name, sub, 127);
}

/* ---- Links */

static const char *
new_link(const struct token_input *input, enum status status)
{
	struct signed_token token = { .text = "" };
	struct error err;

	assert_int_equal(db_read_begin(db), OK);
	assert_int_equal(token_sign(db, arena, input, NOW, &token, &err), status);
	db_read_end(db);
	return bearer(token.text);
}

static enum status
exchange(const struct caller *caller, struct signed_token *session)
{
	struct error err = { .text = "" };
	enum status st;

	assert_int_equal(db_write_begin(db), OK);
	st = link_exchange(db, arena, caller, NOW, session, &err);
	if (st == OK)
		assert_int_equal(db_write_commit(db), OK);
	else
		db_write_abort(db);
	return st;
}

static void
a_link_is_exchanged_once(void **state)
{
	const struct token_input input = { .kid = "hs", .org = "acme", .scopes = READ, .ttl_ms = LINK_TTL_MS, .sub = "ana",
		.is_link = true };
	const char *link = new_link(&input, OK);
	struct signed_token session;
	struct caller by_link, caller;

	(void)state;
	assert_int_equal(check(link, NULL, &by_link), OK);
	assert_int_equal(strlen(by_link.link), 36);
	assert_int_equal(exchange(&by_link, &session), OK);
	is_refused(link, NULL);
	assert_int_equal(exchange(&by_link, &session), UNAUTHENTICATED);	/* two at once */
	assert_string_equal(session.jti, by_link.link);
	assert_int_equal(session.expires_at, NOW + LINK_SESSION_TTL_MS);
	is_caller(bearer(session.text), NULL, "acme", READ, "jwt:hs");
	assert_int_equal(check(bearer(session.text), NULL, &caller), OK);
	assert_string_equal(caller.name, "ana");
	assert_string_equal(caller.link, "");
	assert_int_equal(exchange(&caller, &session), FORBIDDEN);	/* a session does not prolong itself */
	revoke_token("hs", by_link.link, 0, NOW, OK);
	is_refused(bearer(session.text), NULL);
}

static void
a_session_may_what_its_link_may(void **state)
{
	const struct token_input admin = { .kid = "hs", .scopes = SCOPE_ADMIN, .ttl_ms = LINK_TTL_MS, .is_link = true };
	const struct token_input narrow = { .kid = "narrow", .org = "globex", .scopes = READ, .ttl_ms = LINK_TTL_MS, .is_link = true };
	const struct token_input *const inputs[] = { &admin, &narrow };
	struct signed_token session;
	struct caller by_link, caller;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(check(new_link(inputs[i], OK), NULL, &by_link), OK);
		assert_int_equal(exchange(&by_link, &session), OK);
		assert_int_equal(check(bearer(session.text), NULL, &caller), OK);
		assert_string_equal(caller.org, by_link.org);
		assert_string_equal(caller.credential, by_link.credential);
		assert_int_equal(caller.scopes, by_link.scopes);
		assert_string_equal(caller.name, session.jti);
	}
}

static void
no_link_lives_longer_than_an_hour(void **state)
{
	struct token_input input = { .kid = "hs", .org = "acme", .scopes = READ, .ttl_ms = TOKEN_LINK_TTL_MAX_MS, .is_link = true };

	(void)state;
	new_link(&input, OK);
	input.ttl_ms++;
	new_link(&input, BAD_REQUEST);
}

/* An issuer whose key we do not have cannot be continued by a session of ours. */
static void
tokens_of_another_issuer_are_no_links(void **state)
{
	struct signed_token session;
	struct caller caller;

	(void)state;
	assert_int_equal(check(bearer(token_of(RS, CLAIM(",\"iss\":\"https://id\",\"aud\":\"daybook\",\"jti\":\"link:x\""), RSA_256)), NULL,
	    &caller), OK);
	assert_string_equal(caller.link, "");
	assert_int_equal(exchange(&caller, &session), FORBIDDEN);
}

static void
add_keys(void)
{
	const struct signing_key_input idp = { .kid = "idp", .alg = "RS256", .pem = pem_of(rsa, false), .iss = "https://id",
		.aud = "daybook" };
	const struct signing_key_input any = { .kid = "any", .alg = "ES256", .pem = pem_of(ec, false), .is_any_audience = true };
	struct error err;

	assert(db_write_begin(db) == OK);
	add_key("hs", "HS256", SECRET, NULL, SCOPE_ALL, 1);
	add_key("narrow", "HS256", SECRET, NULL, READ, 2);
	assert(signing_key_add(db, arena, &idp, 3, &test_actor, &err) == OK);
	assert(signing_key_add(db, arena, &any, 4, &test_actor, &err) == OK);
	assert(db_write_commit(db) == OK);
	set("iss", "https://us");
	set("aud", "us");
}

int
main(void)
{
	int failed;

	world_open();
	add_keys();
	TABLE(adds, key_is_added);
	TABLE(tokens, token_is_taken);
	CASE("the settings bind keys without their own", settings_bind_keys_without_their_own);
	CASE("a role is worth nothing unless the key may use it", roles_only_where_the_key_may);
	CASE("an open key is closed by its next change", an_open_key_is_closed_by_a_change);
	CASE("one token is revoked, and no other", one_token_is_revoked);
	CASE("rows of tokens that have expired are removed", rows_of_expired_tokens_go);
	TABLE(names, name_is_shown);
	CASE("a long name is cut between characters", long_names_are_cut_between_characters);
	CASE("a link is exchanged once", a_link_is_exchanged_once);
	CASE("a session may what its link may", a_session_may_what_its_link_may);
	CASE("no link lives longer than an hour", no_link_lives_longer_than_an_hour);
	CASE("tokens of another issuer are no links", tokens_of_another_issuer_are_no_links);
	failed = TABLE_RUN("key_parties");
	world_close();
	return failed;
}
