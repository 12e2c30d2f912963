/*
 * SHA-256 and random bytes (libcrypto), base64url and hex.
 */
#ifndef CRYPTO_H
#define CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

/*
 * Makes libcrypto set up its own tables, which it otherwise does at the first use and, without memory, crashes there.
 * Comes before every other call of it, also by libjwt.  The machine's openssl.cnf is not read.
 */
void	crypto_start(void);

/* The release of libcrypto, such as 3.0.17. */
const char	*crypto_library(void);

void	sha256(const void *data, size_t n, uint8_t out[SHA256_SIZE]);

/*
 * The hash of several texts, each with its length before it, so that ("ab","c") and ("a","bc")
 * differ.  The list ends with NULL.
 */
void	sha256_texts(uint8_t out[SHA256_SIZE], ...) __attribute__((sentinel));

/* Whether both are equal, in a time that does not depend on where they differ. */
bool	sha256_same(const uint8_t a[SHA256_SIZE], const uint8_t b[SHA256_SIZE]);

void	random_bytes(void *out, size_t n);

/* Lower-case hex of n bytes into out (2n + 1 bytes).  Returns out. */
char	*hex(const uint8_t *bytes, size_t n, char *out);

/* The value of a hex digit of either case; -1 if it is none. */
int	hex_digit(char c);

/* base64url without padding into out (at least 4 * ((n + 2) / 3) + 1 bytes).  Returns out. */
char	*base64url(const uint8_t *bytes, size_t n, char *out);

/*
 * Decodes base64url without padding into out (at least 3 * n / 4 bytes).  False unless this is the only text that decodes to the
 * bytes: a single last digit, and bits left over at the end, are refused like any character that is no digit.
 */
bool	base64url_decode(const char *text, size_t n, uint8_t *out, size_t *size);

/* A UUIDv7 (RFC 9562) of an instant, 1970 or later, into out (37 bytes).  Returns out. */
char	*uuid7(int64_t at, char *out);

#endif
