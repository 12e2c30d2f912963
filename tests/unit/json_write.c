/* json_write.c: what is written, with commas and names where they belong. */
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
	TABLE(texts, text_is_written);
	TABLE(ints, int_is_written);
	CASE("commas and names are put where they belong", a_reply_is_written);
	CASE("lines of JSON, each with a writer of its own, have no commas between them", lines_are_written);
	return TABLE_RUN("json_write");
}
