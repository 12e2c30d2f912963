/* claims.c and scopes.c: what a token's payload says, and what its words mean. */
#include <string.h>

#include "table.h"
#include "auth/auth.h"
#include "auth/claims.h"
#include "base/json.h"

#define NOW INT64_C(1780000000000)
#define EXP "\"exp\":1780000060"
#define REST ",\"organizationId\":\"acme\",\"scope\":\"usage:read\"}"
#define READ SCOPE_USAGE_READ
#define SALES (SCOPE_USAGE_READ | SCOPE_CAMPAIGNS_WRITE)

static struct arena *arena;

/* ---- When, from whom, for whom */

static const struct held_row {
	const char *name, *payload, *iss, *aud;
	bool holds;
} held[] = {
	{ "a token until later holds", "{" EXP REST, "", "", true },
	{ "a token without exp is refused", "{\"sub\":\"x\"" REST, "", "", false },
	{ "exp null is refused", "{\"exp\":null" REST, "", "", false },
	{ "exp as a string is refused", "{\"exp\":\"1780000060\"" REST, "", "", false },
	{ "exp with a fraction holds", "{\"exp\":1780000060.5" REST, "", "", true },
	{ "exp with a fraction of zero holds", "{\"exp\":1780000060.0" REST, "", "", true },
	{ "exp with many digits after the point holds", "{\"exp\":1780000060.1234567890123456789" REST, "", "", true },
	{ "exp with an exponent holds", "{\"exp\":1.78000006E+9" REST, "", "", true },
	{ "exp with a negative exponent holds", "{\"exp\":178000006000e-2" REST, "", "", true },
	{ "exp is rounded down: its fraction does not reach into the leeway", "{\"exp\":1779999970.999" REST, "", "", false },
	{ "exp with a fraction within the leeway holds", "{\"exp\":1779999971.001" REST, "", "", true },
	{ "exp with an exponent that makes it tiny is over", "{\"exp\":1780000060e-10" REST, "", "", false },
	{ "exp that a negative exponent makes nothing is over", "{\"exp\":1780000060e-99" REST, "", "", false },
	{ "exp below zero is refused", "{\"exp\":-1780000060" REST, "", "", false },
	{ "exp zero is refused", "{\"exp\":0" REST, "", "", false },
	{ "exp true is refused", "{\"exp\":true" REST, "", "", false },
	{ "exp as a list is refused", "{\"exp\":[1780000060]" REST, "", "", false },
	{ "exp in ten years and the leeway holds", "{\"exp\":2095576030" REST, "", "", true },
	{ "exp a second later is too far away", "{\"exp\":2095576031" REST, "", "", false },
	{ "exp in milliseconds is too far away", "{\"exp\":1780000060000" REST, "", "", false },
	{ "the greatest integer as exp is too far away", "{\"exp\":9007199254740991" REST, "", "", false },
	{ "Exp is not exp", "{\"Exp\":1780000060" REST, "", "", false },
	{ "exp written with an escape is exp", "{\"\\u0065xp\":1780000060" REST, "", "", true },
	{ "exp written with an escape expires", "{\"\\u0065xp\":1779990000" REST, "", "", false },
	{ "exp of this second holds", "{\"exp\":1780000000" REST, "", "", true },
	{ "exp 29 seconds ago is within the leeway", "{\"exp\":1779999971" REST, "", "", true },
	{ "exp 30 seconds ago is over", "{\"exp\":1779999970" REST, "", "", false },
	{ "exp in 1970 is over", "{\"exp\":1" REST, "", "", false },
	{ "nbf in the past holds", "{\"nbf\":1779999000," EXP REST, "", "", true },
	{ "nbf 30 seconds ahead is within the leeway", "{\"nbf\":1780000030," EXP REST, "", "", true },
	{ "nbf 31 seconds ahead is refused", "{\"nbf\":1780000031," EXP REST, "", "", false },
	{ "nbf with a fraction is rounded down", "{\"nbf\":1780000030.999," EXP REST, "", "", true },
	{ "nbf with a fraction a second later is refused", "{\"nbf\":1780000031.0," EXP REST, "", "", false },
	{ "nbf as a string is refused", "{\"nbf\":\"1779999000\"," EXP REST, "", "", false },
	{ "nbf null is refused", "{\"nbf\":null," EXP REST, "", "", false },
	{ "nbf written with an escape is nbf", "{\"n\\u0062f\":1780000031," EXP REST, "", "", false },
	{ "iat in the past holds", "{\"iat\":1779999000," EXP REST, "", "", true },
	{ "iat 30 seconds ahead is within the leeway", "{\"iat\":1780000030," EXP REST, "", "", true },
	{ "iat 31 seconds ahead is refused", "{\"iat\":1780000031," EXP REST, "", "", false },
	{ "iat with a fraction holds", "{\"iat\":1779999000.25," EXP REST, "", "", true },
	{ "iat with a fraction is rounded down", "{\"iat\":1780000030.75," EXP REST, "", "", true },
	{ "iat of nearly zero holds", "{\"iat\":0.5," EXP REST, "", "", true },

	{ "any issuer holds where none is set", "{\"iss\":\"x\"," EXP REST, "", "", true },
	{ "the set issuer holds", "{\"iss\":\"https://id\"," EXP REST, "https://id", "", true },
	{ "the set issuer holds with escapes", "{\"iss\":\"https:\\/\\/id\"," EXP REST, "https://id", "", true },
	{ "another issuer is refused", "{\"iss\":\"https://ie\"," EXP REST, "https://id", "", false },
	{ "an issuer that goes on is refused", "{\"iss\":\"https://id/\"," EXP REST, "https://id", "", false },
	{ "the beginning of the issuer is refused", "{\"iss\":\"https://i\"," EXP REST, "https://id", "", false },
	{ "no issuer is refused where one is set", "{" EXP REST, "https://id", "", false },
	{ "an empty issuer is refused where one is set", "{\"iss\":\"\"," EXP REST, "https://id", "", false },
	{ "a list of issuers is refused", "{\"iss\":[\"https://id\"]," EXP REST, "https://id", "", false },

	{ "any audience holds where none is set", "{\"aud\":\"x\"," EXP REST, "", "", true },
	{ "our audience holds", "{\"aud\":\"daybook\"," EXP REST, "", "daybook", true },
	{ "our audience holds with escapes", "{\"aud\":\"d\\u0061ybook\"," EXP REST, "", "daybook", true },
	{ "another audience is refused", "{\"aud\":\"notebook\"," EXP REST, "", "daybook", false },
	{ "an audience that goes on is refused", "{\"aud\":\"daybook2\"," EXP REST, "", "daybook", false },
	{ "no audience is refused where one is set", "{" EXP REST, "", "daybook", false },
	{ "a null audience is refused where one is set", "{\"aud\":null," EXP REST, "", "daybook", false },
	{ "a list with our audience holds", "{\"aud\":[\"x\",\"daybook\"]," EXP REST, "", "daybook", true },
	{ "a list with our audience first holds", "{\"aud\":[\"daybook\",\"x\"]," EXP REST, "", "daybook", true },
	{ "a list without our audience is refused", "{\"aud\":[\"x\",\"y\"]," EXP REST, "", "daybook", false },
	{ "an empty list is refused", "{\"aud\":[]," EXP REST, "", "daybook", false },
	{ "a list with a number in it is refused", "{\"aud\":[\"daybook\",1]," EXP REST, "", "daybook", false },
	{ "a list in a list is refused", "{\"aud\":[[\"daybook\"]]," EXP REST, "", "daybook", false },
	{ "an object as audience is refused", "{\"aud\":{\"daybook\":1}," EXP REST, "", "daybook", false },
};

static enum status
read_claims(const char *payload, const char *iss, const char *aud, struct claims *claims)
{
	struct error err = { .text = "" };
	enum status st;

	arena_reset(arena);
	assert_int_equal(json_check("payload", payload, strlen(payload), &err), OK);
	st = claims_read(arena, payload, strlen(payload), &(const struct claims_rules) { iss, aud, true, "", "" }, NOW, claims, &err);
	assert_int_equal(err.text[0] != '\0', st != OK);
	return st;
}

static void
token_holds(void **state)
{
	const struct held_row *row = *state;
	struct claims claims;

	assert_int_equal(read_claims(row->payload, row->iss, row->aud, &claims), row->holds ? OK : UNAUTHENTICATED);
	if (row->holds)
		assert_int_equal(claims.scopes, READ);
}

/* ---- What */

#define LETTERS_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ORG "\"organizationId\":\"acme\","

static const struct right_row {
	const char *name, *claims;
	enum status status;
	const char *org;
	unsigned scopes;
} rights[] = {
	{ "a scope and an organization", "{" ORG "\"scope\":\"usage:read\"," EXP "}", OK, "acme", READ },
	{ "several scopes", "{" ORG "\"scope\":\"usage:read campaigns:write\"," EXP "}", OK, "acme", SALES },
	{ "blanks around scopes do not matter", "{" ORG "\"scope\":\"  usage:read  \"," EXP "}", OK, "acme", READ },
	{ "words of others are passed over", "{" ORG "\"scope\":\"openid usage:read email\"," EXP "}", OK, "acme", READ },
	{ "scopes are told by their case", "{" ORG "\"scope\":\"Usage:Read\"," EXP "}", OK, "acme", 0 },
	{ "the beginning of a scope is none", "{" ORG "\"scope\":\"usage: usage:rea\"," EXP "}", OK, "acme", 0 },
	{ "a tab does not part scopes", "{" ORG "\"scope\":\"usage:read\\tadmin\"," EXP "}", OK, "acme", 0 },
	{ "admin is everything", "{\"scope\":\"admin\"," EXP "}", OK, NULL, SCOPE_ALL },
	{ "no scope and no role is nothing", "{" ORG EXP "}", OK, "acme", 0 },
	{ "scope wins over the role", "{" ORG "\"accessRole\":\"ADMIN\",\"scope\":\"usage:read\"," EXP "}", OK, "acme", READ },
	{ "an empty scope wins over the role", "{" ORG "\"accessRole\":\"ADMIN\",\"scope\":\"\"," EXP "}", OK, "acme", 0 },
	{ "a null scope leaves it to the role", "{" ORG "\"accessRole\":\"SALES_REP\",\"scope\":null," EXP "}", OK, "acme",
	    SALES },
	{ "a scope that is a list", "{" ORG "\"scope\":[\"openid\",\"usage:read\",\"campaigns:write\"]," EXP "}", OK, "acme", SALES },
	{ "an empty list of scopes is nothing", "{" ORG "\"accessRole\":\"ADMIN\",\"scope\":[]," EXP "}", OK, "acme", 0 },
	{ "a list with a number among the scopes is refused", "{" ORG "\"scope\":[\"usage:read\",1]," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "scopes as an object are refused", "{" ORG "\"scope\":{\"usage:read\":true}," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "scp as a text", "{" ORG "\"scp\":\"usage:read campaigns:write\"," EXP "}", OK, "acme", SALES },
	{ "scp as a list", "{" ORG "\"scp\":[\"usage:read\"]," EXP "}", OK, "acme", READ },
	{ "scope wins over scp", "{" ORG "\"scp\":\"admin\",\"scope\":\"usage:read\"," EXP "}", OK, "acme", READ },
	{ "scp wins over the role", "{" ORG "\"accessRole\":\"ADMIN\",\"scp\":\"usage:read\"," EXP "}", OK, "acme", READ },
	{ "a null scope leaves it to scp", "{" ORG "\"scope\":null,\"scp\":\"usage:read\"," EXP "}", OK, "acme", READ },
	{ "permissions are looked at only if a setting names them", "{" ORG "\"permissions\":[\"usage:read\"]," EXP "}", OK, "acme", 0 },
	{ "an organization in a list of one", "{\"organizationId\":[\"acme\"],\"scope\":\"usage:read\"," EXP "}", OK, "acme", READ },
	{ "an empty list is no organization", "{\"organizationId\":[],\"scope\":\"usage:read\"," EXP "}", OK, NULL, READ },
	{ "two organizations are refused", "{\"organizationId\":[\"acme\",\"globex\"]," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "a scope that is a number is refused", "{" ORG "\"scope\":1," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "SUPERADMIN is admin", "{\"accessRole\":\"SUPERADMIN\"," EXP "}", OK, NULL, SCOPE_ALL },
	{ "ADMIN is everything but admin", "{" ORG "\"accessRole\":\"ADMIN\"," EXP "}", OK, "acme", SCOPE_ALL & ~SCOPE_INSTALLATION },
	{ "DEPARTMENT_HEAD reads and plans", "{" ORG "\"accessRole\":\"DEPARTMENT_HEAD\"," EXP "}", OK, "acme", SALES },
	{ "SALES_REP reads and plans", "{" ORG "\"accessRole\":\"SALES_REP\"," EXP "}", OK, "acme", SALES },
	{ "any other role is nothing", "{" ORG "\"accessRole\":\"INTERN\"," EXP "}", OK, "acme", 0 },
	{ "a role in lower case is nothing", "{" ORG "\"accessRole\":\"admin\"," EXP "}", OK, "acme", 0 },
	{ "the beginning of a role is nothing", "{" ORG "\"accessRole\":\"SUPER\"," EXP "}", OK, "acme", 0 },
	{ "an empty role is nothing", "{" ORG "\"accessRole\":\"\"," EXP "}", OK, "acme", 0 },
	{ "a role that is no string is refused", "{" ORG "\"accessRole\":1," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "a null organization is none", "{\"organizationId\":null,\"scope\":\"admin\"," EXP "}", OK, NULL, SCOPE_ALL },
	{ "the characters of an organization's id", "{\"organizationId\":\"A-z_0.9\"," EXP "}", OK, "A-z_0.9", 0 },
	{ "an organization of 64 characters", "{\"organizationId\":\"" LETTERS_64 "\"," EXP "}", OK, LETTERS_64, 0 },
	{ "an organization of 65 is refused", "{\"organizationId\":\"" LETTERS_64 "a\"," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "an empty organization is refused", "{\"organizationId\":\"\"," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "an organization with a slash is refused", "{\"organizationId\":\"a/b\"," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "an organization with a blank is refused", "{\"organizationId\":\"acme \"," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "an organization in Greek is refused", "{\"organizationId\":\"α\"," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "an organization that is a number is refused", "{\"organizationId\":7," EXP "}", UNAUTHENTICATED, NULL, 0 },
	{ "claims of others do not matter", "{" ORG "\"realm\":{\"roles\":[\"x\"]}," EXP "}", OK, "acme", 0 },
};

static void
token_claims(void **state)
{
	const struct right_row *row = *state;
	struct claims claims;

	assert_int_equal(read_claims(row->claims, "", "", &claims), row->status);
	if (row->status != OK)
		return;
	assert_int_equal(claims.scopes, row->scopes);
	if (row->org == NULL)
		assert_null(claims.org);
	else
		assert_string_equal(claims.org, row->org);
}

static void
an_array_has_no_claims(void **state)
{
	struct error err = { .text = "" };
	struct claims claims;

	(void)state;
	assert_int_equal(claims_read(arena, "[]", 2, &(const struct claims_rules) { "", "", true }, NOW, &claims, &err),
	    UNAUTHENTICATED);
}

/* ---- Scopes */

static const struct word_row {
	const char *name, *text, *unknown, *formatted;
	unsigned scopes, expanded;
} sentences[] = {
	{ "nothing is no scope", "", NULL, "", 0, 0 },
	{ "one word", "org:admin", NULL, "org:admin", SCOPE_ORG_ADMIN, SCOPE_ORG_ADMIN },
	{ "order and repetition do not matter", "campaigns:write usage:read usage:read", NULL,
	    "usage:read campaigns:write", SALES, SALES },
	{ "admin means all", "admin usage:read", NULL, "admin", SCOPE_ADMIN | READ, SCOPE_ALL },
	{ "all but admin is not admin", "usage:read usage:write usage:backfill campaigns:write org:admin", NULL,
	    "usage:read usage:write usage:backfill campaigns:write org:admin", SCOPE_ALL & ~SCOPE_INSTALLATION,
	    SCOPE_ALL & ~SCOPE_INSTALLATION },
	{ "an unknown word is named", "usage:read usage:reed admin", "usage:reed", "", 0, 0 },
	{ "a comma does not part words", "usage:read,admin", "usage:read,admin", "", 0, 0 },
};

static void
words_mean(void **state)
{
	const struct word_row *row = *state;
	unsigned scopes = 99;
	const char *unknown;

	assert_int_equal(scopes_parse(arena, row->text, &scopes, &unknown), row->unknown == NULL);
	assert_int_equal(scopes, row->scopes);
	if (row->unknown != NULL)
		assert_string_equal(unknown, row->unknown);
	assert_string_equal(scopes_format(arena, scopes), row->formatted);
	assert_int_equal(scopes_expand(scopes), row->expanded);
}

int
main(void)
{
	int failed;

	arena = arena_new();
	TABLE(held, token_holds);
	TABLE(rights, token_claims);
	TABLE(sentences, words_mean);
	CASE("a payload that is a list is refused", an_array_has_no_claims);
	failed = TABLE_RUN("claims");
	arena_free(arena);
	return failed;
}
