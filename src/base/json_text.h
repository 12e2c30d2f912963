/*
 * Single strings and numbers of JSON text.  Only for json_*.c; the rest of the program uses json.h.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The UTF-16 unit of the escape \uXXXX at p, or -1 if there is no such escape before end. */
int32_t		 json_unit(const char *p, const char *end);

static inline bool
json_is_high_surrogate(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static inline bool
json_is_low_surrogate(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static inline bool
json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/*
 * Decodes the inside raw[0, n) of a checked string.  Returns raw itself if nothing is escaped, else
 * buf, which has room for n bytes (the result is never longer).  *out_n is its length.
 */
const char	*json_unescape(const char *raw, size_t n, char *buf, size_t *out_n);

/*
 * A hash of a key that nobody outside of this process can foretell: otherwise a body of keys with one hash would make the search
 * for a repeated key compare each with all others.
 */
uint64_t	 json_key_hash(const char *key, size_t n);

/* Whether the number p[0, end) is within +-JSON_INT_MAX: exactly, without a double's rounding. */
bool		 json_is_in_range(const char *p, const char *end);

/* A member of a plain object: its name, the first byte of its value, and the value, which for a string is the inside of it. */
struct json_plain {
	char *name, *value;
	char kind;
};

/*
 * Finds the members of a checked object in place, most objects being plain: at most max members, none of them an object or an
 * array, no string with an escape.  False if it is another one.  Puts a NUL after each string, in the place of its quote.
 */
bool		 json_plain_members(char *text, size_t n, struct json_plain *m, size_t max, size_t *count);

/* The nodes of a checked object, or NULL if the parser refuses it; never NULL for want of memory. */
struct cJSON	*json_nodes(const char *text, size_t n);
void		 json_nodes_free(struct cJSON *object);

#endif
