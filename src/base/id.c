/* The form of ids (see id.h). */
#include <string.h>

#include "base/id.h"

bool
id_ok(const char *id)
{
	size_t n = strlen(id);

	return n >= 1 && n < ID_MAX &&
	    strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}
