/* address.c: which addresses are near. */
#include "table.h"
#include "base/address.h"

static const struct address_row {
	const char *name;	/* also the address */
	bool is_near;
} addresses[] = {
	{ "127.0.0.1", true }, { "127.255.255.255", true }, { "10.0.0.1", true }, { "11.0.0.1", false }, { "9.255.255.255", false },
	{ "172.15.255.255", false }, { "172.16.0.0", true }, { "172.31.255.255", true }, { "172.32.0.0", false },
	{ "192.168.7.9", true }, { "192.167.0.1", false }, { "192.169.0.1", false }, { "169.254.1.1", true }, { "169.253.1.1", false },
	{ "203.0.113.1", false }, { "0.0.0.0", false }, { "::1", true }, { "::2", false }, { "::", false },
	{ "fd00::1", true }, { "fc00::1", true }, { "fe00::1", false }, { "fe80::1", true }, { "febf::1", true }, { "fec0::1", false },
	{ "2001:db8::1", false }, { "::ffff:10.1.2.3", true }, { "::ffff:203.0.113.1", false }, { "::10.1.2.3", false },
	{ "", false }, { "localhost", false }, { "127.0.0.1, 10.0.0.1", false }, { "10.0.0.1 ", false }, { "10.1", false },
};

static void
address_is(void **state)
{
	const struct address_row *row = *state;

	assert_int_equal(address_is_near(row->name), row->is_near);
}

int
main(void)
{
	TABLE(addresses, address_is);
	return TABLE_RUN("address");
}
