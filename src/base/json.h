/*
 * JSON.  Reading: a strict validator (RFC 8259 and more) checks all text before cJSON reads it, so
 * cJSON never sees what it accepts too freely.  Writing: a writer that appends to a buf.
 *
 * The validator refuses: bytes that are not UTF-8; NUL and other raw control characters; \u0000;
 * lone surrogates; duplicate keys in one object ("a" and "\u0061" are the same key); numbers that
 * JSON does not allow; numbers beyond +-(2^53 - 1); more than JSON_DEPTH_MAX levels; anything after
 * the value; an empty text; and what exceeds the other limits below.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define JSON_DEPTH_MAX 8	/* objects and arrays within one another */
#define JSON_MEMBERS_MAX 128	/* of one object */
#define JSON_KEY_MAX 128	/* bytes of a key, as written */
#define JSON_NUMBER_MAX 63	/* characters of a number; an older cJSON truncates it there */
#define JSON_INT_MAX INT64_C(9007199254740991)	/* 2^53 - 1 */

/* ---- Reading */

/*
 * Checks that text[0, n) is one JSON value.  Otherwise BAD_REQUEST and a reason: "body: not JSON at
 * byte 17: …", or "body: refused at byte 17: …" if it is JSON that Daybook does not accept.  The
 * text begins with `label` instead of `body`.  Bytes count from 0.
 */
enum status	json_check(const char *label, const char *text, size_t n, struct error *err);

/*
 * Walks the elements of a checked array without parsing it: true and the element's bytes in item
 * and item_n, or false at the end (at once if it is no array).  Start with *pos = 0.
 */
bool		json_next_item(const char *text, size_t n, size_t *pos, const char **item, size_t *item_n);

/* '{', '[', '"', '0' (a number), 't', 'f' or 'n': what the checked text is. */
char		json_kind(const char *text, size_t n);

/* In a checked object: the bytes of the member of that name, without parsing it.  False if there is none. */
bool		json_find(const char *text, size_t n, const char *name, const char **value, size_t *value_n);

/* A parsed object.  Its texts are valid as long as the arena given to json_parse. */
struct json_object;

/* The release of the library that parses objects, such as 1.7.15. */
const char	*json_library(void);

/*
 * Parses a checked object.  BAD_REQUEST if it is another kind of value.  The caller frees the
 * object with json_object_free; texts read from it are copies in the arena.  `label` comes before
 * the names in errors ("segments[2].contactCount: not an integer"), and must remain valid as long
 * as the object; it is "" for the body itself ("contactCount: not an integer").
 */
enum status	json_parse(struct arena *a, const char *label, const char *text, size_t n,
		    struct json_object **o, struct error *err);
void		json_object_free(struct json_object *o);

/*
 * Typed members.  Each returns OK with *found false if the name is absent, and BAD_REQUEST with a
 * reason ("contactCount: not an integer") if it has another type.  null counts as absent.
 *
 * json_int accepts 5, 5.0 and 5e0, and refuses 5.5, "5" and what is outside [min, max], naming the
 * range.  json_string refuses fewer than min and more than max bytes, so an empty text unless min
 * is 0.  json_money reads a number (of which 15 digits count) or a string of plain decimal dollars,
 * into micros, up to MONEY_MICROS_MAX; nothing negative.  json_money_exact refuses what would be
 * rounded.  json_price does the same into nanos, up to MONEY_NANOS_MAX.
 */
enum status	json_int(struct json_object *o, const char *name, int64_t min, int64_t max,
		    bool *found, int64_t *value, struct error *err);
enum status	json_string(struct json_object *o, const char *name, size_t min, size_t max,
		    const char **value, struct error *err);	/* *value NULL if absent */
enum status	json_bool(struct json_object *o, const char *name, bool *found, bool *value, struct error *err);
enum status	json_money(struct json_object *o, const char *name, bool *found, int64_t *micros, struct error *err);
enum status	json_money_exact(struct json_object *o, const char *name, bool *found, int64_t *micros, struct error *err);
enum status	json_price(struct json_object *o, const char *name, bool *found, int64_t *nanos, struct error *err);

/*
 * A member that is an object ('{') or an array ('['); *value NULL if absent.  An array has no
 * members; its elements are walked with json_find and json_next_item on the text.
 */
enum status	json_member(struct json_object *o, const char *name, char kind, struct json_object **value,
		    struct error *err);	/* the member belongs to o: do not free it */

/* Whether the member exists, and whether it is null. */
bool		json_has(struct json_object *o, const char *name);
bool		json_is_null(struct json_object *o, const char *name);

/* BAD_REQUEST naming the first member that is not in `names`, a list that ends with NULL. */
enum status	json_known(struct json_object *o, const char *const *names, struct error *err);

/* ---- Writing: appends to a buf; the writer adds the commas. */

struct json {
	struct buf *to;
	bool needs_comma;
};

/*
 * A writer of one value onto a buf, after what is there already.  Owns nothing, and is valid until
 * the end of the block that it is made in:
 *
 *	struct buf detail = { 0 };
 *	struct json *j = json_on(&detail);
 *
 *	json_open_object(j, NULL);
 *	json_put_text(j, "name", name);
 *	json_close_object(j);
 *	st = audit(…, buf_text(&detail));
 *	buf_free(&detail);
 */
#define json_on(buf) (&(struct json){ .to = (buf) })

/* name is NULL inside arrays and at the top level. */
void		json_open_object(struct json *j, const char *name);
void		json_close_object(struct json *j);
void		json_open_array(struct json *j, const char *name);
void		json_close_array(struct json *j);
void		json_put_text(struct json *j, const char *name, const char *value);	/* escaped */
void		json_put_int(struct json *j, const char *name, int64_t value);
void		json_put_bool(struct json *j, const char *name, bool value);
void		json_put_null(struct json *j, const char *name);
void		json_put_text_or_null(struct json *j, const char *name, const char *value);	/* null if value is NULL */
void		json_put_int_or_null(struct json *j, const char *name, int64_t value, int64_t none);	/* null if it is none */
void		json_put_money(struct json *j, const char *name, int64_t micros);	/* a number of dollars */
void		json_put_raw(struct json *j, const char *name, const char *value, size_t n);	/* JSON already */

/*
 * Writes a name for a value whose name is then NULL, where thousands are written: json_put_int(json_name(j, "sent"), NULL, n).
 * The compiler joins the literal, in which nothing may need an escape, with its quotes, and copies it in one or two moves.
 */
#define json_name(j, literal) json_quoted_name((j), "\"" literal "\":", sizeof(literal) + 2)

static inline struct json *
json_quoted_name(struct json *j, const char *quoted, size_t n)
{
	if (j->needs_comma)
		buf_put_byte(j->to, ',');
	buf_put(j->to, quoted, n);
	j->needs_comma = false;
	return j;
}

#endif
