/* api_key.c: adding, finding, revoking, recording the use. */
#include "table.h"
#include "auth/api_key.h"
#include "make_token.h"
#include "time/instant.h"

#define GOOD "dbk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct shape_row {
	const char *name, *text;
	bool could_be;
} shapes[] = {
	{ "the prefix and 43 characters could be a key", GOOD, true },
	{ "a stroke and a line could be in a key", "dbk_AAAAAAAAAAAAAAAAAAAA-AAAAAAAAAAAAAAAAAAAAA_", true },
	{ "42 characters are no key", "dbk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false },
	{ "44 characters are no key", GOOD "A", false },
	{ "another prefix is no key", "dbx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false },
	{ "a plus is no key", "dbk_AAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAAA", false },
	{ "nothing is no key", "", false },
};

static void
shape_is(void **state)
{
	const struct shape_row *row = *state;

	assert_int_equal(api_key_shape_ok(row->text), row->could_be);
}

static const struct add_row {
	const char *name, *org;
	unsigned scopes;
	size_t name_bytes;	/* of the key's name */
	enum status status;
	int64_t expires_at;
} adds[] = {
	{ "a key of acme is taken", "acme", SCOPE_USAGE_READ, 4, OK },
	{ "everything but admin is taken", "acme", SCOPE_ALL & ~SCOPE_INSTALLATION, 4, OK },
	{ "no scope is taken", "acme", 0, 4, OK },
	{ "admin is refused", "acme", SCOPE_ADMIN, 4, BAD_REQUEST },
	{ "admin among others is refused", "acme", SCOPE_ALL, 4, BAD_REQUEST },
	{ "an unknown organization is refused", "nobody", SCOPE_USAGE_READ, 4, NOT_FOUND },
	{ "no name is taken", "acme", SCOPE_USAGE_READ, 0, OK },
	{ "a name of 200 bytes is taken", "acme", SCOPE_USAGE_READ, 200, OK },
	{ "a name of 201 bytes is refused", "acme", SCOPE_USAGE_READ, 201, BAD_REQUEST },
	{ "an end in the next moment is taken", "acme", SCOPE_USAGE_READ, 4, OK, NOW + 1 },
	{ "an end that has come is refused", "acme", SCOPE_USAGE_READ, 4, BAD_REQUEST, NOW },
	{ "an end in ten years is taken", "acme", SCOPE_USAGE_READ, 4, OK, NOW + API_KEY_LIFE_MAX_MS },
	{ "a later end is refused", "acme", SCOPE_USAGE_READ, 4, BAD_REQUEST, NOW + API_KEY_LIFE_MAX_MS + 1 },
};

static void
key_is_added(void **state)
{
	const struct add_row *row = *state;
	const char *secret = NULL, *name = arena_printf(arena, "%.*s", (int)row->name_bytes,
	    arena_printf(arena, "%0300d", 0));
	struct error err = { .text = "" };
	struct api_key k;
	int64_t number = 0;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(api_key_add(db, arena, &(const struct api_key_input) { row->org, name, row->scopes, row->expires_at }, NOW,
	    &test_actor, &secret, &number, &err), row->status);
	assert_int_equal(err.text[0] != '\0', row->status != OK);
	if (row->status == OK) {
		assert_true(api_key_shape_ok(secret));
		assert_int_equal(api_key_find(db, arena, secret, NOW, &k, &err), OK);
		assert_int_equal(k.number, number);
		assert_int_equal(k.expires_at, row->expires_at);
		assert_int_equal(api_key_find(db, arena, secret, NOW + 1, &k, &err), row->expires_at == NOW + 1 ? NOT_FOUND : OK);
		assert_string_equal(k.org, row->org);
		assert_string_equal(k.name, name);
		assert_int_equal(k.scopes, row->scopes);
		assert_int_equal(strlen(k.hint), 8);
		assert_memory_equal(k.hint, secret, 8);
	}
	db_write_abort(db);
}

static void
list_key(const struct api_key *k, void *arg)
{
	const char **list = arg;

	*list = arena_printf(arena, "%s%lld/%s/%s/%s/%lld ", *list, (long long)k->number, k->org, k->name,
	    scopes_format(arena, k->scopes), (long long)k->revoked_at);
}

/* A key of that name, with the scope usage:read. */
static const char *
added(const char *org, const char *name, int64_t at)
{
	const char *secret;
	struct error err;
	int64_t number;

	assert_int_equal(api_key_add(db, arena, &(const struct api_key_input) { org, name, SCOPE_USAGE_READ, 0 }, at, &test_actor,
	    &secret, &number, &err), OK);
	return secret;
}

static void
numbered_revoked_once_and_listed(void **state)
{
	const char *one, *two, *three, *list = "";
	struct error err = { .text = "" };
	struct api_key k;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	one = added("acme", "a", 2);
	two = added("globex", "b", 1);
	three = added("acme", "c", 3);
	assert_string_not_equal(one, two);
	assert_int_equal(api_key_revoke(db, "acme", 1, 7, &test_actor, &err), OK);
	assert_int_equal(api_key_revoke(db, "acme", 1, 8, &test_actor, &err), OK);
	assert_int_equal(api_key_revoke(db, "globex", 2, 8, &test_actor, &err), NOT_FOUND);
	assert_int_equal(api_key_find(db, arena, one, NOW, &k, &err), NOT_FOUND);
	assert_int_equal(api_key_find(db, arena, two, NOW, &k, &err), OK);
	assert_int_equal(api_key_find(db, arena, three, NOW, &k, &err), OK);
	assert_int_equal(api_key_load(db, arena, NULL, 2, &k, &err), OK);
	assert_string_equal(k.name, "c");
	assert_int_equal(api_key_load(db, arena, NULL, 1, &k, &err), CONFLICT);
	assert_int_equal(api_key_load(db, arena, "globex", 1, &k, &err), OK);
	assert_string_equal(k.name, "b");
	assert_int_equal(api_key_each(db, arena, NULL, list_key, &list), OK);
	assert_string_equal(list, "1/globex/b/usage:read/0 1/acme/a/usage:read/7 2/acme/c/usage:read/0 ");
	db_write_abort(db);
}

/* The caller asks for the use to be recorded until it is, and again a day later. */
static void
use_is_recorded_once_a_day(void **state)
{
	const char *secret;
	struct error err = { .text = "" };
	struct caller caller;
	struct api_key k;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	secret = added("acme", "a", 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(auth_check(db, arena, NULL, secret, NOW, &caller, &err), OK);
		assert_true(caller.used_key != 0);
		assert_int_equal(api_key_note_use(db, caller.used_key, NOW), OK);
		assert_int_equal(api_key_note_use(db, caller.used_key, NOW - DAY_MS), OK);	/* one that comes late changes nothing */
		assert_int_equal(api_key_find(db, arena, secret, NOW, &k, &err), OK);
		assert_int_equal(k.used_at, NOW / DAY_MS * DAY_MS);
		assert_int_equal(auth_check(db, arena, NULL, secret, k.used_at + DAY_MS - 1, &caller, &err), OK);
		assert_int_equal(caller.used_key, 0);
		assert_int_equal(query_run(db_query(db, "UPDATE api_key SET used_at = used_at - 86400000")), OK);
	}
	db_write_abort(db);
}

/* Neither the key nor a part of it beyond the hint is anywhere in its row. */
static void
the_key_is_not_kept(void **state)
{
	const char *secret;
	struct query *q;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	secret = added("acme", "a", NOW);
	q = db_query(db, "SELECT count(*) FROM api_key WHERE instr(hint, :part) OR instr(name, :part) "
	    "OR instr(sha256, CAST(:part AS BLOB))");
	query_bind_text(q, ":part", secret + 8);
	assert_true(query_step(q));
	assert_int_equal(query_int(q, 0), 0);
	assert_int_equal(query_done(q), OK);
	db_write_abort(db);
}

static void
admin_in_a_row_is_not_granted(void **state)
{
	const char *secret;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	secret = added("acme", "a", NOW);
	assert_int_equal(query_run(db_query(db, "UPDATE api_key SET scopes = 'usage:read admin'")), OK);
	assert_int_equal(db_write_commit(db), OK);
	is_caller(NULL, secret, "acme", SCOPE_USAGE_READ, "apikey:1");
}

int
main(void)
{
	int failed;

	world_open();
	TABLE(shapes, shape_is);
	TABLE(adds, key_is_added);
	CASE("keys have numbers of their organization, are revoked once, and listed", numbered_revoked_once_and_listed);
	CASE("the use of a key is recorded once a day", use_is_recorded_once_a_day);
	CASE("the key itself is not kept", the_key_is_not_kept);
	CASE("admin in an API key's row is not granted", admin_in_a_row_is_not_granted);
	failed = TABLE_RUN("api_key");
	world_close();
	return failed;
}
