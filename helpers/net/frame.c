/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "wire.h"

enum {
	ARP_SIZE = 28, /* RFC 826, with the sizes below */
	IP4_HEADER = 20, /* RFC 791, section 3.1; without options */
	IP6_HEADER = 40, /* RFC 8200, section 3 */
	TCP_HEADER = 20, /* RFC 9293, section 3.1; without options */
	UDP_HEADER = 8, /* RFC 768 */
	ICMP_HEADER = 8, /* RFC 792: every message has four bytes of its own */
	ICMP4_MAX = 576, /* RFC 1812, section 4.3.2.3 */
	ICMP6_MAX = 1280, /* RFC 4443, section 2.4 (c) */
	HOP_LIMIT = 64, /* RFC 1700 */
};

/* RFC 791, section 3.1: the bits of the field with the fragment's offset. */
enum { IP4_RESERVED = 0x8000, IP4_DONT = 0x4000, IP4_MORE = 0x2000, IP4_OFFSET = 0x1fff };

static struct net_address address4(const uint8_t *p)
{
	struct net_address a = { .family = AF_INET };

	memcpy(&a.v4, p, sizeof(a.v4));
	return a;
}

static struct net_address address6(const uint8_t *p)
{
	struct net_address a = { .family = AF_INET6 };

	memcpy(&a.v6, p, sizeof(a.v6));
	return a;
}

static enum frame_kind parse_arp(const uint8_t *p, size_t n, struct frame *f)
{
	static const uint8_t ethernet_ip4[] = { 0, 1, 8, 0, 6, 4 };

	if (n < ARP_SIZE || memcmp(p, ethernet_ip4, sizeof(ethernet_ip4)) != 0)
		return FRAME_MALFORMED;
	if (wire_get16(p + 6) != 1 && wire_get16(p + 6) != 2)
		return FRAME_MALFORMED;
	f->source = address4(p + 14);
	f->destination = address4(p + 24);
	return FRAME_ARP;
}

static int parse_tcp(const uint8_t *p, size_t n, struct frame *f)
{
	size_t header;

	if (n < TCP_HEADER)
		return -1;
	header = 4U * (p[12] >> 4);
	if (header < TCP_HEADER || header > n)
		return -1;
	f->source_port = wire_get16(p);
	f->destination_port = wire_get16(p + 2);
	f->tcp_sequence = wire_get32(p + 4);
	f->tcp_flags = p[13] & 0x3f;
	f->payload = p + header;
	f->payload_n = n - header;
	return 0;
}

static int parse_udp(const uint8_t *p, size_t n, struct frame *f)
{
	size_t length;

	if (n < UDP_HEADER)
		return -1;
	length = wire_get16(p + 4);
	if (length < UDP_HEADER || length > n)
		return -1;
	f->source_port = wire_get16(p);
	f->destination_port = wire_get16(p + 2);
	f->payload = p + UDP_HEADER;
	f->payload_n = length - UDP_HEADER;
	return 0;
}

static int parse_icmp(const uint8_t *p, size_t n, struct frame *f)
{
	if (n < ICMP_HEADER)
		return -1;
	f->icmp_type = p[0];
	f->icmp_code = p[1];
	f->payload = p + 4;
	f->payload_n = n - 4;
	return 0;
}

static int parse_transport(const uint8_t *p, size_t n, struct frame *f)
{
	switch (f->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(p, n, f);
	case IPPROTO_UDP:
		return parse_udp(p, n, f);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return parse_icmp(p, n, f);
	default:
		return 0;
	}
}

static enum frame_kind parse_ip4(const uint8_t *p, size_t n, struct frame *f)
{
	size_t header, total, fragment;

	if (n < IP4_HEADER || p[0] >> 4 != 4)
		return FRAME_MALFORMED;
	header = 4U * (p[0] & 0x0f);
	total = wire_get16(p + 2);
	if (header < IP4_HEADER || total < header || total > n)
		return FRAME_MALFORMED;
	fragment = wire_get16(p + 6);
	/* The second: beyond the largest datagram, which no reassembly should have to notice. */
	if (fragment & IP4_RESERVED ||
		8 * (fragment & IP4_OFFSET) + total - header > UINT16_MAX - IP4_HEADER)
		return FRAME_MALFORMED;
	f->source = address4(p + 12);
	f->destination = address4(p + 16);
	f->packet = p;
	f->packet_n = total;
	f->protocol = p[9];
	f->fragment = fragment & IP4_OFFSET ? FRAGMENT_LATER
		: fragment & IP4_MORE	    ? FRAGMENT_FIRST
					    : FRAGMENT_NONE;
	if (f->fragment == FRAGMENT_NONE && parse_transport(p + header, total - header, f) < 0)
		return FRAME_MALFORMED;
	return FRAME_IPV4;
}

static enum frame_kind parse_ip6(const uint8_t *p, size_t n, struct frame *f)
{
	size_t length;

	if (n < IP6_HEADER || p[0] >> 4 != 6)
		return FRAME_MALFORMED;
	length = wire_get16(p + 4);
	if (length > n - IP6_HEADER)
		return FRAME_MALFORMED;
	f->source = address6(p + 8);
	f->destination = address6(p + 24);
	f->packet = p;
	f->packet_n = IP6_HEADER + length;
	f->protocol = p[6];
	if (parse_transport(p + IP6_HEADER, length, f) < 0)
		return FRAME_MALFORMED;
	return FRAME_IPV6;
}

void frame_parse(const uint8_t *bytes, size_t n, struct frame *out)
{
	struct frame f = { .bytes = bytes, .n = n };

	if (n >= FRAME_HEADER) {
		const uint8_t *p = bytes + FRAME_HEADER;
		size_t rest = n - FRAME_HEADER;

		switch (wire_get16(bytes + 12)) {
		case ETHERTYPE_ARP:
			f.kind = parse_arp(p, rest, &f);
			break;
		case ETHERTYPE_IP:
			f.kind = parse_ip4(p, rest, &f);
			break;
		case ETHERTYPE_IPV6:
			f.kind = parse_ip6(p, rest, &f);
			break;
		default:
			f.kind = FRAME_OTHER;
		}
	}
	if (f.kind == FRAME_MALFORMED)
		f = (struct frame){ .bytes = bytes, .n = n };
	*out = f;
}

static bool is_ip(const struct frame *f)
{
	return f->kind == FRAME_IPV4 || f->kind == FRAME_IPV6;
}

bool frame_opens(const struct frame *f)
{
	return is_ip(f) && f->fragment == FRAGMENT_NONE && f->protocol == IPPROTO_TCP &&
		(f->tcp_flags & (FRAME_SYN | FRAME_ACK | FRAME_RST | FRAME_FIN | FRAME_URG)) ==
		FRAME_SYN;
}

/* The sum of RFC 1071, over parts of which all but the last have an even length. */
static uint32_t sum_add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		sum += wire_get16(p);
	return n ? sum + (uint32_t)(*p << 8) : sum;
}

static uint16_t sum_end(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

/* A frame that is being written, with n bytes behind its IP header. */
struct answer {
	const uint8_t *ether_from, *ether_to;
	const struct net_address *from, *to;
	uint8_t protocol;
	size_t n;
};

static size_t ip_header_size(const struct answer *a)
{
	return a->from->family == AF_INET ? IP4_HEADER : IP6_HEADER;
}

static struct answer answer_to(
	const struct frame *f, const struct net_address *from, uint8_t protocol)
{
	return (struct answer){ .ether_from = f->bytes,
		.ether_to = f->bytes + ETHER_ADDR_LEN,
		.from = from,
		.to = &f->source,
		.protocol = protocol };
}

/* Ethernet's and IP's headers; returns what follows them, or NULL if there is no room. */
static uint8_t *answer_begin(const struct answer *a, uint8_t *out, size_t size)
{
	size_t header = ip_header_size(a);
	uint8_t *p = out + FRAME_HEADER;

	/* IPv6's length does not count its header. */
	if (a->n > UINT16_MAX - (a->from->family == AF_INET ? header : 0) ||
		size < FRAME_HEADER + header + a->n)
		return NULL;
	memset(out, 0, FRAME_HEADER + header);
	memcpy(out, a->ether_to, ETHER_ADDR_LEN);
	memcpy(out + ETHER_ADDR_LEN, a->ether_from, ETHER_ADDR_LEN);
	wire_put16(out + 12, a->from->family == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	if (a->from->family == AF_INET) {
		p[0] = 0x45;
		wire_put16(p + 2, (uint16_t)(header + a->n));
		wire_put16(p + 6, IP4_DONT);
		p[8] = HOP_LIMIT;
		p[9] = a->protocol;
		memcpy(p + 12, &a->from->v4, sizeof(a->from->v4));
		memcpy(p + 16, &a->to->v4, sizeof(a->to->v4));
		wire_put16(p + 10, sum_end(sum_add(0, p, header)));
	} else {
		p[0] = 0x60;
		wire_put16(p + 4, (uint16_t)a->n);
		p[6] = a->protocol;
		p[7] = HOP_LIMIT;
		memcpy(p + 8, &a->from->v6, sizeof(a->from->v6));
		memcpy(p + 24, &a->to->v6, sizeof(a->to->v6));
	}
	return p + header;
}

/* The checksum of what follows the IP header, with the pseudo-header that all but ICMPv4 have. */
static uint16_t answer_sum(const struct answer *a, const uint8_t *p)
{
	uint32_t sum = 0;

	if (a->protocol != IPPROTO_ICMP) {
		size_t size = a->from->family == AF_INET ? sizeof(a->from->v4)
							 : sizeof(a->from->v6);

		sum = sum_add(sum_add(0, a->from->v6.s6_addr, size), a->to->v6.s6_addr, size);
		sum += a->protocol + (uint32_t)a->n;
	}
	return sum_end(sum_add(sum, p, a->n));
}

static size_t answer_size(const struct answer *a)
{
	return FRAME_HEADER + ip_header_size(a) + a->n;
}

size_t frame_udp(const struct frame_datagram *d, uint8_t *out, size_t size)
{
	struct answer a = { d->ether_from, d->ether_to, &d->from, &d->to, IPPROTO_UDP,
		UDP_HEADER + d->payload_n };
	uint8_t *p = d->payload_n > UINT16_MAX ? NULL : answer_begin(&a, out, size);
	uint16_t sum;

	if (!p)
		return 0;
	wire_put16(p, d->from_port);
	wire_put16(p + 2, d->to_port);
	wire_put16(p + 4, (uint16_t)a.n);
	wire_put16(p + 6, 0);
	if (d->payload_n > 0)
		memcpy(p + UDP_HEADER, d->payload, d->payload_n);
	sum = answer_sum(&a, p);
	/* 0 means "none" (RFC 768). */
	wire_put16(p + 6, sum ? sum : 0xffff);
	return answer_size(&a);
}

size_t frame_udp_reply(const struct frame *request, const uint8_t *payload, size_t payload_n,
	uint8_t *out, size_t size)
{
	if (!is_ip(request) || request->fragment != FRAGMENT_NONE ||
		request->protocol != IPPROTO_UDP)
		return 0;
	return frame_udp(&(struct frame_datagram){ .ether_from = request->bytes,
				 .ether_to = request->bytes + ETHER_ADDR_LEN,
				 .from = request->destination,
				 .to = request->source,
				 .from_port = request->destination_port,
				 .to_port = request->source_port,
				 .payload = payload,
				 .payload_n = payload_n },
		out, size);
}

/* Not unspecified, a group's or everybody's. */
static bool is_one_host(const struct net_address *a)
{
	if (a->family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&a->v6) && !IN6_IS_ADDR_MULTICAST(&a->v6);
	/* 0.0.0.0/8 and everything from 224.0.0.0 on. */
	return a->v4.s_addr != 0 && *a->v6.s6_addr != 0 && *a->v6.s6_addr < 224;
}

/* An ICMP message that asks: the only one that an error may answer. */
static bool is_question(const struct frame *f)
{
	return f->fragment == FRAGMENT_NONE &&
		(f->protocol == IPPROTO_ICMP ? f->icmp_type == ICMP_ECHO
					     : f->icmp_type == ICMP6_ECHO_REQUEST);
}

size_t frame_unreachable(
	const struct frame *f, const struct net_address *from, uint8_t *out, size_t size)
{
	bool four = f->kind == FRAME_IPV4;
	struct answer a = answer_to(f, from, four ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	size_t quoted = four ? ICMP4_MAX - IP4_HEADER - ICMP_HEADER
			     : ICMP6_MAX - IP6_HEADER - ICMP_HEADER;
	uint8_t *p;

	if (!is_ip(f) || from->family != f->source.family || f->fragment == FRAGMENT_LATER ||
		f->bytes[0] & 1 || !is_one_host(&f->source) || !is_one_host(&f->destination))
		return 0;
	if ((f->protocol == IPPROTO_ICMP || f->protocol == IPPROTO_ICMPV6) && !is_question(f))
		return 0;
	if (quoted > f->packet_n)
		quoted = f->packet_n;
	a.n = ICMP_HEADER + quoted;
	p = answer_begin(&a, out, size);
	if (!p)
		return 0;
	memset(p, 0, ICMP_HEADER);
	p[0] = four ? ICMP_DEST_UNREACH : ICMP6_DST_UNREACH;
	p[1] = four ? ICMP_PKT_FILTERED : ICMP6_DST_UNREACH_ADMIN;
	memcpy(p + ICMP_HEADER, f->packet, quoted);
	wire_put16(p + 2, answer_sum(&a, p));
	return answer_size(&a);
}

size_t frame_reset(const struct frame *f, uint8_t *out, size_t size)
{
	struct answer a = answer_to(f, &f->destination, IPPROTO_TCP);
	uint8_t *p;

	if (!frame_opens(f))
		return 0;
	a.n = TCP_HEADER;
	p = answer_begin(&a, out, size);
	if (!p)
		return 0;
	memset(p, 0, TCP_HEADER);
	wire_put16(p, f->destination_port);
	wire_put16(p + 2, f->source_port);
	/* What it carried counts, as SYN does. */
	wire_put32(p + 8, (uint32_t)(f->tcp_sequence + 1 + f->payload_n));
	p[12] = TCP_HEADER / 4 << 4;
	p[13] = FRAME_RST | FRAME_ACK;
	wire_put16(p + 16, answer_sum(&a, p));
	return answer_size(&a);
}
