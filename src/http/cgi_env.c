/* Reading CGI variables (see cgi_env.h). */
#include <string.h>

#include "http/cgi_env.h"

const char *
cgi_env(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return (*env)[n + 1] != '\0' ? *env + n + 1 : NULL;
	return NULL;
}
