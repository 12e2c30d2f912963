/* json*.c: what is taken and refused, the walkers, typed members, the writer. */
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "table.h"
#include "time/instant.h"

/* A text that may hold NUL, and its length. */
#define TEXT(literal) (literal), sizeof(literal) - 1

#define KEY_128 \
	"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" \
	"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define KEY_SHOWN "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define ZEROS_50 "00000000000000000000000000000000000000000000000000"

/* ---- The validator */

static const struct good_row {
	const char *name, *text;
	size_t n;
	char kind;
} good[] = {
	{ "an empty object", TEXT("{}"), '{' },
	{ "an empty array", TEXT("[]"), '[' },
	{ "an empty string", TEXT("\"\""), '"' },
	{ "true", TEXT("true"), 't' },
	{ "false", TEXT("false"), 'f' },
	{ "null", TEXT("null"), 'n' },
	{ "a digit", TEXT("7"), '0' },
	{ "minus zero", TEXT("-0"), '0' },
	{ "all four blanks around everything", TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"), '{' },
	{ "an event", TEXT("{\"id\":\"SM9f\",\"messages\":1,\"cost\":\"0.0158\",\"ok\":true,\"x\":null}"), '{' },
	{ "eight levels", TEXT("[[[[[[[[1]]]]]]]]"), '[' },
	{ "eight levels of objects", TEXT("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}"), '{' },
	{ "eight levels twice", TEXT("[[[[[[[[]]]]]]],[[[[[[[]]]]]]]]"), '[' },
	{ "the same key in two objects", TEXT("[{\"a\":1},{\"a\":2}]"), '[' },
	{ "the same key inside and outside", TEXT("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), '{' },
	{ "keys that differ in case", TEXT("{\"a\":1,\"A\":2}"), '{' },
	{ "an empty key", TEXT("{\"\":1}"), '{' },
	{ "a key of 128 bytes", TEXT("{\"" KEY_128 "\":1}"), '{' },
	{ "every escape", TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\uABCD\\uabcd\""), '"' },
	{ "an escaped surrogate pair", TEXT("\"\\uD83D\\ude00\""), '"' },
	{ "the first and the last surrogate pair", TEXT("\"\\ud800\\udc00\\udbff\\udfff\""), '"' },
	{ "DEL in a string", TEXT("\"\x7f\""), '"' },
	{ "UTF-8 of two, three and four bytes", TEXT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""), '"' },
	{ "the ends of UTF-8's ranges",
	    TEXT("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""), '"' },
	{ "the greatest integer", TEXT("9007199254740991"), '0' },
	{ "the least integer", TEXT("-9007199254740991"), '0' },
	{ "the greatest integer with a fraction of zeros", TEXT("9007199254740991.000"), '0' },
	{ "the greatest integer with an exponent", TEXT("9.007199254740991e15"), '0' },
	{ "the greatest integer with a negative exponent", TEXT("90071992547409910e-1"), '0' },
	{ "a fraction just below the greatest integer", TEXT("9007199254740990.9999999"), '0' },
	{ "fifteen digits", TEXT("999999999999999"), '0' },
	{ "sixteen digits within the range", TEXT("1000000000000000"), '0' },
	{ "a fraction", TEXT("-0.5"), '0' },
	{ "an exponent", TEXT("1e3"), '0' },
	{ "an exponent that makes sixteen digits", TEXT("9e15"), '0' },
	{ "an exponent with signs and capitals", TEXT("-1.5E+03"), '0' },
	{ "an exponent with zeros in front", TEXT("1e0000000000000003"), '0' },
	{ "zero to a great power", TEXT("0e999999"), '0' },
	{ "zero with a fraction to a great power", TEXT("0.000e99999999999999999999"), '0' },
	{ "a number too small to tell from zero", TEXT("1e-999999999999999999999"), '0' },
	{ "many zeros and a great exponent", TEXT("0." ZEROS_50 "1e51"), '0' },
	{ "a number of 63 characters", TEXT("0." ZEROS_50 "00000000001"), '0' },
};

static void
is_taken(void **state)
{
	const struct good_row *row = *state;
	struct error err;
	char *copy = malloc(row->n);	/* so that the sanitiser sees a read behind the end */

	memcpy(copy, row->text, row->n);
	if (json_check("body", copy, row->n, &err) != OK)
		fail_msg("%s", err.text);
	assert_int_equal(json_kind(copy, row->n), row->kind);
	free(copy);
}

static const struct bad_row {
	const char *name, *text;
	size_t n;
	const char *err;
} bad[] = {
	{ "an empty text", TEXT(""), "not JSON at byte 0: a value expected, but the text ends" },
	{ "blanks alone", TEXT(" \n "), "not JSON at byte 3: a value expected, but the text ends" },
	{ "a word", TEXT("hello"), "not JSON at byte 0: a value expected, not h" },
	{ "a word that begins like true", TEXT("trie"), "not JSON at byte 0: a value expected, not t" },
	{ "a word that ends early", TEXT("nul"), "not JSON at byte 0: a value expected, not n" },
	{ "a word that goes on", TEXT("nulls"), "not JSON at byte 4: the end expected, not s" },
	{ "True", TEXT("True"), "not JSON at byte 0: a value expected, not T" },
	{ "NaN", TEXT("NaN"), "not JSON at byte 0: a value expected, not N" },
	{ "Infinity", TEXT("[-Infinity]"), "not JSON at byte 2: a digit expected, not I" },
	{ "a byte order mark", TEXT("\xef\xbb\xbf{}"), "not JSON at byte 0: a value expected, not the byte 0xef" },
	{ "a NUL behind the value", TEXT("{}\0"), "not JSON at byte 2: the end expected, not the byte 0x00" },
	{ "two values", TEXT("{} {}"), "not JSON at byte 3: the end expected, not {" },
	{ "a form feed as a blank", TEXT("[\f1]"), "not JSON at byte 1: a value expected, not the byte 0x0c" },
	{ "a no-break space as a blank", TEXT("[\xc2\xa0]"), "not JSON at byte 1: a value expected, not the byte 0xc2" },
	{ "a comment", TEXT("[/**/]"), "not JSON at byte 1: a value expected, not /" },
	{ "single quotes", TEXT("['a']"), "not JSON at byte 1: a value expected, not '" },
	{ "an object that does not end", TEXT("{"), "not JSON at byte 1: a key in quotes expected, but the text ends" },
	{ "an object that ends behind a key", TEXT("{\"a\""), "not JSON at byte 4: a colon expected, but the text ends" },
	{ "an object that ends behind a colon", TEXT("{\"a\":"), "not JSON at byte 5: a value expected, but the text ends" },
	{ "an object that ends behind a value", TEXT("{\"a\":1"),
	    "not JSON at byte 6: a comma or } expected, but the text ends" },
	{ "a key without quotes", TEXT("{a:1}"), "not JSON at byte 1: a key in quotes expected, not a" },
	{ "a number as a key", TEXT("{1:1}"), "not JSON at byte 1: a key in quotes expected, not 1" },
	{ "a key without a value", TEXT("{\"a\"}"), "not JSON at byte 4: a colon expected, not }" },
	{ "a comma before the brace", TEXT("{\"a\":1,}"), "not JSON at byte 7: a key in quotes expected, not }" },
	{ "a comma in an empty object", TEXT("{,}"), "not JSON at byte 1: a key in quotes expected, not ," },
	{ "members without a comma", TEXT("{\"a\":1 \"b\":2}"), "not JSON at byte 7: a comma or } expected, not \"" },
	{ "an object closed as an array", TEXT("{\"a\":1]"), "not JSON at byte 6: a comma or } expected, not ]" },
	{ "an array that does not end", TEXT("[1"), "not JSON at byte 2: a comma or ] expected, but the text ends" },
	{ "an array that ends behind a comma", TEXT("[1,"), "not JSON at byte 3: a value expected, but the text ends" },
	{ "a comma before the bracket", TEXT("[1,]"), "not JSON at byte 3: a value expected, not ]" },
	{ "a comma in an empty array", TEXT("[,]"), "not JSON at byte 1: a value expected, not ," },
	{ "elements without a comma", TEXT("[1 2]"), "not JSON at byte 3: a comma or ] expected, not 2" },
	{ "an array closed as an object", TEXT("[1}"), "not JSON at byte 2: a comma or ] expected, not }" },
	{ "a bracket that closes nothing", TEXT("]"), "not JSON at byte 0: a value expected, not ]" },
	{ "nine levels", TEXT("[[[[[[[[[1]]]]]]]]]"), "refused at byte 8: more than 8 levels" },
	{ "nine levels of objects", TEXT("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}"),
	    "refused at byte 40: more than 8 levels" },

	{ "a key twice", TEXT("{\"a\":1,\"a\":2}"), "refused at byte 7: the key \"a\" for the second time" },
	{ "a key twice, with others between", TEXT("{\"a\":1,\"b\":{\"a\":1},\"c\":[],\"a\":2}"),
	    "refused at byte 26: the key \"a\" for the second time" },
	{ "a key twice, once escaped", TEXT("{\"a\":1,\"\\u0061\":2}"),
	    "refused at byte 7: the key \"\\u0061\" for the second time" },
	{ "a key twice, once escaped first", TEXT("{\"\\u0061\\/\":1,\"a/\":2}"),
	    "refused at byte 14: the key \"a/\" for the second time" },
	{ "a key of two bytes twice, once escaped", TEXT("{\"\xc3\xa9\":1,\"\\u00e9\":2}"),
	    "refused at byte 8: the key \"\\u00e9\" for the second time" },
	{ "a key of three bytes twice, once escaped", TEXT("{\"\xe2\x82\xac\":1,\"\\u20aC\":2}"),
	    "refused at byte 9: the key \"\\u20aC\" for the second time" },
	{ "a key of four bytes twice, once escaped", TEXT("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
	    "refused at byte 10: the key \"\\ud83d\\ude00\" for the second time" },
	{ "a line end as a key twice", TEXT("{\"\\n\":1,\"\\u000A\":2}"),
	    "refused at byte 8: the key \"\\u000A\" for the second time" },
	{ "an empty key twice", TEXT("{\"\":1,\"\":2}"), "refused at byte 6: the key \"\" for the second time" },
	{ "a long key twice is cut in the message", TEXT("{\"" KEY_128 "\":1,\"" KEY_128 "\":1}"),
	    "refused at byte 134: the key \"" KEY_SHOWN "\" for the second time" },
	{ "a key twice in an inner object", TEXT("[{\"a\":1},{\"a\":1,\"a\":2}]"),
	    "refused at byte 16: the key \"a\" for the second time" },
	{ "a key of 129 bytes", TEXT("{\"" KEY_128 "k\":1}"), "refused at byte 1: a key of more than 128 bytes" },

	{ "a string that does not end", TEXT("\"abc"), "not JSON at byte 4: a string does not end" },
	{ "a string that ends in a backslash", TEXT("\"abc\\"), "not JSON at byte 5: a string does not end" },
	{ "an escaped quote does not end a string", TEXT("\"abc\\\""), "not JSON at byte 6: a string does not end" },
	{ "a NUL in a string", TEXT("\"a\0b\""), "not JSON at byte 2: the byte 0x00 in a string, not escaped" },
	{ "a line end in a string", TEXT("\"a\nb\""), "not JSON at byte 2: the byte 0x0a in a string, not escaped" },
	{ "a tab in a key", TEXT("{\"a\tb\":1}"), "not JSON at byte 3: the byte 0x09 in a string, not escaped" },
	{ "an unknown escape", TEXT("\"\\x41\""), "not JSON at byte 1: no such escape in a string" },
	{ "an escaped NUL byte", TEXT("\"\\\0\""), "not JSON at byte 1: no such escape in a string" },
	{ "\\u with three digits", TEXT("\"\\u123\""), "not JSON at byte 1: \\u without four hexadecimal digits" },
	{ "\\u at the end", TEXT("\"\\u12"), "not JSON at byte 1: \\u without four hexadecimal digits" },
	{ "\\u with a letter beyond F", TEXT("\"\\u12G4\""), "not JSON at byte 1: \\u without four hexadecimal digits" },
	{ "a capital \\U", TEXT("\"\\U0041\""), "not JSON at byte 1: no such escape in a string" },
	{ "\\u0000", TEXT("\"a\\u0000b\""), "refused at byte 2: the character \\u0000" },
	{ "\\u0000 in a key", TEXT("{\"x\\u0000y\":1}"), "refused at byte 3: the character \\u0000" },
	{ "half of a pair, high", TEXT("\"\\ud800\""), "refused at byte 1: half of a surrogate pair" },
	{ "half of a pair, low", TEXT("\"\\udc00\""), "refused at byte 1: half of a surrogate pair" },
	{ "a high half before a letter", TEXT("\"\\ud800\\u0041\""), "refused at byte 1: half of a surrogate pair" },
	{ "two high halves", TEXT("\"\\ud800\\ud800\""), "refused at byte 1: half of a surrogate pair" },
	{ "the halves in the wrong order", TEXT("\"\\udc00\\ud800\""), "refused at byte 1: half of a surrogate pair" },
	{ "a high half before a broken escape", TEXT("\"\\ud800\\u00"), "refused at byte 1: half of a surrogate pair" },
	{ "a byte of UTF-8 that continues nothing", TEXT("\"a\x80\""), "not JSON at byte 2: not UTF-8" },
	{ "UTF-8 that is cut by the quote", TEXT("\"\xc3\""), "not JSON at byte 1: not UTF-8" },
	{ "UTF-8 that is cut by the end", TEXT("\"\xf0\x9f\x98"), "not JSON at byte 1: not UTF-8" },
	{ "UTF-8 longer than it need be, two bytes", TEXT("\"\xc1\xbf\""), "not JSON at byte 1: not UTF-8" },
	{ "UTF-8 longer than it need be, three bytes", TEXT("\"\xe0\x9f\xbf\""), "not JSON at byte 1: not UTF-8" },
	{ "UTF-8 longer than it need be, four bytes", TEXT("\"\xf0\x8f\xbf\xbf\""), "not JSON at byte 1: not UTF-8" },
	{ "a surrogate in UTF-8", TEXT("\"\xed\xa0\x80\""), "not JSON at byte 1: not UTF-8" },
	{ "beyond U+10FFFF", TEXT("\"\xf4\x90\x80\x80\""), "not JSON at byte 1: not UTF-8" },
	{ "UTF-8 of five bytes", TEXT("\"\xf8\x88\x80\x80\x80\""), "not JSON at byte 1: not UTF-8" },
	{ "Latin-1", TEXT("{\"name\":\"caf\xe9\"}"), "not JSON at byte 12: not UTF-8" },

	{ "a zero in front", TEXT("01"), "not JSON at byte 0: a number that starts with 0" },
	{ "a minus and a zero in front", TEXT("[-012]"), "not JSON at byte 1: a number that starts with 0" },
	{ "a plus", TEXT("+1"), "not JSON at byte 0: a value expected, not +" },
	{ "a minus alone", TEXT("-"), "not JSON at byte 1: a digit expected, but the text ends" },
	{ "two minuses", TEXT("--1"), "not JSON at byte 1: a digit expected, not -" },
	{ "a point in front", TEXT(".5"), "not JSON at byte 0: a value expected, not ." },
	{ "a point at the end", TEXT("5."), "not JSON at byte 2: a digit expected, but the text ends" },
	{ "a point before the exponent", TEXT("5.e1"), "not JSON at byte 2: a digit expected, not e" },
	{ "two points", TEXT("1.2.3"), "not JSON at byte 3: the end expected, not ." },
	{ "an exponent without digits", TEXT("[1e]"), "not JSON at byte 3: a digit expected, not ]" },
	{ "an exponent with a sign alone", TEXT("1e+"), "not JSON at byte 3: a digit expected, but the text ends" },
	{ "hexadecimal", TEXT("0x10"), "not JSON at byte 1: the end expected, not x" },
	{ "a sum", TEXT("1-1"), "not JSON at byte 1: the end expected, not -" },
	{ "one above the greatest integer", TEXT("9007199254740992"),
	    "refused at byte 0: a number beyond +-9007199254740991" },
	{ "one below the least integer", TEXT("[-9007199254740992]"),
	    "refused at byte 1: a number beyond +-9007199254740991" },
	{ "what a double would round to the greatest integer", TEXT("9007199254740991.0000001"),
	    "refused at byte 0: a number beyond +-9007199254740991" },
	{ "seventeen digits", TEXT("10000000000000000"), "refused at byte 0: a number beyond +-9007199254740991" },
	{ "beyond by an exponent", TEXT("9.007199254740992e15"), "refused at byte 0: a number beyond +-9007199254740991" },
	{ "beyond by an exponent from below 1", TEXT("0.0000000001e26"),
	    "refused at byte 0: a number beyond +-9007199254740991" },
	{ "beyond by an exponent that makes sixteen digits", TEXT("-91e14"),
	    "refused at byte 0: a number beyond +-9007199254740991" },
	{ "1e99", TEXT("{\"n\":1e99}"), "refused at byte 5: a number beyond +-9007199254740991" },
	{ "not finite as a double", TEXT("1e400"), "refused at byte 0: a number beyond +-9007199254740991" },
	{ "an exponent beyond 64 bits", TEXT("1e18446744073709551616"),
	    "refused at byte 0: a number beyond +-9007199254740991" },
	{ "a number of 64 characters", TEXT("0." ZEROS_50 "000000000001"),
	    "refused at byte 0: a number of more than 63 characters" },
	{ "an integer of 64 digits", TEXT("12345678901234567890123456789012345678901234567890123456789012345"),
	    "refused at byte 0: a number of more than 63 characters" },
};

static void
is_refused(void **state)
{
	const struct bad_row *row = *state;
	struct error err;
	char *copy = malloc(row->n + (row->n == 0));

	memcpy(copy, row->text, row->n);
	assert_int_equal(json_check("body", copy, row->n, &err), BAD_REQUEST);
	assert_memory_equal(err.text, "body: ", 6);
	assert_string_equal(err.text + 6, row->err);
	free(copy);
}

static void
members_are_limited(void **state)
{
	struct buf out = { 0 };
	struct json *j = json_on(&out);
	struct error err;
	char key[16];

	(void)state;
	json_open_array(j, NULL);
	for (int object = 0; object < 3; object++) {
		json_open_object(j, NULL);
		for (int i = 0; i < JSON_MEMBERS_MAX; i++) {
			snprintf(key, sizeof(key), "k%d", i);
			json_put_int(j, key, i);
		}
		json_close_object(j);
	}
	json_close_array(j);
	assert_int_equal(json_check("body", out.text, out.size, &err), OK);

	out.size -= 2;	/* open the last object again */
	json_put_int(j, "one more", 1);
	buf_put(&out, "}]", 2);
	assert_int_equal(json_check("line 7", out.text, out.size, &err), BAD_REQUEST);
	assert_non_null(strstr(err.text, "line 7: refused at byte "));
	assert_non_null(strstr(err.text, "more than 128 members in one object"));
	buf_free(&out);
}

/* ---- The walkers */

static const struct items_row {
	const char *name, *text, *items[5];
} items[] = {
	{ "an empty array has no items", "[]", { NULL } },
	{ "an empty array with blanks has no items", " [ \n ] ", { NULL } },
	{ "an object has no items", "{\"a\":[1]}", { NULL } },
	{ "a number has no items", "12", { NULL } },
	{ "one item", "[1]", { "1" } },
	{ "items of every kind", "[{\"a\":1},[2],\"s\",-1.5e3]", { "{\"a\":1}", "[2]", "\"s\"", "-1.5e3" } },
	{ "words", "[true,false,null]", { "true", "false", "null" } },
	{ "blanks belong to no item", " [ 1 , {} ,\t\"a b\"\n, null ] ", { "1", "{}", "\"a b\"", "null" } },
	{ "brackets and commas in strings end nothing", "[\"],[\",{\"}\":\"{\"},[\"\\\"]\"]]",
	    { "\"],[\"", "{\"}\":\"{\"}", "[\"\\\"]\"]" } },
	{ "a backslash at the end of a string", "[\"\\\\\",1]", { "\"\\\\\"", "1" } },
	{ "nested arrays are one item", "[[[1,2],[3]],[]]", { "[[1,2],[3]]", "[]" } },
};

static void
has_items(void **state)
{
	const struct items_row *row = *state;
	size_t pos = 0, n = strlen(row->text), item_n, i;
	struct error err;
	const char *item;
	char *copy = malloc(n);

	memcpy(copy, row->text, n);
	assert_int_equal(json_check("body", copy, n, &err), OK);
	for (i = 0; json_next_item(copy, n, &pos, &item, &item_n); i++) {
		assert_non_null(row->items[i]);
		assert_int_equal(item_n, strlen(row->items[i]));
		assert_memory_equal(item, row->items[i], item_n);
		assert_int_equal(json_check("item", item, item_n, &err), OK);
	}
	assert_null(row->items[i]);
	free(copy);
}

static const struct find_row {
	const char *name, *text, *key, *value;	/* NULL: not found */
} finds[] = {
	{ "the first member", "{\"a\":1,\"b\":2}", "a", "1" },
	{ "the last member", "{\"a\":1,\"b\":[2]}", "b", "[2]" },
	{ "blanks belong to no value", " { \"a\" : 1 , \"b\" : \"x y\" } ", "b", "\"x y\"" },
	{ "an absent member", "{\"a\":1}", "b", NULL },
	{ "the beginning of a key is not the key", "{\"ab\":1}", "a", NULL },
	{ "a key and more is not the key", "{\"a\":1}", "ab", NULL },
	{ "another case is not the key", "{\"A\":1}", "a", NULL },
	{ "a value is not a key", "{\"x\":\"a\"}", "a", NULL },
	{ "an inner member is not found", "{\"x\":{\"a\":1}}", "a", NULL },
	{ "an inner member does not stand before the outer", "{\"x\":{\"a\":1},\"a\":2}", "a", "2" },
	{ "an escaped key", "{\"\\u0065vents\":[1]}", "events", "[1]" },
	{ "an escaped quote in a key", "{\"a\\\"b\":1}", "a\"b", "1" },
	{ "an empty key", "{\"a\":1,\"\":2}", "", "2" },
	{ "an empty object", "{}", "a", NULL },
	{ "an array has no members", "[\"a\",1]", "a", NULL },
	{ "a string has no members", "\"a\"", "a", NULL },
	{ "null is found", "{\"a\":null}", "a", "null" },
};

static void
finds_member(void **state)
{
	const struct find_row *row = *state;
	size_t n = strlen(row->text), value_n;
	char *copy = malloc(n);
	const char *value;
	struct error err;

	memcpy(copy, row->text, n);
	assert_int_equal(json_check("body", copy, n, &err), OK);
	assert_int_equal(json_find(copy, n, row->key, &value, &value_n), row->value != NULL);
	if (row->value != NULL) {
		assert_int_equal(value_n, strlen(row->value));
		assert_memory_equal(value, row->value, value_n);
	}
	free(copy);
}

static const struct unchecked_row {
	const char *name, *text;
} unchecked[] = {
	{ "walkers stay inside an empty text", "" },
	{ "walkers stay inside an array that does not end", "[" },
	{ "walkers end at a bracket that does not match", "[1}" },
	{ "walkers end at a comma without a value", "[,1" },
	{ "walkers stay inside a string that does not end", "[\"a" },
	{ "walkers stay inside a string that ends in a backslash", "[\"a\\" },
	{ "walkers stay inside an object that does not end", "{" },
	{ "walkers stay inside a key that does not end", "{\"" },
	{ "walkers stay inside a key that ends in a backslash", "{\"\\" },
	{ "walkers stay inside a key that is cut behind a backslash", "{\"\\x" },
	{ "walkers stay inside an object without a value", "{\"a\":" },
	{ "walkers stay inside an object with a broken escape", "{\"\\u00\":1}" },
	{ "walkers end at a member without a value", "{\"b\",\"b\"}" },
};

static void
walkers_stay_inside(void **state)
{
	const struct unchecked_row *row = *state;
	size_t pos = 0, n = strlen(row->text), value_n;
	char *copy = malloc(n + (n == 0));
	const char *value;

	memcpy(copy, row->text, n);
	json_kind(copy, n);
	for (size_t i = 0; json_next_item(copy, n, &pos, &value, &value_n); i++)
		assert_true(i < n && value >= copy && value + value_n <= copy + n);
	if (json_find(copy, n, "a", &value, &value_n))
		assert_true(value >= copy && value + value_n <= copy + n);
	free(copy);
}

/* ---- Typed members of {"v": …} */

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
	{ "above the range", "{\"v\":101}", AS_INT, NULL, "v: 101 is not from -3 to 100" },
	{ "below the range", "{\"v\":-4}", AS_INT, NULL, "v: -4 is not from -3 to 100" },
	{ "the greatest integer of all", "{\"v\":9007199254740991}", AS_INT, NULL,
	    "v: 9007199254740991 is not from -3 to 100" },
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
	{ "0 is no truth", "{\"v\":0}", AS_BOOL, NULL, "v: neither true nor false" },
	{ "a string is no truth", "{\"v\":\"true\"}", AS_BOOL, NULL, "v: neither true nor false" },

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
	    "v: not a plain decimal of dollars, such as 0.0158, up to 1000000" },
	{ "far above the greatest amount", "{\"v\":9007199254740991}", AS_MONEY, NULL,
	    "v: not a plain decimal of dollars, such as 0.0158, up to 1000000" },
	{ "a string with an exponent is no money", "{\"v\":\"1e3\"}", AS_MONEY, NULL,
	    "v: not a plain decimal of dollars, such as 0.0158, up to 1000000" },
	{ "an empty string is no money", "{\"v\":\"\"}", AS_MONEY, NULL,
	    "v: not a plain decimal of dollars, such as 0.0158, up to 1000000" },
	{ "negative money", "{\"v\":-0.01}", AS_MONEY, NULL, "v: negative" },
	{ "negative money as a string", "{\"v\":\"-0.01\"}", AS_MONEY, NULL, "v: negative" },
	{ "true is no money", "{\"v\":true}", AS_MONEY, NULL, "v: neither a number nor a string of dollars" },

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
is_read_as(void **state)
{
	const struct member_row *row = *state;
	struct arena *a = arena_new();
	struct json_object *o = NULL;
	struct error err;
	char value[64];

	assert_int_equal(json_check("body", row->text, strlen(row->text), &err), OK);
	assert_int_equal(json_parse(a, "", row->text, strlen(row->text), &o, &err), OK);
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
	{ "a known field in another case is unknown", "{\"A\":1}", "A: unknown field" },
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

/* ---- The writer */

static const struct text_row {
	const char *name, *text, *json;
} texts[] = {
	{ "plain text is written as it is", "plain text <&>'/", "\"plain text <&>'/\"" },
	{ "an empty text is written", "", "\"\"" },
	{ "quotes and backslashes are escaped", "a\"b\\c", "\"a\\\"b\\\\c\"" },
	{ "the short escapes are used", "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
	{ "other control characters are escaped by number", "\x01\x1b\x1f", "\"\\u0001\\u001b\\u001f\"" },
	{ "DEL is written as it is", "\x7f", "\"\x7f\"" },
	{ "UTF-8 is written as it is", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "Latin-1 is replaced", "caf\xe9!", "\"caf\xef\xbf\xbd!\"" },
	{ "a cut character is replaced byte by byte", "a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
};

static void
text_is_written(void **state)
{
	const struct text_row *row = *state;
	struct buf out = { 0 };
	struct json *j = json_on(&out);
	struct error err;

	json_put_text(j, NULL, row->text);
	assert_string_equal(buf_text(&out), row->json);
	assert_int_equal(json_check("reply", out.text, out.size, &err), OK);
	buf_free(&out);
}

static const struct int_row {
	const char *name;
	int64_t n;
	const char *json;
} ints[] = {
	{ "0 is written", 0, "0" },
	{ "a negative number is written", -7, "-7" },
	{ "2^53 - 1 is written with all digits", JSON_INT_MAX, "9007199254740991" },
	{ "1e15 is written without an exponent", INT64_C(1000000000000000), "1000000000000000" },
	{ "the greatest integer is written", INT64_MAX, "9223372036854775807" },
	{ "the least integer is written", INT64_MIN, "-9223372036854775808" },
};

static void
int_is_written(void **state)
{
	const struct int_row *row = *state;
	struct buf out = { 0 };
	struct json *j = json_on(&out);

	json_put_int(j, NULL, row->n);
	assert_string_equal(buf_text(&out), row->json);
	buf_free(&out);
}

static void
a_reply_is_written(void **state)
{
	struct buf out = { 0 };
	struct json *j = json_on(&out);
	struct error err;

	(void)state;
	json_open_object(j, NULL);
	json_put_bool(j, "success", true);
	json_open_array(j, "days");
	json_open_object(j, NULL);
	json_put_text(j, "date", "2026-05-20");
	json_put_null(j, "limit");
	json_close_object(j);
	json_open_object(j, NULL);
	json_close_object(j);
	json_put_int(j, NULL, 1);
	json_put_bool(j, NULL, false);
	json_open_array(j, NULL);
	json_close_array(j);
	json_close_array(j);
	json_put_money(j, "cost", 15800);
	instant_put(j, "at", INT64_C(1779289200123));
	json_put_raw(j, "raw", "[1,2]", 5);
	json_put_int(j, "a \"name\"", 1);
	json_close_object(j);
	assert_string_equal(buf_text(&out), "{\"success\":true,\"days\":[{\"date\":\"2026-05-20\",\"limit\":null},"
	    "{},1,false,[]],\"cost\":0.0158,\"at\":\"2026-05-20T15:00:00.123Z\",\"raw\":[1,2],\"a \\\"name\\\"\":1}");
	assert_int_equal(json_check("reply", out.text, out.size, &err), OK);
	buf_free(&out);
}

static void
lines_are_written(void **state)
{
	struct buf out = { 0 };
	struct json *j;

	(void)state;
	for (int i = 0; i < 2; i++) {
		j = json_on(&out);
		json_open_object(j, NULL);
		json_put_int(j, "n", i);
		json_close_object(j);
		buf_put_byte(&out, '\n');
	}
	assert_string_equal(buf_text(&out), "{\"n\":0}\n{\"n\":1}\n");
	buf_free(&out);
}

int
main(void)
{
	TABLE(good, is_taken);
	TABLE(bad, is_refused);
	CASE("an object has at most 128 members, each object its own", members_are_limited);
	TABLE(items, has_items);
	TABLE(finds, finds_member);
	TABLE(unchecked, walkers_stay_inside);
	TABLE(typed, is_read_as);
	CASE("only objects are parsed", only_objects_are_parsed);
	CASE("texts outlive their object", texts_outlive_their_object);
	CASE("labels stand before names", labels_stand_before_names);
	TABLE(knowns, fields_are_known);
	CASE("null is there, and it is null", null_is_there);
	CASE("an array has no members", an_array_has_no_members);
	TABLE(texts, text_is_written);
	TABLE(ints, int_is_written);
	CASE("commas and names are put where they belong", a_reply_is_written);
	CASE("lines of JSON, each with a writer of its own, have no commas between them", lines_are_written);
	return TABLE_RUN("json");
}
