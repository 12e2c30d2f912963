/*
 * Reading a token's claims (see claims.h).  The payload is kept twice: parsed, for the texts, and as text, because the
 * instants and the lists need its exact form.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"
#include "auth/claims.h"
#include "auth/token.h"
#include "base/id.h"
#include "base/json.h"

enum {
	CLAIM_MAX = TOKEN_MAX,		/* bytes of one claim; the whole token is not longer */
	EXPONENT_MAX = 100		/* more than a number of JSON_INT_MAX with JSON_NUMBER_MAX characters can have */
};

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
 * The whole seconds of a number that json_check has accepted, rounded down, without floating point: RFC 7519 lets an instant have
 * a fraction, and some libraries write 5.0 or 5e0.  False if it is below zero or beyond JSON_INT_MAX.
 */
static bool
whole_seconds(const char *text, size_t n, int64_t *seconds)
{
	size_t mantissa = strcspn(text, "eE,} \t\r\n"), digits = 0;
	long point = -1, exponent;	/* point: how many digits are before it */
	char digit[JSON_NUMBER_MAX];

	if (text[0] == '-' || n > JSON_NUMBER_MAX)
		return false;
	for (size_t i = 0; i < mantissa && i < n; i++)
		if (text[i] == '.')
			point = (long)digits;
		else
			digit[digits++] = text[i];
	if (point == -1)
		point = (long)digits;
	exponent = mantissa < n ? strtol(text + mantissa + 1, NULL, 10) : 0;
	point += exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent < -EXPONENT_MAX ? -EXPONENT_MAX : exponent;
	*seconds = 0;
	for (long i = 0; i < point; i++) {
		*seconds = *seconds * 10 + (i < (long)digits ? digit[i] - '0' : 0);
		if (*seconds > JSON_INT_MAX)
			return false;
	}
	return true;
}

/* Reads an instant.  It must be a number: a text like "5" is one to some programs only. */
static enum status
instant_claim(struct reader *r, const char *name, bool *found, int64_t *at)
{
	const char *text;
	int64_t seconds;
	size_t n;

	if (!(*found = json_has(r->object, name)))
		return OK;
	if (!json_find(r->text, r->n, name, &text, &n) || json_kind(text, n) != '0')
		return error_set(r->err, UNAUTHENTICATED, "%s: not a number of seconds", name);
	if (!whole_seconds(text, n, &seconds))
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

/* The text that a checked JSON value is, in the arena; NULL if it is none. */
static const char *
text_of(struct reader *r, const char *value, size_t n)
{
	const char *object, *text = NULL;
	struct json_object *o;
	struct error ignored;

	if (json_kind(value, n) != '"')
		return NULL;
	/* The only JSON parser takes objects, so wrap the value in one: it unescapes the string like any other. */
	object = arena_printf(r->arena, "{\"text\":%.*s}", (int)n, value);
	if (json_parse(r->arena, "text", object, strlen(object), &o, &ignored) != OK)
		return NULL;
	if (json_string(o, "text", 0, CLAIM_MAX, &text, &ignored) != OK)
		text = NULL;
	json_object_free(o);
	return text;
}

/* A claim that is a text or a list of texts, which both say the same if there is one. */
struct texts {
	const char *value;
	size_t n, pos;
	bool is_list;
};

/* False if the claim is absent or null. */
static bool
find_texts(struct reader *r, const char *name, struct texts *t)
{
	*t = (struct texts) { 0 };
	if (!json_find(r->text, r->n, name, &t->value, &t->n) || json_kind(t->value, t->n) == 'n')
		return false;
	t->is_list = json_kind(t->value, t->n) == '[';
	return true;
}

/* The next one: false at the end, *text NULL if it is no text. */
static bool
next_text(struct reader *r, struct texts *t, const char **text)
{
	const char *item = t->value;
	size_t n = t->n;

	if (t->is_list ? !json_next_item(t->value, t->n, &t->pos, &item, &n) : t->pos++ > 0)
		return false;
	*text = text_of(r, item, n);
	return true;
}

static enum status
refuse_kind(struct reader *r, const char *name)
{
	return error_set(r->err, UNAUTHENTICATED, "%s: must be a string or a list of strings", name);
}

/*
 * RFC 7519, 4.1.3: aud is a string or a list of strings, and the token is meant for us if one of them is what we demand.
 * Reads the whole list even after a match, so that a malformed list is always refused.
 */
static enum status
check_audience(struct reader *r, const char *aud)
{
	struct texts texts;
	const char *text;
	bool found = false;

	if (!find_texts(r, "aud", &texts))
		return error_set(r->err, UNAUTHENTICATED, "aud: missing");
	while (next_text(r, &texts, &text)) {
		if (text == NULL)
			return refuse_kind(r, "aud");
		found = found || strcmp(text, aud) == 0;
	}
	return found ? OK : error_set(r->err, UNAUTHENTICATED, "aud: another audience");
}

/* Compares iss and aud with what is demanded; "" accepts any. */
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

/* Reads for which organization the token speaks.  A list, as of Keycloak, may have one only: nobody could tell which is meant. */
static enum status
read_org(struct reader *r, const char *name, const char **org)
{
	struct texts texts;
	const char *text;

	*org = NULL;
	if (!find_texts(r, name, &texts))
		return OK;
	while (next_text(r, &texts, &text)) {
		if (text == NULL)
			return refuse_kind(r, name);
		if (*org != NULL)
			return error_set(r->err, UNAUTHENTICATED, "%s: more than one organization", name);
		*org = text;
	}
	if (*org != NULL && !id_ok(*org))
		return error_set(r->err, UNAUTHENTICATED, "%s: not an organization id", name);
	return OK;
}

/* Reads the scopes of a claim; *found false if it is absent. */
static enum status
read_scopes(struct reader *r, const char *name, bool *found, unsigned *scopes)
{
	struct texts texts;
	const char *text;

	if (!(*found = find_texts(r, name, &texts)))
		return OK;
	while (next_text(r, &texts, &text)) {
		if (text == NULL)
			return refuse_kind(r, name);
		*scopes |= scopes_known(text);
	}
	*scopes = scopes_expand(*scopes);
	return OK;
}

/*
 * Reads for whom the token speaks, and with which scopes.  A claim of scopes, even an empty one, takes precedence over
 * accessRole; a token with neither has no scopes.
 */
static enum status
read_rights(struct reader *r, const struct claims_rules *rules, struct claims *claims)
{
	const char *names[] = { "scope", "scp" }, *role;
	enum status st;
	bool found;

	if ((st = read_org(r, rules->org_claim[0] != '\0' ? rules->org_claim : "organizationId", &claims->org)) != OK)
		return st;
	if (rules->scope_claim[0] != '\0')
		names[0] = names[1] = rules->scope_claim;
	for (size_t i = 0; i < 2; i++)
		if ((st = read_scopes(r, names[i], &found, &claims->scopes)) != OK || found)
			return st;
	if ((st = text_claim(r, "accessRole", &role)) != OK)
		return st;
	claims->scopes = role != NULL && rules->may_access_role ? scopes_of_role(role) : 0;
	return OK;
}

/* Reads who acts.  It grants nothing, so a claim of another type is not an error but no name. */
static const char *
name_claim(struct reader *r, const char *name)
{
	struct error ignored;
	const char *value;

	return json_string(r->object, name, 1, CLAIM_MAX, &value, &ignored) == OK && value != NULL ? value : "";
}

/* The validity first, then the parties, then the rights: the log names the first reason. */
enum status
claims_read(struct arena *a, const char *payload, size_t n, const struct claims_rules *rules, int64_t now,
    struct claims *claims, struct error *err)
{
	struct reader r = { .arena = a, .text = payload, .n = n, .err = err };
	enum status st;

	*claims = (struct claims) { .sub = "", .jti = "" };
	if (json_parse(a, "token", payload, n, &r.object, err) != OK)
		return UNAUTHENTICATED;
	if ((st = check_times(&r, now, &claims->expires_at)) == OK && (st = check_parties(&r, rules->iss, rules->aud)) == OK)
		st = read_rights(&r, rules, claims);
	claims->sub = name_claim(&r, "sub");
	claims->jti = name_claim(&r, "jti");
	json_object_free(r.object);
	return st;
}
