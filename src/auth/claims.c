/*
 * Reading a token's claims (see claims.h).  The payload is kept twice: parsed, for the texts, and as text, because the
 * instants and the audience need its exact form.
 */
#include <string.h>

#include "auth/auth.h"
#include "auth/claims.h"
#include "auth/token.h"
#include "base/id.h"
#include "base/json.h"

enum { CLAIM_MAX = 4096 };	/* bytes of one claim; the whole token is not longer */

struct reader {
	struct arena *arena;
	const char *text;		/* the payload */
	size_t n;
	struct json_object *object;	/* the same payload, parsed */
	struct error *err;
};

/*
 * Reads a string, which may be empty; *value is NULL if it is absent or null.  A claim of the wrong type makes the
 * whole token invalid.
 */
static enum status
text_claim(struct reader *r, const char *name, const char **value)
{
	return json_string(r->object, name, 0, CLAIM_MAX, value, r->err) == OK ? OK : UNAUTHENTICATED;
}

/* ---- When: exp, nbf, iat */

/*
 * Reads an instant.  Its text must be a plain integer: 1e9, 5.0 and "5" are numbers to some programs only, and a claim
 * that two programs read differently is refused.
 */
static enum status
instant_claim(struct reader *r, const char *name, bool *found, int64_t *at)
{
	const char *text;
	int64_t seconds = 0;
	size_t n;

	if (!(*found = json_has(r->object, name)))
		return OK;
	if (!json_find(r->text, r->n, name, &text, &n) || n == 0 || n > 16 || strspn(text, "0123456789") < n)
		return error_set(r->err, UNAUTHENTICATED, "%s: not a whole number of seconds", name);
	/* 16 digits cannot overflow here, and the bound below keeps the product with 1000 within an int64. */
	for (size_t i = 0; i < n; i++)
		seconds = seconds * 10 + (text[i] - '0');
	if (seconds > JSON_INT_MAX)
		return error_set(r->err, UNAUTHENTICATED, "%s: out of range", name);
	*at = seconds * 1000;
	return OK;
}

/*
 * Checks that the token is valid at `now`, with AUTH_LEEWAY_MS of tolerance at both ends.  exp is required, so that
 * every token ends; nbf and iat are optional and must not lie ahead of the clock.
 */
static enum status
check_times(struct reader *r, int64_t now, int64_t *expires_at)
{
	static const char *const not_ahead[] = { "nbf", "iat" };
	enum status st;
	int64_t at;
	bool found;

	if ((st = instant_claim(r, "exp", &found, &at)) != OK)
		return st;
	if (!found)
		return error_set(r->err, UNAUTHENTICATED, "exp: missing");
	if (now >= at + AUTH_LEEWAY_MS)
		return error_set(r->err, UNAUTHENTICATED, "exp: expired");
	if (at > now + TOKEN_TTL_MAX_MS + AUTH_LEEWAY_MS)	/* also what is in milliseconds, or has no date with a year of 4 digits */
		return error_set(r->err, UNAUTHENTICATED, "exp: more than ten years ahead");
	*expires_at = at;
	for (size_t i = 0; i < sizeof(not_ahead) / sizeof(not_ahead[0]); i++) {
		if ((st = instant_claim(r, not_ahead[i], &found, &at)) != OK)
			return st;
		if (found && at > now + AUTH_LEEWAY_MS)
			return error_set(r->err, UNAUTHENTICATED, "%s: in the future", not_ahead[i]);
	}
	return OK;
}

/* ---- From whom, for whom: iss, aud */

/* Whether a checked JSON value is a string; *same tells whether it equals `wanted`. */
static bool
is_string(struct reader *r, const char *value, size_t n, const char *wanted, bool *same)
{
	const char *object, *text = NULL;
	struct json_object *o;
	struct error ignored;

	if (json_kind(value, n) != '"')
		return false;
	/* The only JSON parser takes objects, so wrap the value in one: it unescapes the string like any other. */
	object = arena_printf(r->arena, "{\"aud\":%.*s}", (int)n, value);
	if (json_parse(r->arena, "aud", object, strlen(object), &o, &ignored) != OK)
		return false;
	if (json_string(o, "aud", 0, CLAIM_MAX, &text, &ignored) != OK)
		text = NULL;
	json_object_free(o);
	*same = text != NULL && strcmp(text, wanted) == 0;
	return text != NULL;
}

/*
 * RFC 7519, 4.1.3: aud is a string or a list of strings, and the token is meant for us if one of them is our setting.
 * Reads the whole list even after a match, so that a malformed list is always refused.
 */
static enum status
check_audience(struct reader *r, const char *aud)
{
	const char *value, *item;
	size_t n, item_n, pos = 0;
	bool same = false, found = false;

	if (!json_find(r->text, r->n, "aud", &value, &n))
		return error_set(r->err, UNAUTHENTICATED, "aud: missing");
	if (json_kind(value, n) != '[') {
		if (!is_string(r, value, n, aud, &found))
			return error_set(r->err, UNAUTHENTICATED,
			    "aud: must be a string or a list of strings");
	} else
		while (json_next_item(value, n, &pos, &item, &item_n)) {
			if (!is_string(r, item, item_n, aud, &same))
				return error_set(r->err, UNAUTHENTICATED, "aud: not a list of strings");
			found = found || same;
		}
	return found ? OK : error_set(r->err, UNAUTHENTICATED, "aud: another audience");
}

/* Compares iss and aud with the settings of those names; an empty setting accepts any. */
static enum status
check_parties(struct reader *r, const char *iss, const char *aud)
{
	const char *said;
	enum status st;

	if (iss[0] != '\0') {
		if ((st = text_claim(r, "iss", &said)) != OK)
			return st;
		if (said == NULL || strcmp(said, iss) != 0)
			return error_set(r->err, UNAUTHENTICATED, "iss: missing, or another issuer");
	}
	return aud[0] != '\0' ? check_audience(r, aud) : OK;
}

/* ---- What: organizationId, scope, accessRole */

/*
 * Reads for which organization the token speaks, and with which scopes.  A scope claim, even an empty one, takes
 * precedence over accessRole; a token with neither has no scopes.
 */
static enum status
read_rights(struct reader *r, struct claims *claims)
{
	const char *scope, *role;
	enum status st;

	if ((st = text_claim(r, "organizationId", &claims->org)) != OK ||
	    (st = text_claim(r, "scope", &scope)) != OK)
		return st;
	if (claims->org != NULL && !id_ok(claims->org))
		return error_set(r->err, UNAUTHENTICATED, "organizationId: not an organization id");
	if (scope != NULL) {
		claims->scopes = scopes_expand(scopes_known(scope));
		return OK;
	}
	if ((st = text_claim(r, "accessRole", &role)) != OK)
		return st;
	claims->scopes = role != NULL ? scopes_of_role(role) : 0;
	return OK;
}

/* Reads who acts.  It grants nothing, so a claim of another type is not an error but no name. */
static const char *
read_actor(struct reader *r)
{
	static const char *const names[] = { "sub", "jti" };
	struct error ignored;
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_string(r->object, names[i], 1, CLAIM_MAX, &value, &ignored) == OK && value != NULL)
			return value;
	return "";
}

/* The validity first, then the parties, then the rights: the log names the first reason. */
enum status
claims_read(struct arena *a, const char *payload, size_t n, const char *iss, const char *aud, int64_t now,
    struct claims *claims, struct error *err)
{
	struct reader r = { .arena = a, .text = payload, .n = n, .err = err };
	enum status st;

	*claims = (struct claims) { .actor = "" };
	if (json_parse(a, "token", payload, n, &r.object, err) != OK)
		return UNAUTHENTICATED;
	if ((st = check_times(&r, now, &claims->expires_at)) == OK && (st = check_parties(&r, iss, aud)) == OK)
		st = read_rights(&r, claims);
	claims->actor = read_actor(&r);
	json_object_free(r.object);
	return st;
}
