/*
 * A program of the zip: starts ../libexec/daybook, in which all programs are, by its own name.  (Each of them alone would be as
 * large as that, as a static libcrypto is in all of them; and a zip keeps no links.)
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "/libexec/daybook"

enum { PATH_SIZE = 4096 };

int
main(int argc, char **argv, char **env)
{
	static char self[PATH_SIZE], path[PATH_SIZE + sizeof(LIBRARY)];
	static const char wrong[] = "libexec/daybook: cannot be started: ";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = n > 0 ? strrchr(self, '/') : NULL, *name = slash, *dot;
	const char *error;

	if (argc < 1 || slash == NULL)
		return 126;
	*slash = '\0';
	if ((slash = strrchr(self, '/')) == NULL)
		return 126;
	memcpy(path, self, (size_t)(slash - self));
	strcpy(path + (slash - self), LIBRARY);
	if ((dot = strstr(++name, ".fcgi")) != NULL)
		*dot = '\0';
	argv[0] = name;
	execve(path, argv, env);
	error = strerror(errno);
	write(STDERR_FILENO, wrong, sizeof(wrong) - 1);
	write(STDERR_FILENO, error, strlen(error));
	write(STDERR_FILENO, "\n", 1);
	return 126;
}
