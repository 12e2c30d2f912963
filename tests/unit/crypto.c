/* crypto.c: published vectors, and the shape of what is random. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "table.h"

#define HEX_SIZE (2 * SHA256_SIZE + 1)

static const struct hash_row {
	const char *name, *text;
	size_t times;
	const char *sha256;
} hashes[] = {
	{ "SHA-256 of nothing", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "SHA-256 of one block", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "SHA-256 of two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "SHA-256 of a million letters", "aaaaaaaaaa", 100000,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
};

static void
hash_is(void **state)
{
	const struct hash_row *row = *state;
	size_t n = strlen(row->text);
	char *text = malloc(n * row->times + 1), written[HEX_SIZE];
	uint8_t out[SHA256_SIZE];

	for (size_t i = 0; i < row->times; i++)
		memcpy(text + i * n, row->text, n);
	for (int again = 0; again < 2; again++) {
		sha256(text, n * row->times, out);
		assert_string_equal(hex(out, sizeof(out), written), row->sha256);
	}
	free(text);
}

static void
texts_are_told_apart(void **state)
{
	static const char framed[] = "\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c";
	uint8_t a[SHA256_SIZE], b[SHA256_SIZE];

	(void)state;
	sha256_texts(a, "ab", "c", NULL);
	sha256(framed, sizeof(framed) - 1, b);
	assert_memory_equal(a, b, SHA256_SIZE);
	sha256_texts(b, "ab", "c", NULL);
	assert_memory_equal(a, b, SHA256_SIZE);
	sha256_texts(b, "a", "bc", NULL);
	assert_memory_not_equal(a, b, SHA256_SIZE);
	sha256_texts(b, "abc", NULL);
	assert_memory_not_equal(a, b, SHA256_SIZE);
	sha256_texts(b, "ab", "c", "", NULL);
	assert_memory_not_equal(a, b, SHA256_SIZE);
	sha256_texts(a, NULL);
	sha256("", 0, b);
	assert_memory_equal(a, b, SHA256_SIZE);
	sha256_texts(b, "", NULL);
	assert_memory_not_equal(a, b, SHA256_SIZE);
}

static const struct code_row {
	const char *name, *bytes;
	size_t n;
	const char *base64url, *hex;
} codes[] = {
	{ "nothing", "", 0, "", "" },
	{ "one byte", "f", 1, "Zg", "66" },
	{ "two bytes", "fo", 2, "Zm8", "666f" },
	{ "three bytes", "foo", 3, "Zm9v", "666f6f" },
	{ "four bytes", "foob", 4, "Zm9vYg", "666f6f62" },
	{ "five bytes", "fooba", 5, "Zm9vYmE", "666f6f6261" },
	{ "six bytes", "foobar", 6, "Zm9vYmFy", "666f6f626172" },
	{ "the two digits of the URL alphabet", "\xfb\xff\xbf", 3, "-_-_", "fbffbf" },
	{ "all bits", "\xff\xff\xff\xff", 4, "_____w", "ffffffff" },
	{ "no bits", "\0\0\0\0", 4, "AAAAAA", "00000000" },
	{ "the octets of RFC 7515, appendix C", "\x03\xec\xff\xe0\xc1", 5, "A-z_4ME", "03ecffe0c1" },
};

static void
is_written_as(void **state)
{
	const struct code_row *row = *state;
	uint8_t bytes[8];
	char text[32];

	memcpy(bytes, row->bytes, row->n);
	assert_string_equal(base64url(bytes, row->n, text), row->base64url);
	assert_true(strlen(text) <= 4 * ((row->n + 2) / 3));
	assert_string_equal(hex(bytes, row->n, text), row->hex);
}

static void
random_bytes_fill_all(void **state)
{
	enum { SIZE = 5000, GUARD = 0xa5 };	/* more than getrandom(2) promises at once */
	static uint8_t a[SIZE + 1], b[SIZE + 1];
	int zeros = 0;

	(void)state;
	a[SIZE] = b[SIZE] = GUARD;
	random_bytes(a, SIZE);
	random_bytes(b, SIZE);
	assert_memory_not_equal(a, b, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		zeros += a[i] == 0;
	assert_true(zeros < 100);	/* about 20 are to be expected */
	assert_int_equal(a[SIZE], GUARD);
	assert_int_equal(b[SIZE], GUARD);
	random_bytes(a, 0);
}

static const struct uuid_row {
	const char *name;
	int64_t at;
	const char *start;
} uuids[] = {
	{ "the instant of RFC 9562, appendix A.6", INT64_C(0x017f22e279b0), "017f22e2-79b0-7" },
	{ "the epoch", 0, "00000000-0000-7" },
	{ "an instant of 2026", INT64_C(1779289200123), "019e45e6-95fb-7" },
	{ "the greatest instant of 48 bits", INT64_C(0xffffffffffff), "ffffffff-ffff-7" },
};

static void
uuid_has_its_shape(void **state)
{
	const struct uuid_row *row = *state;
	char first[37], second[37];

	uuid7(row->at, second);
	for (int i = 0; i < 100; i++) {
		assert_ptr_equal(uuid7(row->at, first), first);
		assert_int_equal(strlen(first), 36);
		assert_memory_equal(first, row->start, strlen(row->start));
		for (int k = 0; k < 36; k++)
			if (k == 8 || k == 13 || k == 18 || k == 23)
				assert_int_equal(first[k], '-');
			else
				assert_non_null(strchr("0123456789abcdef", first[k]));
		assert_non_null(strchr("89ab", first[19]));
		assert_string_not_equal(first, second);
	}
}

static void
uuids_are_in_the_order_of_their_instants(void **state)
{
	char earlier[37], later[37];

	(void)state;
	for (int64_t t = 1; t < INT64_C(4102444800000); t = t * 2 + 1)
		assert_true(strcmp(uuid7(t, earlier), uuid7(t + 1, later)) < 0);
}

int
main(void)
{
	TABLE(hashes, hash_is);
	CASE("texts are told apart by their lengths", texts_are_told_apart);
	TABLE(codes, is_written_as);
	CASE("random bytes fill all that was asked for, and no more", random_bytes_fill_all);
	TABLE(uuids, uuid_has_its_shape);
	CASE("UUIDs are in the order of their instants", uuids_are_in_the_order_of_their_instants);
	return TABLE_RUN("digest");
}
