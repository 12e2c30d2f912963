/* json.c: typed members of {"v": …}. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "json_keys.h"
#include "table.h"

enum as { AS_INT, AS_STRING, AS_BOOL, AS_MONEY, AS_OBJECT, AS_ARRAY };

static const struct member_row {
	const char *name, *text;
	enum as as;
	const char *value, *err;	/* "" = absent; why: NULL where it is right */
} typed[] = {
	{ "an integer", "{\"v\":5}", AS_INT, "5", NULL },
	{ "5.0 is an integer", "{\"v\":5.0}", AS_INT, "5", NULL },
	{ "5e1 is an integer", "{\"v\":5e1}", AS_INT, "50", NULL },
	{ "500e-2 is an integer", "{\"v\":500e-2}", AS_INT, "5", NULL },
	{ "-0 is 0", "{\"v\":-0}", AS_INT, "0", NULL },
	{ "the greatest of the range", "{\"v\":100}", AS_INT, "100", NULL },
	{ "the least of the range", "{\"v\":-3}", AS_INT, "-3", NULL },
	{ "an absent integer", "{\"w\":5}", AS_INT, "", NULL },
	{ "null is an absent integer", "{\"v\":null}", AS_INT, "", NULL },
	{ "a name in another case is absent", "{\"V\":5}", AS_INT, "", NULL },
	{ "an escaped name is present", "{\"\\u0076\":5}", AS_INT, "5", NULL },
	{ "above the range", "{\"v\":101}", AS_INT, NULL, "v: 101 is out of range; it must be from -3 to 100" },
	{ "below the range", "{\"v\":-4}", AS_INT, NULL, "v: -4 is out of range; it must be from -3 to 100" },
	{ "the greatest integer of all", "{\"v\":9007199254740991}", AS_INT, NULL,
	    "v: 9007199254740991 is out of range; it must be from -3 to 100" },
	{ "5.5 is no integer", "{\"v\":5.5}", AS_INT, NULL, "v: not an integer" },
	{ "a string is no integer", "{\"v\":\"5\"}", AS_INT, NULL, "v: not an integer" },
	{ "true is no integer", "{\"v\":true}", AS_INT, NULL, "v: not an integer" },
	{ "an array is no integer", "{\"v\":[5]}", AS_INT, NULL, "v: not an integer" },

	{ "a string", "{\"v\":\"abc\"}", AS_STRING, "abc", NULL },
	{ "a string with escapes", "{\"v\":\"\\u00e9\\n\"}", AS_STRING, "\xc3\xa9\n", NULL },
	{ "the shortest string", "{\"v\":\"ab\"}", AS_STRING, "ab", NULL },
	{ "the longest string", "{\"v\":\"abcde\"}", AS_STRING, "abcde", NULL },
	{ "an absent string", "{}", AS_STRING, "", NULL },
	{ "null is an absent string", "{\"v\":null}", AS_STRING, "", NULL },
	{ "an empty string", "{\"v\":\"\"}", AS_STRING, NULL, "v: empty" },
	{ "too short a string", "{\"v\":\"a\"}", AS_STRING, NULL, "v: shorter than 2 bytes" },
	{ "too long a string", "{\"v\":\"abcdef\"}", AS_STRING, NULL, "v: longer than 5 bytes" },
	{ "bytes count, not characters", "{\"v\":\"\xc3\xa9\xc3\xa9\xc3\xa9\"}", AS_STRING, NULL, "v: longer than 5 bytes" },
	{ "a number is no string", "{\"v\":5}", AS_STRING, NULL, "v: not a string" },

	{ "true", "{\"v\":true}", AS_BOOL, "true", NULL },
	{ "false", "{\"v\":false}", AS_BOOL, "false", NULL },
	{ "an absent truth", "{}", AS_BOOL, "", NULL },
	{ "null is an absent truth", "{\"v\":null}", AS_BOOL, "", NULL },
	{ "0 is no truth", "{\"v\":0}", AS_BOOL, NULL, "v: must be true or false" },
	{ "a string is no truth", "{\"v\":\"true\"}", AS_BOOL, NULL, "v: must be true or false" },

	{ "money as a number", "{\"v\":0.0158}", AS_MONEY, "15800", NULL },
	{ "money as a string", "{\"v\":\"0.0158\"}", AS_MONEY, "15800", NULL },
	{ "money as an integer", "{\"v\":12}", AS_MONEY, "12000000", NULL },
	{ "no money", "{\"v\":0}", AS_MONEY, "0", NULL },
	{ "minus no money", "{\"v\":-0.0}", AS_MONEY, "0", NULL },
	{ "money with an exponent", "{\"v\":1.58e-2}", AS_MONEY, "15800", NULL },
	{ "a sum of doubles", "{\"v\":0.30000000000000004}", AS_MONEY, "300000", NULL },
	{ "a tie as a number rounds to the even 0", "{\"v\":0.0000005}", AS_MONEY, "0", NULL },
	{ "a tie as a number rounds to the even 2", "{\"v\":0.0000015}", AS_MONEY, "2", NULL },
	{ "a tie that the nearest double is below", "{\"v\":0.0001635}", AS_MONEY, "164", NULL },
	{ "a tie that the nearest double is above", "{\"v\":0.0004905}", AS_MONEY, "490", NULL },
	{ "a tie of 13 digits is still a tie", "{\"v\":999999.0000005}", AS_MONEY, "999999000000", NULL },
	{ "a tie of 13 digits rounds to the even", "{\"v\":999999.0000015}", AS_MONEY, "999999000002", NULL },
	{ "15 digits above a tie are above it", "{\"v\":0.000000500000000000001}", AS_MONEY, "1", NULL },
	{ "15 digits below a tie are below it", "{\"v\":0.00000149999999999999}", AS_MONEY, "1", NULL },
	{ "a hardly visible amount", "{\"v\":1e-300}", AS_MONEY, "0", NULL },
	{ "the greatest amount", "{\"v\":1000000}", AS_MONEY, "1000000000000", NULL },
	{ "absent money", "{}", AS_MONEY, "", NULL },
	{ "null is absent money", "{\"v\":null}", AS_MONEY, "", NULL },
	{ "above the greatest amount", "{\"v\":1000000.01}", AS_MONEY, NULL,
	    "v: must be a decimal amount such as 0.0158, up to 1000000" },
	{ "far above the greatest amount", "{\"v\":9007199254740991}", AS_MONEY, NULL,
	    "v: must be a decimal amount such as 0.0158, up to 1000000" },
	{ "a string with an exponent is no money", "{\"v\":\"1e3\"}", AS_MONEY, NULL,
	    "v: must be a decimal amount such as 0.0158, up to 1000000" },
	{ "an empty string is no money", "{\"v\":\"\"}", AS_MONEY, NULL,
	    "v: must be a decimal amount such as 0.0158, up to 1000000" },
	{ "negative money", "{\"v\":-0.01}", AS_MONEY, NULL, "v: negative" },
	{ "negative money as a string", "{\"v\":\"-0.01\"}", AS_MONEY, NULL, "v: negative" },
	{ "true is no money", "{\"v\":true}", AS_MONEY, NULL, "v: must be an amount, as a number or a string" },

	{ "an object", "{\"v\":{\"inner\":1}}", AS_OBJECT, "here", NULL },
	{ "an absent object", "{}", AS_OBJECT, "", NULL },
	{ "null is an absent object", "{\"v\":null}", AS_OBJECT, "", NULL },
	{ "an array is no object", "{\"v\":[]}", AS_OBJECT, NULL, "v: not an object" },
	{ "a string is no object", "{\"v\":\"{}\"}", AS_OBJECT, NULL, "v: not an object" },
	{ "an array", "{\"v\":[1]}", AS_ARRAY, "here", NULL },
	{ "an absent array", "{}", AS_ARRAY, "", NULL },
	{ "an object is no array", "{\"v\":{}}", AS_ARRAY, NULL, "v: not an array" },
};

/* Reads the member v as a text, "" where it is absent. */
static enum status
read_as(struct json_object *o, enum as as, char *out, size_t size, struct error *err)
{
	struct json_object *inner = NULL;
	const char *text = NULL;
	bool found = false, truth = false;
	int64_t n = 0;
	enum status st = INTERNAL;

	switch (as) {
	case AS_INT:
		st = json_int(o, "v", -3, 100, &found, &n, err);
		snprintf(out, size, "%" PRId64, n);
		break;
	case AS_MONEY:
		st = json_money(o, "v", &found, &n, err);
		snprintf(out, size, "%" PRId64, n);
		break;
	case AS_STRING:
		st = json_string(o, "v", 2, 5, &text, err);
		found = text != NULL;
		snprintf(out, size, "%s", found ? text : "");
		break;
	case AS_BOOL:
		st = json_bool(o, "v", &found, &truth, err);
		snprintf(out, size, "%s", truth ? "true" : "false");
		break;
	case AS_OBJECT:
	case AS_ARRAY:
		st = json_member(o, "v", as == AS_OBJECT ? '{' : '[', &inner, err);
		found = inner != NULL;
		snprintf(out, size, "here");
	}
	if (!found)
		out[0] = '\0';
	return st;
}

static void
must_read(const struct member_row *row, const char *text)
{
	struct arena *a = arena_new();
	struct json_object *o = NULL;
	struct error err;
	char value[64];

	assert_int_equal(json_check("body", text, strlen(text), &err), OK);
	assert_int_equal(json_parse(a, "", text, strlen(text), &o, &err), OK);
	if (row->err == NULL) {
		assert_int_equal(read_as(o, row->as, value, sizeof(value), &err), OK);
		assert_string_equal(value, row->value);
	} else {
		assert_int_equal(read_as(o, row->as, value, sizeof(value), &err), BAD_REQUEST);
		assert_string_equal(err.text, row->err);
	}
	json_object_free(o);
	arena_free(a);
}

/* A plain object is read in place and another one by the parser: both mean the same. */
static void
is_read_as(void **state)
{
	const struct member_row *row = *state;
	char text[128];

	must_read(row, row->text);
	snprintf(text, sizeof(text), " { \"else\" : null%s%s", row->text[1] != '}' ? " , " : "", row->text + 1);
	must_read(row, text);
	snprintf(text, sizeof(text), "{\"else\":{\"v\":1}%s%s", row->text[1] != '}' ? "," : "", row->text + 1);
	must_read(row, text);
}

/* As many members and bytes as are read in place, and one more. */
static void
large_objects_are_read(void **state)
{
	struct arena *a = arena_new();
	struct json_object *o;
	char text[4096];
	const char *value;
	struct error err;
	int64_t last;
	bool found;

	(void)state;
	for (int members = 1; members <= 24; members++)
		for (int bytes = 1990; bytes < 2060; bytes++) {
			int n = snprintf(text, sizeof(text), "{\"v\":\"%0*d\"", bytes, 7);

			for (int i = 1; i < members; i++)
				n += snprintf(text + n, sizeof(text) - (size_t)n, ",\"m%d\":%d", i, i);
			text[n++] = '}';
			assert_int_equal(json_parse(a, "", text, (size_t)n, &o, &err), OK);
			assert_int_equal(json_string(o, "v", 0, 4096, &value, &err), OK);
			assert_int_equal(strlen(value), bytes);
			assert_int_equal(json_int(o, "m23", 0, 99, &found, &last, &err), OK);
			assert_int_equal(found, members == 24);
			assert_true(!found || last == 23);
			json_object_free(o);
		}
	arena_free(a);
}

static void
only_objects_are_parsed(void **state)
{
	static const char *const others[] = { "[]", "1", "\"{}\"", "null", " [{}]" };
	struct arena *a = arena_new();
	struct json_object *o;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(json_parse(a, "body", others[i], strlen(others[i]), &o, &err), BAD_REQUEST);
		assert_string_equal(err.text, "body: not a JSON object");
		assert_int_equal(json_parse(a, "", others[i], strlen(others[i]), &o, &err), BAD_REQUEST);
		assert_string_equal(err.text, "not a JSON object");
	}
	arena_free(a);
}

static void
texts_outlive_their_object(void **state)
{
	struct arena *a = arena_new();
	char body[] = " {\"v\":\"kept\"} behind";
	struct json_object *o;
	const char *text;
	struct error err;

	(void)state;
	assert_int_equal(json_parse(a, "", body, 13, &o, &err), OK);
	memset(body, 'x', sizeof(body));
	assert_int_equal(json_string(o, "v", 0, 10, &text, &err), OK);
	json_object_free(o);
	assert_string_equal(text, "kept");
	json_object_free(NULL);
	arena_free(a);
}

static void
labels_stand_before_names(void **state)
{
	static const char body[] = "{\"data\":{\"n\":\"x\",\"data\":{\"odd\":1}}}";
	static const char *const names[] = { "n", "data", NULL };
	struct arena *a = arena_new();
	struct json_object *o, *data, *inner;
	struct error err;
	int64_t n;
	bool found;

	(void)state;
	assert_int_equal(json_parse(a, "events[3]", body, sizeof(body) - 1, &o, &err), OK);
	assert_int_equal(json_int(o, "data", 0, 1, &found, &n, &err), BAD_REQUEST);
	assert_string_equal(err.text, "events[3].data: not an integer");
	assert_int_equal(json_member(o, "data", '{', &data, &err), OK);
	assert_int_equal(json_int(data, "n", 0, 1, &found, &n, &err), BAD_REQUEST);
	assert_string_equal(err.text, "events[3].data.n: not an integer");
	assert_int_equal(json_known(data, names, &err), OK);
	assert_int_equal(json_member(data, "data", '{', &inner, &err), OK);
	assert_int_equal(json_known(inner, names, &err), BAD_REQUEST);
	assert_string_equal(err.text, "events[3].data.data.odd: unknown field");
	json_object_free(data);		/* a member: nothing happens */
	assert_true(json_has(inner, "odd"));
	json_object_free(o);

	assert_int_equal(json_parse(a, "", body, sizeof(body) - 1, &o, &err), OK);
	assert_int_equal(json_member(o, "data", '{', &data, &err), OK);
	assert_int_equal(json_int(data, "n", 0, 1, &found, &n, &err), BAD_REQUEST);
	assert_string_equal(err.text, "data.n: not an integer");
	json_object_free(o);
	arena_free(a);
}

static const struct known_row {
	const char *name, *text, *err;
} knowns[] = {
	{ "known fields are known", "{\"b\":1,\"a\":2}", NULL },
	{ "no fields are known", "{}", NULL },
	{ "the first unknown field is named", "{\"a\":1,\"x\":2,\"y\":3}", "x: unknown field" },
	{ "a known field in another case is unknown", "{\"A\":1}", "A: unknown field; did you mean a?" },
	{ "an unknown field that is null is unknown", "{\"x\":null}", "x: unknown field" },
	{ "control characters in a name do not come out", "{\"x\\ny\\u001b\x7f\":1}", "x?y??: unknown field" },
	{ "a long name is cut", "{\"" KEY_128 "\":1}", KEY_SHOWN ": unknown field" },
	{ "a name is not cut inside a character", "{\"\xe2\x82\xac" KEY_SHOWN "\xe2\x82\xac\":1}",
	    "\xe2\x82\xackkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: unknown field" },
	{ "a name is cut before a character that does not fit",
	    "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\xe2\x82\xac\":1}",
	    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: unknown field" },
};

static void
fields_are_known(void **state)
{
	static const char *const names[] = { "a", "b", NULL };
	const struct known_row *row = *state;
	struct arena *a = arena_new();
	struct json_object *o;
	struct error err;

	assert_int_equal(json_check("body", row->text, strlen(row->text), &err), OK);
	assert_int_equal(json_parse(a, "", row->text, strlen(row->text), &o, &err), OK);
	assert_int_equal(json_known(o, names, &err), row->err == NULL ? OK : BAD_REQUEST);
	if (row->err != NULL)
		assert_string_equal(err.text, row->err);
	json_object_free(o);
	arena_free(a);
}

static void
null_is_there(void **state)
{
	static const char body[] = "{\"a\":null,\"b\":0}";
	struct arena *a = arena_new();
	struct json_object *o;
	struct error err;

	(void)state;
	assert_int_equal(json_parse(a, "", body, sizeof(body) - 1, &o, &err), OK);
	assert_true(json_has(o, "a") && json_is_null(o, "a"));
	assert_true(json_has(o, "b") && !json_is_null(o, "b"));
	assert_false(json_has(o, "c") || json_is_null(o, "c") || json_has(o, "A"));
	json_object_free(o);
	arena_free(a);
}

static void
an_array_has_no_members(void **state)
{
	static const char body[] = "{\"v\":[{\"a\":1},\"a\"]}";
	static const char *const none[] = { NULL };
	struct arena *a = arena_new();
	struct json_object *o, *array;
	struct error err;

	(void)state;
	assert_int_equal(json_parse(a, "", body, sizeof(body) - 1, &o, &err), OK);
	assert_int_equal(json_member(o, "v", '[', &array, &err), OK);
	assert_false(json_has(array, "a"));
	assert_int_equal(json_known(array, none, &err), OK);
	json_object_free(o);
	arena_free(a);
}

int
main(void)
{
	TABLE(typed, is_read_as);
	CASE("objects that are too large to be read in place", large_objects_are_read);
	CASE("only objects are parsed", only_objects_are_parsed);
	CASE("texts outlive their object", texts_outlive_their_object);
	CASE("labels stand before names", labels_stand_before_names);
	TABLE(knowns, fields_are_known);
	CASE("null is there, and it is null", null_is_there);
	CASE("an array has no members", an_array_has_no_members);
	return TABLE_RUN("json");
}
