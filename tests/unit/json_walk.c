/* json_walk.c: items and members of a checked text, without parsing it. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "table.h"

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
	{ "walkers stay inside a key that is cut after a backslash", "{\"\\x" },
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

int
main(void)
{
	TABLE(items, has_items);
	TABLE(finds, finds_member);
	TABLE(unchecked, walkers_stay_inside);
	return TABLE_RUN("json_walk");
}
