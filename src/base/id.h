/* The form of the ids that become part of paths: those of organizations and campaigns. */
#ifndef ID_H
#define ID_H

#include <stdbool.h>

#include "base/error.h"

#define ID_MAX 65	/* bytes of an id, with its NUL */

/* [A-Za-z0-9._-]{1,64} */
bool	id_ok(const char *id);

/* BAD_REQUEST with the error's sentence: the field, the id as it was given, and what an id may be. */
enum status	id_refuse(const char *field, const char *id, struct error *err);

#endif
