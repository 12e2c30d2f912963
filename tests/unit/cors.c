/* cors.c: which lists of origins are taken, and whom they let in. */
#include <string.h>

#include "store/cors.h"
#include "table.h"

static const struct list_row {
	const char *name, *origins;
	const char *wrong;	/* a word of the error; NULL = taken */
} lists[] = {
	{ "an empty list", "", NULL },
	{ "one origin", "https://app.example.com", NULL },
	{ "several", "https://app.example.com https://example.org http://localhost:3000", NULL },
	{ "blanks around them", "  https://a.example   https://b.example ", NULL },
	{ "a port", "https://app.example.com:8443", NULL },
	{ "an address", "http://127.0.0.1:5173", NULL },
	{ "an IPv6 address", "http://[::1]:5173", NULL },
	{ "an app's own scheme", "capacitor://localhost", NULL },
	{ "every page", "*", "wildcards" },
	{ "a wildcard in the host", "https://*.example.com", "wildcards" },
	{ "null", "null", "null" },
	{ "null among others", "https://a.example null", "null" },
	{ "a slash at the end", "https://app.example.com/", "slash at the end" },
	{ "a path", "https://app.example.com/app", "leave out the path" },
	{ "a host alone", "app.example.com", "scheme://host" },
	{ "a scheme alone", "https://", "scheme://host" },
	{ "no host before the port", "https://:8080", "scheme://host" },
	{ "upper case", "https://App.example.com", "lower case" },
	{ "https with its own port", "https://a.example:443", "default port" },
	{ "http with its own port", "http://a.example:80", "default port" },
	{ "an empty port", "https://a.example:", "port" },
	{ "port 0", "https://a.example:0", "port" },
	{ "a port with a zero in front", "https://a.example:08080", "port" },
	{ "a port too high", "https://a.example:65536", "port" },
	{ "a port that is none", "https://a.example:8a", "scheme://host" },
	{ "a name and a password", "https://a:b@a.example", "port" },
	{ "a user", "https://a@a.example", "scheme://host" },
	{ "a query", "https://a.example?x", "scheme://host" },
	{ "a comma between", "https://a.example,https://b.example", "scheme://host" },
	{ "a trailing comma", "https://a.example, https://b.example", "scheme://host" },
	{ "a tab", "https://a.example\thttps://b.example", "scheme://host" },
	{ "a line end", "https://a.example\r\nx: y", "scheme://host" },
	{ "an open bracket", "http://[::1", "scheme://host" },
	{ "letters that are not ASCII", "https://b\xc3\xbc" "cher.example", "scheme://host" },
};

static void
list_is(void **state)
{
	const struct list_row *row = *state;
	struct error err = { 0 };

	assert_int_equal(cors_check(row->origins, &err), row->wrong == NULL ? OK : BAD_REQUEST);
	if (row->wrong != NULL) {
		assert_ptr_equal(strstr(err.text, "cors_origins: "), err.text);
		assert_non_null(strstr(err.text, row->wrong));
	}
}

static const struct origin_row {
	const char *name, *origins, *origin;
	bool is_listed;
} origins[] = {
	{ "the only one", "https://a.example", "https://a.example", true },
	{ "the last one", "https://a.example https://b.example", "https://b.example", true },
	{ "the middle one, blanks around", " https://a.example  https://b.example  https://c.example ", "https://b.example", true },
	{ "of an empty list", "", "https://a.example", false },
	{ "an empty origin", "https://a.example", "", false },
	{ "the beginning of one", "https://a.example", "https://a.exampl", false },
	{ "one that goes on", "https://a.example", "https://a.example.evil.example", false },
	{ "the end of one", "https://a.example", "a.example", false },
	{ "another scheme", "https://a.example", "http://a.example", false },
	{ "another port", "https://a.example", "https://a.example:8443", false },
	{ "another case", "https://a.example", "https://A.example", false },
	{ "two at once", "https://a.example https://b.example", "https://a.example https://b.example", false },
	{ "null", "https://a.example", "null", false },
};

static void
listing_is(void **state)
{
	const struct origin_row *row = *state;

	assert_int_equal(cors_lists(row->origins, row->origin), row->is_listed);
}

static void
long_lists_are_refused(void **state)
{
	char list[CORS_ORIGINS_BYTES_MAX + 2];
	struct error err = { 0 };

	(void)state;
	memset(list, ' ', sizeof(list));
	list[CORS_ORIGINS_BYTES_MAX] = '\0';
	assert_int_equal(cors_check(list, &err), OK);
	list[CORS_ORIGINS_BYTES_MAX] = ' ';
	list[CORS_ORIGINS_BYTES_MAX + 1] = '\0';
	assert_int_equal(cors_check(list, &err), BAD_REQUEST);
}

int
main(void)
{
	TABLE(lists, list_is);
	TABLE(origins, listing_is);
	CASE("a list that is too long is refused", long_lists_are_refused);
	return TABLE_RUN("cors");
}
