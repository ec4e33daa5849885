/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "net/address.h"

static struct net_cidr cidr(const char *words)
{
	struct net_cidr c = { 0 };

	if (net_cidr_parse(words, &c) < 0)
		ok(false, "%s is a network", words);
	return c;
}

static struct net_address address(const char *words)
{
	struct net_address a = { 0 };

	if (net_address_parse(words, &a) < 0)
		ok(false, "%s is an address", words);
	return a;
}

static void is_address(const char *words, sa_family_t family, const char *printed)
{
	struct net_address a = { 0 };
	char buffer[NET_ADDRESS_SIZE];

	is_int(net_address_parse(words, &a), 0, "'%s' is an address", words);
	is_int(a.family, family, "'%s' is of its family", words);
	is_str(net_address_print(&a, buffer), printed, "'%s' is printed", words);
}

static void is_no_address(const char *words)
{
	struct net_address a = { .family = AF_INET, .v4.s_addr = 42 };

	is_int(net_address_parse(words, &a), -EINVAL, "'%s' is no address", words);
	ok(a.family == AF_INET && a.v4.s_addr == 42, "'%s' leaves the output alone", words);
}

static void is_cidr(const char *words, const char *printed)
{
	struct net_cidr c = { 0 };
	char buffer[NET_CIDR_SIZE];

	is_int(net_cidr_parse(words, &c), 0, "'%s' is a network", words);
	is_str(net_cidr_print(&c, buffer), printed, "'%s' is printed", words);
}

static void is_no_cidr(const char *words, int why)
{
	struct net_cidr c = { .bits = 42 };

	is_int(net_cidr_parse(words, &c), why, "'%s' is no network", words);
	is_int(c.bits, 42, "'%s' leaves the output alone", words);
}

static void has(const char *network, const char *in, const char *out)
{
	struct net_cidr c = cidr(network);
	struct net_address inside = address(in), outside = address(out);

	ok(net_cidr_has(&c, &inside), "%s has %s", network, in);
	ok(!net_cidr_has(&c, &outside), "%s has not %s", network, out);
}

static void compares(void)
{
	struct net_cidr eight = cidr("10.0.0.0/8"), sixteen = cidr("10.1.0.0/16"),
			six = cidr("fd00::/8"), none = { 0 };
	struct net_address a = address("10.0.2.3"), b = address("10.0.2.4"), unset = { 0 },
			   mapped = address("::ffff:10.0.2.3"), other = address("::a00:203");

	ok(net_address_equal(&a, &a) && !net_address_equal(&a, &b), "equality");
	ok(!net_address_equal(&a, &mapped), "not across families");
	ok(net_address_equal(&unset, &unset) && !net_address_equal(&a, &unset), "no address");
	ok(net_address_is_mapped(&mapped) && !net_address_is_mapped(&other) &&
			!net_address_is_mapped(&a),
		"mapped");
	ok(net_cidr_within(&eight, &sixteen) && !net_cidr_within(&sixteen, &eight), "within");
	ok(net_cidr_within(&eight, &eight) && !net_cidr_within(&eight, &six), "within itself");
	ok(!net_cidr_has(&none, &unset), "no network has no address");
	a = net_address_v4(INADDR_LOOPBACK);
	b = address("127.0.0.1");
	ok(net_address_equal(&a, &b), "from a number");
	a = net_address_v6(&in6addr_loopback);
	b = address("::1");
	ok(net_address_equal(&a, &b), "from in6_addr");
}

int main(void)
{
	static const char *const wrong[] = { "", "[]", "[", "10.0.2", "127.1", "10.0.02.3",
		"0x7f.0.0.1", "2130706433", "10.0.2.256", "10.0.2.3.4", " 10.0.2.3", "10.0.2.3 ",
		"[10.0.2.3]", "[fd00::3", "fd00::3]", "[[fd00::3]]", "fd00::3::4", "fe80::1%eth0",
		"fd00::12345", "example.org", "10.0.2.3/24", "fd00:0:0:0:0:0:0:0:1",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
	static const char *const no_network[] = { "", "/", "10.0.0.0/", "10.0.0.0/33", "fd00::/129",
		"10.0.0.0/8/8", "10.0.0.0/+8", "10.0.0.0/255.0.0.0", "10/8", "[10.0.0.0/8]",
		"[fd00::]/8", "[fd00::/8", "10.0.0.0/ 8" };

	is_address("10.0.2.3", AF_INET, "10.0.2.3");
	is_address("0.0.0.0", AF_INET, "0.0.0.0");
	is_address("fd00::3", AF_INET6, "fd00::3");
	is_address("[fd00::3]", AF_INET6, "fd00::3");
	is_address("FD00:0:0:0::0003", AF_INET6, "fd00::3");
	is_address("::", AF_INET6, "::");
	is_address("::ffff:1.2.3.4", AF_INET6, "::ffff:1.2.3.4");
	is_address("1111:2222:3333:4444:5555:6666:7777:8888", AF_INET6,
		"1111:2222:3333:4444:5555:6666:7777:8888");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is_no_address(wrong[i]);

	is_cidr("10.0.0.0/8", "10.0.0.0/8");
	is_cidr("10.0.2.3", "10.0.2.3");
	is_cidr("10.0.2.3/32", "10.0.2.3");
	is_cidr("0.0.0.0/0", "0.0.0.0/0");
	is_cidr("::/0", "::/0");
	is_cidr("fd00::/8", "fd00::/8");
	is_cidr("[fd00::/8]", "fd00::/8");
	is_cidr("fd00::1/128", "fd00::1");
	is_cidr("10.0.2.128/25", "10.0.2.128/25");
	for (size_t i = 0; i < sizeof(no_network) / sizeof(no_network[0]); i++)
		is_no_cidr(no_network[i], -EINVAL);
	is_no_cidr("10.0.0.1/8", -ERANGE);
	is_no_cidr("10.0.2.128/24", -ERANGE);
	is_no_cidr("fd00::1/64", -ERANGE);
	is_no_cidr("fd00::1/0", -ERANGE);

	has("10.0.0.0/8", "10.255.0.1", "11.0.0.0");
	has("10.0.2.128/25", "10.0.2.128", "10.0.2.127");
	has("10.0.2.0/23", "10.0.3.255", "10.0.4.0");
	has("192.0.2.1", "192.0.2.1", "192.0.2.0");
	has("0.0.0.0/0", "255.255.255.255", "::");
	has("::/0", "::1", "0.0.0.0");
	has("fd00::/64", "fd00::1:2:3:4", "fd00:0:0:1::");
	has("fe80::/10", "febf::1", "fec0::1");
	compares();
	return done();
}
