/* json_check.c: what is taken and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "json_keys.h"
#include "table.h"

/* A text that may hold NUL, and its length. */
#define TEXT(literal) (literal), sizeof(literal) - 1

#define ZEROS_50 "00000000000000000000000000000000000000000000000000"

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
	char *copy = malloc(row->n);	/* so that the sanitiser sees a read past the end */

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
	{ "a NUL after the value", TEXT("{}\0"), "not JSON at byte 2: the end expected, not the byte 0x00" },
	{ "two values", TEXT("{} {}"), "not JSON at byte 3: the end expected, not {" },
	{ "a form feed as a blank", TEXT("[\f1]"), "not JSON at byte 1: a value expected, not the byte 0x0c" },
	{ "a no-break space as a blank", TEXT("[\xc2\xa0]"), "not JSON at byte 1: a value expected, not the byte 0xc2" },
	{ "a comment", TEXT("[/**/]"), "not JSON at byte 1: a value expected, not /" },
	{ "single quotes", TEXT("['a']"), "not JSON at byte 1: a value expected, not '" },
	{ "an object that does not end", TEXT("{"), "not JSON at byte 1: a key in quotes expected, but the text ends" },
	{ "an object that ends after a key", TEXT("{\"a\""), "not JSON at byte 4: a colon expected, but the text ends" },
	{ "an object that ends after a colon", TEXT("{\"a\":"), "not JSON at byte 5: a value expected, but the text ends" },
	{ "an object that ends after a value", TEXT("{\"a\":1"),
	    "not JSON at byte 6: a comma or } expected, but the text ends" },
	{ "a key without quotes", TEXT("{a:1}"), "not JSON at byte 1: a key in quotes expected, not a" },
	{ "a number as a key", TEXT("{1:1}"), "not JSON at byte 1: a key in quotes expected, not 1" },
	{ "a key without a value", TEXT("{\"a\"}"), "not JSON at byte 4: a colon expected, not }" },
	{ "a comma before the brace", TEXT("{\"a\":1,}"), "not JSON at byte 7: a key in quotes expected, not }" },
	{ "a comma in an empty object", TEXT("{,}"), "not JSON at byte 1: a key in quotes expected, not ," },
	{ "members without a comma", TEXT("{\"a\":1 \"b\":2}"), "not JSON at byte 7: a comma or } expected, not \"" },
	{ "an object closed as an array", TEXT("{\"a\":1]"), "not JSON at byte 6: a comma or } expected, not ]" },
	{ "an array that does not end", TEXT("[1"), "not JSON at byte 2: a comma or ] expected, but the text ends" },
	{ "an array that ends after a comma", TEXT("[1,"), "not JSON at byte 3: a value expected, but the text ends" },
	{ "a comma before the bracket", TEXT("[1,]"), "not JSON at byte 3: a value expected, not ]" },
	{ "a comma in an empty array", TEXT("[,]"), "not JSON at byte 1: a value expected, not ," },
	{ "elements without a comma", TEXT("[1 2]"), "not JSON at byte 3: a comma or ] expected, not 2" },
	{ "an array closed as an object", TEXT("[1}"), "not JSON at byte 2: a comma or ] expected, not }" },
	{ "a bracket that closes nothing", TEXT("]"), "not JSON at byte 0: a value expected, not ]" },
	{ "nine levels", TEXT("[[[[[[[[[1]]]]]]]]]"), "refused at byte 8: more than 8 levels" },
	{ "nine levels of objects", TEXT("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}"),
	    "refused at byte 40: more than 8 levels" },

	{ "a key twice", TEXT("{\"a\":1,\"a\":2}"), "refused at byte 7: the key \"a\" is given twice" },
	{ "a key twice, with others between", TEXT("{\"a\":1,\"b\":{\"a\":1},\"c\":[],\"a\":2}"),
	    "refused at byte 26: the key \"a\" is given twice" },
	{ "a key twice, once escaped", TEXT("{\"a\":1,\"\\u0061\":2}"),
	    "refused at byte 7: the key \"\\u0061\" is given twice" },
	{ "a key twice, once escaped first", TEXT("{\"\\u0061\\/\":1,\"a/\":2}"),
	    "refused at byte 14: the key \"a/\" is given twice" },
	{ "a key of two bytes twice, once escaped", TEXT("{\"\xc3\xa9\":1,\"\\u00e9\":2}"),
	    "refused at byte 8: the key \"\\u00e9\" is given twice" },
	{ "a key of three bytes twice, once escaped", TEXT("{\"\xe2\x82\xac\":1,\"\\u20aC\":2}"),
	    "refused at byte 9: the key \"\\u20aC\" is given twice" },
	{ "a key of four bytes twice, once escaped", TEXT("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
	    "refused at byte 10: the key \"\\ud83d\\ude00\" is given twice" },
	{ "a line end as a key twice", TEXT("{\"\\n\":1,\"\\u000A\":2}"),
	    "refused at byte 8: the key \"\\u000A\" is given twice" },
	{ "an empty key twice", TEXT("{\"\":1,\"\":2}"), "refused at byte 6: the key \"\" is given twice" },
	{ "a long key twice is cut in the message", TEXT("{\"" KEY_128 "\":1,\"" KEY_128 "\":1}"),
	    "refused at byte 134: the key \"" KEY_SHOWN "\" is given twice" },
	{ "a key twice in an inner object", TEXT("[{\"a\":1},{\"a\":1,\"a\":2}]"),
	    "refused at byte 16: the key \"a\" is given twice" },
	{ "a key of 129 bytes", TEXT("{\"" KEY_128 "k\":1}"), "refused at byte 1: a key of more than 128 bytes" },

	{ "a string that does not end", TEXT("\"abc"), "not JSON at byte 4: a string without a closing quote" },
	{ "a string that ends in a backslash", TEXT("\"abc\\"), "not JSON at byte 5: a string without a closing quote" },
	{ "an escaped quote does not end a string", TEXT("\"abc\\\""), "not JSON at byte 6: a string without a closing quote" },
	{ "a NUL in a string", TEXT("\"a\0b\""), "not JSON at byte 2: the byte 0x00 in a string, not escaped" },
	{ "a line end in a string", TEXT("\"a\nb\""), "not JSON at byte 2: the byte 0x0a in a string, not escaped" },
	{ "a tab in a key", TEXT("{\"a\tb\":1}"), "not JSON at byte 3: the byte 0x09 in a string, not escaped" },
	{ "an unknown escape", TEXT("\"\\x41\""), "not JSON at byte 1: an unknown escape in a string" },
	{ "an escaped NUL byte", TEXT("\"\\\0\""), "not JSON at byte 1: an unknown escape in a string" },
	{ "\\u with three digits", TEXT("\"\\u123\""), "not JSON at byte 1: \\u without four hexadecimal digits" },
	{ "\\u at the end", TEXT("\"\\u12"), "not JSON at byte 1: \\u without four hexadecimal digits" },
	{ "\\u with a letter beyond F", TEXT("\"\\u12G4\""), "not JSON at byte 1: \\u without four hexadecimal digits" },
	{ "a capital \\U", TEXT("\"\\U0041\""), "not JSON at byte 1: an unknown escape in a string" },
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

int
main(void)
{
	TABLE(good, is_taken);
	TABLE(bad, is_refused);
	CASE("an object has at most 128 members, each object its own", members_are_limited);
	return TABLE_RUN("json_check");
}
