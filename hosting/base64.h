/*
 * Debian's libjwt comes without its base64.c (another licence): the two functions that it needs, on libcrypto.
 */
#ifndef BASE64_H
#define BASE64_H

#include <string.h>
#include <openssl/evp.h>

/* With padding and a final NUL, without line breaks.  Returns the length. */
static int
jwt_Base64encode(char *coded, const char *plain, int n)
{
	return EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)plain, n);
}

/* Up to the first character that is none of base64.  Returns the length. */
static int
jwt_Base64decode(char *plain, const char *coded)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0;
	int have = 0, n = 0;
	const char *digit;

	for (; *coded != '\0' && (digit = strchr(digits, *coded)) != NULL; coded++) {
		bits = bits << 6 | (unsigned)(digit - digits);
		if ((have += 6) >= 8) {
			have -= 8;
			plain[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}

#endif
