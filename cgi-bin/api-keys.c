/*
 * GET /api/organizations/{organizationId}/api-keys -- the organization's API keys, oldest first, revoked ones too.
 * POST /api/organizations/{organizationId}/api-keys {"name"?,"scopes":["usage:read",…]} -- makes one.
 * DELETE /api/organizations/{organizationId}/api-keys/{keyId} -- revokes one permanently; repeating it changes nothing.
 *
 *	200	{"success":true,"data":{"apiKeys":[{"id","name","scopes":[…],"createdAt","revokedAt"},…]}}; to DELETE
 *		{"success":true,"data":{the key}}
 *	201	{"success":true,"data":{the key, and "secret":"dbk_…"}}, which is never shown again
 *	400	a field is missing, unknown or wrong; no scope, or the scope admin, which a key cannot have
 *	401 403	no valid credential; the scope org:admin is missing, it is another organization's, or the key would have scopes
 *		that the caller lacks
 *	404	no such key; no such organization (to the scope admin)
 */
#include <stdlib.h>
#include <string.h>

#include "auth/api_key.h"
#include "http/dialect.h"
#include "http/serve.h"
#include "time/instant.h"

enum { KEY_DIGITS_MAX = 18 };

static void
put_key(struct json *out, const struct api_key *k, const char *secret)
{
	json_put_int(out, "id", k->key);
	json_put_text(out, "name", k->name);
	scopes_put(out, "scopes", k->scopes);
	instant_put(out, "createdAt", k->created_at);
	instant_put_or_null(out, "revokedAt", k->revoked_at);
	if (secret != NULL)
		json_put_text(out, "secret", secret);
}

/* A key as the data of a tether reply; secret is NULL unless the key is new. */
static void
put_one(struct json *out, const struct api_key *k, const char *secret)
{
	dialect_tether_open(out);
	put_key(out, k, secret);
	dialect_tether_close(out);
}

/* ---- GET */

static void
put_listed(const struct api_key *k, void *arg)
{
	json_open_object(arg, NULL);
	put_key(arg, k, NULL);
	json_close_object(arg);
}

static enum status
api_keys_list(struct req *r, struct buf *body)
{
	struct json *out = json_on(body);
	enum status st;

	dialect_tether_open(out);
	json_open_array(out, "apiKeys");
	st = api_key_each(r->db, r->arena, r->org, put_listed, out);
	json_close_array(out);
	dialect_tether_close(out);
	return st;
}

/* ---- POST */

/* A new key as the client asks for it. */
struct key_input {
	const char *name;
	unsigned scopes;
};

/* Reads one element of scopes.  To decode its escapes, it is put into an object, because the JSON parser takes only objects. */
static enum status
read_scope(struct req *r, size_t i, const char *item, size_t n, unsigned *scopes)
{
	const char *object = arena_printf(r->arena, "{\"scope\":%.*s}", (int)n, item), *word = NULL, *unknown;
	struct json_object *o;
	struct error ignored;
	unsigned scope;

	if (json_kind(item, n) != '"' || json_parse(r->arena, "", object, strlen(object), &o, &ignored) != OK)
		return error_set(&r->err, BAD_REQUEST, "scopes[%zu]: not a string", i);
	if (json_string(o, "scope", 1, 64, &word, &ignored) != OK)
		word = NULL;
	json_object_free(o);
	if (word == NULL || strchr(word, ' ') != NULL || !scopes_parse(r->arena, word, &scope, &unknown))
		return error_set(&r->err, BAD_REQUEST, "scopes[%zu]: unknown scope; a key may have %s", i,
		    scopes_format(r->arena, SCOPE_ALL & ~(unsigned)SCOPE_INSTALLATION));
	*scopes |= scope;
	return OK;
}

/* Checks what the new key may do: nothing that the caller lacks, and never the scope admin, which only a token can have. */
static enum status
read_scopes(struct req *r, unsigned *scopes)
{
	const char *array, *item;
	size_t array_n, item_n, pos = 0, i = 0;
	enum status st;

	*scopes = 0;
	if (!json_find(r->body, r->body_n, "scopes", &array, &array_n))
		return error_set(&r->err, BAD_REQUEST, "scopes: required");
	if (json_kind(array, array_n) != '[')
		return error_set(&r->err, BAD_REQUEST, "scopes: not an array of strings");
	while (json_next_item(array, array_n, &pos, &item, &item_n))
		if ((st = read_scope(r, i++, item, item_n, scopes)) != OK)
			return st;
	if (*scopes == 0)
		return error_set(&r->err, BAD_REQUEST, "scopes: empty; a key needs at least one");
	if (*scopes & SCOPE_INSTALLATION)
		return error_set(&r->err, BAD_REQUEST, "scopes: an API key cannot have admin or metrics; use a token for that");
	if (*scopes & ~r->caller.scopes)
		return error_set(&r->err, FORBIDDEN, "scopes: your own credential lacks %s, so the key cannot have it",
		    scopes_format(r->arena, *scopes & ~r->caller.scopes));
	return OK;
}

static enum status
read_input(struct req *r, struct key_input *input)
{
	static const char *const known[] = { "name", "scopes", NULL };
	struct json_object *o;
	enum status st;

	if ((st = req_object(r, known, &o)) != OK)
		return st;
	st = json_string(o, "name", 0, API_KEY_NAME_MAX - 1, &input->name, &r->err);
	json_object_free(o);
	return st == OK ? read_scopes(r, &input->scopes) : st;
}

/* A POST of a key. */
struct key_post {
	struct req *r;
	struct key_input input;
	struct buf *body;
};

static enum status
add_key(void *arg)
{
	struct key_post *post = arg;
	struct req *r = post->r;
	struct api_key key = { 0 };
	const char *secret;
	enum status st;
	int64_t number;

	if ((st = api_key_add(r->db, r->arena, r->org, post->input.name != NULL ? post->input.name : "", post->input.scopes, r->now,
	    &r->by, &secret, &number, &r->err)) != OK ||
	    (st = api_key_load(r->db, r->arena, r->org, number, &key, &r->err)) != OK)
		return st;
	put_one(json_on(post->body), &key, secret);
	return CREATED;
}

static enum status
api_keys_post(struct req *r, struct buf *body)
{
	struct key_post post = { .r = r, .body = body };
	enum status st;

	if ((st = read_input(r, &post.input)) != OK)
		return st;
	return db_write(r->db, add_key, &post);
}

/* ---- DELETE */

/* An id of another form cannot exist, so it is a 404 and not a 400. */
static enum status
read_number(struct req *r, int64_t *key)
{
	const char *text = req_path(r, "keyId");
	size_t n = strlen(text);

	if (n > KEY_DIGITS_MAX || strspn(text, "0123456789") != n)
		return error_set(&r->err, NOT_FOUND, "keyId: there is no such API key");
	*key = strtoll(text, NULL, 10);
	return OK;
}

/* A DELETE of a key. */
struct key_delete {
	struct req *r;
	int64_t number;
	struct buf *body;
};

static enum status
revoke_key(void *arg)
{
	struct key_delete *delete = arg;
	struct req *r = delete->r;
	struct api_key key = { 0 };
	enum status st;

	if ((st = api_key_load(r->db, r->arena, r->org, delete->number, &key, &r->err)) != OK)
		return st;
	/* A second DELETE is no change: it writes no audit row. */
	if (key.revoked_at == 0) {
		if ((st = api_key_revoke(r->db, key.key, r->now, &r->by, &r->err)) != OK)
			return st;
		key.revoked_at = r->now;
	}
	put_one(json_on(delete->body), &key, NULL);
	return OK;
}

static enum status
api_keys_delete(struct req *r, struct buf *body)
{
	struct key_delete delete = { .r = r, .body = body };
	enum status st;

	if ((st = read_number(r, &delete.number)) != OK)
		return st;
	return db_write(r->db, revoke_key, &delete);
}

int
main(void)
{
	static const struct route routes[] = {
		{ GET, "/api/organizations/{organizationId}/api-keys", SCOPE_ORG_ADMIN, api_keys_list, .is_private = true },
		{ POST, "/api/organizations/{organizationId}/api-keys", SCOPE_ORG_ADMIN, api_keys_post, .is_private = true },
		{ DELETE, "/api/organizations/{organizationId}/api-keys/{keyId}", SCOPE_ORG_ADMIN, api_keys_delete },
		{ 0 } };

	return serve(&(const struct endpoint) {
		.name = "api-keys", .dialect = TETHER, .refuses_unknown = true, .routes = routes });
}
