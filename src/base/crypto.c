/*
 * The only file, with auth/pem.c and auth/signature.c, that calls libcrypto; and the encodings of what it returns.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/crypto.h"

/*
 * Without what OpenSSL sets up for programs that choose algorithms by any name: its configuration file (on a shared host that of
 * another version), the texts of its errors, the old tables of names.  That is five sixths of what the first token of a process
 * costs (4.6 of 5.4 million instructions), and 60 KiB of its memory.  What we use is found by the names that the default
 * provider gives it.
 */
void
crypto_start(void)
{
	const uint64_t nothing_more = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS;

	if (OPENSSL_init_crypto(nothing_more, NULL) != 1 || OSSL_LIB_CTX_get0_global_default() == NULL)
		out_of_memory();
}

/*
 * Returns the process's one context, ready for SHA-256.  Fetching the algorithm takes far longer
 * than hashing a short text, so it is done once.  SHA-256 is always in libcrypto, so a failure can
 * only mean that memory has run out.
 */
static EVP_MD_CTX *
sha256_begin(void)
{
	static EVP_MD *sha256_md;
	static EVP_MD_CTX *context;

	if (context == NULL) {
		crypto_start();
		sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
		context = EVP_MD_CTX_new();
	}
	if (sha256_md == NULL || context == NULL || EVP_DigestInit_ex2(context, sha256_md, NULL) != 1)
		out_of_memory();
	return context;
}

/* Fails only without memory, like sha256_begin; the same is true of sha256_end. */
static void
sha256_add(EVP_MD_CTX *context, const void *data, size_t n)
{
	if (EVP_DigestUpdate(context, data, n) != 1)
		out_of_memory();
}

static void
sha256_end(EVP_MD_CTX *context, uint8_t out[SHA256_SIZE])
{
	if (EVP_DigestFinal_ex(context, out, NULL) != 1)
		out_of_memory();
}

const char *
crypto_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

void
sha256(const void *data, size_t n, uint8_t out[SHA256_SIZE])
{
	EVP_MD_CTX *context = sha256_begin();

	sha256_add(context, data, n);
	sha256_end(context, out);
}

void
sha256_texts(uint8_t out[SHA256_SIZE], ...)
{
	EVP_MD_CTX *context = sha256_begin();
	const char *text;
	va_list ap;

	va_start(ap, out);
	while ((text = va_arg(ap, const char *)) != NULL) {
		size_t n = strlen(text);
		uint8_t length[8];

		for (int i = 0; i < 8; i++)
			/* Big-endian, so that the hash is the same on every machine: hashes are stored. */
			length[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
		sha256_add(context, length, sizeof(length));
		sha256_add(context, text, n);
	}
	va_end(ap);
	sha256_end(context, out);
}

bool
sha256_same(const uint8_t a[SHA256_SIZE], const uint8_t b[SHA256_SIZE])
{
	/*
	 * Compares all bytes, whatever the first ones were: how long it takes must not tell an
	 * attacker how many bytes of a guess were right.
	 */
	unsigned differ = 0;

	for (int i = 0; i < SHA256_SIZE; i++)
		differ |= (unsigned)(a[i] ^ b[i]);
	return differ == 0;
}

/* getrandom may return fewer bytes than asked, or be interrupted by a signal. */
void
random_bytes(void *out, size_t n)
{
	char *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			abort();	/* a predictable key is worse than no program */
		}
		p += got;
		n -= (size_t)got;
	}
}

char *
hex(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	char *p = out;

	for (size_t i = 0; i < n; i++) {
		*p++ = digits[bytes[i] >> 4];
		*p++ = digits[bytes[i] & 15];
	}
	*p = '\0';
	return out;
}

char *
base64url(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t pool = 0;
	int bits = 0;	/* in the pool, not yet written */
	char *p = out;

	for (size_t i = 0; i < n; i++) {
		/* Takes eight bits in, and writes six out as long as there are six. */
		pool = pool << 8 | bytes[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*p++ = digits[pool >> (bits - 6) & 63];
	}
	/*
	 * Fills the last digit with zero bits on the right; RFC 4648 makes the padding optional in
	 * this form.
	 */
	if (bits > 0)
		*p++ = digits[pool << (6 - bits) & 63];
	*p = '\0';
	return out;
}

/* The value of a base64url digit, or -1. */
static int
base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
base64url_decode(const char *text, size_t n, uint8_t *out, size_t *size)
{
	uint32_t pool = 0;
	int bits = 0, value;

	*size = 0;
	for (size_t i = 0; i < n; i++) {
		if ((value = base64url_digit(text[i])) < 0)
			return false;
		/*
		 * pool collects six bits per digit; only its lowest `bits` are pending, older ones are masked or
		 * shifted out.
		 */
		pool = pool << 6 | (uint32_t)value;
		if ((bits += 6) >= 8) {
			bits -= 8;
			out[(*size)++] = (uint8_t)(pool >> bits & 0xff);
		}
	}
	return n % 4 != 1 && (pool & ((UINT32_C(1) << bits) - 1)) == 0;
}

/*
 * RFC 9562, 5.7: 48 bits of milliseconds, version 7, 12 random bits, variant 2, 62 random bits.  As
 * the time comes first, ids in their order as text are in the order of time to the millisecond.
 */
/*
 * Random bytes for ids, which are no secrets: taken from the system for several ids at a time.  A child process must not give the
 * ids that its parent gives, so it takes its own.
 */
static struct {
	uint8_t bytes[250];	/* of so few, getrandom is never interrupted */
	size_t left;
	int is_ready;
} pool;

static void
pool_forget(void)
{
	pool.left = 0;
}

static void
pool_take(uint8_t *out, size_t n)
{
	if (!pool.is_ready)
		pool.is_ready = pthread_atfork(NULL, NULL, pool_forget) == 0;
	if (pool.left < n || !pool.is_ready) {
		random_bytes(pool.bytes, sizeof(pool.bytes));
		pool.left = sizeof(pool.bytes);
	}
	pool.left -= n;
	memcpy(out, pool.bytes + pool.left, n);
}

char *
uuid7(int64_t at, char *out)
{
	uint8_t u[16];
	char *p = out;

	pool_take(u + 6, sizeof(u) - 6);
	for (int i = 0; i < 6; i++)
		u[i] = (uint8_t)((uint64_t)at >> (40 - 8 * i));
	/* Sets the version and the variant over random bits. */
	u[6] = (uint8_t)(0x70 | (u[6] & 0x0f));
	u[8] = (uint8_t)(0x80 | (u[8] & 0x3f));
	for (size_t i = 0; i < sizeof(u); i++) {
		/* The text has 8-4-4-4-12 digits. */
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		hex(u + i, 1, p);
		p += 2;
	}
	return out;
}

/* Either case, because others write upper case; hex() itself writes lower case. */
int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
