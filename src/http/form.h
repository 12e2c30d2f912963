/* The body that a browser sends for a form: application/x-www-form-urlencoded. */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Reads the fields that `names` lists (NULL-ended) from body[0, n) into values: decoded, in the arena, without the blanks
 * around them, "" if absent.  Ignores other fields.  BAD_REQUEST if one of them comes twice or is not UTF-8, or if the body has
 * a NUL.
 */
enum status	form_read(struct arena *a, const char *body, size_t n, const char *const *names, const char **values,
		    struct error *err);

#endif
