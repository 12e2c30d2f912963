/* cgi_env.c: the first variable of a name decides, and an empty one counts as absent. */
#include "http/cgi_env.h"
#include "table.h"

static char one[] = "CONTENT_LENGTH=7", empty[] = "CONTENT_LENGTH=", other[] = "CONTENT_LENGTH_X=8", equals[] = "QUERY_STRING=a=b";

static const struct row {
	const char *name;
	char *env[3];
	const char *variable, *value;	/* value NULL = absent */
} rows[] = {
	{ "a variable has its value", { one }, "CONTENT_LENGTH", "7" },
	{ "a variable that is not there is absent", { equals }, "CONTENT_LENGTH", NULL },
	{ "nothing is in an empty environment", { NULL }, "CONTENT_LENGTH", NULL },
	{ "an empty variable counts as absent", { empty }, "CONTENT_LENGTH", NULL },
	{ "of two with one name the first decides", { one, empty }, "CONTENT_LENGTH", "7" },
	{ "an empty first one decides too", { empty, one }, "CONTENT_LENGTH", NULL },
	{ "a longer name is another variable", { other, one }, "CONTENT_LENGTH", "7" },
	{ "a shorter name is another variable", { one }, "CONTENT", NULL },
	{ "a value may have an equals sign", { equals }, "QUERY_STRING", "a=b" },
};

static void
is_found(void **state)
{
	const struct row *row = *state;
	const char *value = cgi_env(row->env, row->variable);

	if (row->value == NULL)
		assert_null(value);
	else
		assert_string_equal(value, row->value);
}

int
main(void)
{
	TABLE(rows, is_found);
	return TABLE_RUN("cgi_env");
}
