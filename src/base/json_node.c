/*
 * Makes the nodes of an object as cJSON has them: of a plain one in place, of any other by its parser.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/json_text.h"
#include "base/status.h"

enum {
	PLAIN_MEMBERS = 20,	/* of an object that needs no parser; an event has 17 at most */
	PLAIN_BYTES = 2048,
};

/* ---- Memory */

/*
 * A small object's nodes and texts come from here one after the other, and the room is free again when the last of them is
 * freed: fastest if an object is freed before the next one is parsed.  What does not fit is allocated as usual.
 */
static struct {
	_Alignas(16) char room[8 * 1024];
	size_t used, living;
} pool;

/* Never fails, so a NULL of cJSON means bad text. */
static void *
node_alloc(size_t n)
{
	char *p = pool.room + pool.used;

	if (n >= sizeof(pool.room) - pool.used)
		return xmalloc(n);
	pool.used += (n + 15) / 16 * 16;
	pool.living++;
	return p;
}

static void
node_free(void *p)
{
	if ((uintptr_t)p - (uintptr_t)pool.room >= sizeof(pool.room))
		free(p);
	else if (--pool.living == 0)
		pool.used = 0;
}

static void
use_our_memory(void)
{
	static bool is_done;
	cJSON_Hooks hooks = { .malloc_fn = node_alloc, .free_fn = node_free };

	if (!is_done)
		cJSON_InitHooks(&hooks);
	is_done = true;
}

/* ---- Nodes */

static int
node_type(char kind)
{
	switch (kind) {
	case '"':
		return cJSON_String;
	case 't':
		return cJSON_True;
	case 'f':
		return cJSON_False;
	case 'n':
		return cJSON_NULL;
	default:
		return cJSON_Number;
	}
}

/*
 * A plain object without the parser, which took twice the time of everything else that reads an event: the nodes, and after them
 * a copy of the text, in which they point to their names and strings.  The reference in its type says that it is one piece.
 */
static cJSON *
plain_nodes(const char *text, size_t n)
{
	NOT_CLEARED struct json_plain found[PLAIN_MEMBERS];
	cJSON *node, *m;
	char *copy;
	size_t count;

	if (n > PLAIN_BYTES)
		return NULL;
	node = node_alloc((PLAIN_MEMBERS + 1) * sizeof(*node) + n);
	copy = memcpy(node + PLAIN_MEMBERS + 1, text, n);
	if (!json_plain_members(copy, n, found, PLAIN_MEMBERS, &count)) {
		node_free(node);
		return NULL;
	}
	node[0] = (cJSON) { .type = cJSON_Object | cJSON_IsReference, .child = count > 0 ? &node[1] : NULL };
	for (size_t i = 0; i < count; i++) {
		m = &node[i + 1];
		*m = (cJSON) { .next = i + 1 < count ? m + 1 : NULL, .type = node_type(found[i].kind), .string = found[i].name };
		if (m->type == cJSON_String)
			m->valuestring = found[i].value;
		else if (m->type == cJSON_Number)
			m->valuedouble = strtod(found[i].value, NULL);	/* as cJSON does */
	}
	return node;
}

cJSON *
json_nodes(const char *text, size_t n)
{
	cJSON *node = plain_nodes(text, n);

	if (node != NULL)
		return node;
	use_our_memory();
	return cJSON_ParseWithLength(text, n);
}

void
json_nodes_free(cJSON *object)
{
	if (object != NULL && (object->type & cJSON_IsReference) != 0)
		node_free(object);
	else
		cJSON_Delete(object);
}
