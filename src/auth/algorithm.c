/*
 * The algorithms that a key may have (see algorithm.h).
 */
#include <stddef.h>
#include <string.h>

#include "auth/algorithm.h"

static const struct algorithm algorithms[] = {
	{ "HS256", KEY_SECRET, 256 },
	{ "RS256", KEY_RSA, 256 },
	{ "ES256", KEY_EC, 256, "prime256v1", 32 },
};

const struct algorithm *
algorithm_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(name, algorithms[i].name) == 0)
			return &algorithms[i];
	return NULL;
}
