/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "frame.h"
#include "frames.h"

#include "base/mem.h"

#define MADE CLEANUP(made_free) struct made

static struct frame look(const struct made *m)
{
	struct frame f;

	frame_parse(m->p, m->n, &f);
	return f;
}

static void is_address(const struct net_address *got, const char *want, const char *what)
{
	char buffer[NET_ADDRESS_SIZE];

	is_str(net_address_print(got, buffer), want, "%s", what);
}

/* A copy of m that is n bytes long. */
static struct made cut(const struct made *m, size_t n)
{
	struct made c = { .p = malloc(n ? n : 1), .n = n };

	if (!c.p)
		abort();
	memcpy(c.p, m->p, n);
	return c;
}

/* Every beginning of a frame is malformed, and none is read beyond its end. */
static void check_cuts(const struct made *m, const char *what)
{
	size_t accepted = 0;

	for (size_t n = 0; n < m->n; n++) {
		MADE c = cut(m, n);
		struct frame f = look(&c);

		accepted += f.kind != FRAME_MALFORMED || f.n != n || f.packet || f.payload;
	}
	is_int(accepted, 0, "%s: each beginning is malformed", what);
}

/* One byte changed makes it malformed. */
static void is_malformed(const struct made *m, size_t at, uint8_t value, const char *what)
{
	MADE c = cut(m, m->n);

	c.p[at] = value;
	is_int(look(&c).kind, FRAME_MALFORMED, "%s", what);
}

static void check_kinds(void)
{
	MADE arp = made_arp("10.0.2.100", "10.0.2.2");
	MADE udp = made_udp("10.0.2.100", "10.0.2.3", 4000, 53, "hello");
	struct frame f = look(&arp);

	is_int(f.kind, FRAME_ARP, "ARP");
	is_address(&f.source, "10.0.2.100", "... its sender");
	is_address(&f.destination, "10.0.2.2", "... its target");
	check_cuts(&arp, "ARP");
	is_malformed(&arp, 15, 2, "ARP of another medium");
	is_malformed(&arp, 16, 9, "ARP of another protocol");
	is_malformed(&arp, 18, 8, "ARP with long addresses");
	is_malformed(&arp, 19, 16, "ARP for long addresses");
	is_malformed(&arp, 21, 3, "RARP's operations");
	udp.p[12] = 0x88;
	udp.p[13] = 0xf8;
	is_int(look(&udp).kind, FRAME_OTHER, "another type");
	udp.n = 14;
	is_int(look(&udp).kind, FRAME_OTHER, "... with nothing in it");
	udp.n = 13;
	is_int(look(&udp).kind, FRAME_MALFORMED, "less than Ethernet's header");
	udp.n = 42;
	wire_put16(udp.p + 12, 0x8100);
	is_int(look(&udp).kind, FRAME_OTHER, "a tagged frame");
}

static void check_udp(const char *from, const char *to)
{
	MADE m = made_udp(from, to, 4000, 53, "hello");
	size_t udp = m.n - 5 - 8;
	struct frame f = look(&m);

	is_int(f.kind, strchr(from, ':') ? FRAME_IPV6 : FRAME_IPV4, "UDP from %s", from);
	is_address(&f.source, from, "source");
	is_address(&f.destination, to, "destination");
	is_int(f.protocol, IPPROTO_UDP, "protocol");
	is_int(f.source_port, 4000, "source port");
	is_int(f.destination_port, 53, "destination port");
	ok(f.payload_n == 5 && memcmp(f.payload, "hello", 5) == 0, "payload");
	ok(f.packet == m.p + 14 && f.packet_n == m.n - 14, "packet");
	ok(!frame_opens(&f), "opens nothing");
	check_cuts(&m, "UDP");
	is_malformed(&m, udp + 5, 7, "a length less than the header");
	is_malformed(&m, udp + 5, 14, "a length beyond the end");
	is_malformed(&m, udp + 4, 0xff, "a length far beyond the end");
	m.p[udp + 5] = 8;
	is_int(look(&m).payload_n, 0, "less in it than its packet has");
}

static void check_tcp(const char *from, const char *to)
{
	static const struct {
		uint8_t flags;
		bool opens;
	} cases[] = {
		{ FRAME_SYN, true },
		{ FRAME_SYN | FRAME_PSH, true },
		{ FRAME_SYN | 0xc0, true }, /* with ECE and CWR (RFC 3168) */
		{ FRAME_SYN | FRAME_ACK, false },
		{ FRAME_SYN | FRAME_RST, false },
		{ FRAME_SYN | FRAME_FIN, false },
		{ FRAME_SYN | FRAME_URG, false },
		{ FRAME_ACK, false },
		{ FRAME_RST, false },
		{ 0, false },
	};
	MADE m = made_tcp(from, to, 4000, 443, FRAME_SYN);
	size_t tcp = m.n - 20;
	struct frame f = look(&m);

	ok(f.source_port == 4000 && f.destination_port == 443, "TCP from %s: ports", from);
	is_int(f.tcp_sequence, 0xfffffffe, "sequence number");
	check_cuts(&m, "TCP");
	is_malformed(&m, tcp + 12, 4 << 4, "a header less than one");
	is_malformed(&m, tcp + 12, 6 << 4, "a header beyond the end");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.p[tcp + 13] = cases[i].flags;
		f = look(&m);
		ok(frame_opens(&f) == cases[i].opens, "flags %#x %s a connection", cases[i].flags,
			cases[i].opens ? "open" : "don't open");
	}
}

static void check_ip4(void)
{
	MADE m = made_udp("10.0.2.100", "192.0.2.1", 4000, 53, "hello there");
	MADE longer = cut(&m, m.n);
	MADE bare = made_ip("10.0.2.100", "192.0.2.1", IPPROTO_SCTP, NULL, 0);
	struct frame f;

	is_malformed(&m, 14, 0x65, "IPv6's version in IPv4");
	is_malformed(&bare, 14, 0x44, "a header less than one");
	is_int(look(&bare).kind, FRAME_IPV4, "nothing in it");
	check_cuts(&bare, "a bare packet");
	is_malformed(&m, 14, 0x4f, "a header beyond the end");
	is_malformed(&m, 17, 19, "shorter than its header");
	is_malformed(&m, 16, 0x10, "longer than the frame");
	is_malformed(&m, 20, 0x80, "the reserved bit");
	m.p[20] = 0x40;
	is_int(look(&m).fragment, FRAGMENT_NONE, "not to be fragmented");
	is_int(look(&m).source_port, 4000, "... has ports");
	made_fragment(&m, 0, 1);
	f = look(&m);
	ok(f.fragment == FRAGMENT_FIRST && f.destination_port == 0 && !f.payload,
		"a first fragment's ports don't count");
	made_fragment(&m, 8, 1);
	is_int(look(&m).fragment, FRAGMENT_LATER, "a fragment in the middle");
	made_fragment(&m, 1480, 0);
	f = look(&m);
	ok(f.fragment == FRAGMENT_LATER && f.protocol == IPPROTO_UDP, "the last fragment");
	made_fragment(&m, 65496, 0);
	is_int(look(&m).kind, FRAME_IPV4, "the end of the largest datagram");
	made_fragment(&m, 65504, 0);
	is_int(look(&m).kind, FRAME_MALFORMED, "beyond the largest datagram");

	/* Options: the first eight bytes of the datagram become part of the header. */
	longer.p[14] = 0x47;
	memcpy(longer.p + 14 + 28, (uint8_t[]){ 0x10, 0, 0, 9, 0, 11, 0, 0 }, 8);
	f = look(&longer);
	ok(f.source_port == 4096 && f.destination_port == 9 && f.payload_n == 3, "options");
	longer.p[14 + 9] = 47;
	f = look(&longer);
	ok(f.kind == FRAME_IPV4 && f.protocol == 47 && f.source_port == 0, "another protocol");
}

static void check_ip6(void)
{
	MADE m = made_udp("fd00::100", "2001:db8::1", 4000, 53, "hello");
	MADE icmp = made_icmp("fd00::100", "fd00::2", 128);
	MADE shortest = made_ip("fd00::100", "fd00::2", IPPROTO_ICMPV6, (uint8_t[8]){ 128 }, 8);
	MADE bare = made_ip("fd00::100", "fd00::2", IPPROTO_NONE, NULL, 0);
	struct frame f;

	is_malformed(&m, 14, 0x45, "IPv4's version in IPv6");
	is_malformed(&m, 18, 1, "longer than the frame");
	is_malformed(&m, 19, 12, "shorter than what is in it");
	m.p[20] = 44;
	f = look(&m);
	ok(f.kind == FRAME_IPV6 && f.protocol == 44 && f.destination_port == 0,
		"an extension header is a protocol");
	f = look(&icmp);
	ok(f.icmp_type == 128 && f.payload_n == 60, "ICMPv6");
	f = look(&shortest);
	ok(f.icmp_type == 128 && f.payload_n == 4, "the shortest");
	check_cuts(&shortest, "the shortest");
	is_int(look(&bare).kind, FRAME_IPV6, "nothing in it");
	check_cuts(&bare, "a bare packet");
	check_cuts(&icmp, "ICMPv6");
}

/* RFC 1071: the sum over everything, with its checksum, is all ones. */
static uint16_t sum(uint32_t s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s >> 16) + (s & 0xffff);
	return (uint16_t)s;
}

static void sums_are_right(const uint8_t *frame, const struct frame *f, const char *what)
{
	size_t header = f->kind == FRAME_IPV4 ? 20 : 40, n = f->packet_n - header;
	uint32_t pseudo = f->protocol == IPPROTO_ICMP ? 0
		: f->kind == FRAME_IPV4 ? sum(f->protocol + (uint32_t)n, f->source.v6.s6_addr, 4) +
			sum(0, f->destination.v6.s6_addr, 4)
					: sum(f->protocol + (uint32_t)n, f->source.v6.s6_addr, 16) +
			sum(0, f->destination.v6.s6_addr, 16);

	if (f->kind == FRAME_IPV4)
		is_int(sum(0, frame + 14, 20), 0xffff, "%s: the header's checksum", what);
	is_int(sum(pseudo, frame + 14 + header, n), 0xffff, "%s: the checksum", what);
	is_int(f->n, 14 + f->packet_n, "%s: nothing behind it", what);
}

static void check_udp_reply(const char *guest, const char *server, const char *payload)
{
	MADE m = made_udp(guest, server, 4000, 53, "query");
	struct frame f = look(&m), r;
	uint8_t out[256];
	size_t n = frame_udp_reply(&f, (const uint8_t *)payload, strlen(payload), out, sizeof(out));

	frame_parse(out, n, &r);
	is_address(&r.source, server, "a datagram back: from");
	is_address(&r.destination, guest, "to");
	ok(r.protocol == IPPROTO_UDP && r.source_port == 53 && r.destination_port == 4000, "ports");
	ok(r.payload_n == strlen(payload) && memcmp(r.payload, payload, r.payload_n) == 0,
		"payload '%s'", payload);
	ok(memcmp(out, m.p + 6, 6) == 0 && memcmp(out + 6, m.p, 6) == 0, "Ethernet's addresses");
	sums_are_right(out, &r, "UDP");
	is_int(frame_udp_reply(&f, (const uint8_t *)payload, strlen(payload), out, n - 1), 0,
		"no room");
	is_int(frame_udp_reply(&f, (const uint8_t *)payload, strlen(payload), out, n), (int64_t)n,
		"just the room");
	is_int(frame_udp_reply(&f, out, UINT16_MAX, out, sizeof(out)), 0, "too much for one");
	is_int(frame_udp_reply(&f, out, SIZE_MAX, out, sizeof(out)), 0, "far too much for one");
	m.p[14 + (f.kind == FRAME_IPV4 ? 9 : 6)] = IPPROTO_TCP;
	m.p[m.n - 1] = 0;
	f = look(&m);
	is_int(frame_udp_reply(&f, out, 0, out, sizeof(out)), 0, "not to TCP");
}

static void check_no_udp_reply(void)
{
	MADE arp = made_arp("10.0.2.100", "10.0.2.2");
	MADE m = made_udp("10.0.2.100", "10.0.2.3", 4000, 53, "query");
	struct frame f = look(&arp);
	uint8_t out[256];

	is_int(frame_udp_reply(&f, NULL, 0, out, sizeof(out)), 0, "no datagram back to ARP");
	made_fragment(&m, 0, 1);
	f = look(&m);
	is_int(frame_udp_reply(&f, NULL, 0, out, sizeof(out)), 0, "nor to a fragment");
}

/* A checksum that comes out as 0 is written as 0xffff, as 0 would mean that there is none. */
static void check_zero_sum(void)
{
	MADE m = made_udp("10.0.2.100", "10.0.2.3", 4000, 53, "");
	struct frame f = look(&m);
	uint8_t out[64], payload[2] = { 0 };

	frame_udp_reply(&f, payload, 2, out, sizeof(out));
	memcpy(payload, out + 14 + 20 + 6, 2);
	frame_udp_reply(&f, payload, 2, out, sizeof(out));
	is_int(wire_get16(out + 14 + 20 + 6), 0xffff, "a checksum of 0");
}

static void check_unreachable(const char *guest, const char *gateway, const char *there, int most)
{
	struct net_address from = made_address(gateway), other = made_address("192.0.2.9");
	bool four = from.family == AF_INET;
	uint8_t large[2000] = { [4] = 7, [5] = 0xd0 }, out[FRAME_ANSWER_MAX];
	MADE m = made_ip(guest, there, IPPROTO_UDP, large, sizeof(large));
	MADE small = made_udp(guest, there, 4000, 53, "x");
	struct frame f = look(&m), r;
	size_t n = frame_unreachable(&f, &from, out, sizeof(out));

	is_int(n, 14 + most, "unreachable: no longer than may be");
	frame_parse(out, n, &r);
	is_address(&r.source, gateway, "from the gateway");
	is_address(&r.destination, guest, "to the container");
	ok(r.icmp_type == (four ? 3 : 1) && r.icmp_code == (four ? 13 : 1), "type and code");
	ok(memcmp(r.payload + 4, f.packet, r.payload_n - 4) == 0, "it quotes the packet");
	sums_are_right(out, &r, "ICMP");
	is_int(frame_unreachable(&f, &from, out, n - 1), 0, "no room");
	if (!four)
		is_int(frame_unreachable(&f, &other, out, sizeof(out)), 0, "another family");

	f = look(&small);
	is_int(frame_unreachable(&f, &from, out, sizeof(out)),
		14 + (four ? 20 : 40) + 8 + (int)f.packet_n, "a small packet is quoted whole");
	small.p[0] = 0xff;
	is_int(frame_unreachable(&f, &from, out, sizeof(out)), 0, "not to Ethernet's groups");
}

/* What may not be answered with an error. */
static void not_answered(struct made m, const char *gateway, const char *what)
{
	MADE owned = m;
	struct net_address from = made_address(gateway);
	struct frame f = look(&owned);
	uint8_t out[FRAME_ANSWER_MAX];

	ok(f.kind == FRAME_IPV4 || f.kind == FRAME_IPV6, "%s is a packet", what);
	is_int(frame_unreachable(&f, &from, out, sizeof(out)), 0, "... and not answered");
}

static void check_not_answered(void)
{
	struct made later = made_udp("10.0.2.100", "192.0.2.1", 1, 2, "fragment"),
		    first = made_udp("10.0.2.100", "192.0.2.1", 1, 2, "fragment");
	struct net_address gateway = made_address("10.0.2.2");
	uint8_t out[FRAME_ANSWER_MAX];
	MADE echo = made_icmp("10.0.2.100", "192.0.2.1", 8);
	MADE echo6 = made_icmp("fd00::100", "2001:db8::1", 128);
	struct net_address gateway6 = made_address("fd00::2");
	struct frame f = look(&echo);

	ok(frame_unreachable(&f, &gateway, out, sizeof(out)) > 0, "echo is answered");
	made_fragment(&echo, 0, 1);
	f = look(&echo);
	ok(frame_unreachable(&f, &gateway, out, sizeof(out)) == 0, "... but not in parts");
	f = look(&echo6);
	ok(frame_unreachable(&f, &gateway6, out, sizeof(out)) > 0, "echo of IPv6 is answered");
	made_fragment(&later, 8, 0);
	not_answered(later, "10.0.2.2", "a later fragment");
	made_fragment(&first, 0, 1);
	f = look(&first);
	ok(frame_unreachable(&f, &gateway, out, sizeof(out)) > 0, "a first fragment is answered");
	made_free(&first);
	not_answered(made_udp("10.0.2.100", "224.0.0.251", 1, 2, ""), "10.0.2.2", "to a group");
	not_answered(made_udp("10.0.2.100", "255.255.255.255", 1, 2, ""), "10.0.2.2", "to all");
	not_answered(made_udp("0.0.0.0", "192.0.2.1", 1, 2, ""), "10.0.2.2", "from nobody");
	not_answered(made_udp("fd00::100", "ff02::fb", 1, 2, ""), "fd00::2", "to IPv6's group");
	not_answered(made_udp("::", "2001:db8::1", 1, 2, ""), "fd00::2", "from IPv6's nobody");
	not_answered(made_icmp("10.0.2.100", "192.0.2.1", 3), "10.0.2.2", "an ICMP error");
	not_answered(made_icmp("10.0.2.100", "192.0.2.1", 11), "10.0.2.2", "time exceeded");
	not_answered(made_icmp("fd00::100", "2001:db8::1", 1), "fd00::2", "an ICMPv6 error");
	not_answered(made_icmp("fd00::100", "2001:db8::1", 137), "fd00::2", "a redirect");
}

static void check_reset(const char *guest, const char *there)
{
	MADE m = made_tcp(guest, there, 4000, 443, FRAME_SYN);
	MADE again = made_tcp(guest, there, 4000, 443, FRAME_SYN | FRAME_ACK);
	struct frame f = look(&m), g = look(&again), r;
	uint8_t out[FRAME_ANSWER_MAX];
	size_t n = frame_reset(&f, out, sizeof(out));

	frame_parse(out, n, &r);
	is_address(&r.source, there, "a reset: from");
	is_address(&r.destination, guest, "to");
	ok(r.source_port == 443 && r.destination_port == 4000, "ports");
	is_int(r.tcp_flags, FRAME_RST | FRAME_ACK, "flags");
	is_int(r.tcp_sequence, 0, "sequence number");
	is_int(wire_get32(r.packet + r.packet_n - 12), 0xffffffff, "it acknowledges the SYN");
	sums_are_right(out, &r, "TCP");
	is_int(frame_reset(&f, out, n - 1), 0, "no room");
	is_int(frame_reset(&g, out, sizeof(out)), 0, "none for what opens nothing");
}

static void check_reset_of_data(void)
{
	uint8_t tcp[20 + 10] = { [7] = 1, [12] = 5 << 4, [13] = FRAME_SYN }, out[FRAME_ANSWER_MAX];
	MADE m = made_ip("10.0.2.100", "192.0.2.1", IPPROTO_TCP, tcp, sizeof(tcp));
	struct frame f = look(&m);

	frame_reset(&f, out, sizeof(out));
	is_int(wire_get32(out + 14 + 20 + 8), 12, "SYN and ten bytes are acknowledged");
}

int main(void)
{
	MADE syn = made_tcp("10.0.2.100", "192.0.2.1", 1, 2, FRAME_SYN);
	struct frame f;

	check_kinds();
	check_udp("10.0.2.100", "10.0.2.3");
	check_udp("fd00::100", "fd00::3");
	check_tcp("10.0.2.100", "192.0.2.1");
	check_tcp("fd00::100", "2001:db8::1");
	check_ip4();
	check_ip6();
	check_udp_reply("10.0.2.100", "10.0.2.3", "an answer");
	check_udp_reply("10.0.2.100", "10.0.2.3", "an answer of even length");
	check_udp_reply("10.0.2.100", "10.0.2.3", "");
	check_udp_reply("fd00::100", "fd00::3", "an answer");
	check_no_udp_reply();
	check_zero_sum();
	check_unreachable("10.0.2.100", "10.0.2.2", "192.0.2.1", 576);
	check_unreachable("fd00::100", "fd00::2", "2001:db8::1", 1280);
	check_not_answered();
	check_reset("10.0.2.100", "192.0.2.1");
	check_reset("fd00::100", "2001:db8::1");
	check_reset_of_data();
	made_fragment(&syn, 0, 1);
	frame_parse(syn.p, syn.n, &f);
	ok(!frame_opens(&f), "a fragment opens nothing");
	return done();
}
