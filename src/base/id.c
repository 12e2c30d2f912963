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

/* An id of the right form is refused because paths of the API have the word in an id's position. */
enum status
id_refuse(const char *field, const char *id, struct error *err)
{
	char shown[ERROR_SHOWN_MAX];

	if (id_ok(id))
		return error_set(err, BAD_REQUEST, "%s: \"%s\" is a reserved word", field, id);
	return error_set(err, BAD_REQUEST, "%s: \"%s\" is not 1 to 64 letters, digits and . _ -; letters are A to Z", field,
	    error_shown(id, shown));
}
