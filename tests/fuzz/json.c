/*
 * What json_check takes, cJSON must take too and read without a surprise; the walkers must find in it
 * what cJSON finds; and what the writer makes of any bytes, json_check must take.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/json_text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static char
kind(const cJSON *node)
{
	if (cJSON_IsObject(node))
		return '{';
	if (cJSON_IsArray(node))
		return '[';
	if (cJSON_IsString(node))
		return '"';
	if (cJSON_IsNumber(node))
		return '0';
	if (cJSON_IsBool(node))
		return cJSON_IsTrue(node) ? 't' : 'f';
	must(cJSON_IsNull(node));
	return 'n';
}

static void
written_is_checked(const char *text)
{
	struct buf out = { 0 };
	struct error err;
	cJSON *back;

	json_put_text(json_on(&out), NULL, text);
	must(json_check("written", out.text, out.size, &err) == OK);
	must((back = cJSON_Parse(buf_text(&out))) != NULL && cJSON_IsString(back));
	/* UTF-8 comes back as it was; other bytes as U+FFFD, so no shorter. */
	must(strlen(back->valuestring) >= strlen(text));
	cJSON_Delete(back);
	buf_free(&out);
}

static void
keys_differ(const cJSON *object)
{
	for (const cJSON *a = object->child; a != NULL; a = a->next)
		for (const cJSON *b = a->next; b != NULL; b = b->next)
			must(strcmp(a->string, b->string) != 0);
}

/* What is read in place has the same nodes. */
static void
nodes_are_same(const char *text, size_t n, const cJSON *node)
{
	cJSON *nodes = json_nodes(text, n);

	must(nodes != NULL && cJSON_Compare(nodes, node, 1));
	json_nodes_free(nodes);
}

/* text[0, n) is what was checked, node what cJSON made of it. */
static void
compare(const char *text, size_t n, const cJSON *node, int depth)
{
	const char *part;
	size_t part_n, pos = 0;
	struct error err;

	must(json_check("part", text, n, &err) == OK);
	must(json_kind(text, n) == kind(node));
	if (cJSON_IsNumber(node))
		must(isfinite(node->valuedouble) && fabs(node->valuedouble) <= (double)JSON_INT_MAX);
	if (cJSON_IsString(node))
		written_is_checked(node->valuestring);
	if (cJSON_IsObject(node) || cJSON_IsArray(node))
		must(depth < JSON_DEPTH_MAX);
	if (cJSON_IsObject(node)) {
		keys_differ(node);
		nodes_are_same(text, n, node);
	}
	for (const cJSON *child = node->child; child != NULL; child = child->next) {
		must(cJSON_IsObject(node) ? json_find(text, n, child->string, &part, &part_n) :
		    json_next_item(text, n, &pos, &part, &part_n));
		must(part >= text && part + part_n <= text + n && part_n > 0);
		compare(part, part_n, child, depth + 1);
	}
	must(!json_next_item(text, n, &pos, &part, &part_n));
}

static void
read_typed(const char *text, size_t n)
{
	struct arena *a = arena_new();
	struct json_object *o, *inner;
	struct error err;
	const char *string;
	int64_t value;
	bool found, truth;

	if (json_parse(a, "", text, n, &o, &err) == OK) {
		if (json_int(o, "v", -JSON_INT_MAX, JSON_INT_MAX, &found, &value, &err) == OK && found)
			must(value >= -JSON_INT_MAX && value <= JSON_INT_MAX);
		if (json_money(o, "v", &found, &value, &err) == OK && found)
			must(value >= 0);
		json_bool(o, "v", &found, &truth, &err);
		json_member(o, "v", '{', &inner, &err);
		if (json_string(o, "v", 0, 100, &string, &err) == OK && string != NULL)
			written_is_checked(string);
		if (json_known(o, (const char *const[]){ "v", NULL }, &err) != OK)
			written_is_checked(err.text);
		json_object_free(o);
	}
	arena_free(a);
}

/* The walkers are meant for checked text alone; but they must end, and inside it, with any. */
static void
walk(const char *text, size_t n)
{
	const char *part;
	size_t part_n, pos = 0;

	json_kind(text, n);
	for (size_t i = 0; json_next_item(text, n, &pos, &part, &part_n); i++)
		must(i < n && part >= text && part + part_n <= text + n);
	if (json_find(text, n, "v", &part, &part_n))
		must(part >= text && part + part_n <= text + n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	struct error err;
	cJSON *node;

	memcpy(text, data, n);
	text[n] = '\0';
	written_is_checked(text);
	free(text);

	text = malloc(n > 0 ? n : 1);	/* without a NUL, so that the sanitiser sees a read past the end */
	memcpy(text, data, n);
	if (json_check("body", text, n, &err) == OK) {
		must((node = cJSON_ParseWithLength(text, n)) != NULL);
		compare(text, n, node, 0);
		cJSON_Delete(node);
		read_typed(text, n);
	} else
		must(strncmp(err.text, "body: ", 6) == 0);
	walk(text, n);
	free(text);
	return 0;
}
