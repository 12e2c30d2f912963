/*
 * Addresses (see address.h).
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "base/address.h"

/* Networks of IPv4 and of IPv6: their first bytes, and how many bits of them count. */
static const struct network {
	int family;
	unsigned char bytes[2];
	int bits;
} networks[] = {
	{ AF_INET, { 127 }, 8 },
	{ AF_INET, { 10 }, 8 },
	{ AF_INET, { 172, 16 }, 12 },
	{ AF_INET, { 192, 168 }, 16 },
	{ AF_INET, { 169, 254 }, 16 },
	{ AF_INET6, { 0xfc }, 7 },
	{ AF_INET6, { 0xfe, 0x80 }, 10 },
};

static bool
is_in(const unsigned char *address, const struct network *n)
{
	for (int bit = 0; bit < n->bits; bit++)
		if ((address[bit / 8] ^ n->bytes[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

bool
address_is_near(const char *text)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff }, loopback[16] = { [15] = 1 };
	unsigned char bytes[16], *address = bytes;
	int family = inet_pton(AF_INET, text, bytes) == 1 ? AF_INET : inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : -1;

	if (family == AF_INET6 && memcmp(bytes, loopback, sizeof(loopback)) == 0)
		return true;
	/* ::ffff:10.0.0.1 is what a server that listens for both calls an address of IPv4. */
	if (family == AF_INET6 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		family = AF_INET;
		address = bytes + sizeof(mapped);
	}
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		if (networks[i].family == family && is_in(address, &networks[i]))
			return true;
	return false;
}
