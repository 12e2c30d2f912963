/*
 * Reading by cJSON: the only file that knows it.  All text has passed json_check, so that cJSON meets
 * neither a repeated key nor a \u0000, which it would read in ways of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/money.h"
#include "base/utf8.h"

enum {
	SHOWN_MAX = 64,		/* bytes of an unknown name in an error */
	DOUBLE_DIGITS = 15,	/* decimal digits that a double keeps, whichever they are */
	FIXED_TEXT_MAX = 400,	/* bytes of any double so written, DECIMALS_MAX behind the point */
	DECIMALS_MAX = 60,	/* more are nothing in micros */
};

struct json_object {
	cJSON *node;
	bool is_root;		/* node is not a part of another's */
	struct arena *arena;
	const char *label;
};

static enum status
unusable(const char *label, enum status st, const char *what, struct error *err)
{
	return error_set(err, st, "%s%s%s", label, label[0] != '\0' ? ": " : "", what);
}

/* So that text which could not be read for want of memory is never taken for bad text. */
static void
use_our_memory(void)
{
	static bool is_done;
	cJSON_Hooks hooks = { .malloc_fn = xmalloc, .free_fn = free };

	if (!is_done)
		cJSON_InitHooks(&hooks);
	is_done = true;
}

enum status
json_parse(struct arena *a, const char *label, const char *text, size_t n, struct json_object **o,
    struct error *err)
{
	cJSON *node;

	if (json_kind(text, n) != '{')
		return unusable(label, BAD_REQUEST, "not a JSON object", err);
	use_our_memory();
	if ((node = cJSON_ParseWithLength(text, n)) == NULL)
		return unusable(label, INTERNAL, "cannot be read", err);
	*o = arena_alloc(a, sizeof(**o));
	**o = (struct json_object){ .node = node, .is_root = true, .arena = a, .label = label };
	return OK;
}

void
json_object_free(struct json_object *o)
{
	if (o == NULL || !o->is_root)
		return;
	cJSON_Delete(o->node);
	o->node = NULL;
}

/* The member of that name; NULL where it is absent or null. */
static const cJSON *
member(const struct json_object *o, const char *name)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(o->node, name);

	return cJSON_IsNull(m) ? NULL : m;
}

/* A member's name for errors and for what is inside it. */
static const char *
path(const struct json_object *o, const char *name)
{
	return o->label[0] == '\0' ? name : arena_printf(o->arena, "%s.%s", o->label, name);
}

static enum status
wrong(const struct json_object *o, const char *name, struct error *err, const char *what)
{
	return error_set(err, BAD_REQUEST, "%s: %s", path(o, name), what);
}

enum status
json_int(struct json_object *o, const char *name, int64_t min, int64_t max, bool *found, int64_t *value,
    struct error *err)
{
	const cJSON *m = member(o, name);
	int64_t n;

	if (!(*found = m != NULL))
		return OK;
	if (!cJSON_IsNumber(m) || m->valuedouble > (double)JSON_INT_MAX ||
	    m->valuedouble < -(double)JSON_INT_MAX || (double)(n = (int64_t)m->valuedouble) != m->valuedouble)
		return wrong(o, name, err, "not an integer");
	if (n < min || n > max)
		return error_set(err, BAD_REQUEST, "%s: %" PRId64 " is not from %" PRId64 " to %" PRId64,
		    path(o, name), n, min, max);
	*value = n;
	return OK;
}

enum status
json_string(struct json_object *o, const char *name, size_t min, size_t max, const char **value,
    struct error *err)
{
	const cJSON *m = member(o, name);
	size_t n;

	*value = NULL;
	if (m == NULL)
		return OK;
	if (!cJSON_IsString(m))
		return wrong(o, name, err, "not a string");
	n = strlen(m->valuestring);
	if (n == 0 && min > 0)
		return wrong(o, name, err, "empty");
	if (n < min)
		return error_set(err, BAD_REQUEST, "%s: shorter than %zu bytes", path(o, name), min);
	if (n > max)
		return error_set(err, BAD_REQUEST, "%s: longer than %zu bytes", path(o, name), max);
	*value = arena_text(o->arena, m->valuestring, n);
	return OK;
}

enum status
json_bool(struct json_object *o, const char *name, bool *found, bool *value, struct error *err)
{
	const cJSON *m = member(o, name);

	if (!(*found = m != NULL))
		return OK;
	if (!cJSON_IsBool(m))
		return wrong(o, name, err, "neither true nor false");
	*value = cJSON_IsTrue(m);
	return OK;
}

/* A number >= 0 as plain decimals: the DOUBLE_DIGITS digits that somebody wrote come out again. */
static const char *
fixed(double number, char out[FIXED_TEXT_MAX])
{
	int decimals;

	snprintf(out, FIXED_TEXT_MAX, "%.*e", DOUBLE_DIGITS - 1, number);
	decimals = DOUBLE_DIGITS - 1 - atoi(strchr(out, 'e') + 1);
	if (decimals < 0)
		decimals = 0;
	if (decimals > DECIMALS_MAX)
		decimals = DECIMALS_MAX;
	snprintf(out, FIXED_TEXT_MAX, "%.*f", decimals, number);
	return out;
}

/* The dollars as text, in the arena; NULL where there are none. */
static enum status
dollars(struct json_object *o, const char *name, const char **text, struct error *err)
{
	const cJSON *m = member(o, name);
	char digits[FIXED_TEXT_MAX];
	bool is_negative;
	size_t n;

	*text = NULL;
	if (m == NULL)
		return OK;
	if (cJSON_IsNumber(m)) {
		is_negative = m->valuedouble < 0;
		fixed(m->valuedouble > 0 ? m->valuedouble : 0, digits);	/* -0 is 0 */
		n = strlen(digits);
		if (strchr(digits, '.') != NULL) {	/* the zeros are ours, not the sender's */
			while (digits[n - 1] == '0')
				n--;
			n -= digits[n - 1] == '.';
		}
		*text = arena_text(o->arena, digits, n);
	} else if (cJSON_IsString(m)) {
		is_negative = m->valuestring[0] == '-';
		*text = arena_strdup(o->arena, m->valuestring);
	} else
		return wrong(o, name, err, "neither a number nor a string of dollars");
	return is_negative ? wrong(o, name, err, "negative") : OK;
}

enum status
json_money(struct json_object *o, const char *name, bool *found, int64_t *micros, struct error *err)
{
	const char *text;
	enum status st;

	if ((st = dollars(o, name, &text, err)) != OK)
		return st;
	if ((*found = text != NULL) && !money_parse(text, micros))
		return error_set(err, BAD_REQUEST,
		    "%s: not a plain decimal of dollars, such as 0.0158, up to %" PRId64, path(o, name),
		    MONEY_MICROS_MAX / 1000000);
	return OK;
}

enum status
json_price(struct json_object *o, const char *name, bool *found, int64_t *nanos, struct error *err)
{
	const char *text;
	enum status st;

	if ((st = dollars(o, name, &text, err)) != OK)
		return st;
	if ((*found = text != NULL) && !money_parse_nanos(text, nanos))
		return error_set(err, BAD_REQUEST,
		    "%s: not a plain decimal of dollars with at most nine decimals, such as 0.0079, up to %" PRId64, path(o, name),
		    MONEY_NANOS_MAX / 1000000000);
	return OK;
}

enum status
json_member(struct json_object *o, const char *name, char kind, struct json_object **value, struct error *err)
{
	cJSON *m = cJSON_GetObjectItemCaseSensitive(o->node, name);

	*value = NULL;
	if (m == NULL || cJSON_IsNull(m))
		return OK;
	if (kind == '{' ? !cJSON_IsObject(m) : !cJSON_IsArray(m))
		return wrong(o, name, err, kind == '{' ? "not an object" : "not an array");
	*value = arena_alloc(o->arena, sizeof(**value));
	**value = (struct json_object){ .node = m, .arena = o->arena, .label = path(o, name) };
	return OK;
}

bool
json_has(struct json_object *o, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(o->node, name) != NULL;
}

bool
json_is_null(struct json_object *o, const char *name)
{
	return cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(o->node, name));
}

/* A client's name on one line: short, control characters as question marks. */
static const char *
shown(struct arena *a, const char *name)
{
	char *copy = arena_text(a, name, utf8_cut(name, strlen(name), SHOWN_MAX));

	for (char *p = copy; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return copy;
}

enum status
json_known(struct json_object *o, const char *const *names, struct error *err)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, o->node) {
		const char *const *known = names;

		if (m->string == NULL)
			break;	/* an array's element */
		while (*known != NULL && strcmp(*known, m->string) != 0)
			known++;
		if (*known == NULL)
			return wrong(o, shown(o->arena, m->string), err, "unknown field");
	}
	return OK;
}
