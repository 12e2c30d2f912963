/*
 * Reads parsed JSON, from the nodes of json_node.c.  All text has passed json_check, so cJSON
 * never sees a repeated key or a \u0000, which it would accept and read in its own way.
 *
 * Every typed reader has the same form: the member is looked up, absent and null are the same, a
 * wrong type is a BAD_REQUEST that names the member's path.  Texts are copied into the arena, so
 * they remain valid after the object is freed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/json.h"
#include "base/json_text.h"
#include "base/money.h"
#include "base/suggest.h"
#include "base/utf8.h"

enum {
	DOUBLE_DIGITS = 15,	/* decimal digits that a double keeps, whichever they are */
	FIXED_TEXT_MAX = 400,	/* bytes of any double in plain decimals, DECIMALS_MAX of them after the point */
	DECIMALS_MAX = 60,	/* more make no difference in micros or nanos */
};

struct json_object {
	cJSON *node;
	bool is_root;		/* json_parse made the node, and json_object_free frees it */
	uint64_t names;		/* of its members, a bit each (name_bit) */
	struct arena *arena;
	const char *label;
};

/* Fails with "LABEL: what", or only "what" for the body, whose label is "". */
static enum status
unusable(const char *label, enum status st, const char *what, struct error *err)
{
	return error_set(err, st, "%s%s%s", label, label[0] != '\0' ? ": " : "", what);
}

/* Two names with the same bit may differ. */
static uint64_t
name_bit(const char *name)
{
	return UINT64_C(1) << ((unsigned char)name[0] + 5 * (name[0] != '\0' ? (unsigned char)name[1] : 0)) % 64;
}

static struct json_object *
object_new(struct arena *a, cJSON *node, bool is_root, const char *label)
{
	struct json_object *o = arena_alloc(a, sizeof(*o));
	const cJSON *m;

	*o = (struct json_object){ .node = node, .is_root = is_root, .arena = a, .label = label };
	if (cJSON_IsObject(node))
		cJSON_ArrayForEach(m, node)
			o->names |= name_bit(m->string);
	return o;
}

enum status
json_parse(struct arena *a, const char *label, const char *text, size_t n, struct json_object **o,
    struct error *err)
{
	cJSON *node;

	if (json_kind(text, n) != '{')
		return unusable(label, BAD_REQUEST, "not a JSON object", err);
	/*
	 * Not the sender's fault: json_check has accepted the text, so this is a difference between
	 * the two parsers.
	 */
	if ((node = json_nodes(text, n)) == NULL)
		return unusable(label, INTERNAL, "cannot be read", err);
	*o = object_new(a, node, true, label);
	return OK;
}

void
json_object_free(struct json_object *o)
{
	if (o == NULL || !o->is_root)
		return;
	json_nodes_free(o->node);
	o->node = NULL;
}

/* cJSON compares a name with each member's; most names that are asked for are of none. */
static cJSON *
find(const struct json_object *o, const char *name)
{
	return (o->names & name_bit(name)) != 0 ? cJSON_GetObjectItemCaseSensitive(o->node, name) : NULL;
}

/* The member of that name; NULL if it is absent or null. */
static const cJSON *
member(const struct json_object *o, const char *name)
{
	const cJSON *m = find(o, name);

	return m == NULL || cJSON_IsNull(m) ? NULL : m;
}

/* A member's full name, such as segments[2].contactCount, for errors and as the label of what is inside it. */
static const char *
path(const struct json_object *o, const char *name)
{
	return o->label[0] == '\0' ? name : arena_printf(o->arena, "%s.%s", o->label, name);
}

/* Fails with the member's path and what is wrong with it. */
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
	/*
	 * cJSON keeps a number as a double.  The range comes first, because casting a larger double
	 * is undefined; within it every integer is exact, so a fraction is what the round trip
	 * changes.
	 */
	if (!cJSON_IsNumber(m) || m->valuedouble > (double)JSON_INT_MAX ||
	    m->valuedouble < -(double)JSON_INT_MAX || (double)(n = (int64_t)m->valuedouble) != m->valuedouble)
		return wrong(o, name, err, "not an integer");
	if (n < min || n > max)
		return error_set(err, BAD_REQUEST, "%s: %" PRId64 " is out of range; it must be from %" PRId64 " to %" PRId64,
		    path(o, name), n, min, max);
	*value = n;
	return OK;
}

static enum status
string_of(struct json_object *o, const char *name, size_t min, size_t max, const char **value, struct error *err)
{
	const cJSON *m = member(o, name);
	size_t n;

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

/* Most of the texts that an event can have are absent: for these it is done at once. */
enum status
json_string(struct json_object *o, const char *name, size_t min, size_t max, const char **value,
    struct error *err)
{
	*value = NULL;
	return (o->names & name_bit(name)) != 0 ? string_of(o, name, min, max, value, err) : OK;
}

enum status
json_bool(struct json_object *o, const char *name, bool *found, bool *value, struct error *err)
{
	const cJSON *m = member(o, name);

	if (!(*found = m != NULL))
		return OK;
	if (!cJSON_IsBool(m))
		return wrong(o, name, err, "must be true or false");
	*value = cJSON_IsTrue(m);
	return OK;
}

/*
 * Writes a number >= 0 as plain decimals, with the DOUBLE_DIGITS significant digits that a sender
 * may have written: 0.1 gives 0.100000000000000, not the double's 0.1000000000000000055.
 */
static const char *
fixed(double number, char out[FIXED_TEXT_MAX])
{
	int decimals;

	/* The exponent tells how many digits come before the point; the rest of them are decimals. */
	snprintf(out, FIXED_TEXT_MAX, "%.*e", DOUBLE_DIGITS - 1, number);
	decimals = DOUBLE_DIGITS - 1 - atoi(strchr(out, 'e') + 1);
	if (decimals < 0)
		decimals = 0;
	if (decimals > DECIMALS_MAX)
		decimals = DECIMALS_MAX;
	snprintf(out, FIXED_TEXT_MAX, "%.*f", decimals, number);
	return out;
}

/*
 * Reads an amount, from a number or a string, as a text for money_parse; *text is NULL if it is
 * absent.  A number goes through text too, so that there is one rounding and one range check for
 * both.
 */
static enum status
money_text(struct json_object *o, const char *name, const char **text, struct error *err)
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
		fixed(m->valuedouble > 0 ? m->valuedouble : 0, digits);	/* -0 becomes 0; a negative amount fails below */
		n = strlen(digits);
		if (strchr(digits, '.') != NULL) {	/* removes the zeros that fixed() added */
			while (digits[n - 1] == '0')
				n--;
			n -= digits[n - 1] == '.';
		}
		*text = arena_text(o->arena, digits, n);
	} else if (cJSON_IsString(m)) {
		is_negative = m->valuestring[0] == '-';
		*text = arena_strdup(o->arena, m->valuestring);
	} else
		return wrong(o, name, err, "must be an amount, as a number or a string");
	return is_negative ? wrong(o, name, err, "negative") : OK;
}

/* An amount that `parse` understands; otherwise it must be `what`, up to `max`. */
static enum status
amount(struct json_object *o, const char *name, bool *found, int64_t *value, struct error *err,
    bool (*parse)(const char *text, int64_t *value), const char *what, int64_t max)
{
	const char *text;
	enum status st;

	if ((st = money_text(o, name, &text, err)) != OK)
		return st;
	if ((*found = text != NULL) && !parse(text, value))
		return error_set(err, BAD_REQUEST, "%s: must be %s, up to %" PRId64, path(o, name), what, max);
	return OK;
}

enum status
json_money(struct json_object *o, const char *name, bool *found, int64_t *micros, struct error *err)
{
	return amount(o, name, found, micros, err, money_parse, "a decimal amount such as 0.0158", MONEY_MICROS_MAX / 1000000);
}

enum status
json_money_exact(struct json_object *o, const char *name, bool *found, int64_t *micros, struct error *err)
{
	return amount(o, name, found, micros, err, money_parse_exact, "an amount with at most six decimals, such as 12.5",
	    MONEY_MICROS_MAX / 1000000);
}

enum status
json_price(struct json_object *o, const char *name, bool *found, int64_t *nanos, struct error *err)
{
	return amount(o, name, found, nanos, err, money_parse_nanos, "an amount with at most nine decimals, such as 0.0079",
	    MONEY_NANOS_MAX / 1000000000);
}

enum status
json_member(struct json_object *o, const char *name, char kind, struct json_object **value, struct error *err)
{
	cJSON *m = find(o, name);

	*value = NULL;
	if (m == NULL || cJSON_IsNull(m))
		return OK;
	if (kind == '{' ? !cJSON_IsObject(m) : !cJSON_IsArray(m))
		return wrong(o, name, err, kind == '{' ? "not an object" : "not an array");
	*value = object_new(o->arena, m, false, path(o, name));
	return OK;
}

/* Unlike member(), this sees a null too: a token with "crit": null still has the member. */
bool
json_has(struct json_object *o, const char *name)
{
	return find(o, name) != NULL;
}

bool
json_is_null(struct json_object *o, const char *name)
{
	return cJSON_IsNull(find(o, name));
}

enum status
json_known(struct json_object *o, const char *const *names, struct error *err)
{
	char shown[ERROR_SHOWN_MAX];
	const cJSON *m;

	/* Linear in both lists; a body has a few dozen members at most. */
	cJSON_ArrayForEach(m, o->node) {
		const char *const *known = names;

		if (m->string == NULL)
			break;	/* elements of an array have no names */
		while (*known != NULL && strcmp(*known, m->string) != 0)
			known++;
		if (*known == NULL)
			return wrong(o, error_shown(m->string, shown), err,
			    arena_printf(o->arena, "unknown field%s", suggest_say(m->string, names)));
	}
	return OK;
}

const char *
json_library(void)
{
	return cJSON_Version();
}
