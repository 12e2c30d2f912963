/*
 * All programs in one file, chosen by the name that it is started by (see launch.c).
 */
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef int program(int argc, char **argv);

/* Those of cgi-bin/ take no arguments, and look at none. */
#define PROGRAM(function, name) program function;
#include "programs.h"
#undef PROGRAM

static const struct {
	const char *name;
	program *run;
} programs[] = {
#define PROGRAM(function, name) { name, function },
#include "programs.h"
#undef PROGRAM
};

/* glibc would load the host's libraries for it, of another version than its own: users have numbers here. */
struct passwd *
getpwuid(uid_t uid)
{
	(void)uid;
	return NULL;
}

int
main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL, *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(programs[i].name, name) == 0)
			return programs[i].run(argc, argv);
	fprintf(stderr, "%s: not a program of Daybook; do not rename the files\n", name);
	return 2;
}
