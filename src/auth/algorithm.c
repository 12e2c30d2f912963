/*
 * The algorithms that a key may have (see algorithm.h).
 */
#include <stddef.h>
#include <string.h>

#include "auth/algorithm.h"

static const struct algorithm algorithms[] = {
	{ "HS256", KEY_SECRET, 256 },
	{ "HS384", KEY_SECRET, 384 },
	{ "HS512", KEY_SECRET, 512 },
	{ "RS256", KEY_RSA, 256 },
	{ "RS384", KEY_RSA, 384 },
	{ "RS512", KEY_RSA, 512 },
	{ "PS256", KEY_RSA, 256, .is_pss = true },
	{ "PS384", KEY_RSA, 384, .is_pss = true },
	{ "PS512", KEY_RSA, 512, .is_pss = true },
	{ "ES256", KEY_EC, 256, .curve = "prime256v1", .jwk_curve = "P-256", .half = 32 },
	{ "ES384", KEY_EC, 384, .curve = "secp384r1", .jwk_curve = "P-384", .half = 48 },
	{ "ES512", KEY_EC, 512, .curve = "secp521r1", .jwk_curve = "P-521", .half = 66 },
	{ "EdDSA", KEY_ED25519, 0, .jwk_curve = "Ed25519", .half = 32 },
};

enum { COUNT = sizeof(algorithms) / sizeof(algorithms[0]) };

const struct algorithm *
algorithm_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(name, algorithms[i].name) == 0)
			return &algorithms[i];
	return NULL;
}

const struct algorithm *
algorithm_of_curve(const char *jwk_curve)
{
	for (size_t i = 0; i < COUNT; i++)
		if (algorithms[i].jwk_curve != NULL && strcmp(jwk_curve, algorithms[i].jwk_curve) == 0)
			return &algorithms[i];
	return NULL;
}
