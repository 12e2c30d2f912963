/*
 * Scopes as bits and as words (see scopes.h): two tables, and the conversions between them.
 */
#include <string.h>

#include "auth/scopes.h"

/* Every scope with its word, in the order in which lists show them. */
static const struct {
	const char *word;
	unsigned scope;
} words[] = {
	{ "usage:read", SCOPE_USAGE_READ },
	{ "usage:write", SCOPE_USAGE_WRITE },
	{ "usage:backfill", SCOPE_USAGE_BACKFILL },
	{ "campaigns:write", SCOPE_CAMPAIGNS_WRITE },
	{ "org:admin", SCOPE_ORG_ADMIN },
	{ "metrics", SCOPE_METRICS },
	{ "admin", SCOPE_ADMIN },
};

/* What the roles of an issuer that knows no scopes grant.  Only SUPERADMIN reaches across organizations. */
static const struct {
	const char *role;
	unsigned scopes;
} roles[] = {
	{ "SUPERADMIN", SCOPE_ALL },
	{ "ADMIN", SCOPE_ALL & ~SCOPE_INSTALLATION },
	{ "DEPARTMENT_HEAD", SCOPE_USAGE_READ | SCOPE_CAMPAIGNS_WRITE },
	{ "SALES_REP", SCOPE_USAGE_READ | SCOPE_CAMPAIGNS_WRITE },
};

enum { WORD_COUNT = sizeof(words) / sizeof(words[0]), ROLE_COUNT = sizeof(roles) / sizeof(roles[0]) };

/* Reads the next word and moves *text past it; false at the end.  Any number of blanks separates words. */
static bool
next_word(const char **text, const char **word, size_t *n)
{
	*word = *text + strspn(*text, " ");
	*n = strcspn(*word, " ");
	*text = *word + *n;
	return *n > 0;
}

/* The bit of a word; 0 if it is no scope.  Compares whole words, so that `admin` is not found in `administrator`. */
static unsigned
scope_of(const char *word, size_t n)
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (strlen(words[i].word) == n && memcmp(words[i].word, word, n) == 0)
			return words[i].scope;
	return 0;
}

bool
scopes_parse(struct arena *a, const char *text, unsigned *scopes, const char **unknown)
{
	const char *word;
	unsigned scope;
	size_t n;

	*scopes = 0;
	*unknown = NULL;
	while (next_word(&text, &word, &n)) {
		if ((scope = scope_of(word, n)) == 0) {
			/*
			 * Returns no scope at all with an unknown word: half of what was asked for is worse than a
			 * refusal.
			 */
			*scopes = 0;
			*unknown = arena_text(a, word, n);
			return false;
		}
		*scopes |= scope;
	}
	return true;
}

unsigned
scopes_known(const char *text)
{
	unsigned scopes = 0;
	const char *word;
	size_t n;

	while (next_word(&text, &word, &n))
		scopes |= scope_of(word, n);
	return scopes;
}

const char *
scopes_format(struct arena *a, unsigned scopes)
{
	const char *text = "";

	/* admin includes every other scope, so naming the others would add nothing. */
	if (scopes & SCOPE_ADMIN)
		return "admin";
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (scopes & words[i].scope)
			text = arena_printf(a, "%s%s%s", text, text[0] != '\0' ? " " : "", words[i].word);
	return text;
}

/* Sets every bit for admin, so that checks elsewhere test one bit; drops bits that are no scope. */
unsigned
scopes_expand(unsigned scopes)
{
	return scopes & SCOPE_ADMIN ? SCOPE_ALL : scopes & SCOPE_ALL;
}

unsigned
scopes_of_role(const char *role)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (strcmp(roles[i].role, role) == 0)
			return roles[i].scopes;
	return 0;
}

void
scopes_put(struct json *out, const char *name, unsigned scopes)
{
	json_open_array(out, name);
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (scopes & words[i].scope)
			json_put_text(out, NULL, words[i].word);
	json_close_array(out);
}
