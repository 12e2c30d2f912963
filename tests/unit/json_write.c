/* json_write.c: what is written, with commas and names where they belong. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "table.h"
#include "time/instant.h"

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

/* Texts are copied eight characters at a time, so what needs an escape is put at each place of texts of all such lengths. */
static void
each_place_is_looked_at(void **state)
{
	static const struct { char c; const char *json; } found[] = {
		{ 'x', "x" }, { '"', "\\\"" }, { '\\', "\\\\" }, { '\x1f', "\\u001f" }, { '\x01', "\\u0001" }, { '\xe9', "\xef\xbf\xbd" } };
	char text[40] = "", json[80];
	struct buf out = { 0 };

	(void)state;
	for (size_t n = 1; n < sizeof(text); n++)
		for (size_t at = 0; at < n; at++)
			for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
				memset(text, '~', n);
				text[n] = '\0';
				text[at] = found[i].c;
				snprintf(json, sizeof(json), "\"%.*s%s%s\"", (int)at, text, found[i].json, text + at + 1);
				buf_reset(&out);
				json_put_text(json_on(&out), NULL, text);
				assert_string_equal(buf_text(&out), json);
			}
	buf_free(&out);
}

static const struct int_row {
	const char *name;
	int64_t n;
	const char *json;
} ints[] = {
	{ "0 is written", 0, "0" },
	{ "a negative number is written", -7, "-7" },
	{ "the last number of one digit is written", 9, "9" },
	{ "the first number of two digits is written", 10, "10" },
	{ "the last number of two digits is written", 99, "99" },
	{ "the first negative number of three digits is written", -100, "-100" },
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
	TABLE(texts, text_is_written);
	TABLE(ints, int_is_written);
	CASE("what needs an escape is found at each place", each_place_is_looked_at);
	CASE("commas and names are put where they belong", a_reply_is_written);
	CASE("lines of JSON, each with a writer of its own, have no commas between them", lines_are_written);
	return TABLE_RUN("json_write");
}
