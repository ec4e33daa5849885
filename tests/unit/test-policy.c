/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "frames.h"
#include "policy.h"

#include "base/mem.h"

#define GUEST  "10.0.2.100"
#define GUEST6 "fd00::100"
#define NOW    1000

enum { CLOSED_HOST, OPEN_HOST };

/* The usual link, with these options of --egress (blanks between). */
static struct policy *policy(const char *egress, int host)
{
	struct policy_link link = { .gateway4 = made_address("10.0.2.2"),
		.nameserver4 = made_address("10.0.2.3"),
		.gateway6 = made_address("fd00::2"),
		.nameserver6 = made_address("fd00::3"),
		.host_loopback = host == OPEN_HOST,
		.dns = true };
	CLEANUP(mem_free) char *copy = xstrdup(egress);
	struct policy *p = xmalloc(sizeof(*p));
	struct egress g = { 0 };
	struct error e = { 0 };
	char *saved = NULL;

	net_cidr_parse("10.0.2.0/24", &link.net4);
	net_cidr_parse("fd00::/64", &link.net6);
	for (char *s = strtok_r(copy, " ", &saved); s; s = strtok_r(NULL, " ", &saved))
		if (egress_add(&g, s, &e) < 0)
			ok(false, "%s", e.text);
	policy_init(p, &link, &g);
	return p;
}

static const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { [VERDICT_DROP] = "dropped",
		[VERDICT_REJECT] = "rejected",
		[VERDICT_PASS] = "passed",
		[VERDICT_DNS] = "DNS" };

	return names[v];
}

/* Judges a frame that was made for this, and frees it. */
static enum verdict judge_at(struct policy *p, struct made m, uint64_t now)
{
	CLEANUP(made_free) struct made owned = m;
	struct frame f;

	frame_parse(owned.p, owned.n, &f);
	return policy_judge(p, &f, now);
}

static void judged(struct policy *p, struct made m, enum verdict want, const char *what)
{
	is_str(verdict_name(judge_at(p, m, NOW)), verdict_name(want), "%s is %s", what,
		verdict_name(want));
}

static const char *guest_of(const char *to)
{
	return strchr(to, ':') ? GUEST6 : GUEST;
}

static struct made syn(const char *to, uint16_t port)
{
	return made_tcp(guest_of(to), to, 4000, port, FRAME_SYN);
}

static struct made datagram(const char *to, uint16_t port)
{
	return made_udp(guest_of(to), to, 4000, port, "x");
}

static struct made segment(const char *to)
{
	return made_tcp(guest_of(to), to, 80, 4000, FRAME_SYN | FRAME_ACK);
}

static struct made echo(const char *to)
{
	return made_icmp(guest_of(to), to, strchr(to, ':') ? 128 : 8);
}

static struct made fragment(struct made m)
{
	made_fragment(&m, 0, 1);
	return m;
}

static void check_other_frames(struct policy *p)
{
	struct made m = datagram("192.0.2.1", 9);

	wire_put16(m.p + 12, 0x88f8); /* NC-SI, which libslirp speaks */
	judged(p, m, VERDICT_DROP, "NC-SI");
	m = datagram("192.0.2.1", 9);
	m.n -= 1;
	judged(p, m, VERDICT_DROP, "a malformed frame");
	judged(p, made_ip(GUEST, "192.0.2.1", IPPROTO_SCTP, NULL, 0), VERDICT_DROP, "SCTP");
	judged(p, made_ip(GUEST, "192.0.2.1", IPPROTO_IGMP, NULL, 0), VERDICT_DROP, "IGMP");
	judged(p, made_ip(GUEST, "192.0.2.1", IPPROTO_ICMPV6, (uint8_t[8]){ 128 }, 8), VERDICT_DROP,
		"ICMPv6 in IPv4");
	judged(p, made_ip(GUEST6, "2001:db8::1", IPPROTO_ICMP, (uint8_t[8]){ 8 }, 8), VERDICT_DROP,
		"ICMP in IPv6");
	for (size_t i = 0; i < 6; i++) {
		static const uint8_t extensions[] = { 0, 43, 44, 51, 60, 135 };

		judged(p, made_ip(GUEST6, "2001:db8::1", extensions[i], (uint8_t[40]){ 6 }, 40),
			VERDICT_DROP, "an extension header");
	}
	judged(p, made_arp(GUEST, "10.0.2.2"), VERDICT_PASS, "ARP");
	judged(p, made_arp("0.0.0.0", GUEST), VERDICT_PASS, "an ARP probe");
	judged(p, made_arp("10.0.2.2", GUEST), VERDICT_DROP, "ARP as the gateway");
	judged(p, made_arp("10.0.2.3", GUEST), VERDICT_DROP, "ARP as the name server");
	judged(p, made_arp("192.0.2.1", GUEST), VERDICT_DROP, "ARP as a stranger");
}

static void check_sources(struct policy *p)
{
	static const char *const wrong4[] = { "10.0.2.2", "10.0.2.3", "10.0.3.1", "127.0.0.1",
		"0.0.0.0", "192.0.2.1", "255.255.255.255", "224.0.0.1" };
	static const char *const wrong6[] = { "fd00::2", "fd00::3", "::1", "::", "fe80::1",
		"2001:db8::2", "::ffff:10.0.2.100", "ff02::1" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong4); i++)
		judged(p, made_udp(wrong4[i], "192.0.2.1", 1, 9, ""), VERDICT_DROP, wrong4[i]);
	for (size_t i = 0; i < ARRAY_SIZE(wrong6); i++)
		judged(p, made_udp(wrong6[i], "2001:db8::1", 1, 9, ""), VERDICT_DROP, wrong6[i]);
	judged(p, made_udp("10.0.2.7", "192.0.2.1", 1, 9, ""), VERDICT_PASS, "another of the link");
	judged(p, made_udp("fd00::7", "2001:db8::1", 1, 9, ""), VERDICT_PASS, "fd00::7");
	judged(p, made_icmp("ff02::1", "fd00::2", 135), VERDICT_DROP, "ND from a group");
	judged(p, made_icmp("2001:db8::2", "fd00::2", 135), VERDICT_DROP, "ND from a stranger");
	judged(p, made_icmp("fd00::2", "ff02::1", 136), VERDICT_DROP, "ND from the gateway");
}

/* What a socket would take for the host itself, whatever the policy. */
static void check_never(struct policy *p)
{
	static const char *const never[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255",
		"255.255.255.255", "10.0.2.0", "10.0.2.1", "10.0.2.101", "10.0.2.255", "::", "::1",
		"::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:192.0.2.1",
		"fd00::", "fd00::1", "fd00::101", "fd00::ffff:ffff:ffff:ffff" };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		judged(p, syn(never[i], 80), VERDICT_DROP, never[i]);
		judged(p, segment(never[i]), VERDICT_DROP, never[i]);
		judged(p, datagram(never[i], 53), VERDICT_DROP, never[i]);
		judged(p, echo(never[i]), VERDICT_DROP, never[i]);
	}
	judged(p, syn("ff02::1", 80), VERDICT_DROP, "TCP to a group");
	judged(p, datagram("ff02::1", 53), VERDICT_DROP, "UDP to all nodes");
	judged(p, datagram("ff02::1:2", 547), VERDICT_DROP, "DHCPv6 to its group");
	judged(p, datagram("ff0e::1", 9), VERDICT_DROP, "UDP to a global group");
	judged(p, echo("ff02::1"), VERDICT_DROP, "echo to all nodes");
}

static void check_link(struct policy *p, struct policy *host)
{
	static const uint16_t services[] = { 67, 68, 69, 546, 547 };
	static const char *const ours[] = { "10.0.2.2", "10.0.2.3", "fd00::2", "fd00::3" };

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(services); k++) {
			judged(p, datagram(ours[i], services[k]), VERDICT_DROP, "a service");
			judged(host, datagram(ours[i], services[k]), VERDICT_DROP, "a service");
		}
		judged(p, echo(ours[i]), VERDICT_PASS, "echo to ours");
		judged(p, segment(ours[i]), VERDICT_PASS, "an answer to ours");
		if (!strchr(ours[i], ':')) {
			judged(host, fragment(datagram(ours[i], 9)), VERDICT_REJECT,
				"UDP's fragment to ours");
			judged(host, fragment(syn(ours[i], 9)), VERDICT_REJECT,
				"TCP's fragment to ours");
			judged(host, fragment(echo(ours[i])), VERDICT_REJECT,
				"an echo's fragment to ours");
		}
	}
	judged(p, syn("10.0.2.2", 80), VERDICT_REJECT, "TCP to the gateway");
	judged(p, syn("fd00::2", 80), VERDICT_REJECT, "TCP to the gateway (IPv6)");
	judged(p, datagram("10.0.2.2", 80), VERDICT_REJECT, "UDP to the gateway");
	judged(p, datagram("fd00::2", 80), VERDICT_REJECT, "UDP to the gateway (IPv6)");
	judged(host, syn("10.0.2.2", 80), VERDICT_PASS, "TCP to the host");
	judged(host, syn("fd00::2", 80), VERDICT_PASS, "TCP to the host (IPv6)");
	judged(host, datagram("10.0.2.2", 80), VERDICT_PASS, "UDP to the host");
	judged(host, syn("10.0.2.1", 80), VERDICT_DROP, "TCP beside the host");
	judged(host, syn("fd00::1", 80), VERDICT_DROP, "TCP beside the host (IPv6)");
	judged(host, syn("127.0.0.1", 80), VERDICT_DROP, "TCP to 127.0.0.1");
}

static void check_dns(struct policy *open, struct policy *deny)
{
	CLEANUP(mem_free) struct policy *none = policy("open", CLOSED_HOST);

	judged(open, datagram("10.0.2.3", 53), VERDICT_DNS, "a query");
	judged(open, datagram("fd00::3", 53), VERDICT_DNS, "a query (IPv6)");
	judged(deny, datagram("10.0.2.3", 53), VERDICT_DNS, "a query under deny");
	judged(open, datagram("10.0.2.3", 54), VERDICT_REJECT, "another port");
	judged(open, syn("10.0.2.3", 53), VERDICT_PASS, "a query over TCP");
	judged(open, syn("10.0.2.3", 80), VERDICT_REJECT, "another port over TCP");
	judged(deny, syn("10.0.2.3", 53), VERDICT_REJECT, "TCP under deny");
	judged(open, fragment(datagram("10.0.2.3", 53)), VERDICT_REJECT, "a query's fragment");
	judged(open, made_udp("192.0.2.1", "10.0.2.3", 1, 53, ""), VERDICT_DROP, "a stranger's");
	none->link.dns = false;
	judged(none, datagram("10.0.2.3", 53), VERDICT_DROP, "without a name server");
	judged(none, syn("10.0.2.3", 53), VERDICT_DROP, "without a name server, TCP");
	judged(none, echo("fd00::3"), VERDICT_DROP, "without a name server, echo");
}

static void check_nd(struct policy *p)
{
	static const char *const to[] = { "ff02::1", "ff02::2", "ff02::1:ff00:2", "fd00::2",
		"fe80::2" };
	static const uint8_t kinds[] = { 133, 135, 136 }, others[] = { 134, 137, 1, 129, 130, 143 };

	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			judged(p, made_icmp("fe80::100", to[i], kinds[k]), VERDICT_PASS, "ND");
			judged(p, made_icmp("::", to[i], kinds[k]), VERDICT_PASS, "ND from ::");
		}
		for (size_t k = 0; k < ARRAY_SIZE(others); k++)
			judged(p, made_icmp("fe80::100", to[i], others[k]), VERDICT_DROP,
				"other ICMPv6");
	}
	judged(p, made_icmp(GUEST6, "2001:db8::1", 135), VERDICT_DROP, "ND beyond the link");
	judged(p, made_icmp(GUEST, "192.0.2.1", 13), VERDICT_DROP, "ICMP's timestamp");
	judged(p, made_icmp(GUEST, "192.0.2.1", 5), VERDICT_DROP, "ICMP's redirect");
}

static void check_open(struct policy *p)
{
	static const char *const there[] = { "192.0.2.1", "10.0.3.1", "2001:db8::1", "fd01::1",
		"169.253.0.1", "fd00:ec2::253" };
	static const char *const named[] = { "169.254.169.254", "169.254.0.1", "100.100.100.200",
		"168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "febf::1" };

	for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
		judged(p, syn(there[i], 80), VERDICT_PASS, there[i]);
		judged(p, segment(there[i]), VERDICT_PASS, there[i]);
		judged(p, datagram(there[i], 53), VERDICT_PASS, there[i]);
		judged(p, echo(there[i]), VERDICT_PASS, there[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		judged(p, syn(named[i], 80), VERDICT_REJECT, named[i]);
		judged(p, segment(named[i]), VERDICT_PASS, named[i]);
		judged(p, datagram(named[i], 80), VERDICT_REJECT, named[i]);
		judged(p, echo(named[i]), VERDICT_REJECT, named[i]);
	}
	judged(p, datagram("224.0.0.251", 5353), VERDICT_REJECT, "a group of IPv4");
	judged(p, fragment(syn("192.0.2.1", 80)), VERDICT_REJECT, "TCP's fragment");
	judged(p, fragment(datagram("192.0.2.1", 80)), VERDICT_REJECT, "UDP's fragment");
	judged(p, fragment(datagram("169.254.169.254", 80)), VERDICT_REJECT, "one to a named one");
}

static void check_allow(void)
{
	CLEANUP(mem_free)
	struct policy *p = policy(
		"allow=10.0.0.0/8,192.0.2.1:443,[2001:db8::/32]:443,0.0.0.0/0:8443"
		" allow=169.254.169.254:80,169.0.0.0/8:81,fe80::/10,10.0.2.2:5432",
		OPEN_HOST);

	judged(p, syn("10.1.2.3", 22), VERDICT_PASS, "a network");
	judged(p, datagram("10.1.2.3", 22), VERDICT_PASS, "... and UDP");
	judged(p, echo("10.1.2.3"), VERDICT_PASS, "... and echo");
	judged(p, fragment(datagram("10.1.2.3", 22)), VERDICT_REJECT, "... and UDP's fragments");
	judged(p, fragment(syn("10.1.2.3", 22)), VERDICT_REJECT, "... but none of TCP");
	judged(p, syn("192.0.2.1", 443), VERDICT_PASS, "a port");
	judged(p, syn("192.0.2.1", 80), VERDICT_REJECT, "another port");
	judged(p, syn("192.0.2.2", 443), VERDICT_REJECT, "another address");
	judged(p, echo("192.0.2.1"), VERDICT_REJECT, "echo, where a port is allowed");
	judged(p, fragment(datagram("192.0.2.1", 443)), VERDICT_REJECT, "fragments, likewise");
	judged(p, segment("192.0.2.2"), VERDICT_PASS, "an answer to anybody");
	judged(p, syn("2001:db8::1", 443), VERDICT_PASS, "IPv6");
	judged(p, syn("2001:db9::1", 443), VERDICT_REJECT, "another network of IPv6");
	judged(p, syn("198.51.100.1", 8443), VERDICT_PASS, "everywhere, one port");
	judged(p, syn("127.0.0.1", 8443), VERDICT_DROP, "... but not the loopback");
	judged(p, syn("169.254.169.254", 8443), VERDICT_REJECT, "... nor what is to be named");
	judged(p, syn("169.254.169.254", 80), VERDICT_PASS, "what is named");
	judged(p, syn("169.254.169.253", 80), VERDICT_REJECT, "not its neighbour");
	judged(p, syn("169.254.169.254", 81), VERDICT_REJECT, "a wider network names nothing");
	judged(p, syn("fe80::9", 80), VERDICT_PASS, "all of a network that is to be named");
	judged(p, syn("10.0.2.2", 5432), VERDICT_PASS, "the host's loopback where allowed");
	judged(p, syn("10.0.2.2", 5433), VERDICT_PASS, "... by its network too");
	judged(p, syn("fd00::2", 5432), VERDICT_REJECT, "... but not where it isn't");
	judged(p, syn("10.0.2.9", 22), VERDICT_DROP, "nobody of ours");
	p->link.host_loopback = false;
	judged(p, syn("10.0.2.2", 5432), VERDICT_REJECT, "a rule does not open the loopback");
}

static void check_deny(struct policy *p)
{
	judged(p, syn("192.0.2.1", 443), VERDICT_REJECT, "TCP under deny");
	judged(p, syn("2001:db8::1", 443), VERDICT_REJECT, "IPv6 under deny");
	judged(p, segment("192.0.2.1"), VERDICT_PASS, "an answer under deny");
	judged(p, datagram("192.0.2.1", 443), VERDICT_REJECT, "UDP under deny");
	judged(p, fragment(datagram("192.0.2.1", 443)), VERDICT_REJECT, "fragments under deny");
	judged(p, echo("192.0.2.1"), VERDICT_REJECT, "echo under deny");
	judged(p, made_tcp(GUEST, "192.0.2.1", 1, 2, FRAME_SYN | FRAME_PSH | 0x40), VERDICT_REJECT,
		"SYN with what libslirp ignores");
}

static struct datagram_port *const published = (struct datagram_port *)8;

static void came(struct policy *p, const char *from, uint16_t port, uint64_t at)
{
	struct net_address peer = made_address(from);

	conversations_begin(&p->conversations, &peer, port, 53, at)->published = published;
}

static void check_inbound(void)
{
	CLEANUP(mem_free) struct policy *p = policy("deny", CLOSED_HOST);

	came(p, "192.0.2.1", 5000, NOW);
	judged(p, made_udp(GUEST, "192.0.2.1", 53, 5000, ""), VERDICT_ANSWER, "an answer");
	judged(p, made_udp(GUEST, "192.0.2.1", 54, 5000, ""), VERDICT_REJECT, "from another port");
	judged(p, made_udp(GUEST, "192.0.2.1", 53, 5001, ""), VERDICT_REJECT, "to another port");
	judged(p, made_udp(GUEST, "192.0.2.2", 53, 5000, ""), VERDICT_REJECT, "to another");
	judged(p, made_udp("192.0.2.9", "192.0.2.1", 53, 5000, ""), VERDICT_DROP,
		"by somebody else's address");
	judged(p, fragment(made_udp(GUEST, "192.0.2.1", 53, 5000, "")), VERDICT_REJECT,
		"a fragment of one");
	judged(p, made_tcp(GUEST, "192.0.2.1", 53, 5000, FRAME_SYN), VERDICT_REJECT, "TCP");
	came(p, "10.0.2.2", 5000, NOW);
	judged(p, made_udp(GUEST, "10.0.2.2", 53, 5000, ""), VERDICT_ANSWER,
		"an answer to the host");
	judged(p, made_udp(GUEST, "10.0.2.2", 53, 5001, ""), VERDICT_REJECT, "another to the host");
	came(p, "10.0.2.2", 69, NOW);
	judged(p, made_udp(GUEST, "10.0.2.2", 53, 69, ""), VERDICT_ANSWER,
		"from whatever port it came");
	judged(p, made_udp(GUEST, "10.0.2.2", 54, 69, ""), VERDICT_DROP, "no TFTP of libslirp's");
	came(p, "169.254.169.254", 5000, NOW);
	judged(p, made_udp(GUEST, "169.254.169.254", 53, 5000, ""), VERDICT_ANSWER,
		"an answer to one that is to be named");

	is_int(judge_at(p, made_udp(GUEST, "192.0.2.1", 53, 5000, ""), NOW + 299), VERDICT_ANSWER,
		"before it ends");
	is_int(judge_at(p, made_udp(GUEST, "192.0.2.1", 53, 5000, ""), NOW + 500), VERDICT_ANSWER,
		"... it was kept alive");
	is_int(judge_at(p, made_udp(GUEST, "192.0.2.1", 53, 5000, ""), NOW + 800), VERDICT_REJECT,
		"when it has ended");
	came(p, "192.0.2.1", 5000, NOW);
	conversations_end(&p->conversations, published);
	judged(p, made_udp(GUEST, "192.0.2.1", 53, 5000, ""), VERDICT_REJECT,
		"when the port is closed");
}

static bool pinned(struct policy *p, const char *name, const char *address)
{
	struct net_address a = made_address(address);

	return policy_pin(p, name, &a, 300, NOW);
}

static void check_names(struct policy *open, struct policy *deny, struct policy *p)
{
	ok(policy_name_allowed(open, "anything"), "any name when open");
	ok(!policy_name_allowed(deny, "anything"), "none under deny");
	ok(policy_name_allowed(p, "example.org"), "a name");
	ok(policy_name_allowed(p, "a.example.com"), "one beneath");
	ok(!policy_name_allowed(p, "example.com"), "not that itself");
	ok(!policy_name_allowed(p, "secret.example.org"), "not beneath a name");
	ok(!policy_name_allowed(p, "") && !policy_name_allowed(p, "org"), "nor the root");
	ok(!pinned(open, "anything", "192.0.2.1"), "nothing to pin when open");
	ok(!pinned(deny, "anything", "192.0.2.1"), "nor under deny");
	judged(deny, syn("192.0.2.1", 443), VERDICT_REJECT, "... and nothing is");
	ok(!pinned(p, "example.net", "192.0.2.1"), "nor for another name");
}

static void check_pins(struct policy *p)
{
	static const char *const never[] = { "0.0.0.0", "127.0.0.1", "10.0.2.2", "10.0.2.3",
		"10.0.2.50", "169.254.169.254", "100.100.100.200", "224.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:192.0.2.1", "::192.0.2.1", "fe80::1", "fd00::2", "fd00::3",
		"fd00::50", "ff02::1", "fd00:ec2::254", "fd20:ce::254" };

	judged(p, syn("192.0.2.1", 443), VERDICT_REJECT, "before it is looked up");
	ok(pinned(p, "example.org", "192.0.2.1"), "its address");
	judged(p, syn("192.0.2.1", 443), VERDICT_PASS, "its port");
	judged(p, syn("192.0.2.1", 8443), VERDICT_PASS, "its other port");
	judged(p, syn("192.0.2.1", 80), VERDICT_REJECT, "another port");
	judged(p, syn("192.0.2.2", 443), VERDICT_REJECT, "another address");
	judged(p, echo("192.0.2.1"), VERDICT_REJECT, "echo, where a port is allowed");
	ok(pinned(p, "a.example.com", "2001:db8::1"), "an address of IPv6");
	judged(p, syn("2001:db8::1", 80), VERDICT_PASS, "any port");
	judged(p, echo("2001:db8::1"), VERDICT_PASS, "and echo");
	ok(pinned(p, "a.example.com", "198.51.100.1"), "an address of IPv4");
	judged(p, fragment(datagram("198.51.100.1", 80)), VERDICT_REJECT, "and UDP's fragments");
	for (size_t i = 0; i < ARRAY_SIZE(never); i++) {
		ok(!pinned(p, "a.example.com", never[i]), "%s is never pinned", never[i]);
		ok(judge_at(p, syn(never[i], 80), NOW) != VERDICT_PASS, "... nor passed");
	}
}

static void check_pins_end(void)
{
	CLEANUP(mem_free) struct policy *p = policy("allow=example.org", OPEN_HOST);
	struct net_address a = made_address("192.0.2.1"), b = made_address("192.0.2.2");

	policy_pin(p, "example.org", &a, 0, NOW);
	policy_pin(p, "example.org", &b, UINT32_MAX, NOW);
	is_int(judge_at(p, syn("192.0.2.1", 80), NOW + 59), VERDICT_PASS, "the shortest life");
	is_int(judge_at(p, datagram("192.0.2.1", 443), NOW + 59), VERDICT_PASS, "UDP likewise");
	is_int(judge_at(p, syn("192.0.2.1", 80), NOW + 60), VERDICT_REJECT, "... has an end");
	is_int(judge_at(p, datagram("192.0.2.1", 443), NOW + 60), VERDICT_PASS,
		"a conversation goes on");
	is_int(judge_at(p, datagram("192.0.2.1", 444), NOW + 60), VERDICT_REJECT, "none begins");
	is_int(judge_at(p, datagram("192.0.2.1", 80), NOW + 60), VERDICT_REJECT, "... by TCP");
	is_int(judge_at(p, datagram("192.0.2.1", 443), NOW + 400), VERDICT_REJECT, "and it ends");
	is_int(judge_at(p, syn("192.0.2.2", 443), NOW + 86399), VERDICT_PASS, "the longest life");
	is_int(judge_at(p, syn("192.0.2.2", 443), NOW + 86400), VERDICT_REJECT, "... has one too");

	policy_pin(p, "example.org", &a, 600, NOW);
	policy_pin(p, "example.org", &a, 60, NOW + 1);
	is_int(judge_at(p, syn("192.0.2.1", 443), NOW + 500), VERDICT_PASS,
		"a shorter record takes nothing away");
	for (int i = 0; i < POLICY_PINS_MAX; i++) {
		a = net_address_v4((uint32_t)(0xc6336400 + i));
		policy_pin(p, "example.org", &a, 3600, NOW);
	}
	is_int(judge_at(p, syn("192.0.2.1", 443), NOW), VERDICT_REJECT,
		"a full table forgets what ends first");
	is_int(judge_at(p, syn("198.51.101.255", 443), NOW), VERDICT_PASS, "... and has the last");
}

static void check_one_family(void)
{
	CLEANUP(mem_free) struct policy *p = policy("open", CLOSED_HOST);

	p->link.net6 = (struct net_cidr){ 0 };
	p->link.gateway6 = p->link.nameserver6 = (struct net_address){ 0 };
	judged(p, syn("2001:db8::1", 80), VERDICT_DROP, "IPv6 without IPv6");
	judged(p, made_icmp("fe80::1", "ff02::2", 133), VERDICT_DROP, "ND without IPv6");
	judged(p, made_icmp("::", "ff02::2", 133), VERDICT_DROP, "ND from :: without IPv6");
	judged(p, datagram("fd00::3", 53), VERDICT_DROP, "DNS without IPv6");
	judged(p, syn("192.0.2.1", 80), VERDICT_PASS, "IPv4 without IPv6");
	p = memset(p, 0, sizeof(*p));
	judged(p, made_arp(GUEST, "10.0.2.2"), VERDICT_DROP, "ARP without anything");
	judged(p, syn("192.0.2.1", 80), VERDICT_DROP, "IPv4 without anything");
}

static void check_answers(struct policy *p)
{
	static const struct {
		const char *to, *from;
	} cases[] = { { "192.0.2.1", "10.0.2.2" }, { "2001:db8::1", "fd00::2" } };
	uint8_t out[FRAME_ANSWER_MAX];
	char buffer[NET_ADDRESS_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(made_free) struct made tcp = syn(cases[i].to, 80);
		CLEANUP(made_free) struct made udp = datagram(cases[i].to, 80);
		struct frame f, r;

		frame_parse(tcp.p, tcp.n, &f);
		frame_parse(out, policy_answer(p, &f, out, sizeof(out)), &r);
		ok(r.protocol == IPPROTO_TCP && r.tcp_flags & FRAME_RST, "TCP is reset");
		frame_parse(udp.p, udp.n, &f);
		frame_parse(out, policy_answer(p, &f, out, sizeof(out)), &r);
		is_str(net_address_print(&r.source, buffer), cases[i].from, "the gateway answers");
		ok(r.protocol == IPPROTO_ICMP || r.protocol == IPPROTO_ICMPV6, "... by ICMP");
	}
}

int main(void)
{
	CLEANUP(mem_free) struct policy *open = policy("open", CLOSED_HOST);
	CLEANUP(mem_free) struct policy *host = policy("", OPEN_HOST);
	CLEANUP(mem_free) struct policy *deny = policy("deny", CLOSED_HOST);
	CLEANUP(mem_free)
	struct policy *names = policy(
		"allow=example.org:443,example.org:8443,*.example.com,203.0.113.1", OPEN_HOST);
	CLEANUP(mem_free) struct policy *all = policy("allow=0.0.0.0/0,::/0", OPEN_HOST);

	check_other_frames(open);
	check_sources(open);
	check_never(open);
	check_never(host);
	check_never(all);
	check_never(deny);
	check_link(open, host);
	check_dns(open, deny);
	check_nd(open);
	check_nd(deny);
	check_open(open);
	check_open(host);
	check_open(all);
	check_allow();
	check_deny(deny);
	check_inbound();
	check_names(open, deny, names);
	check_pins(names);
	check_pins_end();
	check_one_family();
	check_answers(deny);
	return done();
}
