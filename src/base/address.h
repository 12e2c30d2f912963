/*
 * Addresses of the Internet Protocol, as text.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>

/*
 * Whether an address is of this machine or of a private network (RFC 1918, 4193, 3927, 4291), where a proxy of one's own is.
 * False for what is no address.
 */
bool	address_is_near(const char *text);

#endif
