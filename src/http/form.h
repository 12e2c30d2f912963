/*
 * What a browser's form sends: application/x-www-form-urlencoded.
 */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Reads the fields of body[0, n) that names lists (NULL-ended) into values, decoded, in the arena, without blanks around
 * them; "" where one is absent.  Others are passed over.  BAD_REQUEST where a field comes twice, or is not UTF-8.
 */
enum status	form_read(struct arena *a, const char *body, size_t n, const char *const *names, const char **values,
		    struct error *err);

#endif
