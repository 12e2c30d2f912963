/* api_key.c: adding, finding, revoking. */
#include "table.h"
#include "auth/api_key.h"
#include "make_token.h"

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
};

static void
key_is_added(void **state)
{
	const struct add_row *row = *state;
	const char *secret = NULL, *name = arena_printf(arena, "%.*s", (int)row->name_bytes,
	    arena_printf(arena, "%0300d", 0));
	struct error err = { .text = "" };
	struct api_key k;
	int64_t key = 0;

	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(api_key_add(db, arena, row->org, name, row->scopes, NOW, &test_actor, &secret, &key, &err), row->status);
	assert_int_equal(err.text[0] != '\0', row->status != OK);
	if (row->status == OK) {
		assert_true(api_key_shape_ok(secret));
		assert_int_equal(api_key_find(db, arena, secret, &k, &err), OK);
		assert_int_equal(k.key, key);
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

	*list = arena_printf(arena, "%s%lld/%s/%s/%s/%lld ", *list, (long long)k->key, k->org, k->name,
	    scopes_format(arena, k->scopes), (long long)k->revoked_at);
}

static void
revoked_once_and_listed(void **state)
{
	const char *one, *two, *list = "";
	struct error err = { .text = "" };
	struct api_key k;
	int64_t key;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(api_key_add(db, arena, "acme", "a", SCOPE_USAGE_READ, 2, &test_actor, &one, &key, &err), OK);
	assert_int_equal(api_key_add(db, arena, "globex", "b", SCOPE_ORG_ADMIN, 1, &test_actor, &two, &key, &err), OK);
	assert_string_not_equal(one, two);
	assert_int_equal(api_key_revoke(db, 1, 7, &test_actor, &err), OK);
	assert_int_equal(api_key_revoke(db, 1, 8, &test_actor, &err), OK);
	assert_int_equal(api_key_revoke(db, 3, 8, &test_actor, &err), NOT_FOUND);
	assert_int_equal(api_key_find(db, arena, one, &k, &err), NOT_FOUND);
	assert_int_equal(api_key_find(db, arena, two, &k, &err), OK);
	assert_int_equal(api_key_each(db, arena, NULL, list_key, &list), OK);
	assert_string_equal(list, "2/globex/b/org:admin/0 1/acme/a/usage:read/7 ");
	db_write_abort(db);
}

/* Neither the key nor a part of it beyond the hint is anywhere in its row. */
static void
the_key_is_not_kept(void **state)
{
	const char *secret;
	struct query *q;
	struct error err;
	int64_t key;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(api_key_add(db, arena, "acme", "a", SCOPE_USAGE_READ, NOW, &test_actor, &secret, &key, &err), OK);
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
	struct error err;
	int64_t key;

	(void)state;
	assert_int_equal(db_write_begin(db), OK);
	assert_int_equal(api_key_add(db, arena, "acme", "a", SCOPE_USAGE_READ, NOW, &test_actor, &secret, &key, &err), OK);
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
	CASE("a key is revoked once, and listed with the others", revoked_once_and_listed);
	CASE("the key itself is not kept", the_key_is_not_kept);
	CASE("admin in an API key's row is not granted", admin_in_a_row_is_not_granted);
	failed = TABLE_RUN("api_key");
	world_close();
	return failed;
}
